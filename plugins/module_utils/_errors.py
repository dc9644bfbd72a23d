# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one exception family of the engine.

An exception never carries a secret value, a statement or a driver's own text: only names, codes and advice.
"""

from __future__ import annotations

import traceback
from pathlib import PurePath

from ._clean import one_line
from ._codes import Code
from ._next_step import filled, present
from ._readers import Reader


class RotationError(Exception):
    """One failure, in the parts that a person needs at night: client, step, cause, state left, next command.

    The place that raises knows the cause and usually the remedy; the run fills in client, step and state. This
    class cleans the names and texts from elsewhere that are in them.
    """

    cause: str
    code: str
    next_step: str
    state: str

    def __init__(self, cause: str, *, code: str, next_step: str = "", state: str = "") -> None:
        super().__init__(one_line(cause))
        self.cause = cause
        self.code = code
        self.next_step = next_step
        self.state = state
        self.client = ""
        self.step = ""
        self.reason = ""  # why somebody asked for the run, where that cannot hold a password

    def __setattr__(self, name: str, value: object) -> None:
        """Keep every text on one line."""
        super().__setattr__(name, one_line(value) if isinstance(value, str) else value)

    def locate(self, *, client: str, step: str, state: str, next_step: str) -> None:
        """Fill in what only the run knows; what the raiser already said stands."""
        self.client = self.client or client
        self.step = self.step or step
        self.state = self.state or state
        self.next_step = self.next_step or next_step

    def told(self, client: str = "", to: Reader | None = None) -> str:
        """Return cause and next step in the words of who reads them, for a message that is no failure of the run."""
        return f"{filled(self.cause, client, to)} {present(self.next_step, client, to)}".rstrip()

    def __str__(self) -> str:
        where = f"{self.client}: stopped at step '{self.step}'" if self.step else self.client
        parts = [f"{where}: {self.cause}" if where else self.cause]
        if self.state:
            parts.append(f"State: {self.state}")
        if self.next_step:
            parts.append(f"Next: {present(self.next_step, self.client)}")
        return filled(" ".join(parts), self.client)


def unexpected(error: BaseException) -> RotationError:
    """Return our exception for one that nobody foresaw; its text may hold a value, so its kind and place must do."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{PurePath(frame.filename).name} line {frame.lineno}"
    if not isinstance(error, Exception):
        return RotationError(
            f"The task was interrupted by its time limit or a signal ({type(error).__name__} in {place}).",
            code=Code.INTERRUPTED,
            next_step="Run the same command again, which finishes what it finds; raise the task's timeout if it was"
            " too short.",
        )
    return RotationError(
        f"An unexpected {type(error).__name__} in {place}.",
        code=Code.UNEXPECTED,
        next_step="Run the same command again, which decides from what it finds; report this line as a defect.",
    )


class ProcessLost(RotationError):
    """The process that did the work ended before it told the result, so what it did is not known."""


class SecretNotFound(RotationError):
    """The secret, or the version of the request, does not exist."""


class SecretDenied(RotationError):
    """AWS does not allow this identity a call on the secret."""


class SwapLost(RotationError):
    """A staging label was no longer where it had been read: someone else moved it."""


class RowsChanged(RotationError):
    """The account rows were no longer as they had been read: someone else changed them; nothing was sent."""


class ConnectionLost(RotationError):
    """The database connection broke, so whether the last statement was applied is unknown."""


class LoginRefused(RotationError):
    """The server answered that the password is wrong."""


class PolicyRefused(RotationError):
    """The server's password policy did not accept the new password; nothing was changed."""
