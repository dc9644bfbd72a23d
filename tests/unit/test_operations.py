# SPDX-License-Identifier: GPL-3.0-or-later
"""What is declared of an operation is what there is: module, action, playbook, and its part of the audit trail."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader

from ansible_collections.dbops.rotation.plugins.module_utils._audit.outcome import KINDS
from ansible_collections.dbops.rotation.plugins.module_utils._operations import OPERATIONS

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = "ansible_collections.dbops.rotation.plugins"
# Their modules only document what the action does.
OF_THE_CONTROLLER = {"rotation_evidence", "rotation_report", "secretsmanager_mysql_backup"}
HEAVY = ("boto3", "botocore", "pymysql", "_module.options", "_aws.session", "_db", "_rotation")


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_action_runs_the_operation_of_its_name(name: str) -> None:
    assert import_module(f"{PLUGINS}.action.{name}").ActionModule.operation.declared is OPERATIONS[name]


@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - OF_THE_CONTROLLER))
def test_a_module_runs_the_operation_of_its_action(name: str) -> None:
    source = (ROOT / f"plugins/modules/{name}.py").read_text()
    where, constant = re.findall(r"^from \.\.(module_utils\S+) import (\w+)$", source, re.MULTILINE)[-1]
    assert getattr(import_module(f"{PLUGINS}.{where}"), constant).declared is OPERATIONS[name]


@pytest.mark.parametrize("name", [name for name, declared in OPERATIONS.items() if declared.playbook])
def test_a_playbook_runs_the_operation_that_names_it(name: str) -> None:
    (play,) = DataLoader().load_from_file(str(ROOT / f"playbooks/{OPERATIONS[name].playbook}.yml"))
    role = play["tasks"][0]["ansible.builtin.import_role"]
    tasks = ROOT / "roles" / role["name"].rpartition(".")[2] / "tasks"
    assert f"dbops.rotation.{name}:" in _with_imports(tasks / f"{role.get('tasks_from', 'main')}.yml")


def _with_imports(path: Path) -> str:
    text = path.read_text()
    taken = re.findall(r"import_tasks: (\w+\.yml)", text)
    return "".join([text, *(_with_imports(path.with_name(name)) for name in taken)])


def test_every_kind_of_event_is_documented() -> None:
    page = (ROOT / "docs/audit.md").read_text()
    assert [kind for kind in KINDS if f"\n| `{kind}` | " not in page] == []


def test_callbacks_load_neither_a_library_nor_the_engine() -> None:
    """A run that counts nothing must not wait for the AWS SDK."""
    code = (
        f"import sys; import {PLUGINS}.callback.rotation_audit, {PLUGINS}.callback.rotation_progress;"
        " print(*sorted(name for name in sys.modules if 'ansible_collections' in name or '.' not in name))"
    )
    made = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, env={"PYTHONPATH": _path()}
    )
    loaded = made.stdout.split()
    assert f"{PLUGINS}.module_utils._operations" in loaded
    assert [name for name in loaded if any(part in name for part in HEAVY)] == []


def _path() -> str:
    return ":".join(filter(None, sys.path))
