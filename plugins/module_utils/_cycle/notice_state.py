# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which notices people got, and how often a rotation failed, as two tags of the secret keep it.

Both are words of the form name=value: tags take no more than letters, digits, spaces and + - = . _ : / @.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from . import tags

OWED = "owed"
# The engine writes these with the record of a rotation: a notice is owed before it is sent.
ROTATED_TAGS = {tags.NOTIFIED: f"rotated={OWED}", tags.FAILURES: "count=0"}


@dataclass(frozen=True)
class NoticeState:
    """Which notices have gone out.

    ``sent`` holds the numbers of days before, and ``overdue``, of the due date ``due``; for another one nothing
    has been sent. ``rotated`` is a version id, or OWED. ``failed`` is when the failure was that was told last.
    """

    due: str = ""
    sent: frozenset[str] = frozenset()
    rotated: str = ""
    failed: str = ""

    def of(self, due: str) -> frozenset[str]:
        """Return what has been sent about a due date."""
        return self.sent if self.due == due else frozenset()

    def with_sent(self, due: str, name: str) -> NoticeState:
        """Return the same, and that this was sent about a due date."""
        return replace(self, due=due, sent=self.of(due) | {name})

    def tag(self) -> str:
        """Return the value of the tag."""
        words = {
            "rotated": self.rotated,
            "failed": self.failed,
            "due": self.due,
            "sent": "+".join(sorted(self.sent)),
        }
        return " ".join(f"{name}={value}" for name, value in words.items() if value)


@dataclass(frozen=True)
class Failures:
    """How many runs in a row have failed; when, at which step and with which code the last one did."""

    count: int = 0
    at: str = ""
    step: str = ""
    code: str = ""

    def another(self, at: str, step: str, code: str) -> Failures:
        """Return the count with one more."""
        return Failures(self.count + 1, at, _word(step), _word(code))

    def tag(self) -> str:
        """Return the value of the tag."""
        words = {"count": str(self.count), "at": self.at, "step": self.step, "code": self.code}
        return " ".join(f"{name}={value}" for name, value in words.items() if value)


def read_notice_state(secret_tags: Mapping[str, str]) -> NoticeState:
    """Read the tag; what is missing or unreadable counts as not sent."""
    words = _words(secret_tags.get(tags.NOTIFIED, ""))
    sent = frozenset(filter(None, words.get("sent", "").split("+")))
    return NoticeState(words.get("due", ""), sent, words.get("rotated", ""), words.get("failed", ""))


def read_failures(secret_tags: Mapping[str, str]) -> Failures:
    """Read the tag; what is missing or unreadable counts as none."""
    words = _words(secret_tags.get(tags.FAILURES, ""))
    return Failures(_number(words.get("count")), words.get("at", ""), words.get("step", ""), words.get("code", ""))


def _words(text: str) -> dict[str, str]:
    return dict(word.split("=", 1) for word in text.split() if "=" in word)


def _number(text: str | None) -> int:
    return int(text) if text and re.fullmatch("[0-9]{1,6}", text) else 0


def _word(text: str) -> str:
    return re.sub("[^A-Za-z0-9_.-]", "_", text)[:40]
