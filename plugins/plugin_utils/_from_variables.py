# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the option from_variables stands for: options that a task takes from the variables of its client.

Ansible keeps no compiled template, so each worker would compile a template that hands over all options. Here Jinja gets
only values that are templates, which takes a third of the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.template import Templar

from ..module_utils._module.operation import FROM_VARIABLES
from ..module_utils._module.options import CONNECTION, Spec
from ..module_utils._readers import variable
from ._templates import evaluated


def with_variables(arguments: Mapping[str, Any], spec: Spec, templar: Templar) -> dict[str, Any]:
    """Return the arguments of a task with the options that it takes from variables; what it says itself counts.

    Where the choice is none that the option allows, the check of the arguments says so. Raises AnsibleError.
    """
    taken = {"connection": spec.keys() & CONNECTION, "all": spec.keys()}.get(str(arguments.get(FROM_VARIABLES)))
    if taken is None:
        return dict(arguments)
    own = {name: value for name, value in arguments.items() if name != FROM_VARIABLES}
    variables = templar.available_variables
    found = {
        name: variables[variable(name)]
        for name in taken
        if variable(name) in variables and not own.keys() & {name, *spec[name].get("aliases", ())}
    }
    return {**_values(found, templar), **own}


def _values(found: Mapping[str, Any], templar: Templar) -> dict[str, Any]:
    """Return the values of options; AnsibleError names the variable that has none."""
    try:
        return evaluated(found, templar)
    except AnsibleError:
        for name, value in found.items():
            _template(variable(name), value, templar)
        raise


def _template(name: str, value: Any, templar: Templar) -> None:
    try:
        templar.template(value)
    except AnsibleError as error:
        raise AnsibleActionFail(f"The variable {name} cannot be used: {error.message}", obj=value) from None
