# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a function does with one client: what tasks/due.yml, change.yml, failed.yml and the handlers of the role do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .._codes import Code
from .._cycle import tags
from .._errors import RotationError, SecretNotFound
from .._events import FAILED, ROTATED
from .._module.cycle import CYCLE, RESET
from .._module.cycle_info import CYCLE_INFO_OF_FUNCTIONS
from .._module.notice import NOTICE
from .._module.operation import Operation
from .._module.options import CONNECTION, secret_store
from .._module.rotate import ROTATE
from .._next_step import Kind, command
from .._notice.details import as_options, of_failure, of_rotation
from .._notice.text import notice_text
from .._tag_text import tag_text
from .._triggers import ON_DEMAND, SCHEDULED
from .invocation import Invocation
from .options import OF_A_NOTICE
from .record import Record
from .settings import Settings


@dataclass(frozen=True)
class Client:
    """One client in one call of a function."""

    name: str
    secret_id: str
    settings: Settings
    record: Record
    invocation: Invocation

    def visit(self, *, brought_forward: bool) -> None:
        """Do what is due, finish what was begun and tell people, as a scheduled run does.

        ``brought_forward``: the sweep wants it to be rotated today although its due date is a few days away.
        """
        state = self._state()
        if state.get("failed"):
            return self._tell_failure(state, SCHEDULED, "")
        for notice in state["pending_notices"]:
            self._notify(notice["event"], notice)
        now = brought_forward and 0 in state["possible_days"]
        if state["candidate"] or now:
            self._rotate(SCHEDULED, requested_by="", bring_forward_days=state["lookahead_days"] if now else 0)

    def rotate(self, **options: Any) -> None:
        """Rotate as somebody asks for it; the secret is known to be this client's."""
        self._rotate(ON_DEMAND, **options)

    def reset(self, reason: str, requested_by: str) -> None:
        """Count the cycle from now on; the secret is known to be this client's."""
        params = self._params(CYCLE, CONNECTION, state=RESET, reason=reason)
        result = self.failure_of(self.settings.refuse_faults) or CYCLE.outcome(params, check=False, diff=False)
        self.record.add(CYCLE.declared, self.name, {**result, "requested_by": requested_by})

    def identity(self) -> dict[str, Any] | None:
        """Return the failed result of a secret that is not there, or that says to be another client's; else None."""
        return self.failure_of(self._refuse_stranger)

    def change(self, operation: Operation, options: Mapping[str, Any], *, check: bool = False) -> dict[str, Any]:
        """Change the password by an operation, as long as there is time; the result is for the caller to tell.

        What came before may have taken the time: then a RotationError (too_late) brings it back.
        """
        self.invocation.refuse_too_late()
        params = self._params(operation, **options)
        params["deadline"] = self.invocation.deadline(params["deadline"])
        return self.failure_of(self.settings.refuse_faults) or operation.outcome(params, check=check, diff=False)

    def tell(self, receipt: Mapping[str, Any]) -> None:
        """Record what a run came to, and tell people of a new password."""
        self.record.add(ROTATE.declared, self.name, receipt)
        if receipt.get("rotated"):
            self._notify(ROTATED, of_rotation(receipt))

    def fail(self, result: Mapping[str, Any], trigger: str, requested_by: str, *, quiet: bool = False) -> None:
        """Record and count that a rotation failed, and tell people unless they know."""
        origin = {"trigger": trigger} | ({"requested_by": requested_by} if requested_by else {})
        self.record.add(ROTATE.declared, self.name, {**result, **origin})
        self._tell_failure(result, trigger, requested_by, quiet=quiet)

    def failure_of(self, check: Callable[[], None]) -> dict[str, Any] | None:
        """Return the failed result of a check that raises; None where it does not."""

        def checked(_params: Mapping[str, Any], _check: bool) -> dict[str, Any]:
            check()
            return {}

        result = Operation(CYCLE.declared, {}, checked).outcome(
            self._params(CYCLE, CONNECTION), check=False, diff=False
        )
        return result if result.get("failed") else None

    def _tell_failure(self, result: Mapping[str, Any], trigger: str, requested_by: str, *, quiet: bool = False) -> None:
        error = result["error"]
        counting = self._params(CYCLE, CONNECTION, state="failed", step=error["step"], code=error["code"])
        counted = self._done(CYCLE, counting)
        if not quiet:
            self._notify(FAILED, of_failure(error, counted, trigger, requested_by))

    def _state(self) -> dict[str, Any]:
        """Read the cycle, unless the settings say no."""
        refused = self.failure_of(self.settings.refuse_faults)
        operation = CYCLE_INFO_OF_FUNCTIONS
        result = refused or operation.outcome(self._params(operation), check=False, diff=False)
        self.record.add(operation.declared, self.name, result)
        return result

    def _refuse_stranger(self) -> None:
        try:
            secret = secret_store(self._params(CYCLE, CONNECTION)).describe()
        except SecretNotFound:
            if self.settings.trouble:  # it may be in another account, which is not known now
                raise self.settings.trouble from None
            raise _stranger(f"There is no secret {self.secret_id} for this client") from None
        if secret.tags.get(tags.CLIENT) != tag_text(self.name):
            raise _stranger(f"The tag {tags.CLIENT} of the secret {self.secret_id} does not name this client")

    def _rotate(self, trigger: str, **options: Any) -> None:
        result = self.change(ROTATE, {"trigger": trigger, **options})
        if result.get("failed"):
            self.fail(result, trigger, options.get("requested_by", ""))
        else:
            self.tell(result)

    def _notify(self, event: str, details: Mapping[str, Any]) -> None:
        if not self.settings.values.get("topic_arn"):
            return
        text, warnings = self._text(event, details)
        about = as_options(details, NOTICE.spec.keys() - CONNECTION)
        params = self._params(NOTICE, {*CONNECTION, *OF_A_NOTICE}, **{**about, "event": event, "text": text})
        result = NOTICE.outcome(params, check=False, diff=False)
        warnings = [*warnings, *result.get("warnings", ())]
        self.record.add(NOTICE.declared, self.name, {**result, "warnings": warnings})

    def _text(self, event: str, details: Mapping[str, Any]) -> tuple[str, list[str]]:
        try:
            return notice_text(event, self.name, self.secret_id, details), []
        except RotationError as error:
            return "", [error.cause]

    def _done(self, operation: Operation, params: Mapping[str, Any]) -> dict[str, Any]:
        result = operation.outcome(params, check=False, diff=False)
        self.record.add(operation.declared, self.name, result)
        return result

    def _params(self, operation: Operation, names: Any = None, **options: Any) -> dict[str, Any]:
        own = {"client": self.name, "secret_id": self.secret_id}
        return self.settings.params(operation.spec, names, **options, **own)


def _stranger(what: str) -> RotationError:
    return RotationError(
        f"{what}, so the event was refused.",
        code=Code.UNKNOWN_CLIENT,
        next_step="Correct the client's name in the event, or ROTATION_SECRET_PREFIX and ROTATION_SECRET_SUFFIX of the"
        f" function; a client that is not under management yet is brought in so: {command(Kind.ONBOARD)}",
    )
