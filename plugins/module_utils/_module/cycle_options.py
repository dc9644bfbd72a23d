# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a client's cycle, and the cycle that they and the tags of its secret make together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .._aws.secret_store import CURRENT, SecretDescription, SecretStore
from .._codes import Code
from .._cycle.effective import EffectiveCycle, effective_cycle, has_last
from .._cycle.policy import DEFAULT_LEAD, DEFAULT_NOTICE_DAYS, Policy
from .._cycle.settings import parse_calendar, parse_pause
from .._errors import RotationError
from .options import Spec

CALENDAR_SPEC: Spec = {
    "cycle_days": {"type": "int"},
    "lead": {"type": "int", "default": DEFAULT_LEAD},
    "windows": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "days": {"type": "list", "elements": "str"},
            "from": {"type": "str", "required": True},
            "to": {"type": "str", "required": True},
            "timezone": {"type": "str", "default": "UTC"},
        },
    },
    "freezes": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "from": {"type": "str", "required": True},
            "to": {"type": "str", "required": True},
            "reason": {"type": "str", "required": True},
            "timezone": {"type": "str", "default": "UTC"},
        },
    },
}
PAUSE_SPEC: Spec = {
    "paused": {
        "type": "dict",
        "options": {
            "until": {"type": "str", "required": True},
            "reason": {"type": "str", "required": True},
            "timezone": {"type": "str", "default": "UTC"},
        },
    },
}
SCHEDULE_SPEC: Spec = {
    **CALENDAR_SPEC,
    **PAUSE_SPEC,
    "notice_days": {"type": "list", "elements": "int", "default": list(DEFAULT_NOTICE_DAYS)},
}


def policy(params: Mapping[str, Any]) -> Policy:
    """Return what the options ask for; RotationError (invalid_option) where one makes no sense."""
    return Policy(
        cycle_days=params["cycle_days"],
        lead=params["lead"],
        notice_days=tuple(params.get("notice_days", DEFAULT_NOTICE_DAYS)),
        calendar=parse_calendar(params["windows"], params["freezes"]),
        pause=parse_pause(params.get("paused")),
    )


def cycle_of(
    store: SecretStore, secret: SecretDescription, client: str, policy: Policy, now: datetime, *, start: bool = False
) -> EffectiveCycle:
    """Return the cycle that counts; the versions of the secret are listed only where its tags do not say enough."""
    creation = now if has_last(secret.tags, now) else store.created(current_version(secret))
    return effective_cycle(secret.tags, creation, client, policy, now, start=start)


def current_version(secret: SecretDescription) -> str:
    """Return the id of AWSCURRENT's version; RotationError (no_current) where the secret has none."""
    version = secret.holder(CURRENT)
    if version is None:
        raise RotationError(
            f"The secret {secret.name!r} has no version under AWSCURRENT.",
            code=Code.NO_CURRENT,
            next_step="Store a value in it, or onboard the client ({playbook|onboard}).",
        )
    return version
