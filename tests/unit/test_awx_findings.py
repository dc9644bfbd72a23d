# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written down for AWX: it passes its own checks, and each mistake is found before AWX is called."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader

from ansible_collections.dbops.rotation.plugins.plugin_utils._awx_findings import findings, rule_findings

ROOT = Path(__file__).resolve().parents[2]
ROLE = ROOT / "roles/rotation_awx"
DEFAULTS: dict[str, Any] = DataLoader().load_from_file(str(ROLE / "defaults/main.yml"))
SPEC: dict[str, Any] = DataLoader().load_from_file(str(ROLE / "meta/argument_specs.yml"))["argument_specs"]["main"]
BERLIN = "DTSTART;TZID=Europe/Berlin:20260101T001500"


@pytest.fixture
def written() -> dict[str, Any]:
    """What is written down by default."""
    return deepcopy(
        {
            "job_templates": DEFAULTS["rotation_awx_job_templates"],
            "schedules": DEFAULTS["rotation_awx_schedules"],
            "inventories": DEFAULTS["rotation_awx_inventories"],
            "execute": DEFAULTS["rotation_awx_operators_execute"],
            "messages": DEFAULTS["rotation_awx_notification"]["messages"],
        }
    )


def test_the_defaults_have_nothing_wrong(written: dict[str, Any]) -> None:
    assert list(findings(written, ROOT)) == []


def test_every_default_is_described() -> None:
    assert set(SPEC["options"]) == set(DEFAULTS)


def test_no_job_template_asks_for_a_secret(written: dict[str, Any]) -> None:
    questions = [question for template in written["job_templates"] for question in template.get("survey", [])]
    assert questions and not [question for question in questions if "password" in question["variable"]]


def test_each_mistake_is_named(written: dict[str, Any]) -> None:
    due, now = written["job_templates"][:2]
    due["playbook"] = "playbooks/rotate_dew.yml"
    now["survey"][0]["variable"] = "rotation_raeson"
    now["inventory"] = "Clientele"
    now["extra_vars"] = {"rotation_waves": ["50%"], "rotation_backup_file": "/secrets"}
    written["schedules"][0]["job_template"] = "Rotate due clients every hour"
    written["execute"].append("Rotate all")
    del written["messages"]["workflow_approval"]
    assert list(findings(written, ROOT)) == [
        "The job template 'Rotate due clients' names the playbook playbooks/rotate_dew.yml, "
        "which the project does not have.",
        "The job template 'Rotate a client now' names the inventory 'Clientele', which is not defined.",
        "The job template 'Rotate a client now' asks for rotation_raeson, which playbooks/rotate.yml does not read.",
        "The job template 'Rotate a client now' sets rotation_backup_file, which playbooks/rotate.yml does not read.",
        "The schedule 'Rotate due clients every hour' names the job template 'Rotate due clients every hour', "
        "which is not defined.",
        "The list of what operators may start names the job template 'Rotate all', which is not defined.",
        "The notification has no message for workflow_approval, and AWX needs all four.",
    ]


def test_a_playbook_that_awx_does_not_list_is_a_mistake(written: dict[str, Any]) -> None:
    """rotate.yml imports another one by the full name of the action, which AWX does not look for."""
    written["job_templates"][1]["playbook"] = "rotate.yml"
    assert list(findings(written, ROOT)) == [
        "The job template 'Rotate a client now' names the playbook rotate.yml, "
        "which AWX does not list: it has no hosts of its own."
    ]


def test_a_question_that_another_playbook_reads_is_a_mistake(written: dict[str, Any]) -> None:
    """The entry point for onboarding knows it, the one for rotating does not."""
    written["job_templates"][1]["survey"][0]["variable"] = "rotation_onboard_rotate"
    assert len(list(findings(written, ROOT))) == 1


@pytest.mark.parametrize(
    "rrule",
    [
        f"{BERLIN} RRULE:FREQ=HOURLY;INTERVAL=1",
        "DTSTART:20260101T001500Z RRULE:FREQ=DAILY;INTERVAL=1;COUNT=999",
        f"{BERLIN} RRULE:FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,TU EXRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU",
        f"{BERLIN} RRULE:FREQ=MONTHLY;INTERVAL=1;BYSETPOS=1;BYDAY=SU",
        f"{BERLIN} RRULE:FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=1,15",
    ],
)
def test_a_calendar_that_awx_takes_is_taken(rrule: str) -> None:
    assert list(rule_findings(rrule)) == []


@pytest.mark.parametrize(
    ("rrule", "told"),
    [
        ("RRULE:FREQ=HOURLY;INTERVAL=1", "does not begin with DTSTART"),
        ("DTSTART:20260101T001500 RRULE:FREQ=HOURLY;INTERVAL=1", "does not begin with DTSTART"),
        (
            "DTSTART;TZID=Europe/Atlantis:20260101T001500 RRULE:FREQ=HOURLY;INTERVAL=1",
            "no time zone Europe/Atlantis",
        ),
        (f"{BERLIN}", "no RRULE"),
        (f"{BERLIN} RRULE:FREQ=HOURLY", "no INTERVAL"),
        (f"{BERLIN} RRULE:INTERVAL=1", "no FREQ"),
        (f"{BERLIN} RRULE:FREQ=SECONDLY;INTERVAL=1", "FREQ=SECONDLY"),
        (f"{BERLIN} RRULE:FREQ=MONTHLY;INTERVAL=1;BYDAY=1SU", "BYDAY with a number"),
        (f"{BERLIN} RRULE:FREQ=DAILY;INTERVAL=1 EXDATE:20260102T001500Z", "EXDATE"),
        (f"{BERLIN} RRULE:FREQ=DAILY;INTERVAL=1 RDATE:20260102T001500Z", "RDATE"),
        (f"{BERLIN} RRULE:FREQ=DAILY;INTERVAL=1;COUNT=1000", "COUNT above 999"),
        (f"{BERLIN} RRULE:FREQ=DAILY;INTERVAL=1;COUNT=1;UNTIL=20270101T000000Z", "COUNT and UNTIL"),
        (f"{BERLIN} RRULE:FREQ=DAYLY;INTERVAL=1", "cannot read it: invalid 'FREQ': DAYLY"),
        (f"{BERLIN} RRULE:FREQ=DAILY;INTERVAL=x", "cannot read it: invalid 'INTERVAL': X"),
        (f"{BERLIN} RRULE:FREQ=DAILY;INTERVAL=0", "an INTERVAL of 0"),
        (f"{BERLIN} RRULE:FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,TX", "cannot read it: invalid 'BYDAY'"),
        (f"{BERLIN} RRULE:FREQ=DAILY;INTERVAL=1;BYWEEK=1", "cannot read it: unknown parameter 'BYWEEK'"),
        (f"{BERLIN} RRULE:FREQ=DAILY;INTERVAL=1;BYMONTH=1,13", "BYMONTH goes up to 12, not 13"),
        (f"{BERLIN} RRULE:FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=32", "BYMONTHDAY goes up to 31, not 32"),
        ("DTSTART:20261301T001500Z RRULE:FREQ=DAILY;INTERVAL=1", "cannot read it: month must be in 1..12"),
    ],
)
def test_a_calendar_that_awx_refuses_is_found(rrule: str, told: str) -> None:
    assert told in " ".join(rule_findings(rrule))
