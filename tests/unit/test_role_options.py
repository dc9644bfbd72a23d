# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's variables: declared once with a default, described once, and handed over under names that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from operations import OPERATIONS
from role_mappings import MAPPINGS, VARIABLES

ROOT = Path(__file__).resolve().parents[2]
ROLE = ROOT / "roles/rotation"
SPECS = {
    f"dbops.rotation.{name}": operation.spec for name, operation in OPERATIONS.items() if "secret_id" in operation.spec
}
# Where the play runs is asked before a role has defaults; one is a group of the inventory.
OF_THE_PLAY = {
    "rotation_candidates",
    "rotation_entry_point",
    "rotation_for_all",
    "rotation_guard",
    "rotation_listing",
    "rotation_parameters_read",
    "rotation_hosts",
    "rotation_waves",
    "rotation_failure_budget",
    "rotation_canaries",
    "rotation_schedule_hosts",
}


def load(path: Path) -> Any:
    return DataLoader().load_from_file(str(path))


DEFAULTS: dict[str, Any] = load(ROLE / "defaults/main.yml")
CONNECTION = MAPPINGS["rotation_connection"]
ENTRIES: dict[str, Any] = load(ROLE / "meta/argument_specs.yml")["argument_specs"]
DESCRIBED: dict[str, Any] = {name: option for entry in ENTRIES.values() for name, option in entry["options"].items()}
TASK_FILES = sorted((ROLE / "tasks").glob("*.yml"))
# Parts of entry points, with the variables that they are handed.
PARTS: dict[str, set[str]] = {
    "asked_once": set(),
    "candidates": set(),
    "change": {"rotation_wanted"},
    "cycle": {"rotation_sends_owed"},
    "failed": {"rotation_receipt"},
    "guard": {"rotation_entry_point", "rotation_for_all"},
    "hooks": {"rotation_hook"},
    "in_earnest": set(),
    "keep_runner": set(),
    "limit": {"rotation_entry_point", "rotation_for_all"},
    "selected": set(),
}
ENTRY_FILES = [path for path in TASK_FILES if path.stem not in PARTS]
HANDLERS = ROLE / "handlers/main.yml"
USING = [*TASK_FILES, HANDLERS, ROLE / "vars/main.yml", *sorted((ROOT / "playbooks").glob("*.yml"))]


def tasks(path: Path) -> list[dict[str, Any]]:
    """Return the tasks of a file, those in its blocks, and those of another file of the role that it takes in."""
    found: list[dict[str, Any]] = []
    pending = list(load(path) or [])
    while pending:
        task = pending.pop(0)
        named = task.get("ansible.builtin.import_tasks", task.get("ansible.builtin.include_tasks", "none"))
        taken = (path.parent / str(named)).resolve()
        found += [task, *(tasks(taken) if taken in TASK_FILES else [])]
        pending += [inner for section in ("block", "rescue", "always") for inner in task.get(section, [])]
    return found


def set_within(path: Path) -> Iterator[str]:
    """Return the variables that a file sets itself."""
    for task in tasks(path) if path in TASK_FILES else []:
        yield from task.get("vars", {})
        yield from task.get("ansible.builtin.set_fact", {})
        yield from (task.get("register", ""), task.get("loop_control", {}).get("loop_var", ""))
    if path == HANDLERS:
        yield from ("rotation_receipt", "rotation_state", "rotation_failure", "rotation_owed", "rotation_notice")
        yield "rotation_offboarding"
        yield from (name for task in load(path) for name in task.get("vars", {}))


