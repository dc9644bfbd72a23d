# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One notice as data: what happened to which client, and what SNS is handed. It never holds a value or a hash."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from .._clean import one_line
from .._events import FAILED, OFFBOARDED, OVERDUE, ROTATED, UPCOMING, severity
from .._reason import REASON_LENGTH
from .._stamp import stamp
from .limits import attribute, field_text, people_text, subject_line

SCHEMA = "dbops.rotation/notice/1"
TEXTS = (
    *("client", "secret_id", "environment", "trigger", "requested_by", "version_id", "previous_version_id"),
    *("last", "due", "expected", "failed_at", "step", "code", "cause", "state_left", "next_step"),
    "deletion_date",
)


@dataclass(frozen=True)
class Notice:
    """One event of one client. Dates are ISO 8601 texts, as the tags hold them; what is not known is empty.

    ``failures`` is the number of this failure in a row, 0 where it could not be counted. ``subject`` and ``text``
    are for people; without them short ones are made.
    """

    event: str
    client: str
    secret_id: str
    time: datetime
    environment: str = ""
    trigger: str = ""
    reason: str = ""
    requested_by: str = ""
    version_id: str = ""
    previous_version_id: str = ""
    last: str = ""
    due: str = ""
    days_left: int | None = None
    notice_days: int | None = None
    expected: str = ""
    failures: int = 0
    failed_at: str = ""
    step: str = ""
    code: str = ""
    cause: str = ""
    state_left: str = ""
    next_step: str = ""
    deletion_date: str = ""
    subject: str = ""
    text: str = ""

    @property
    def about(self) -> tuple[Any, ...]:
        """Return what makes this notice another one than the last of its kind."""
        return {
            UPCOMING: (self.due, self.notice_days),
            ROTATED: (self.version_id,),
            FAILED: (self.failures, self.failed_at or stamp(self.time)),
            OVERDUE: (self.due,),
            OFFBOARDED: (self.version_id, self.deletion_date),
        }[self.event]

    @property
    def notice_id(self) -> str:
        """Return the id by which a consumer recognises a notice that comes twice."""
        return sha256(json.dumps([self.client, self.event, *self.about]).encode()).hexdigest()

    @property
    def severity(self) -> str:
        """Return how loud it is."""
        return severity(self.event, self.failures, self.days_left)

    @property
    def sent_subject(self) -> str:
        """Return the subject in the form that SNS takes."""
        return subject_line(self.subject) or subject_line(f"{self.headline}: {self.client}") or self.headline

    @property
    def headline(self) -> str:
        """Return the event in a few words, which grow with the trouble."""
        again = f", {self.failures} times in a row" if self.failures > 1 else ""
        return {
            UPCOMING: "Password change ahead",
            ROTATED: "Password changed",
            FAILED: f"{'URGENT: p' if self.severity == 'critical' else 'P'}assword change failed{again}",
            OVERDUE: "URGENT: password change overdue",
            OFFBOARDED: "Password no longer managed",
        }[self.event]

    def attributes(self) -> dict[str, str]:
        """Return the message attributes, for the filter policies of subscriptions; what is not known is left out."""
        values = {
            "client": self.client,
            "event": self.event,
            "environment": self.environment,
            "trigger": self.trigger,
            "severity": self.severity,
            "notice_id": self.notice_id,
        }
        fitting = {name: attribute(value) for name, value in values.items()}
        return {name: value for name, value in fitting.items() if value}

    def body(self) -> dict[str, Any]:
        """Return the body for machines: every key is there in every notice, None where it does not apply."""
        texts = {name: field_text(getattr(self, name)) or None for name in TEXTS}
        return {
            "schema": SCHEMA,
            "id": self.notice_id,
            "event": self.event,
            "severity": self.severity,
            "time": stamp(self.time),
            **texts,
            "reason": one_line(self.reason, REASON_LENGTH) or None,
            "days_left": self.days_left,
            "notice_days": self.notice_days,
            "failures": self.failures,
        }

    def people_text(self) -> str:
        """Return the body for people."""
        return people_text(self.text) or people_text(self._plain_text())

    def message(self) -> str:
        """Return the message of a publish with MessageStructure json.

        Queues, functions and web hooks get ``default``, the JSON for machines; a mailbox and a telephone get text.
        """
        default = json.dumps(self.body(), ensure_ascii=False)
        return json.dumps(
            {"default": default, "email": self.people_text(), "sms": self.sent_subject}, ensure_ascii=False
        )

    def _plain_text(self) -> str:
        fields = {name.replace("_", " "): value for name, value in self.body().items() if value not in (None, 0)}
        return "\n".join(
            [f"{self.headline}: {self.client}", "", *(f"{name}: {value}" for name, value in fields.items())]
        )
