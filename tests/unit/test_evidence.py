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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from provision_vars import provided
from report_fleet import DAY, NOW

from ansible_collections.dbops.rotation.plugins.module_utils._audit.event import encoded
from ansible_collections.dbops.rotation.plugins.module_utils._audit.spool import RunSpool
from ansible_collections.dbops.rotation.plugins.module_utils._clean import cell
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._evidence.document import (
    Found,
    document,
    headline,
    not_read,
)
from ansible_collections.dbops.rotation.plugins.module_utils._evidence.period import Period
from ansible_collections.dbops.rotation.plugins.module_utils._evidence.readers import reads
from ansible_collections.dbops.rotation.plugins.module_utils._evidence.write import MANIFEST, write
from ansible_collections.dbops.rotation.plugins.module_utils._module import account
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


def test_a_client_of_which_the_trail_has_nothing_is_unrecorded_and_may_be_overdue() -> None:
    """As where the spool is that of another controller, or was cleared; its secret tells of a change all the same."""
    (gap,) = exceptions()
    assert gap["kind"] == "unrecorded" and "version v2 was AWSCURRENT" in gap["reason"]
    told = exceptions(last=stamp(NOW - 50 * DAY), due=stamp(NOW - 10 * DAY))
    assert sorted(one["kind"] for one in told) == ["overdue", "unrecorded"]


def test_a_cycle_that_was_set_anew_keeps_no_due_date() -> None:
    moved = event(55, kind="cycle", last=stamp(NOW - 55 * DAY), due=stamp(NOW - 15 * DAY))
    same: Row = {"version_id": "v1", "last": stamp(NOW - 55 * DAY), "due": stamp(NOW - 15 * DAY)}
    (overdue,) = exceptions(rotated(90, "v1"), moved, run(50), **same)
    assert (overdue["kind"], overdue["since"]) == ("overdue", stamp(NOW - 50 * DAY))
    assert "the cycle was set without a new password" in overdue["reason"]


def test_a_controller_whose_clock_is_fast_invents_no_version() -> None:
    """It saw v1 just before another controller replaced it, and told of that later."""
    belated = rotated(9.999, "v1", "v0", rotated=False, last=stamp(NOW - 50 * DAY), due=stamp(NOW - 10 * DAY))
    assert exceptions(rotated(90, "v0"), rotated(50, "v1", "v0"), rotated(10, "v2", "v1"), belated) == []


@pytest.mark.parametrize("written", ["soon", "2027-01-01", "2027-01-01T00:00:00", "=1"])
def test_an_event_with_a_date_that_somebody_wrote_by_hand_is_no_trouble(written: str) -> None:
    for name in ("last", "due"):
        odd = rotated(50, "v1", **{name: written})
        assert [one["kind"] for one in exceptions(odd, rotated(10, "v2", ""))] == []


def left(days_ago: float, name: str = "client_globex", **other: Any) -> Row:
    return event(days_ago, name, kind="offboarding", version_id="g1", secret_id="clients/globex", **other)


def whole(*events: Row, states: Row | None = None, period: Period = PERIOD) -> Row:
    """The document of an account with client_acme, to which nothing happened, and these events."""
    ordered = sorted([rotated(50, "v1"), rotated(10, "v2", "v1"), *events], key=lambda one: str(one["time"]))
    here = {"client_acme": state(), **(states or {})}
    found: Row = document(Found(here, ordered, {"cycles": "read"}), period)
    return found


def test_who_left_in_the_period_is_in_it_until_then() -> None:
    globex = [rotated(100, "g0", name="client_globex"), rotated(60, "g1", "g0", name="client_globex")]
    for days, kinds in ((30, []), (5, ["overdue"])):
        found = whole(*globex, left(days, reason="CHG-1", requested_by="eve"))
        (row,) = (one for one in found["clients"] if one["client"] == "client_globex")
        assert (row["left"], row["kept"], row["last"]) == (stamp(NOW - days * DAY), 1, "")
        told = [(one["client"], one["kind"], one["until"]) for one in found["exceptions"]]
        assert told == [("client_globex", one, stamp(NOW - days * DAY)) for one in kinds]
        (action,) = (one for one in found["actions"] if one["what"] == "offboarded")
        assert (action["client"], action["requested_by"], action["reason"]) == ("client_globex", "eve", "CHG-1")
    later = Period((NOW - 20 * DAY).date(), NOW.date(), NOW)
    assert [one["client"] for one in whole(*globex, left(30), period=later)["clients"]] == ["client_acme"]


def test_who_left_and_is_in_the_inventory_still_has_no_dates_and_is_no_trouble() -> None:
    gone = state("client_globex", offboarded=True, version_id="g1", last="", due="", trigger="", cycle_days=0)
    found = whole(rotated(60, "g1", name="client_globex"), left(30), states={"client_globex": gone})
    assert found["exceptions"] == [] and found["clients"][1]["left"] == stamp(NOW - 30 * DAY)
    assert not [one for one in found["sources"] if one["read"] != "read"]


