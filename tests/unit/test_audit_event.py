# SPDX-License-Identifier: GPL-3.0-or-later
"""From results to events: what each comes to, and that nothing gets in that is not named."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._audit.counts import Counts
from ansible_collections.dbops.rotation.plugins.module_utils._audit.event import (
    SCHEMA_VERSION,
    Origin,
    encoded,
    event_of,
    run_event,
)
from ansible_collections.dbops.rotation.plugins.module_utils._audit.limits import EVENT_BYTES
from ansible_collections.dbops.rotation.plugins.module_utils._audit.outcome import (
    KINDS,
    LOCKED_OUT,
    OF_A_KIND,
    OUTCOMES,
    Report,
)
from ansible_collections.dbops.rotation.plugins.module_utils._meaning import HARMLESS_STEPS, RULES
from ansible_collections.dbops.rotation.plugins.module_utils._version import COLLECTION_VERSION

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/audit.md").read_text()
NOW = datetime(2026, 11, 23, 3, 0, 0, 125000, tzinfo=UTC)
ORIGIN = Origin("3f0c", "controller.example.com", "rotate_due")
HIDDEN = "Hidden-Value-1234"
RECEIPT: dict[str, Any] = {
    "changed": True,
    "msg": "client_acme: rotated",
    "client": "client_acme",
    "secret_id": "clients/client_acme/mysql/root",
    "action": "rotate",
    "decision": "The password is due.",
    "trigger": "scheduled",
    "reason": "CHG-1042",
    "requested_by": "alice",
    "forced": False,
    "rotated": True,
    "waits_for_hooks": False,
    "version_id": "v2",
    "previous_version_id": "v1",
    "rows": [{"row": "root@%", "plugin": "caching_sha2_password", "state": "changed", "detail": ""}],
    "steps": [{"name": "read", "seconds": 0.01}],
    "seconds": 0.01,
    "logins": {"succeeded": 2, "failed": 0},
    "rotation": {"last": "2026-11-23T03:00:00Z", "due": "2027-01-02T03:00:00Z", "cycle_days": "40"},
}
ERROR: dict[str, Any] = {
    "client": "client_acme",
    "step": "open",
    "code": "login_refused",
    "cause": "Refused.",
    "state": "Nothing.",
}


def report(module: str = "secretsmanager_mysql_rotate", *, failed: bool = False, **result: Any) -> Report:
    return Report(module, "acme_host", result, failed=failed, check=False)


def event(given: Report) -> dict[str, Any]:
    return event_of(given, ORIGIN, NOW)


def failure(module: str = "secretsmanager_mysql_rotate", **error: str) -> Report:
    return report(module, failed=True, msg="x", error={**ERROR, **error})


def test_a_receipt_becomes_an_event() -> None:
    made = event(report(**RECEIPT))
    assert made == {
        "id": made["id"],
        "schema_version": SCHEMA_VERSION,
        "source": "dbops.rotation",
        "time": "2026-11-23T03:00:00.125Z",
        "kind": "rotation",
        "outcome": "succeeded",
        "client": "client_acme",
        "check": False,
        "locked_out": False,
        **{name: value for name, value in RECEIPT.items() if name not in ("msg", "rotation", "rows")},
        "last": "2026-11-23T03:00:00Z",
        "due": "2027-01-02T03:00:00Z",
        "rows": [{"row": "root@%", "state": "changed"}],
        "run_id": "3f0c",
        "playbook": "rotate_due",
        "controller": "controller.example.com",
        "collection_version": COLLECTION_VERSION,
    }


def poisoned(value: Any) -> Any:
    """Return a result with a hidden value under a key that nobody knows, at every level, and in place of its texts."""
    if isinstance(value, dict):
        inner = {name: poisoned(one) for name, one in value.items()}
        return {**inner, "password": HIDDEN, "sha1_hash": HIDDEN, "invocation": {"module_args": {"password": HIDDEN}}}
    return [poisoned(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("module", sorted(OF_A_KIND))
@pytest.mark.parametrize("failed", [False, True])
def test_a_key_that_is_not_named_does_not_get_in(module: str, failed: bool) -> None:
    result = {**RECEIPT, "error": ERROR, "findings": [{"code": "drift", "text": HIDDEN}], "body": {"version_id": "v"}}
    result |= {"event": "failed", "msg": HIDDEN, "warnings": [HIDDEN], "exception": HIDDEN, "stdout": HIDDEN}
    made = event(report(module, failed=failed, **poisoned(result)))
    assert HIDDEN not in encoded(made).decode()


@pytest.mark.parametrize("name", ["version_id", "reason", "rows", "steps", "logins", "error", "body", "findings"])
def test_a_value_of_another_shape_is_left_out(name: str) -> None:
    for value in ({"password": HIDDEN}, [HIDDEN], [[HIDDEN]], [{"row": [HIDDEN]}]):
        assert HIDDEN not in encoded(event(report(**{**RECEIPT, name: value}))).decode()


@pytest.mark.parametrize(
    ("given", "kind", "outcome"),
    [
        (report(**RECEIPT), "rotation", "succeeded"),
        (report(**{**RECEIPT, "trigger": "rollback"}), "rollback", "succeeded"),
        (report(**{**RECEIPT, "action": "nothing", "rotated": False}), "rotation", "left_alone"),
        (report(**{**RECEIPT, "action": "busy", "rotated": False}), "rotation", "left_alone"),
        (failure(), "rotation", "failed"),
        (failure(step="decide", code="foreign_secondary"), "rotation", "refused"),
        (failure(step="promote", code="drift"), "rotation", "failed"),
        (failure("secretsmanager_mysql_reconcile"), "reconciliation", "failed"),
        (report("secretsmanager_mysql_onboard", client="acme", changed=True), "onboarding", "succeeded"),
        (report("secretsmanager_mysql_onboard", client="acme", changed=False), "onboarding", "left_alone"),
        (report("secretsmanager_mysql_restore", client="acme", changed=True, action="created"), "restore", "succeeded"),
        (report("secretsmanager_mysql_restore", client="acme", changed=False, action="kept"), "restore", "left_alone"),
        (failure("secretsmanager_mysql_restore", step="open", code="login_unproven"), "restore", "refused"),
        (report("secretsmanager_mysql_verify", healthy=True), "verification", "succeeded"),
        (report("secretsmanager_mysql_verify", failed=True, healthy=False), "verification", "failed"),
        (report("rotation_notice", delivered=True, changed=True), "notice", "succeeded"),
        (report("rotation_notice", delivered=True, changed=False), "notice", "left_alone"),
        (report("rotation_notice", delivered=False, changed=False), "notice", "failed"),
        (report("rotation_cycle", changed=True, state="reset"), "cycle", "succeeded"),
        (report("rotation_cycle", changed=True, state="failed", step="hooks", code="hook_failed"), "hooks", "failed"),
        (report("rotation_cycle_info", overdue=True), "status", "succeeded"),
    ],
)
def test_kind_and_outcome(given: Report, kind: str, outcome: str) -> None:
    assert (given.kind, given.outcome) == (kind, outcome)
    assert given.worth_telling and kind in KINDS and outcome in OUTCOMES


@pytest.mark.parametrize(
    "given",
    [
        report("rotation_cycle", changed=True, state="failed", step="open", code="login_refused"),
        report("rotation_cycle", changed=False, state="present"),
        report("rotation_cycle_info", overdue=False, unfinished=False),
    ],
)
def test_what_is_told_elsewhere_makes_no_event(given: Report) -> None:
    assert not given.worth_telling


def test_a_failure_says_where_and_why_and_whether_anybody_can_log_in() -> None:
    made = event(failure())
    assert made["error"] == {name: value for name, value in ERROR.items() if name != "client"}
    assert made["client"] == "client_acme" and made["locked_out"] is True
    assert event(failure(code="server_unreachable"))["locked_out"] is False
    assert event(failure("secretsmanager_mysql_onboard"))["locked_out"] is False
    found = report("secretsmanager_mysql_verify", failed=True, healthy=False, findings=[{"code": "drift"}])
    assert event(found)["locked_out"] is True and event(found)["findings"] == ["drift"] and "error" not in event(found)


def test_a_failure_before_the_engine_says_no_more_than_that() -> None:
    made = event(report(failed=True, msg=HIDDEN, exception=HIDDEN))
    assert made["error"]["code"] == "task_failed" and made["client"] == "acme_host" and HIDDEN not in str(made)


def test_the_id_depends_on_everything_and_only_on_that() -> None:
    first = event(report(**RECEIPT))
    assert first["id"] == event(report(**RECEIPT))["id"] and re.fullmatch("[0-9a-f]{32}", first["id"])
    others = [
        event(report(**{**RECEIPT, "version_id": "v3"})),
        event_of(report(**RECEIPT), Origin("other", ORIGIN.controller, ORIGIN.playbook), NOW),
        event_of(report(**RECEIPT), ORIGIN, NOW.replace(microsecond=0)),
    ]
    assert len({made["id"] for made in [first, *others]}) == 4


def test_an_event_that_would_be_too_large_gives_its_lists_up() -> None:
    rows = [{"row": f"root@host-{number}.example.com", "state": "changed"} for number in range(5000)]
    made = event(report(**{**RECEIPT, "rows": rows}))
    assert made["truncated"] is True and "rows" not in made and made["version_id"] == "v2"
    assert len(encoded(made)) <= EVENT_BYTES


def test_texts_are_one_line_of_what_can_be_sent() -> None:
    made = event(report(**{**RECEIPT, "requested_by": "a\nb\udcff", "decision": "x" * 5000}))
    assert made["requested_by"] == "a b?" and len(made["decision"]) == 1000
    assert encoded(made).count(b"\n") == 1


def test_a_run_is_counted_by_clients() -> None:
    counts = Counts()
    for given in (
        report("rotation_cycle_info", overdue=True, candidate=True, unfinished=True, failures={"count": 2}),
        report(**RECEIPT),
        report(**RECEIPT),
        failure(),
        report("rotation_notice", delivered=True, changed=True),
        report("rotation_notice", delivered=False, changed=False),
    ):
        counts.add(given)
    numbers = counts.numbers()
    assert {name: number for name, number in numbers.items() if number} == dict.fromkeys(
        [
            *("clients", "succeeded", "rotated", "failed", "locked_out", "candidates", "overdue", "unfinished"),
            *("failing", "notices_sent", "notices_failed"),
        ],
        1,
    )
    made = run_event(numbers, ORIGIN, NOW, outcome="failed", check=False, seconds=1.23456)
    assert (made["kind"], made["seconds"], made["counts"]) == ("run", 1.235, numbers)


def test_every_code_that_is_sorted_here_is_one_of_the_runbook() -> None:
    explained = set(re.findall(r"^- \*\*`([a-z0-9_]+)`\*\*", (ROOT / "docs/runbook.md").read_text(), re.MULTILINE))
    assert sorted((RULES | LOCKED_OUT) - explained) == []
    assert {"persist", "apply", "promote", "discard"}.isdisjoint(HARMLESS_STEPS)


def test_every_key_of_an_event_is_documented() -> None:
    documented = set(re.findall(r"^\| `([a-z_]+)` \|", PAGE, re.MULTILINE))
    notice = report("rotation_notice", delivered=True, body={"version_id": "v2"}, event="rotated", notice_id="n")
    status = report(
        "rotation_cycle_info", due="x", last="x", days_left=1, overdue=True, unfinished=True, candidate=True
    )
    verified = report("secretsmanager_mysql_verify", healthy=False, findings=[{"code": "drift"}])
    full: dict[str, Any] = {**RECEIPT, "sessions_ended": 1, "rotation": {"last": "x", "due": "x", "overlap_until": "x"}}
    made = [event(one) for one in (report(**full), failure(), notice, status, verified)]
    made.append(run_event({}, ORIGIN, NOW, outcome="failed", check=False, seconds=1) | {"truncated": True})
    assert sorted({name for one in made for name in one} - documented) == []
    counted = set(re.findall(r"`([a-z_]+)`", PAGE.partition("## Counts of a run")[2].partition("\n## ")[0]))
    assert sorted(set(Counts().numbers()) - counted) == []
    assert json.dumps(SCHEMA_VERSION) in PAGE
