# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence without a year: hostile names, odd periods, what cannot be read, and files that are written together.

tests/sim/test_evidence.py compares the exceptions of a simulated year with what was planted into it.
"""

from __future__ import annotations

import csv
import errno
import json
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from provision_vars import provided
from report_fleet import DAY, NOW

from ansible_collections.dbops.rotation.plugins.module_utils._audit.event import encoded
from ansible_collections.dbops.rotation.plugins.module_utils._audit.spool import RunSpool
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._evidence.document import Found, document
from ansible_collections.dbops.rotation.plugins.module_utils._evidence.period import Period
from ansible_collections.dbops.rotation.plugins.module_utils._evidence.readers import reads
from ansible_collections.dbops.rotation.plugins.module_utils._evidence.write import MANIFEST, write
from ansible_collections.dbops.rotation.plugins.module_utils._module.account import STRANGERS
from ansible_collections.dbops.rotation.plugins.module_utils._module.evidence import EVIDENCE
from ansible_collections.dbops.rotation.plugins.module_utils._module.report import REPORT
from ansible_collections.dbops.rotation.plugins.module_utils._stamp import stamp

HOSTILE = '=cmd|"/c calc"!A1,\nünïcode'
PERIOD = Period((NOW - 400 * DAY).date(), NOW.date(), NOW)
Row = dict[str, Any]


def state(name: str = "client_acme", **other: Any) -> Row:
    told = {"client": name, "secret_id": f"clients/{name}/mysql/root", "arn": f"arn:aws:x:{name}", "cycle_days": 40}
    dates = {"last": stamp(NOW - 10 * DAY), "due": stamp(NOW + 30 * DAY), "trigger": "scheduled"}
    return {**told, **dates, "version_id": "v2", "previous_version_id": "v1", **other}


def event(days_ago: float, name: str = "client_acme", **other: Any) -> Row:
    about = {"id": f"{name}{days_ago}", "source": "dbops.rotation", "time": stamp(NOW - days_ago * DAY), "client": name}
    return {**about, "kind": "rotation", "outcome": "succeeded", "check": False, "run_id": f"r{days_ago}", **other}


def rotated(days_ago: float, version: str, before: str = "", **other: Any) -> Row:
    cycle = {"last": stamp(NOW - days_ago * DAY), "due": stamp(NOW - (days_ago - 40) * DAY)}
    told = {"rotated": True, "version_id": version, "previous_version_id": before, "trigger": "scheduled"}
    return event(days_ago, **{**cycle, **told, **other})


def run(days_ago: float) -> Row:
    return event(days_ago, "", kind="run", playbook="rotate_due")


def exceptions(*events: Row, period: Period = PERIOD, **other: Any) -> list[Row]:
    ordered = sorted(events, key=lambda one: str(one["time"]))
    found: list[Row] = document(Found({"client_acme": state(**other)}, ordered, {}), period)["exceptions"]
    return found


def test_in_time_there_is_no_exception() -> None:
    assert exceptions(rotated(50, "v1"), rotated(10, "v2", "v1")) == []


def test_late_is_told_with_days_and_with_what_held_it() -> None:
    held = event(9.5, kind="status", held_by="changes are frozen (release)")
    failure = event(9, outcome="failed", error={"code": "login_refused"}, trigger="scheduled")
    daily = [run(days / 2) for days in range(14, 120)]
    last: Row = {"last": stamp(NOW - 7 * DAY)}
    late, failed = sorted(
        exceptions(rotated(50, "v1"), held, failure, rotated(7, "v2", "v1"), *daily, **last),
        key=lambda one: str(one["kind"] == "failed"),
    )
    assert (late["kind"], late["since"], late["days"]) == ("late", stamp(NOW - 10 * DAY), 3.0)
    assert late["reason"] == "changes are frozen (release); failed: login_refused"
    assert (failed["kind"], failed["times"], failed["reason"]) == ("failed", 1, "login_refused")


def test_without_a_word_in_the_trail_the_reason_is_not_invented() -> None:
    daily = [run(days / 2) for days in range(14, 120)]
    (late,) = exceptions(rotated(50, "v1"), rotated(7, "v2", "v1"), *daily, last=stamp(NOW - 7 * DAY))
    assert late["reason"] == "the audit trail does not say"
    (late,) = exceptions(rotated(50, "v1"), rotated(7, "v2", "v1"), last=stamp(NOW - 7 * DAY))
    assert late["reason"] == "no scheduled run"


def test_who_is_past_the_due_date_at_the_end_is_overdue_in_any_period() -> None:
    same: Row = {"version_id": "v1", "last": stamp(NOW - 50 * DAY), "due": stamp(NOW - 10 * DAY)}
    (overdue,) = exceptions(rotated(50, "v1"), run(50), **same)
    assert (overdue["kind"], overdue["days"]) == ("overdue", 10.0)
    before = Period(PERIOD.first, (NOW - 20 * DAY).date(), NOW)
    assert exceptions(rotated(50, "v1"), run(50), period=before, **same) == []


def test_a_version_of_which_nobody_told_is_unrecorded_and_nobody_is_called_late_for_it() -> None:
    (gap,) = exceptions(rotated(90, "v0"), rotated(10, "v2", "v1"))
    assert gap["kind"] == "unrecorded" and "version v1 was AWSCURRENT" in gap["reason"]
    (gap,) = exceptions(rotated(40, "v0"))
    assert gap["kind"] == "unrecorded" and "version v2 was AWSCURRENT" in gap["reason"]


def test_failures_with_no_success_between_them_are_one_exception() -> None:
    failures = [event(days, outcome="failed", error={"code": "login_refused"}) for days in (30, 29, 28, 5)]
    between = rotated(10, "v2", "v1")
    told = exceptions(rotated(45, "v1"), *failures, between)
    assert [(one["kind"], one["times"]) for one in told] == [("failed", 3), ("failed", 1)]


def test_a_reader_is_told_by_role_and_by_what_came_of_it() -> None:
    issuer = {"sessionIssuer": {"arn": "arn:aws:iam::123456789012:role/admin"}}
    seen = {"eventTime": stamp(NOW), "sourceIPAddress": "192.0.2.7", "requestParameters": {"secretId": "arn:aws:x:a"}}
    session = {
        "eventID": "1",
        "userIdentity": {"arn": "x", "sessionContext": issuer},
        "errorCode": "AccessDenied",
        **seen,
    }
    user = {"eventID": "2", "userIdentity": {"arn": "arn:aws:iam::123456789012:user/mallory"}, **seen}
    rows = reads(json.dumps(one) for one in (session, session, user))
    assert [row["outcome"] for row in rows] == ["refused (AccessDenied)", "read"]
    whole = document(Found({"a": state("a", arn="arn:aws:x:a")}, [], {}, {"readers": rows}), PERIOD)
    told = [(one["client"], one["reason"]) for one in whole["exceptions"] if one["kind"] == "unexpected reader"]
    assert told == [
        ("a", "arn:aws:iam::123456789012:role/admin: refused (AccessDenied)"),
        ("a", "arn:aws:iam::123456789012:user/mallory: read"),
    ]


def test_strangers_are_looked_for_with_the_filter_that_provision_makes() -> None:
    assert provided("rotation_provision_trail_alarm")["metric"] == STRANGERS


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def asked(tmp_path: Path, clock: time_machine.Traveller) -> Row:
    """The options of a task over a client with a hostile name, in an account that nobody may read."""
    spool, folder = RunSpool(tmp_path / "spool", "run", NOW), tmp_path / "evidence"
    folder.mkdir()
    for one in (rotated(50, "v1", name=HOSTILE), rotated(10, "v2", "v1", name=HOSTILE, reason="+1,\n@x")):
        spool.append(encoded(one))
    spool.close()
    keys = {
        "access_key": "x",
        "secret_key": "x",
        "region": "eu-central-1",
        "endpoint_urls": {"default": "http://[::1]:9"},
    }
    once = {"aws_config": {"retries": {"total_max_attempts": 1}}, "spool": str(tmp_path / "spool")}
    given = {"client": "c", "secret_id": "x", "path": str(folder), "states": {"host": state(HOSTILE)}, **keys, **once}
    return {name: given.get(name, spec.get("default")) for name, spec in EVIDENCE.spec.items()}


def made(asked: Row, *, check: bool = False, **other: Any) -> Row:
    return EVIDENCE.outcome({**asked, **other}, check=check, diff=True)


def verified(folder: Path) -> str:
    """Return what a shell says of the digests."""
    checked = subprocess.run(["sha256sum", "-c", MANIFEST], cwd=folder, capture_output=True, text=True, check=False)
    return "" if checked.returncode == 0 else checked.stdout + checked.stderr


def test_files_are_private_agree_with_their_digests_and_run_nothing_in_a_spreadsheet(asked: Row) -> None:
    result, folder = made(asked), Path(asked["path"])
    assert result["changed"] and verified(folder) == ""
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    rows = list(csv.DictReader((folder / "actions.csv").read_text().splitlines()))
    shown = '\'=cmd|"/c calc"!A1, ünïcode'
    assert [(row["client"], row["reason"]) for row in rows] == [(shown, ""), (shown, "'+1, @x")]
    (client,) = json.loads((folder / "evidence.json").read_text())["clients"]
    assert client["client"] == shown[1:] and (client["due_dates"], client["kept"]) == (1, 1)


def test_what_cannot_be_read_is_told_and_the_rest_is_there(asked: Row) -> None:
    result = made(asked)
    told = [one.partition(":")[0] for one in result["not_read"]]
    assert told == ["alarms", "roles", "unexpected readers", "policies of secrets"] and result["warnings"]
    sources = (Path(asked["path"]) / "sources.csv").read_text()
    assert 'cycles,read\naudit trail,read\nalarms,"not read: Could not list the alarms' in sources
    assert "rotation_evidence_trail_log_group" in sources and "{option" not in sources


def test_the_same_on_the_same_day_is_no_change_and_a_changed_file_is_mended(
    asked: Row, clock: time_machine.Traveller
) -> None:
    assert made(asked, check=True)["changed"] and not list(Path(asked["path"]).iterdir())
    made(asked)
    clock.shift(timedelta(hours=5))
    assert not made(asked)["changed"]
    table = Path(asked["path"]) / "actions.csv"
    table.write_text("nothing\n")
    assert verified(table.parent) and made(asked)["changed"] and verified(table.parent) == ""
    clock.shift(DAY)
    assert made(asked)["changed"]


def test_a_period_without_anything_has_files_with_heads_only(asked: Row) -> None:
    result = made({**asked, "from": "2026-01-10", "to": "2026-01-11"})
    assert "0 of 0 due dates were kept; there is no exception" in result["msg"]
    assert (Path(asked["path"]) / "actions.csv").read_text().count("\n") == 1


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        ({"from": "2027-02-09"}, "invalid_option", "rotation_evidence_from is 2027-02-09, which is still to come."),
        ({"to": "2027-02-09"}, "invalid_option", "rotation_evidence_to is 2027-02-09, which is still to come."),
        ({"from": "2027-02-03", "to": "2027-02-02"}, "invalid_option", "after the end 2027-02-02"),
        ({"from": "=1"}, "invalid_option", "rotation_evidence_from is no day."),
        ({"path": "/nowhere"}, "evidence_file", "The evidence /nowhere cannot be written: No such file or directory."),
        ({"source": "logs"}, "invalid_option", "Set rotation_evidence_log_group"),
        ({"log_group": "/x"}, "aws_unreachable", "in the log group /x"),
        (
            {"states": {"h": {"failed": True, "error": {"cause": "Denied."}}}},
            "evidence_incomplete",
            "of h was not read",
        ),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(asked: Row, given: Row, code: str, says: str) -> None:
    result = made(asked, **given)
    assert (result["error"]["code"], says in result["msg"]) == (code, True), result["msg"]
    assert "State: The files are as they were." in result["msg"] and not list(Path(asked["path"]).iterdir())


def test_a_full_disk_leaves_all_files_as_they_were(asked: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    made(asked)
    folder = Path(asked["path"])
    before = {path: path.read_bytes() for path in folder.iterdir()}
    written, sync = [0], os.fsync

    def full(handle: int) -> None:
        written[0] += 1
        if written[0] == 5:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(handle)

    monkeypatch.setattr(os, "fsync", full)
    result = made(asked, names="others", states={"host": state(HOSTILE, cycle_days=41)})
    assert result["error"]["code"] == "evidence_file" and "No space left on device" in result["msg"]
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_runs_at_once_leave_the_files_of_one_of_them(tmp_path: Path) -> None:
    def collect(days: int) -> None:
        whole = document(Found({"client_acme": state(cycle_days=days)}, [rotated(50, "v1")] * days, {}), PERIOD)
        write(whole, tmp_path, check=False)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(collect, range(30, 50)))
    assert verified(tmp_path) == "" and not list(tmp_path.glob(".*"))


def test_the_report_prints_the_exceptions_of_evidence(asked: Row, tmp_path: Path) -> None:
    late = {"host": state(HOSTILE, version_id="v9")}
    made(asked, states=late)
    source, page = Path(asked["path"]) / "evidence.json", tmp_path / "fleet.html"
    given = {"client": "c", "secret_id": "x", "spool": asked["spool"], "states": {}, "path": str(page)}
    params = {name: given.get(name, spec.get("default")) for name, spec in REPORT.spec.items()}
    assert REPORT.outcome({**params, "evidence": str(source)}, check=False, diff=False)["changed"]
    text = page.read_text()
    assert "<td>unrecorded</td>" in text and "=cmd|&quot;/c calc&quot;!A1, ünïcode" in text and "not read: " in text
    refused = REPORT.outcome({**params, "evidence": str(page)}, check=False, diff=False)
    assert "rotation_report_evidence names" in refused["msg"] and "which is no evidence" in refused["msg"]


def test_a_file_of_a_folder_that_is_gone_is_no_crash(tmp_path: Path) -> None:
    with pytest.raises(RotationError, match="cannot be written"):
        write(document(Found({}, [], {}), PERIOD), tmp_path / "gone", check=False)
