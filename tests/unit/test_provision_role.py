# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles that make something in AWS: variables are declared once, described once and used, alarms are explained."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader

from ansible_collections.dbops.rotation.plugins.plugin_utils._stored import specification
from ansible_collections.dbops.rotation.plugins.plugin_utils._stored_options import NOT_FOR_ALL, ONLY_SECURE

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/provision.md").read_text()
PARTS = ("tasks/*.yml", "templates/*", "vars/main.yml")


class Role:
    """What a role declares, describes and has of its own, and the text of all that uses variables."""

    def __init__(self, name: str) -> None:
        self.folder = ROOT / "roles" / name
        self.defaults: dict[str, Any] = self._load("defaults/main.yml")
        self.described: dict[str, Any] = self._load("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
        self.own: dict[str, Any] = self._load("vars/main.yml")
        self.using = " ".join(path.read_text() for part in PARTS for path in sorted(self.folder.glob(part)))

    def _load(self, name: str) -> Any:
        return DataLoader().load_from_file(str(self.folder / name))


PROVISION, FUNCTIONS = Role("rotation_provision"), Role("rotation_functions")
DEFAULTS, DESCRIBED, OWN = PROVISION.defaults, PROVISION.described, PROVISION.own
each_role = pytest.mark.parametrize("role", [PROVISION, FUNCTIONS], ids=lambda role: role.folder.name)


@each_role
def test_every_default_is_described_as_it_is(role: Role) -> None:
    assert set(role.described) == set(role.defaults)
    told = {name: option["default"] for name, option in role.described.items() if "default" in option}
    assert told == {name: role.defaults[name] for name in told}


@each_role
def test_what_is_not_described_with_a_default_has_none(role: Role) -> None:
    silent = [name for name in role.defaults if "default" not in role.described[name]]
    assert [name for name in silent if role.defaults[name] is not None] == []


@each_role
def test_every_default_is_used(role: Role) -> None:
    assert [name for name in role.defaults if not re.search(rf"\b{name}\b", role.using)] == []


def test_every_alarm_of_the_functions_is_explained_and_none_has_a_name_of_the_audit_trails() -> None:
    names = [alarm["name"] for alarm in FUNCTIONS.own["rotation_functions_alarms"]]
    page = (ROOT / "docs/lambda.md").read_text()
    assert [name for name in names if f"`{name}`" not in page] == []
    assert not set(names) & {alarm["name"] for alarm in OWN["rotation_provision_alarms"]}


def test_a_message_comes_again_when_the_call_is_over_and_a_lock_is_gone() -> None:
    """Six times the timeout, as AWS asks for; a lock of a killed run may stay for 150 seconds."""
    template = (FUNCTIONS.folder / "templates/functions.yml.j2").read_text()
    (visibility,) = map(int, re.findall(r"VisibilityTimeout: (\d+)", template))
    timeouts = {one["duty"]: one["timeout"] for one in FUNCTIONS.own["rotation_functions_all"]}
    assert visibility >= 6 * timeouts["worker"] and visibility > timeouts["worker"] + 150


def test_the_functions_have_the_handlers_that_the_package_holds() -> None:
    handlers = {one["handler"] for one in FUNCTIONS.own["rotation_functions_all"]}
    assert handlers == {f"{path.stem}.handler" for path in (ROOT / "functions").glob("*.py")}


def test_every_metric_of_an_alarm_is_made_and_every_alarm_is_explained() -> None:
    metrics = {metric["name"] for metric in OWN["rotation_provision_metrics"]}
    alarms = OWN["rotation_provision_alarms"]
    assert {alarm["metric"] for alarm in alarms} <= metrics
    for alarm in [*alarms, OWN["rotation_provision_trail_alarm"]]:
        assert f"| `{alarm['name']}` |" in TEXT and alarm["says"]


def test_the_dashboard_shows_every_metric_once() -> None:
    shown = [
        name
        for one in OWN["rotation_provision_dashboard"]["widgets"]
        for _namespace, name in one["properties"]["metrics"]
    ]
    assert sorted(shown) == sorted(metric["name"] for metric in OWN["rotation_provision_metrics"])


def test_the_page_names_no_variable_that_does_not_exist() -> None:
    known = {
        *DEFAULTS,
        *DataLoader().load_from_file(str(ROOT / "roles/rotation/defaults/main.yml")),
        *OWN["rotation_provision_settings"],
        "rotation_provision",
    }
    assert sorted(set(re.findall(r"\brotation_[a-z_]+", TEXT)) - known) == []


def test_what_is_written_to_parameter_store_is_what_an_inventory_reads_back() -> None:
    assert set(OWN["rotation_provision_settings"]) <= specification().keys() - NOT_FOR_ALL - ONLY_SECURE


def test_a_retention_that_would_delete_the_log_group_is_no_choice() -> None:
    option = DESCRIBED["rotation_provision_retention_days"]
    assert option["default"] in option["choices"] and 180 in option["choices"] and 100 not in option["choices"]
