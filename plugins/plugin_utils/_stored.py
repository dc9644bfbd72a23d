# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Parameter Store holds, read once for a run, as variables of all hosts beneath whatever an inventory says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.template import trust_as_template

from ..module_utils._aws.parameters import read_parameters
from ..module_utils._aws.session import make_client
from ..module_utils._aws.shared_text import SharedText
from ..module_utils._codes import Code
from ..module_utils._errors import RotationError
from ..module_utils._module.options import AWS_SPEC, aws_options
from ._configuration import CHECKOUT
from ._run_options import Spec
from ._stored_options import Stored, options_of

PATH, READ = "rotation_parameter_path", "rotation_parameters_read"
LOOKUP = "dbops.rotation.parameter"
ROLE = CHECKOUT / "roles/rotation/meta/argument_specs.yml"
# rotation_provision stores it for whoever ships events; callbacks are configured before there are variables.
OF_OTHER_ROLES = {"rotation_log_group": {"type": "str"}}
# They are no variables, for an inventory is printed.
KEYS = {"access_key", "secret_key", "session_token"}
# What begins or ends an expression, a statement or a comment of Jinja, or the line that would set other signs for them.
TEMPLATE_SIGNS = set("{}%#")
# Made here, so before the forks.
SECURE = SharedText()
# What was read last, by its path, for a second file of the same inventory.
LAST: dict[str, Stored] = {}


def settle(inventory: InventoryData, path: str, params: Mapping[str, Any]) -> Stored:
    """Read what is stored below a path, and make it variables of the group all.

    Nothing in an inventory has less to say than that group, and what it says already stands. Raises RotationError.
    """
    everybody = inventory.groups["all"]
    earlier = everybody.vars.get(READ)
    if earlier == path and path in LAST:
        return LAST[path]
    inventory.set_variable("all", PATH, plain(path))  # a run without what is stored there is refused
    if earlier and earlier != path:
        raise RotationError(
            f"This inventory has read the parameters below {earlier} already, and {path} would be a second path.",
            code=Code.INVALID_OPTION,
            next_step="Leave one of them, or run the playbook once for each inventory.",
        )
    LAST[path] = stored = read_stored(path, params)
    access = shown(params)
    SECURE.keep(_key(path, access), _secure(stored))
    for option in stored.values.keys() - everybody.vars.keys():
        value = stored.values[option]
        visible = _lookup_template(option, path, access) if option in stored.secure else plain(value)
        inventory.set_variable("all", option, visible)
    inventory.set_variable("all", READ, plain(path))
    return stored


def secure_value(option: str, path: str, access: Mapping[str, Any]) -> Any:
    """Return an option from a SecureString, which is read by the first of all workers unless the inventory was."""
    params = {**{name: spec.get("default") for name, spec in AWS_SPEC.items()}, **access}
    values = json.loads(SECURE.obtain(_key(path, access), lambda: _secure(read_stored(path, params))))
    if option not in values:
        raise RotationError(
            f"No {option} is a SecureString below {path} any more.",
            code=Code.INVALID_OPTION,
            next_step="Update the inventory, and run the same command again.",
        )
    return values[option]


def read_stored(path: str, params: Mapping[str, Any]) -> Stored:
    """Ask Parameter Store, and give the options that its parameters stand for."""
    return options_of(read_parameters(make_client(aws_options(params), "ssm"), path), path, specification())


def unread(path: Any, run_path: Any) -> str | None:
    """Return the message for a run that lacks its stored settings; None if it has them or needs none."""
    if (path or "") == (run_path or ""):
        return None
    return (
        f"{PATH} is {str(path or '')!r}, but the parameters that this run has are"
        f" {'those below ' + str(run_path) if run_path else 'none'}. Nothing was changed. Next: they are read with the"
        " inventory: say parameter_path in a file of dbops.rotation.parameters or dbops.rotation.fleet there, and see"
        " what it says where it fails; in AWX, update the inventory."
    )


def is_secure(variable: Any) -> bool:
    """Return True if a variable of an inventory is the lookup of a SecureString."""
    return isinstance(variable, str) and LOOKUP in variable


def shown(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the access to AWS that may be seen, without what is usual."""
    return {
        name: params[name]
        for name, spec in AWS_SPEC.items()
        if name not in KEYS and params.get(name) not in (None, "", spec.get("default"))
    }


def plain(value: Any) -> Any:
    """Return a value of which an exported inventory, as AWX keeps it, has plain text.

    A text that may not be a template is exported as a dictionary that says so. One without any sign of a template may
    be one without harm; one that has such a sign stays what it is.
    """
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return trust_as_template(value) if isinstance(value, str) and not TEMPLATE_SIGNS & set(value) else value


def _lookup_template(option: str, path: str, access: Mapping[str, Any]) -> str:
    """Return a template in the place of a value that nobody may see in the inventory."""
    arguments = json.dumps({"path": path, **access}, sort_keys=True)
    template: str = trust_as_template(f"{{{{ lookup('{LOOKUP}', '{option}', **{arguments}) }}}}")
    return template


def _secure(stored: Stored) -> str:
    return json.dumps({option: stored.values[option] for option in sorted(stored.secure)})


def _key(path: str, access: Mapping[str, Any]) -> str:
    return json.dumps([path, dict(access)], sort_keys=True)


@cache
def specification() -> Spec:
    """Return the options that may be stored, as the roles describe them."""
    entries = DataLoader().load_from_file(str(ROLE))["argument_specs"].values()
    return {**{name: option for entry in entries for name, option in entry["options"].items()}, **OF_OTHER_ROLES}
