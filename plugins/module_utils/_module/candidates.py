# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which clients of an inventory a scheduled run has to visit: from one listing for all that have the same access."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .._aws.secret_store import SecretDescription
from .._aws.session import AwsOptions, make_client
from .._cycle import tags
from .._cycle.policy import Policy
from .._errors import RotationError, unexpected
from .._fleet.listing import list_tagged
from .._fleet.selection import Described, selected
from .._libraries import require_libraries
from .cycle_options import policy
from .options import aws_options


@dataclass(frozen=True)
class Settings:
    """What many clients have in common: their access to AWS and their calendar."""

    access: AwsOptions
    policy: Policy


def settings_of(params: Mapping[str, Any]) -> Settings:
    """Return what the validated options of a client's cycle ask for; RotationError where they make no sense."""
    return Settings(aws_options(params), policy(params))


def candidates(
    hosts: Sequence[str], clients: Mapping[AwsOptions, Sequence[Described]], least: int, now: datetime
) -> dict[str, Any]:
    """Return the selection of ``selected``. Clients of which fewer than ``least`` share an access are not listed."""
    secrets: dict[str, SecretDescription] = {}
    troubles: dict[str, int] = defaultdict(int)
    for access, group in clients.items():
        if len(group) >= max(1, least):
            try:
                secrets |= _listed(access, group)
            except Exception as error:  # whatever keeps a listing from its end, workers do without
                trouble = error if isinstance(error, RotationError) else unexpected(error)
                troubles[f"{trouble.cause} {trouble.next_step}"] += len(group)
    everybody = [one for group in clients.values() for one in group]
    return {
        "changed": False,
        **selected(hosts, everybody, secrets, now),
        "warnings": [_slow(trouble, number) for trouble, number in troubles.items()],
    }


def _listed(access: AwsOptions, group: Sequence[Described]) -> dict[str, SecretDescription]:
    """Return the secrets of clients by their hosts.

    A call takes about as long as a worker, so there are no more calls than clients: whoever is not found is visited.
    """
    require_libraries()
    found = list_tagged(make_client(access, "secretsmanager"), tags.DUE, len(group))
    by_id = {name: secret for secret in found for name in (secret.name, secret.arn)}
    return {one.host: by_id[one.secret_id] for one in group if one.secret_id in by_id}


def _slow(trouble: str, clients: int) -> str:
    return (
        f"{trouble} Until then the run is slow, but complete: it starts a worker for each of {clients} clients, also"
        " where there is nothing to do."
    )
