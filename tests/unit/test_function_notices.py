# SPDX-License-Identifier: GPL-3.0-or-later
"""A notice of a function says what the role's says: the same text from the same template, about the same things."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from by_ansible import Case, rendered

from ansible_collections.dbops.rotation.plugins.module_utils._clean import cleaned
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._events import (
    EVENTS,
    FAILED,
    OFFBOARDED,
    OVERDUE,
    ROTATED,
    UPCOMING,
)
from ansible_collections.dbops.rotation.plugins.module_utils._notice import text as module
from ansible_collections.dbops.rotation.plugins.module_utils._notice.details import of_failure, of_rotation
from ansible_collections.dbops.rotation.plugins.module_utils._notice.limits import people_text
from ansible_collections.dbops.rotation.plugins.module_utils._notice.text import TEMPLATES, notice_text
from ansible_collections.dbops.rotation.plugins.module_utils._readers import CommandLine, Function, reading

ROLE = Path(__file__).resolve().parents[2] / "roles/rotation"
CLIENT, SECRET = "client_acme", "clients/client_acme/mysql/root"
ERROR = {
    "client": CLIENT,
    "step": "open",
    "code": "login_refused",
    "cause": "The server refused <it> & more.",
    "state": "Nothing was changed.",
    "next_step": "Find out who.",
}
ABOUT: list[tuple[str, dict[str, Any]]] = [
    (UPCOMING, {"due": "2026-12-20T00:00:00Z", "notice_days": 7, "expected": "2026-12-19T22:00:00Z", "days_left": 7}),
    (UPCOMING, {"due": "2026-12-20T00:00:00Z", "notice_days": 1, "expected": "", "days_left": 1}),
    (ROTATED, {"version_id": "new", "last": "2026-12-20T00:00:00Z", "due": "2027-01-29T00:00:00Z"}),
    (
        ROTATED,
        {
            "version_id": "new",
            "previous_version_id": "old",
            "trigger": "on_demand",
            "reason": "leaked: {{ it }}",
            "requested_by": "alice\n{% raw %}",
            "kept_for": "eu-west-1 (InProgress)",
            "last": "2026-12-20T00:00:00Z",
            "due": "2027-01-29T00:00:00Z",
        },
    ),
    (ROTATED, {"version_id": "new", "previous_version_id": None, "reason": "", "kept_for": ""}),
    (FAILED, of_failure(ERROR, {"due": "2026-12-20T00:00:00Z", "failures": 1, "failed_at": "x"}, "scheduled", "")),
    (FAILED, of_failure(ERROR, {"failures": 3}, "on_demand", "bob")),
    (FAILED, of_failure({**ERROR, "cause": "", "state": "", "next_step": ""}, {}, "scheduled", "")),
    (FAILED, {"code": "x", "failures": "2"}),
    (OVERDUE, {"due": "2026-12-20T00:00:00Z", "failures": 2, "days_left": -1}),
    (OVERDUE, {"due": "2026-12-20T00:00:00Z"}),
    (OFFBOARDED, {"version_id": "last", "deletion_date": "2027-01-02T03:00:00Z", "reason": "x", "requested_by": "bob"}),
    (OFFBOARDED, {"deletion_date": "2027-01-02T03:00:00Z"}),
]


def of_the_role(event: str, details: Mapping[str, Any]) -> Case:
    """Return what the action of rotation_notice renders."""
    variables = {
        "inventory_hostname": CLIENT,
        "rotation_client": CLIENT,
        "rotation_secret_id": SECRET,
        "rotation_notice_details": cleaned(details),
    }
    return Case((TEMPLATES / f"{event}.j2").read_text(), variables)


def test_every_text_is_the_same() -> None:
    theirs = rendered([of_the_role(event, details) for event, details in ABOUT])
    for (event, details), text in zip(ABOUT, theirs, strict=True):
        with reading(CommandLine()):
            ours = notice_text(event, CLIENT, SECRET, details)
        assert people_text(ours) == people_text(text) != "", event


@pytest.mark.parametrize(("event", "details"), ABOUT)
def test_a_text_of_a_function_has_no_playbook(event: str, details: Mapping[str, Any]) -> None:
    with reading(Function()):
        assert "ansible-playbook" not in notice_text(event, CLIENT, SECRET, details)


def test_commands_name_the_host_of_the_inventory_and_not_the_client() -> None:
    with reading(CommandLine()):
        text = notice_text(OVERDUE, CLIENT, SECRET, {"due": "x"}, "db7")
    assert "-l db7" in text and f"The root password of {CLIENT}" in text


def test_every_template_is_among_them() -> None:
    assert {path.stem for path in TEMPLATES.glob("*.j2")} == set(EVENTS) == {event for event, _details in ABOUT}


def test_a_detail_that_is_missing_costs_the_text_and_not_the_notice() -> None:
    with pytest.raises(RotationError, match="A plain text is sent, for the template of 'rotated' cannot be used"):
        notice_text(ROTATED, CLIENT, SECRET, {})


def test_without_jinja_a_plain_text_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    module._environment.cache_clear()
    monkeypatch.setattr(module, "jinja2", None)
    with pytest.raises(RotationError, match="A plain text is sent"):
        notice_text(OVERDUE, CLIENT, SECRET, {"due": "x"})


def said(name: str, task: str, variable: str) -> str:
    """Return the template by which a task of the role sets a variable."""
    listed = DataLoader().load_from_file(str(ROLE / name))
    every = [*listed, *(inner for outer in listed for inner in outer.get("block", ()))]
    (text,) = [one["vars"][variable] for one in every if one["name"] == task]
    return str(text)


def test_the_role_tells_of_the_same_things() -> None:
    """A failure, counted and not; a rotation; and how far ahead a client is brought forward."""
    receipt = {"rotated": True, "version_id": "new", "rotation": {"last": "a", "due": "b"}}
    counted = {"due": "2026-12-20T00:00:00Z", "failures": 2, "failed_at": "x"}
    failure = {"rotation_trigger": "scheduled", "rotation_requested_by": "", "rotation_failure": {**ERROR, "msg": "x"}}
    details = "rotation_notice_details"
    failed = said("tasks/failed.yml", "Send the notice of the failure", details)
    rotated = said("handlers/main.yml", "Send the notice of the rotation", details)
    brought_forward = said("tasks/due.yml", "Rotate, finish or discard", "rotation_bring_forward_days")
    texts = rendered(
        [
            Case(failed, {**failure, "rotation_failures": {}}),
            Case(failed, {**failure, "rotation_failures": counted}),
            Case(rotated, {"rotation_receipt": receipt}),
            Case(brought_forward, {"rotation_brought_forward_now": True, "rotation_state": {"lookahead_days": 22}}),
            Case(brought_forward, {"rotation_brought_forward_now": False}),
        ]
    )
    assert texts[:2] == [of_failure(ERROR, one, "scheduled", "") for one in ({}, counted)]
    assert [of_rotation(texts[2]), *texts[3:]] == [of_rotation(receipt), 22, 0]


def test_a_failure_is_told_with_all_that_a_notice_needs() -> None:
    texts = of_failure(ERROR, {}, "on_demand", "alice")
    assert texts == {
        "trigger": "on_demand",
        "requested_by": "alice",
        **{name: ERROR[name] for name in ("step", "code", "cause", "next_step")},
        "state_left": "Nothing was changed.",
        "due": "",
        "failures": 0,
        "failed_at": "",
    }