def test_who_came_back_was_not_late_in_between() -> None:
    globex = [rotated(60, "g1", name="client_globex"), left(30)]
    cycle = {"last": stamp(NOW - 5 * DAY), "due": stamp(NOW + 35 * DAY)}
    back = rotated(5, "g1", name="client_globex", kind="onboarding", **cycle)
    here = {"client_globex": state("client_globex", version_id="g1", **cycle)}
    assert whole(*globex, back, states=here)["exceptions"] == []


def test_who_was_left_out_of_the_run_is_not_passed_over_in_silence() -> None:
    found = whole(rotated(60, "g1", name="client_globex"), rotated(300, "i1", name="client_initech"))
    assert not_read(found) == ["other clients of the audit trail: not read: client_globex, client_initech"]
    assert headline(found).endswith("; not read: other clients of the audit trail.")
    later = Period((NOW - 30 * DAY).date(), NOW.date(), NOW)
    only = whole(rotated(60, "g1", name="client_globex"), rotated(300, "i1", name="client_initech"), period=later)
    assert not_read(only) == ["other clients of the audit trail: not read: client_globex"]


def test_who_is_known_for_a_part_of_the_period_is_told() -> None:
    assert "1 of 1 clients are known for a part of that time only" in headline(whole())
    onboarded = rotated(70, "v0", kind="onboarding", trigger="onboarding")
    known = document(Found({"client_acme": state()}, [onboarded, rotated(40, "v2", "v0")], {}), PERIOD)
    assert "for a part of that time" not in headline(known)
    short = Period((NOW - 20 * DAY).date(), NOW.date(), NOW)
    assert "for a part of that time" not in headline(whole(period=short))


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


def test_a_read_counts_on_its_day_however_late_it_was_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last second of the period reaches the log group after it; one of the day before it comes in it."""
    day = datetime(2026, 1, 10, tzinfo=UTC)
    moments = [day - timedelta(seconds=1), day, day + timedelta(hours=23, minutes=59), day + DAY]
    written = [json.dumps({"eventID": str(at), "eventTime": stamp(at)}) for at in moments]

    class Group:
        def pattern_of(self, name: str) -> str:
            return name

        def find(self, pattern: str, since: int, until: int) -> list[str]:
            assert since <= day.timestamp() * 1000 and until >= (day + DAY + timedelta(minutes=30)).timestamp() * 1000
            return written

    monkeypatch.setattr(account, "log_group", lambda _name, _options: Group())
    params = {name: spec.get("default") for name, spec in EVIDENCE.spec.items()} | {"trail_log_group": "/trail"}
    rows = account.Account(params, Period(day.date(), day.date(), NOW))._readers()
    assert [row["time"] for row in rows] == [stamp(at) for at in moments[1:3]]


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
    trail = f"audit trail (the spool {asked['spool']} of this controller),read"
    assert f'cycles,read\n{trail}\nalarms,"not read: Could not list the alarms' in sources
    assert result["msg"].count("not read: alarms, roles, unexpected readers, policies of secrets.") == 1
    for table in ("alarms", "roles", "readers"):
        (row,) = csv.DictReader((Path(asked["path"]) / f"{table}.csv").read_text().splitlines())
        assert "not read: see sources.csv" in row.values()
    rows = csv.DictReader((Path(asked["path"]) / "policies.csv").read_text().splitlines())
    assert [(row["of"], row["name"], row["policy"]) for row in rows] == [
        ("secret", "host", "not read"),
        ("role", "", "not read"),
    ]
    assert "rotation_evidence_trail_log_group" in sources and "{option" not in sources


def test_a_secret_without_a_policy_is_told_from_one_whose_policy_was_not_read(asked: Row) -> None:
    made(asked, policies={"host": {"policy": None}})
    told = json.loads((Path(asked["path"]) / "evidence.json").read_text())["policies"]
    assert [row["policy"] for row in told if row["of"] == "secret"] == ["no resource policy"]


def test_what_check_mode_foretold_is_no_evidence(asked: Row) -> None:
    spool = RunSpool(Path(asked["spool"]), "check", NOW)
    spool.append(encoded(rotated(20, "v9", "v1", name=HOSTILE, check=True)))
    spool.append(encoded(event(15, HOSTILE, outcome="failed", check=True, error={"code": "login_refused"})))
    spool.close()
    assert made(asked)["exceptions"] == []


@pytest.mark.parametrize("part", ["at", "clients", "exceptions", "sources"])
def test_a_file_that_somebody_has_changed_is_replaced(asked: Row, part: str) -> None:
    made(asked)
    file = Path(asked["path"]) / "evidence.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), part: None}))
    result = made(asked)
    assert not result.get("failed") and result["changed"] and verified(file.parent) == "", result["msg"]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_no_cell_is_a_formula_also_where_a_semicolon_divides_cells(sign: str) -> None:
    assert cell(f"{sign}1+x") == f"'{sign}1+x"
    assert cell(f"x; {sign}1+x") == f"x; '{sign}1+x" and cell(f'x;"{sign}1+x') == f"x;\"'{sign}1+x"
    assert cell("failed: x; no scheduled run") == "failed: x; no scheduled run"


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
        ({"states": {"a": state(), "b": state()}}, "evidence_incomplete", "The hosts a, b have one client name"),
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
