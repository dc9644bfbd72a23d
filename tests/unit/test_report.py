# SPDX-License-Identifier: GPL-3.0-or-later
"""The report without a browser: what it counts, what it takes for text, and when its file is written."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from filter_pattern import matches
from report_fleet import DAY, HOSTILE, NOW, SINCE, fleet, report

from ansible_collections.dbops.rotation.plugins.module_utils._audit.event import encoded
from ansible_collections.dbops.rotation.plugins.module_utils._audit.history import of_kinds
from ansible_collections.dbops.rotation.plugins.module_utils._audit.spool import RunSpool
from ansible_collections.dbops.rotation.plugins.module_utils._module.report import REPORT
from ansible_collections.dbops.rotation.plugins.module_utils._report.events import KINDS, deed, is_scheduled_run
from ansible_collections.dbops.rotation.plugins.module_utils._report.facts import MOST_EVENTS, Fleet, document
from ansible_collections.dbops.rotation.plugins.module_utils._report.figures import figures
from ansible_collections.dbops.rotation.plugins.module_utils._report.page import digest, document_of, page
from ansible_collections.dbops.rotation.plugins.module_utils._report.trends import quantile
from ansible_collections.dbops.rotation.plugins.module_utils._stamp import stamp

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = 5


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """The audit trail of the fleet."""
    run = RunSpool(tmp_path / "spool", "run", NOW)
    for event in fleet(CLIENTS).events:
        run.append(encoded(event))
    run.close()
    return tmp_path / "spool"


@pytest.fixture
def asked(tmp_path: Path, spool: Path, clock: time_machine.Traveller) -> dict[str, Any]:
    """The options of a task."""
    there = fleet(CLIENTS)
    options = {"client": "client_acme", "secret_id": "x", "path": str(tmp_path / "fleet.html"), "spool": str(spool)}
    given = {**options, "states": there.states, "groups": there.groups}
    return {name: given.get(name, spec.get("default")) for name, spec in REPORT.spec.items()}


def made(asked: dict[str, Any], *, check: bool = False, **other: Any) -> dict[str, Any]:
    return REPORT.outcome({**asked, **other}, check=check, diff=True)


def state(**other: Any) -> dict[str, Any]:
    healthy = {
        "client": "client_acme",
        "last": stamp(NOW - 10 * DAY),
        "due": stamp(NOW + 30 * DAY),
        "expected": stamp(NOW + 29 * DAY),
        "cycle_days": 40,
        "trigger": "scheduled",
        "overdue": False,
        "due_now": False,
        "overlap_until": "",
        "unfinished": False,
        "paused": None,
        "failures": {"count": 0, "at": "", "step": "", "code": ""},
        "calendar": {"first": "2027-01-01", "days": ""},
    }
    return {**healthy, **other}


def rotated(days_ago: float, due_days_ago: float, **other: Any) -> dict[str, Any]:
    times = {"time": stamp(NOW - days_ago * DAY), "due": stamp(NOW - due_days_ago * DAY)}
    event = {
        "kind": "rotation",
        "outcome": "succeeded",
        "rotated": True,
        "client": "client_acme",
        "trigger": "scheduled",
    }
    return {**event, **times, "seconds": 1.5, **other}


def client_of(*events: dict[str, Any], **other: Any) -> dict[str, Any]:
    (client,) = document(Fleet({"client_acme": state(**other)}, {}, events), SINCE, NOW)["clients"]
    return dict(client)


@pytest.mark.parametrize(
    ("other", "flags"),
    [
        ({}, ["healthy"]),
        ({"due": stamp(NOW + 7 * DAY)}, ["due in 7 days", "healthy"]),
        ({"due": stamp(NOW + 8 * DAY)}, ["healthy"]),
        ({"due": stamp(NOW - DAY), "overdue": True, "due_now": True}, ["overdue"]),
        ({"failures": {"count": 1, "at": "", "step": "open", "code": "login_refused"}}, ["failing"]),
        ({"unfinished": True, "paused": {"until": "", "reason": ""}}, ["unfinished", "paused"]),
        ({"failed": True, "error": {"cause": "Denied."}}, ["unreadable"]),
    ],
)
def test_the_states_of_a_client(other: dict[str, Any], flags: list[str]) -> None:
    assert client_of(**other)["flags"] == flags


@pytest.mark.parametrize(
    ("events", "kept"),
    [
        ([], [0, 0]),
        ([rotated(50, 10), rotated(10, -30)], [1, 1]),
        ([rotated(50, 10), rotated(9, -31)], [0, 1]),
        ([rotated(50, 10)], [0, 1]),
        ([rotated(50, 10), rotated(20, -20, outcome="failed"), rotated(11, -29)], [1, 1]),
        # What only mends the tags is no rotation.
        ([rotated(50, 10), rotated(20, -20, rotated=False), rotated(9, -31)], [0, 1]),
        ([rotated(50, 10), rotated(10, -30, check=True)], [0, 1]),
    ],
)
def test_a_due_date_is_kept_by_the_next_password(events: list[dict[str, Any]], kept: list[int]) -> None:
    assert client_of(*events)["kept"] == kept


def test_the_figures() -> None:
    states = {"a": state(client="a"), "b": state(client="b", last=stamp(NOW - 41 * DAY), overdue=True)}
    run = {"kind": "run", "playbook": "rotate_due", "outcome": "succeeded", "counts": {"rotated": 3}}
    runs = [{**run, "time": "2027-02-07T03:00:00.125Z"}, {**run, "time": "2027-02-08T03:00:00Z", "playbook": "rotate"}]
    whole = document(Fleet(states, {"all": ["a"], "west": ["b"], "rotation_due": ["b"]}, runs), SINCE, NOW)
    told = figures(whole)
    assert told.headline == "1 of 2 clients healthy; 1 overdue." and told.kept_percent == "unknown"
    assert (told.oldest, told.oldest_days) == ("b", 41)
    assert whole["last_run"] == {"time": "2027-02-07T03:00:00Z", "outcome": "succeeded", "counts": {"rotated": 3}}
    assert [client["groups"] for client in whole["clients"]] == [[], ["west"]]


def test_all_but_all_is_not_a_hundred_percent() -> None:
    whole = document(Fleet({"a": state()}, {}, []), SINCE, NOW)
    assert replace(figures(whole), kept=9999, due_dates=10000).kept_percent == "99.9 %"


def test_a_quantile_is_one_of_the_values() -> None:
    assert [quantile([4, 1, 3, 2], share) for share in (0, 0.5, 0.75, 0.95, 1)] == [1, 2, 3, 4, 4]


def test_the_newest_events_of_a_client_are_shown_and_all_are_counted() -> None:
    whole = document(Fleet({"client_acme": state()}, {}, [rotated(n / 9, -30) for n in range(150, 0, -1)]), SINCE, NOW)
    (client,) = whole["clients"]
    assert (len(client["events"]), client["left_out"]) == (MOST_EVENTS, 50)
    assert sum(row["count"] for row in whole["trends"]["rotations"]) == sum(whole["trends"]["days"].values()) == 150


def test_rare_causes_count_together() -> None:
    failed = [rotated(n, 0, outcome="failed", error={"code": f"code_{n % 9}"}) for n in range(40, 0, -1)]
    whole = document(Fleet({"client_acme": state()}, {}, failed), SINCE, NOW)
    assert len({row["of"] for row in whole["trends"]["failures"]}) == 6


def test_the_log_group_is_asked_for_what_is_shown() -> None:
    pattern, events = of_kinds(KINDS), fleet(CLIENTS).events
    assert all(matches(pattern, event) for event in events) and any(map(is_scheduled_run, events))
    others = [{**events[0], "kind": kind} for kind in ("notice", "backup", "status")] + [{**events[0], "check": True}]
    assert not any(matches(pattern, event) or deed(event) for event in others)


def test_a_page_holds_its_document_and_no_markup_of_others() -> None:
    whole = report(CLIENTS)
    there = page(whole)
    assert document_of(there) == whole and HOSTILE in {client["name"] for client in whole["clients"]}
    assert b"<img src=x" not in there and there.count(b"</script>") == 4
    assert not re.search(rb"(src|href)=[\"']?(https?:)?//", there.partition(b"<script>")[0])


def test_an_empty_fleet_has_a_page() -> None:
    assert b"There is no client." in page(document(Fleet({}, {}, []), SINCE, NOW))


def test_what_the_documentation_computes_is_the_digest(tmp_path: Path) -> None:
    (command,) = re.findall(r"^    (sed .*) fleet\.html (\|.*)$", (ROOT / "docs/report.md").read_text(), re.MULTILINE)
    there = tmp_path / "fleet.html"
    there.write_bytes(page(report(CLIENTS)))
    shell = f"{command[0]} {there} {command[1]}"
    told = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=True).stdout.split()[0]
    assert f"<code>{told}</code>".encode() in there.read_bytes() and len(told) == len(digest(""))


def test_the_module_writes_a_page(asked: dict[str, Any]) -> None:
    result = made(asked)
    there = Path(asked["path"])
    assert result["changed"] and there.stat().st_mode & 0o777 == 0o600
    assert result["digest"].encode() in there.read_bytes() and result["digest"] in result["msg"]
    assert result["figures"]["clients"] == CLIENTS and result["figures"]["due_dates"] > CLIENTS
    assert result["diff"]["before"] == "" and result["diff"]["after"].count("\n") == CLIENTS + 1


def test_check_mode_writes_nothing(asked: dict[str, Any]) -> None:
    assert made(asked, check=True)["changed"] and not Path(asked["path"]).exists()


def test_the_same_on_the_same_day_is_no_change(asked: dict[str, Any], clock: time_machine.Traveller) -> None:
    first = made(asked)
    there = Path(asked["path"]).read_bytes()
    clock.shift(timedelta(hours=5))
    again = made(asked)
    assert not again["changed"] and again["digest"] == first["digest"] and Path(asked["path"]).read_bytes() == there
    clock.shift(DAY)
    assert made(asked)["changed"] and not made(asked)["changed"]


@pytest.mark.parametrize("spoil", [b"healthy", b'"format":', b"</html>"])
def test_a_page_that_somebody_edited_is_written_again(asked: dict[str, Any], spoil: bytes) -> None:
    made(asked)
    there = Path(asked["path"])
    whole = there.read_bytes()
    there.write_bytes(whole.replace(spoil, b"x", 1))
    assert made(asked)["changed"] and there.read_bytes() == whole


def test_other_permissions_are_a_change(asked: dict[str, Any]) -> None:
    made(asked)
    assert made(asked, mode="0640")["changed"] and Path(asked["path"]).stat().st_mode & 0o777 == 0o640


def test_another_state_is_a_change_and_the_difference_says_which(asked: dict[str, Any]) -> None:
    made(asked)
    name = "client_0002"
    result = made(asked, states={**asked["states"], name: {"failed": True, "client": name}})
    changed = set(result["diff"]["after"].splitlines()) - set(result["diff"]["before"].splitlines())
    assert result["changed"] and any(line.startswith(f"{name}: unreadable; due unknown") for line in changed)


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        ({"days": 0}, "invalid_option", "rotation_report_days is 0."),
        ({"mode": "416"}, "", ""),
        ({"mode": "rw"}, "invalid_option", "rotation_report_mode is no mode of a file."),
        ({"path": "/nowhere/fleet.html"}, "report_file", "The report /nowhere/fleet.html cannot be written"),
        ({"source": "logs"}, "invalid_option", "Set rotation_report_log_group"),
    ],
)
def test_what_cannot_be_done_is_said(asked: dict[str, Any], given: dict[str, Any], code: str, says: str) -> None:
    result = made(asked, **given)
    assert (result.get("error", {}).get("code", ""), says in result["msg"]) == (code, True)


def test_a_missing_library_is_named_with_the_command_that_installs_it(
    asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    library = sys.modules["ansible_collections.dbops.rotation.plugins.module_utils._report.library"]
    library.javascript.cache_clear()
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    result = made(asked)
    (pinned,) = re.findall("^vl-convert.*$", (ROOT / "requirements-report.txt").read_text(), re.MULTILINE)
    assert result["error"]["code"] == "missing_library" and f"pip install {pinned} " in result["error"]["next_step"]
    assert not Path(asked["path"]).exists()
