# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the role rotation_provision: declared once, described once, used, and named in docs/provision.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader

from ansible_collections.dbops.rotation.plugins.plugin_utils._stored import specification
from ansible_collections.dbops.rotation.plugins.plugin_utils._stored_options import NOT_FOR_ALL, ONLY_SECURE

ROOT = Path(__file__).resolve().parents[2]
ROLE = ROOT / "roles/rotation_provision"
TEXT = (ROOT / "docs/provision.md").read_text()


def load(name: str) -> Any:
    return DataLoader().load_from_file(str(ROLE / name))


DEFAULTS: dict[str, Any] = load("defaults/main.yml")
DESCRIBED: dict[str, Any] = load("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
OWN: dict[str, Any] = load("vars/main.yml")
USING = " ".join(path.read_text() for path in [*sorted((ROLE / "tasks").glob("*.yml")), ROLE / "vars/main.yml"])


def test_every_default_is_described_as_it_is() -> None:
    assert set(DESCRIBED) == set(DEFAULTS)
    told = {name: option["default"] for name, option in DESCRIBED.items() if "default" in option}
    assert told == {name: DEFAULTS[name] for name in told}


def test_what_is_not_described_with_a_default_has_none() -> None:
    assert [name for name in DEFAULTS if "default" not in DESCRIBED[name] and DEFAULTS[name] is not None] == []


def test_every_default_is_used() -> None:
    assert [name for name in DEFAULTS if not re.search(rf"\b{name}\b", USING)] == []


def test_every_metric_of_an_alarm_is_made_and_every_alarm_is_explained() -> None:
    metrics = {metric["name"] for metric in OWN["rotation_provision_metrics"]}
    alarms = OWN["rotation_provision_alarms"]
    assert {alarm["metric"] for alarm in alarms} <= metrics
    for alarm in [*alarms, OWN["rotation_provision_trail_alarm"]]:
        assert f"| `{alarm['name']}` |" in TEXT and alarm["says"]


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
