# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One operation of the engine, as both a module and the action of the same name offer it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from .._aws.session import forget_unless_lasting
from .._clean import cleaned
from .._core_files import forbid_core_files
from .._errors import ProcessLost, RotationError, unexpected
from .._libraries import require_libraries
from .._next_step import filled_result
from .._operations import Declaration
from .._readers import Reader, from_environment, reader, reading
from .._secret_name import refuse_unfit_name
from .missing_tags import name_missing_tags
from .options import MUTUALLY_EXCLUSIVE, REQUIRED_TOGETHER, Spec, client_name

# The options that name a secret, with whose they are.
SECRET_IDS = {
    "secret_id": "secret_id",
    "source_secret_id": "onboard.source_secret_id",
    "admin_secret_id": "reconcile.admin_secret_id",
}
# Every module has it, and its action alone uses it: a module on another host has no variables.
FROM_VARIABLES = "from_variables"
OF_ACTIONS: Spec = {FROM_VARIABLES: {"type": "str", "choices": ["connection", "all"]}}
UNKNOWN = "Unknown; the stored versions and the server hold the truth."
# What calls a function that takes nothing, and returns what that returns.
Run = Callable[[Callable[[], Any]], Any]


@dataclass(frozen=True)
class Operation:
    """What to validate, and what to do with the validated parameters and the check flag."""

    declared: Declaration
    spec: Spec
    work: Callable[[Mapping[str, Any], bool], dict[str, Any]]
    mutually_exclusive: tuple[tuple[str, ...], ...] = ()
    required_one_of: tuple[tuple[str, ...], ...] = ()
    required_if: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    # The results that may have several lines, which whoever makes them has cleaned.
    lines: tuple[str, ...] = ()

    def validation(self) -> dict[str, Any]:
        """Return the arguments of Ansible's own validation."""
        return {
            "argument_spec": {**self.spec, **OF_ACTIONS},
            "mutually_exclusive": [list(names) for names in (*MUTUALLY_EXCLUSIVE, *self.mutually_exclusive)],
            "required_one_of": [list(names) for names in self.required_one_of],
            "required_together": [list(names) for names in REQUIRED_TOGETHER if set(names) <= self.spec.keys()],
            "required_if": [[option, value, list(names)] for option, value, names in self.required_if],
        }

    def refusal(self, params: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the failed result of options that need no look anywhere to be refused; None where there is none."""
        try:
            refuse_unfit_names(params)
        except RotationError as error:
            return failed_result(error, params, "Nothing was changed.")
        return None

    def context_module(self, module: Any) -> None:
        """Do the work of a module; of the AnsibleModule only params, modes, warn, exit_json and fail_json are used."""
        with reading(from_environment()):
            result = self.outcome(module.params, check=module.check_mode, diff=module._diff)
        for text in result.pop("warnings", ()):
            module.warn(text)
        leave = module.fail_json if result.pop("failed", False) else module.exit_json
        leave(**result)

    def outcome(self, params: Mapping[str, Any], *, check: bool, diff: bool, run: Run | None = None) -> dict[str, Any]:
        """Run the engine; the one place where an exception becomes a failed result.

        ``run`` may call it in another process, and raises ProcessLost where that ends before it has the result.
        """
        forbid_core_files()
        try:
            if run:
                there: dict[str, Any] = run(partial(outcome_for, reader(), self, params, check, diff))
                return there
            refuse_unfit_names(params)
            require_libraries()
            raw = filled_result(self.work(params, check), client_name(params))
            result: dict[str, Any] = cleaned(raw, self.lines)
        except ProcessLost as error:
            return failed_result(error, params, UNKNOWN, "unknown")
        except RotationError as error:
            name_missing_tags(error, params)
            return failed_result(error, params, "Nothing was changed.")
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # Ansible's task timeout is no Exception
            return failed_result(unexpected(error), params, UNKNOWN, "unknown")
        if not diff:
            result.pop("diff", None)
        return result


def outcome_for(to: Reader, operation: Operation, params: Mapping[str, Any], check: bool, diff: bool) -> dict[str, Any]:
    """Return the outcome in the words of a reader, in a process that has worked for others before."""
    forget_unless_lasting()
    with reading(to):
        return operation.outcome(params, check=check, diff=diff)


def refuse_unfit_names(params: Mapping[str, Any]) -> None:
    """Raise a RotationError where an option names a secret as AWS does not, before the first request."""
    for option in SECRET_IDS:
        if params.get(option):
            refuse_unfit_name(str(params[option]), SECRET_IDS[option])


def failed_result(error: RotationError, params: Mapping[str, Any], state: str, step: str = "prepare") -> dict[str, Any]:
    """Return what a task that failed returns; ``state`` and ``step`` count where the error has none of its own."""
    error.locate(client=client_name(params), step=step, state=state, next_step="")
    description = {name: getattr(error, name) for name in ("client", "step", "code", "cause", "state", "next_step")}
    # Who asked for what. The reason only where the run has compared it with the passwords.
    origin = {name: params[name] for name in ("trigger", "requested_by") if params.get(name)}
    origin |= {"reason": error.reason} if error.reason else {}
    origin = {name: cleaned(text) for name, text in origin.items()}
    description = filled_result(description, error.client)
    return {"failed": True, "changed": False, "msg": str(error), "error": description, **origin}
