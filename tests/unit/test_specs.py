# SPDX-License-Identifier: GPL-3.0-or-later
"""One truth in three places: argument specifications, documentation, and the names of modules and actions."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
from fleet_in_moto import load
from modules_page import PLUGINS, documented, options_of
from operations import COLLECTION, OPERATIONS

from ansible_collections.dbops.rotation.plugins.module_utils._module.operation import Operation

ROOT = Path(__file__).resolve().parents[2]
# They are of Ansible and do without the engine.
OF_ANSIBLE = {"rotation_candidates_info", "rotation_guard", "rotation_hooks", "rotation_table"}
# Ansible's own guess, widened: what looks like a secret has to say whether it is one.
LOOKS_SECRET = re.compile("secret|token|key|auth|pass", re.IGNORECASE)
SECRET = {"secret_key", "session_token", "password", "backup"}
COMPARED = ("type", "default", "choices", "elements", "aliases", "required")

every_operation = pytest.mark.parametrize(("name", "operation"), OPERATIONS.items(), ids=list(OPERATIONS))


def options(name: str) -> dict[str, dict[str, Any]]:
    """Return the options that a module's documentation describes."""
    return options_of(documented(PLUGINS / "modules" / f"{name}.py"))


def whole(operation: Operation) -> dict[str, Any]:
    """Return its options with the one that every module has."""
    argument_spec: dict[str, Any] = operation.validation()["argument_spec"]
    return argument_spec


def files(kind: str) -> set[str]:
    return {path.stem for path in (ROOT / "plugins" / kind).glob("*.py") if not path.stem.startswith("_")}


def compared(option: dict[str, Any]) -> dict[str, Any]:
    return {key: option[key] for key in COMPARED if option.get(key) not in (None, False)}


def test_modules_actions_and_action_group_have_the_same_names() -> None:
    group = set(load((ROOT / "meta/runtime.yml").read_text())["action_groups"]["all"])
    assert files("modules") == files("action") == group | OF_ANSIBLE == set(OPERATIONS) | OF_ANSIBLE


@every_operation
def test_an_option_that_looks_secret_says_whether_it_is(name: str, operation: Operation) -> None:
    for option, spec in operation.spec.items():
        if any(LOOKS_SECRET.search(word) for word in (option, *spec.get("aliases", []))):
            assert isinstance(spec.get("no_log"), bool), option


@every_operation
def test_secret_options_are_kept_out_of_logs_and_no_others(name: str, operation: Operation) -> None:
    assert {option for option, spec in operation.spec.items() if spec.get("no_log")} == SECRET & set(operation.spec)


@every_operation
def test_the_documentation_names_the_same_options(name: str, operation: Operation) -> None:
    assert set(options(name)) == set(whole(operation))


@every_operation
def test_the_documentation_says_the_same_of_every_option(name: str, operation: Operation) -> None:
    told, meant = options(name), whole(operation)
    assert {option: compared(told[option]) for option in meant} == {
        option: compared(spec) for option, spec in meant.items()
    }


@every_operation
def test_every_option_is_described(name: str, operation: Operation) -> None:
    assert [option for option, told in options(name).items() if not told.get("description")] == []


@every_operation
def test_options_that_exclude_or_need_each_other_exist(name: str, operation: Operation) -> None:
    validation = operation.validation()
    named = {
        option for kind in ("mutually_exclusive", "required_together") for pair in validation[kind] for option in pair
    }
    assert named <= set(operation.spec)


@every_operation
def test_a_documented_reference_to_an_option_leads_to_one(name: str, operation: Operation) -> None:
    text = importlib.import_module(f"{COLLECTION}.modules.{name}").DOCUMENTATION + str(options(name))
    assert set(re.findall(r"\bO\((\w+)\)", text)) <= set(operation.spec)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_the_examples_use_options_that_exist(name: str) -> None:
    tasks = load(importlib.import_module(f"{COLLECTION}.modules.{name}").EXAMPLES)
    tasks = [inner for task in tasks for inner in task.get("tasks", [task])]
    for task in tasks:
        used = [key for key in task if key.startswith("dbops.rotation.")]
        assert used == [f"dbops.rotation.{name}"]
        assert set(task[used[0]]) <= set(whole(OPERATIONS[name]))