def calls(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for task in tasks(path):
        given = str(task.get("module_defaults", ""))
        more = {option: value for name in MAPPINGS if f" {name} " in given for option, value in MAPPINGS[name].items()}
        yield from ((name, {**more, **taken(name, task[name] or {})}) for name in SPECS if name in task)


def taken(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return what a task hands over, with the options that it takes from variables."""
    own = {option: value for option, value in given.items() if option != "from_variables"}
    everything = {option: f"rotation_{option}" for option in SPECS[name] if f"rotation_{option}" in DEFAULTS}
    return {**{"all": everything, "connection": CONNECTION}.get(given.get("from_variables", ""), {}), **own}


def empty(value: Any) -> bool:
    return value is None or value == "" or value == []


def test_every_default_is_described_and_nothing_else() -> None:
    assert set(DESCRIBED) == set(DEFAULTS)


def test_every_described_default_is_the_real_one() -> None:
    told = {name: option["default"] for name, option in DESCRIBED.items() if "default" in option}
    assert told == {name: DEFAULTS[name] for name in told}


def test_a_default_is_left_out_of_the_description_only_where_it_is_empty_or_a_template() -> None:
    silent = {name for name, option in DESCRIBED.items() if "default" not in option}
    assert [name for name in silent if not empty(DEFAULTS[name]) and "{{" not in str(DEFAULTS[name])] == []


def test_every_entry_point_has_a_description() -> None:
    assert set(ENTRIES) == {path.stem for path in ENTRY_FILES}


@pytest.mark.parametrize("path", USING, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_variable_that_is_used_is_declared(path: Path) -> None:
    words = set(re.findall(r"(?<!\.)\brotation_[a-z_]+\b", path.read_text()))
    own = set(set_within(path)) | PARTS.get(path.stem, set()) | set(VARIABLES) | OF_THE_PLAY
    assert words - own <= set(DEFAULTS)


def test_every_default_is_used() -> None:
    used = " ".join(path.read_text() for path in USING)
    assert [name for name in DEFAULTS if not re.search(rf"\b{name}\b", used)] == []


@pytest.mark.parametrize("path", ENTRY_FILES, ids=lambda path: path.stem)
def test_a_task_hands_over_options_that_exist(path: Path) -> None:
    made = list(calls(path))
    assert made
    assert [(name, option) for name, options in made for option in options if option not in SPECS[name]] == []


@pytest.mark.parametrize("path", ENTRY_FILES, ids=lambda path: path.stem)
def test_a_task_uses_only_variables_of_its_entry_point(path: Path) -> None:
    words = set(re.findall(r"(?<!\.)\brotation_[a-z_]+\b", path.read_text())) - set(set_within(path)) - set(MAPPINGS)
    assert words - OF_THE_PLAY <= set(ENTRIES[path.stem]["options"])


@pytest.mark.parametrize("name", sorted(SPECS))
def test_the_connection_is_made_of_options_that_every_module_has(name: str) -> None:
    assert set(CONNECTION) <= set(SPECS[name])


@pytest.mark.parametrize("path", ENTRY_FILES, ids=lambda path: path.stem)
def test_every_option_of_a_module_can_be_set_through_the_role(path: Path) -> None:
    """A module called twice may get an option in one of the calls only."""
    given: dict[str, set[str]] = {}
    for name, options in calls(path):
        given.setdefault(name, set(CONNECTION)).update(options)
    for name in (name for name in given if name.removesuffix("_info").endswith(path.stem)):
        assert given[name] == set(SPECS[name])


@pytest.mark.parametrize("path", sorted(ROOT.glob("roles/*/*/*.yml")), ids=lambda path: "/".join(path.parts[-3:]))
def test_no_task_of_a_role_depends_on_the_module_defaults_of_a_play(path: Path) -> None:
    for task in tasks(path) if path.parent.name in ("tasks", "handlers") else ():
        for name in SPECS.keys() & task.keys():
            assert {"from_variables", "secret_id"} & (task[name] or {}).keys(), task["name"]


def test_options_are_named_as_their_variables() -> None:
    assert len(CONNECTION) > 20 and {option: f"rotation_{option}" for option in CONNECTION} == CONNECTION


@pytest.mark.parametrize("path", ENTRY_FILES, ids=lambda path: path.stem)
def test_a_choice_of_the_role_is_a_choice_of_the_module(path: Path) -> None:
    for name, options in calls(path):
        for option in {**CONNECTION, **options}:
            told = ENTRIES[path.stem]["options"].get(f"rotation_{option}", {})
            assert told.get("choices", SPECS[name][option].get("choices")) == SPECS[name][option].get("choices")
