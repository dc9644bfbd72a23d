# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets Manager's own rotation of one secret: which function it calls, and when."""

from __future__ import annotations

from .secret_store import SecretDescription, SecretStore, described

DAYS = "AutomaticallyAfterDays"


class NativeStore(SecretStore):
    """A secret whose own rotation can be read and set."""

    def look(self) -> tuple[SecretDescription, int]:
        """Read the secret, and after how many days it is rotated; 0 where it follows another schedule, or none."""
        answer = self._call("describe_secret", f"describe the secret {self.secret_id!r}")
        rules = answer.get("RotationRules") or {}
        return described(answer), 0 if rules.get("ScheduleExpression") else rules.get(DAYS) or 0

    def rotate_by(self, function_arn: str, days: int) -> None:
        """Let Secrets Manager call a function so many days after the last rotation; now it calls its test only."""
        self._call(
            "rotate_secret",
            f"set the rotation of {self.secret_id!r}",
            RotationLambdaARN=function_arn,
            RotationRules={DAYS: days},
            RotateImmediately=False,
        )

    def cancel_rotation(self) -> None:
        """Let it call no function any more."""
        self._call("cancel_rotate_secret", f"cancel the rotation of {self.secret_id!r}")
