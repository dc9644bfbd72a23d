# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One call of a function: who calls, how much time there is, and what a call that fails may say."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from .._codes import Code
from .._errors import RotationError, unexpected
from .._readers import Function, reading

# What has to be left when the engine gives up, for telling people.
TELLING = 15.0
# With less, nothing is begun.
ENOUGH = 30.0
# At the level DEBUG, which a function's log level gives to all of them, they log what is sent and answered.
for _library in ("botocore", "pymysql", "urllib3"):
    logging.getLogger(_library).setLevel(logging.WARNING)


@dataclass(frozen=True)
class Invocation:
    """The function's name and settings, the request's id, and how many seconds are left."""

    function: str
    request_id: str
    remaining: Callable[[], float]
    environment: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, context: Any) -> Invocation:
        """Return the call that the context of Lambda describes."""
        return cls(
            function=str(context.function_name),
            request_id=str(context.aws_request_id),
            remaining=lambda: context.get_remaining_time_in_millis() / 1000,
            environment=os.environ,
        )

    def deadline(self, seconds: float) -> float:
        """Return the seconds that a run may take, which are at most these."""
        return min(seconds, self.remaining() - TELLING)

    def refuse_too_late(self) -> None:
        """Raise a RotationError where there is too little time to begin, so that what is asked for comes again."""
        if self.remaining() < ENOUGH:
            raise RotationError(
                f"Less than {ENOUGH:.0f} seconds are left of this call, so nothing was begun.", code=Code.TOO_LATE
            )


Handler = Callable[[Any, Any], Any]


def handler(work: Callable[[Any, Invocation], Any]) -> Handler:
    """Make a handler of Lambda. What it raises has no text but ours, for Lambda writes it to the log."""

    @wraps(work)
    def guarded(event: Any, context: Any) -> Any:
        with reading(Function.named(str(context.function_name))):
            try:
                return work(event, Invocation.of(context))
            except RotationError as error:
                failed = error
            except Exception as error:  # its text may hold anything, and so may that of the one that it came from
                failed = unexpected(error)
            # In the words of the present reader, for nobody is one any more when Lambda writes it.
            written = RotationError(str(failed), code=failed.code)
        raise written from None

    return guarded
