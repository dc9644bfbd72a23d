# SPDX-License-Identifier: GPL-3.0-or-later
"""The role rotation_backup: its variables are declared, described and handed over under names that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from role_mappings import MAPPINGS

from ansible_collections.dbops.rotation.plugins.module_utils._module.backup import BACKUP
from ansible_collections.dbops.rotation.plugins.module_utils._module.restore import RESTORE

ROOT = Path(__file__).resolve().parents[2]
ROLE = ROOT / "roles/rotation_backup"
OPERATIONS = {"backup": BACKUP, "restore": RESTORE}
# The action puts it into the arguments itself, or offboarding alone asks for it.
OF_OTHERS = {"backup", "keep_other"}
RESULT = "rotation_backup_result"
# How the guard is told, and what it says.
GUARD = {"rotation_entry_point", "rotation_for_all"}


def load(path: str) -> Any:
    return DataLoader().load_from_file(str(ROOT / path))


DEFAULTS: dict[str, Any] = load("roles/rotation_backup/defaults/main.yml")
ENTRIES: dict[str, Any] = load("roles/rotation_backup/meta/argument_specs.yml")["argument_specs"]
SHARED: dict[str, Any] = load("roles/rotation/defaults/main.yml")
CONNECTION = MAPPINGS["rotation_connection"]

every_entry = pytest.mark.parametrize("entry", sorted(OPERATIONS))


def given(entry: str) -> dict[str, Any]:
    """Return what the task of an entry point hands over."""
    name = f"dbops.rotation.secretsmanager_mysql_{entry}"
    (task,) = (task for task in load(f"roles/rotation_backup/tasks/{entry}.yml") if name in task)
    defaults = str(task.get("module_defaults", {}).get(name, ""))
    shared = next((MAPPINGS[one] for one in MAPPINGS if f" {one} " in defaults), {})
    return {**shared, **task[name]}


def used(entry: str) -> set[str]:
    text = (ROLE / f"tasks/{entry}.yml").read_text()
    return set(re.findall(r"(?<![.])\brotation_[a-z_]+\b", text)) - {RESULT, *MAPPINGS}


def test_every_entry_point_has_a_description() -> None:
    assert set(ENTRIES) == set(OPERATIONS) == {path.stem for path in (ROLE / "tasks").glob("*.yml")}


@every_entry
def test_its_own_variables_are_those_that_are_described(entry: str) -> None:
    own = {name for name in used(entry) if name.startswith("rotation_backup_")}
    assert own == set(ENTRIES[entry]["options"])


@every_entry
def test_a_described_variable_has_that_default_or_is_required(entry: str) -> None:
    for name, option in ENTRIES[entry]["options"].items():
        if option.get("required"):
            assert name not in DEFAULTS
        else:
            assert DEFAULTS[name] == option.get("default")


@every_entry
def test_its_other_variables_are_those_of_the_role_that_it_depends_on(entry: str) -> None:
    assert {name for name in used(entry) if not name.startswith("rotation_backup_")} <= set(SHARED) | GUARD


@every_entry
def test_every_option_can_be_set_and_no_other_is(entry: str) -> None:
    there = set(OPERATIONS[entry].spec)
    assert {*given(entry), *CONNECTION, *(OF_OTHERS & there)} - {"from_variables"} == there


def test_every_default_is_used() -> None:
    assert set(DEFAULTS) <= used("backup") | used("restore")
