# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of a task's options, made before the forks, is that of Ansible."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.dbops.rotation.plugins.action.secretsmanager_mysql_rotate import ActionModule

GIVEN: tuple[dict[str, Any], ...] = (
    {"secret_id": "s"},
    {"secret_id": "s", "aws_region": "eu-west-1", "force": "yes", "deadline": "60", "adopt_rows": "a,b"},
    {"secret_id": "s", "from_variables": "connection"},
    {"secret_id": "s", "from_variables": "some"},
    {},
    {"secret_id": "s", "rgion": "eu-west-1"},
    {"secret_id": "s", "rgion": "eu-west-1", "force": "perhaps"},
    {"secret_id": "s", "profile": "p", "access_key": "a"},
    {"secret_id": "s", "secret_key": "a"},
    {"secret_id": "s", "steps": "most", "trigger": "never"},
)


def action_of(arguments: dict[str, Any]) -> ActionModule:
    action = ActionModule.__new__(ActionModule)
    action._task, action._load_name = SimpleNamespace(args=arguments), "dbops.rotation.secretsmanager_mysql_rotate"
    return action


def outcome(check: Any) -> Any:
    try:
        return check()
    except AnsibleActionFail as error:
        return str(error)


@pytest.mark.parametrize("given", GIVEN, ids=str)
def test_the_options_and_the_messages_are_those_of_the_check_of_ansible(given: dict[str, Any]) -> None:
    action = action_of(given)
    ours = outcome(action.validated)
    ansibles = outcome(lambda: action.validate_argument_spec(**ActionModule.operation.validation())[1])
    assert ours == ansibles


def test_the_check_is_made_with_the_action() -> None:
    assert ActionModule._validator is not None
