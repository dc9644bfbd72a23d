# SPDX-License-Identifier: GPL-3.0-or-later
"""The judge can fail: each promise, broken by hand, is found."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from by_hand import move, put

from . import deeds
from .cases import GUESS, LEAK, LOCKOUT, MISSED, PROMISES, SILENT, UNSETTLED, WINDOW, Case
from .controller import Controller
from .crowd import settle
from .evidence import judge_claim, judge_guesses, judge_leaks, judge_told
from .figures import Figures, covers, kept, markdown
from .judge import Sight, judge_moment, judge_settled, logs_in
from .matrix import Matrix
from .region import Region
from .report import Report, figures
from .steps import AWS

FORM = "client: stopped at step 'open': It broke. State: Nothing was changed. Next: Run it again."


def found(case: Case) -> set[str]:
    return {finding.promise for finding in case.findings}


def test_a_client_in_order_is_settled(case: Case) -> None:
    case.client.rotate()
    judge_moment(case)
    judge_settled(case)
    assert case.findings == []


def test_a_wrong_password_under_every_label_is_a_lock_out(case: Case) -> None:
    for stage in ("AWSPENDING", "AWSCURRENT", "AWSPREVIOUS"):
        put(case.client, stage, json.dumps(case.client.document(password="wrong")))
    judge_moment(case)
    assert found(case) == {LOCKOUT, WINDOW}


def test_a_wrong_password_under_awscurrent_alone_is_a_window(case: Case) -> None:
    deeds.store_wrong_password(case)
    assert case.human_broke
    case.human_broke = False
    judge_moment(case)
    assert found(case) == {WINDOW}


def test_one_row_that_no_label_opens_is_a_lock_out(case: Case) -> None:
    clause, value = case.server.process.password_clause("another")
    case.client.sql(f"ALTER USER %s@%s {clause}", case.client.user, "%", value)
    judge_moment(case)
    assert found(case) == {LOCKOUT, WINDOW}


def test_an_account_that_is_locked_is_refused_although_its_hash_is_right(case: Case) -> None:
    for host in case.client.hosts:
        case.client.sql("ALTER USER %s@%s ACCOUNT LOCK", case.client.user, host)
    with pytest.raises(Exception, match="locked"):
        logs_in(case, "%", case.client.password)


def test_a_region_that_gives_out_what_opens_nothing_is_a_window(case: Case) -> None:
    case.region = Region()
    case.region.version = case.stages()["AWSCURRENT"]
    judge_moment(case)
    assert case.findings == []
    case.region.version = case.stages()["AWSPREVIOUS"]
    judge_moment(case)
    assert found(case) == {WINDOW}
    case.findings.clear()
    case.client.rotate()
    judge_settled(case)
    assert found(case) == {WINDOW}


def test_a_second_password_is_not_settled(case: Case) -> None:
    case.client.rotate(overlap=60)
    judge_settled(case)
    assert found(case) == {UNSETTLED}


def test_tags_of_another_version_are_not_settled(case: Case) -> None:
    case.client.rotate()
    tags = [{"Key": "rotation/version", "Value": "other"}]
    case.client.aws.client().tag_resource(SecretId=case.client.secret_id, Tags=tags)
    judge_settled(case)
    assert found(case) == {UNSETTLED}


def test_a_lost_key_of_a_person_is_not_settled(case: Case) -> None:
    case.client.rotate()
    case.keys_added = True
    judge_settled(case)
    assert found(case) == {UNSETTLED}


def test_a_run_that_cannot_settle_is_found(case: Case) -> None:
    deeds.store_wrong_password(case)
    settle(case)
    assert found(case) == {UNSETTLED}


class Told(Controller):
    """A run that is over, with this result for a client."""

    def __init__(self, case: Case, exit_status: int, *results: dict[str, Any]) -> None:
        super().__init__("", {}, Path())
        self._told = dict.fromkeys([case.client.name][: len(results)], *results)
        self._exit_status = exit_status

    @property
    def status(self) -> int | None:
        return self._exit_status

    def results(self) -> dict[str, Any]:
        return self._told


@pytest.mark.parametrize(
    ("exit_status", "result", "silent"),
    [
        (0, {"status": "ok", "msg": ""}, False),
        (2, {"status": "failed", "msg": FORM}, False),
        (0, {"status": "failed", "msg": FORM}, True),
        (2, {"status": "failed", "msg": "Timed out."}, True),
        (2, {"status": "failed", "msg": FORM.partition(" Next")[0]}, True),
        (0, None, True),
        (2, None, True),
    ],
)
def test_a_failure_that_is_not_told(case: Case, exit_status: int, result: dict[str, Any] | None, silent: bool) -> None:
    if result:
        result = {**result, "msg": result["msg"].replace("client:", f"{case.client.name}:")}
    judge_told(case, Told(case, exit_status, *([result] if result else [])), survived=True)
    assert found(case) == ({SILENT} if silent else set())


def test_a_process_fault_comes_after_the_hooks_too(matrix: Matrix) -> None:
    matrix.explore([("hooks", "mysql")])
    last = max(step.number for step in matrix.steps["hooks", "mysql"] if step.service == AWS)
    case = matrix.case("hooks", "mysql", "kill-after", last)
    matrix.run([[case]])
    assert (case.reached, case.findings) == (f"aws {case.seen_steps[last - 1].what}", [])


def test_a_claim_that_is_not_true(case: Case) -> None:
    move(case.client, "AWSCURRENT", case.stages()["AWSPREVIOUS"])
    case.result = {"status": "ok"}
    judge_claim(case, Sight.of(case))
    assert found(case) == {SILENT}


def test_a_password_in_what_was_written(case: Case) -> None:
    judge_leaks([case], {"output": b"nothing"})
    assert case.findings == []
    judge_leaks([case], {"output": f"it is {case.client.password}!".encode()})
    assert [finding.seen for finding in case.findings] == ["a password is in the output"]
    case.client.aws.client().tag_resource(
        SecretId=case.client.secret_id, Tags=[{"Key": "note", "Value": case.client.password}]
    )
    judge_leaks([case], {})
    assert case.findings[1].seen == "a password is in the tags"


def test_a_second_refused_login(case: Case) -> None:
    for _number in range(2):
        assert not logs_in(case, "%", "a guess")
    log = case.server.process.general_log.read_bytes()
    assert log.count(f"Access denied for user '{case.client.user}'@".encode()) == 2
    judge_guesses([case], Counter({case.client.user: 2}), Counter({case.client.user: 1}))
    assert case.findings == []
    judge_guesses([case], Counter({case.client.user: 2}), Counter())
    assert found(case) == {GUESS}


def test_the_report_counts_cases_and_fails(case: Case) -> None:
    for promise in (LOCKOUT, LOCKOUT, LEAK, MISSED):
        case.found(promise, "seen")
    counted = dict(zip(("cases", "survived", *PROMISES), figures([case]), strict=True))
    assert (counted["cases"], counted["survived"], counted[LOCKOUT], counted[LEAK]) == ("1", "0", "1", "1")
    report = Report(["a server"], [case], [], 1)
    assert len(report.broken) == 4
    assert "lock-out: seen" in report.markdown() and "lock-out: seen" in report.text()


def test_the_figures_of_a_path_are_kept_and_told(case: Case, tmp_path: Path) -> None:
    server = case.server.name
    Figures.of("fresh", [case], ["a server"], 61).keep(tmp_path)
    assert covers(kept(tmp_path), "fresh", [server])
    assert not covers(kept(tmp_path), "fresh", [server, "another"])
    assert not covers(kept(tmp_path), "overlap", [server])
    case.found(LOCKOUT, "seen")
    Figures.of("fresh", [case], ["a server"], 61).keep(tmp_path)
    (figures_of_fresh,) = kept(tmp_path)
    assert not covers([figures_of_fresh], "fresh", [server])
    (line,) = (line for line in markdown([figures_of_fresh]).splitlines() if line.startswith("| fresh"))
    assert line.endswith(" | 0 | 1 | 1 | 0 | 0 | 0 | 0 | 0 | 0 |")
    assert "lock-out: seen" in markdown([figures_of_fresh])
