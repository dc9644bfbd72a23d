# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a caller asks of a rotation."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from .._codes import Code
from .._cycle.policy import Policy
from .._cycle.tags import LONGEST_OVERLAP
from .._db.tls import TlsOptions
from .._errors import RotationError
from .._password import PasswordRules
from .._reason import refuse_invalid_reason
from .._triggers import ON_DEMAND, RECOVERY, UNATTENDED
from .identity import refuse_invalid_label

DEFAULT_DEADLINE = 120.0
DEFAULT_PER_SERVER = 1
MOST_PER_SERVER = 64
DEFAULT_REPLICA_WAIT = 30.0
LONGEST_REPLICA_WAIT = 600
ALL, PROMOTE, FINISH = "all", "promote", "finish"
STEPS = (ALL, PROMOTE, FINISH)
# What createSecret of Secrets Manager's own rotation asks for; no module has it.
STORE = "store"


@dataclass(frozen=True)
class RotationRequest:
    """One client's rotation; ``deadline`` in seconds, as is ``overlap``: how long the old password stays valid.

    ``steps``: all, up to the promotion (so that hooks can run before the old password ends), or only what is left
    after it. A password is left alone that was rotated within ``min_age`` seconds, unless ``force``, or since
    ``before``. ``policy`` says when a scheduled run may rotate; it also does where the due date is nearer than
    ``bring_forward_days``, so that a fleet's work is spread. ``kill_sessions`` ends the account's other connections
    afterwards.
    ``adopt_rows`` names foreign rows (user@host) that are to carry this secret's password from now on.
    ``accept_server_id`` names another server than the remembered one as the right one; ``server_ids`` are servers that
    may take each other's place; ``server_label`` tells two apart that give one identity. ``per_server`` is the number
    of rotations that may be at work on one server, 0 any number. ``replica_wait`` is how many seconds the end of the
    old password waits for replica regions. ``ignores_overlap``: a person says what is true now, so no overlap of before
    holds. ``token`` is the version that Secrets Manager has reserved for the rotation (ClientRequestToken); then
    ``steps`` may be STORE, which ends when the password is stored there. ``rotation_token`` goes with what is stored
    there (RotationToken of PutSecretValue). ``refused`` are versions that the server is remembered to have refused,
    where the caller has read that a moment ago.
    """

    client: str
    secret_id: str
    tls: TlsOptions = field(default_factory=TlsOptions)
    rules: PasswordRules = field(default_factory=PasswordRules)
    trigger: str = ON_DEMAND
    reason: str = ""
    deadline: float = DEFAULT_DEADLINE
    overlap: int = 0
    steps: str = ALL
    min_age: int = 0
    before: datetime | None = None
    force: bool = False
    kill_sessions: bool = False
    policy: Policy = field(default_factory=Policy)
    bring_forward_days: int = 0
    requested_by: str = ""
    adopt_rows: frozenset[str] = field(default_factory=frozenset)
    single_writer: bool = False
    allow_plaintext_statement: bool = False
    accept_server_id: str | None = None
    server_ids: frozenset[str] = field(default_factory=frozenset)
    server_label: str = ""
    per_server: int = DEFAULT_PER_SERVER
    replica_wait: float = DEFAULT_REPLICA_WAIT
    ignores_overlap: bool = False
    token: str | None = None
    rotation_token: str | None = field(default=None, repr=False)
    refused: tuple[str, ...] | None = None
    check: bool = False

    @property
    def effective_trigger(self) -> str:
        """Return the trigger by which is decided what may be begun."""
        return RECOVERY if self.steps == FINISH else self.trigger

    @property
    def comes_again(self) -> bool:
        """Return True if nobody thinks between two attempts, as Secrets Manager does not: it repeats its steps."""
        return self.trigger in UNATTENDED or self.token is not None

    def overlap_end(self) -> datetime:
        """Return the moment at which an overlap that begins now is over."""
        return datetime.now(UTC) + timedelta(seconds=self.overlap)

    def refuse_invalid(self) -> None:
        """Raise a RotationError where an option makes no sense."""
        refuse_invalid_reason(self.reason)
        refuse_invalid_overlap(self.overlap)
        refuse_invalid_per_server(self.per_server)
        refuse_invalid_label(self.server_label)
        refuse_invalid_wait(self.replica_wait)


def refuse_invalid_overlap(seconds: int) -> None:
    """Raise a RotationError where an old password may not stay valid for so long."""
    longest = int(LONGEST_OVERLAP.total_seconds())
    if not 0 <= seconds <= longest:
        raise RotationError(
            f"The overlap must be from 0 to {longest} seconds ({LONGEST_OVERLAP.days} days).",
            code=Code.INVALID_OPTION,
            next_step=f"Set {{option|overlap}} to a number of seconds from 0 to {longest}.",
        )


def refuse_invalid_per_server(number: int) -> None:
    """Raise a RotationError where so many rotations may not be at work on one server."""
    if not 0 <= number <= MOST_PER_SERVER:
        raise RotationError(
            f"The number of rotations on one server must be from 0 (no limit) to {MOST_PER_SERVER}.",
            code=Code.INVALID_OPTION,
            next_step=f"Set {{option|per_server}} to a number from 1 to {MOST_PER_SERVER}, or to 0 for no limit.",
        )


def refuse_invalid_wait(seconds: float) -> None:
    """Raise a RotationError where nobody can wait so long for replica regions."""
    if not 0 <= seconds <= LONGEST_REPLICA_WAIT:
        raise RotationError(
            f"The wait for replica regions must be from 0 to {LONGEST_REPLICA_WAIT} seconds.",
            code=Code.INVALID_OPTION,
            next_step=f"Set {{option|replica_wait}} to a number of seconds from 0 to {LONGEST_REPLICA_WAIT}.",
        )
