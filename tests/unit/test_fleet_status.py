# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet at a glance: the most urgent first, in a form for people and in two for programs."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.dbops.rotation.plugins.filter.rotation_balance_load import today
from ansible_collections.dbops.rotation.plugins.plugin_utils._fleet_table import fleet_status


def state(days_left: int = 20, **more: Any) -> dict[str, Any]:
    return {
        "last": "2026-11-05T03:00:00Z",
        "due": "2026-12-15T03:00:00Z",
        "days_left": days_left,
        "cycle_days": 40,
        "trigger": "scheduled",
        "unfinished": False,
        "overlap_until": "",
        "failures": {"count": 0},
        "overdue": False,
        "paused": None,
        "waiting": False,
        "due_now": False,
        "possible_days": [],
        **more,
    }


FLEET = {
    "client_acme": state(),
    "client_globex": state(-2, overdue=True, failures={"count": 3}),
    "client_initech": {"failed": True, "msg": "no such secret"},
    "client_umbrella": state(3, unfinished=True, paused={"until": "2026-12-01T00:00:00Z", "reason": "move"}),
}


def test_the_table_begins_with_what_is_most_urgent() -> None:
    header, *lines = fleet_status(FLEET).splitlines()
    assert header.split()[:3] == ["client", "last", "due"]
    assert [line.split()[0] for line in lines] == [
        *("client_globex", "client_umbrella", "client_acme", "client_initech"),
    ]
    assert [line.split()[-1] for line in lines] == ["overdue", "paused", "ok", "unknown"]
    assert "unfinished" in lines[1]


def test_who_was_offboarded_comes_last_and_has_no_turn() -> None:
    left = state(0, last="", due="", offboarded=True)
    *_others, last = fleet_status({"client_globex": left, "client_acme": state()}).splitlines()
    assert (last.split()[0], last.split()[-1]) == ("client_globex", "offboarded")
    assert today({"client_globex": left}) == []


def test_programs_get_the_same() -> None:
    told = json.loads(fleet_status(FLEET, form="json"))
    assert [line["client"] for line in told] == [
        line["client"] for line in csv.DictReader(fleet_status(FLEET, form="csv").splitlines())
    ]
    assert told[0]["failures"] == 3


def test_a_form_that_does_not_exist_is_told() -> None:
    with pytest.raises(AnsibleFilterError, match="table, json, csv"):
        fleet_status(FLEET, form="xml")


def test_an_empty_fleet_has_a_header_only() -> None:
    assert len(fleet_status({}).splitlines()) == 1


def test_who_is_planned_for_today_is_named_and_the_unknown_are_left_out() -> None:
    now: dict[str, Any] = {"last": "2026-01-01T00:00:00Z", "due_now": True, "possible_days": [0]}
    assert today({"client_acme": state(**now), "client_globex": state(), "client_initech": {"failed": True}}) == [
        "client_acme"
    ]


def test_the_functions_balance_their_own_load() -> None:
    """Sixty of theirs, which were rotated today or could be, neither take days from the two here nor make room."""
    days: dict[str, Any] = {"last": "2026-01-01T00:00:00Z", "cycle_days": 1, "possible_days": [0, 1, 2, 3]}
    ours = {name: state(**{**days, "cycle_days": 40}) for name in ("client_acme", "client_globex")}
    theirs = {f"client_{number}": state(**days, runner="lambda") for number in range(60)}
    assert today({**ours, **theirs}) == today(ours) == []
