# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a caller asks of an onboarding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .._aws.secret_store import SecretStore
from .._codes import Code
from .._context.identity import refuse_invalid_label
from .._context.request import DEFAULT_DEADLINE, refuse_invalid_wait
from .._cycle import tags
from .._cycle.windows import Calendar
from .._db.tls import TlsOptions
from .._errors import RotationError
from .._secret_value import Login
from .replicate import ReplicaRequest


@dataclass(frozen=True)
class OnboardRequest:
    """One client to bring under management; the login is in ``login``, or in the secret ``source``."""

    client: str
    login: Login | None
    source: SecretStore | None = None
    tls: TlsOptions = field(default_factory=TlsOptions)
    kms_key_id: str | None = None
    more_tags: Mapping[str, str] = field(default_factory=dict)
    cycle_days: int = tags.DEFAULT_CYCLE_DAYS
    calendar: Calendar = field(default_factory=Calendar)
    replicas: ReplicaRequest = field(default_factory=ReplicaRequest)
    single_writer: bool = False
    server_ids: frozenset[str] = field(default_factory=frozenset)
    server_label: str = ""
    deadline: float = DEFAULT_DEADLINE
    reason: str = ""
    requested_by: str = ""
    check: bool = False

    def refuse_invalid(self) -> None:
        """Raise a RotationError where an option makes no sense."""
        refuse_invalid_wait(self.replicas.wait)
        refuse_invalid_label(self.server_label)
        refuse_our_tags(self.more_tags)


def refuse_our_tags(new_tags: Mapping[str, Any]) -> None:
    """Raise a RotationError if the request has tags that only a rotation writes."""
    ours = sorted(key for key in new_tags if key.startswith(tags.PREFIX))
    if ours:
        raise RotationError(
            f"The tags {', '.join(ours)} are written by every rotation.",
            code=Code.INVALID_OPTION,
            next_step="Take them out of {option|onboard.tags}.",
        )
