# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where AWS denies a call on a secret: the tags that the secret lacks, if a policy asks for them.

AWS never says which condition of a policy was not met.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._errors import RotationError, SecretDenied
from .._fleet.listing import Choice, list_entries, read_entries
from .._next_step import Kind, command
from .._tag_text import tag_text
from .options import secrets_client

ASKED = (
    " If that policy asks for tags ({option|provision.secret_tags}), name them in {option|onboard_tags} and run"
    " {playbook|onboard}, which writes them."
)


def name_missing_tags(error: RotationError, params: Mapping[str, Any]) -> None:
    """Name in the next step of a denial the tags that the secret lacks; leave any other error as it is."""
    if not isinstance(error, SecretDenied):
        return
    onboard_tags = {str(key): tag_text(str(value)) for key, value in (params.get("onboard_tags") or {}).items()}
    lacking = _lacking(params, onboard_tags) if onboard_tags else None
    if lacking:
        error.next_step = (
            f"The secret lacks the tag {', '.join(lacking)} of {{option|onboard_tags}}, and a policy that asks for tags"
            f" ({{option|provision.secret_tags}}) denies whatever lacks them. To write them: {command(Kind.ONBOARD)}."
            " Then run the same command again."
        )
    elif not onboard_tags:
        error.next_step += ASKED


def _lacking(params: Mapping[str, Any], onboard_tags: Mapping[str, str]) -> list[str]:
    """Return what a listing, which asks for no tag, shows to be missing; nothing where the secret is not in it."""
    name = str(params["secret_id"])
    choice = Choice(name_prefix=name)
    try:
        entries = read_entries(list_entries(secrets_client(params), choice), Choice())
    except RotationError:
        return []
    present = next((one.secret.tags for one in entries if one.secret.name == name), None)
    if present is None:
        return []
    return [f"{key}={value}" for key, value in sorted(onboard_tags.items()) if present.get(key) != value]
