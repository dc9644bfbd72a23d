# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of a whole run: what is wrong with all of its clients in the same way is wrong with the run. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ..module_utils._module.allowed import allowed
from ..module_utils._module.option_checks import CHECKED, Fault, faults_of_values
from ..module_utils._readers import variable

Spec = Mapping[str, Mapping[str, Any]]


def faults(spec: Spec, options: Mapping[str, Any], *, here: bool) -> list[Fault]:
    """Return all that is wrong with the options of one client; empty ones are not in ``options``.

    ``here`` says whether the files that they name are on this machine.
    """
    errors: list[Fault] = []
    valid: dict[str, Any] = {}
    for option in options.keys() & spec.keys():
        try:
            valid[option] = validated(spec[option], options[option])
        except ValueError:
            errors.append(Fault(allowed(option, spec[option]), (option,), repr(options[option])))
    values = {name: valid[variable(name)] for name in CHECKED if variable(name) in valid}
    of_values = faults_of_values(values, here=here)
    return [*errors, *(replace(fault, options=tuple(map(variable, fault.options))) for fault in of_values)]


def shared(clients: Sequence[str], faults_of: Callable[[str], Collection[Fault]]) -> list[Fault]:
    """Return what is wrong with all clients in the same way. Stop at the first client that has none of it."""
    common = list(faults_of(clients[0])) if clients else []
    for client in clients[1:]:
        if not common:
            break
        errors = faults_of(client)
        common = [fault for fault in common if fault in errors]
    return sorted(common, key=lambda fault: fault.options)


def refusal(errors: Sequence[Fault], clients: int) -> str:
    """Return what is wrong with the options of a run."""
    of = f"in the same way for all {clients} clients" if clients > 1 else "for this run"
    return (
        f"Options are wrong {of}: {' '.join(fault.text for fault in errors)} Nothing was changed, and no notice was"
        " sent. Next: correct them, in the extra variables (-e) or in the inventory, and run the same command again."
    )


def validated(spec: Mapping[str, Any], value: Any) -> Any:
    """Return a value as Ansible takes it; ValueError where it does not."""
    whole = {name: part for name, part in spec.items() if name != "options"}
    # Ansible looks for the parts of a value without asking whether it has any.
    for definition in (whole, spec):
        try:
            result = ArgumentSpecValidator({"option": dict(definition)}).validate({"option": value})
        except ArithmeticError:  # Ansible takes "inf" for a number before it makes it a whole one
            raise ValueError from None
        if result.error_messages:
            raise ValueError
    outcome = result.validated_parameters["option"]
    repr(outcome)  # ValueError for a whole number of thousands of digits
    return outcome
