# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a run has come and what it came to: what counts, what is said of it, and what is never read."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils import _operations
from ansible_collections.dbops.rotation.plugins.module_utils._decision.decide import decide
from ansible_collections.dbops.rotation.plugins.module_utils._decision.decision import Action
from ansible_collections.dbops.rotation.plugins.module_utils._decision.facts import Facts, RowFacts
from ansible_collections.dbops.rotation.plugins.module_utils._meaning import ENDS, End, Meaning
from ansible_collections.dbops.rotation.plugins.module_utils._results import module_name
from ansible_collections.dbops.rotation.plugins.plugin_utils._progress import Pace, Tally, duration, progress_line
from ansible_collections.dbops.rotation.plugins.plugin_utils._summary import names, summary

ROTATE, ONBOARD, RECONCILE = _operations.ROTATE.name, _operations.ONBOARD.name, _operations.RECONCILE.name
CYCLE, CYCLE_INFO, NOTICE = _operations.CYCLE.name, _operations.CYCLE_INFO.name, _operations.NOTICE.name
ACME, GLOBEX, INITECH = "client_acme", "client_globex", "client_initech"
CALLS = {"total": 4, "get_secret_value": 2, "describe_secret": 1, "tag_resource": 1}
RERUN = "ansible-playbook rotate.yml -l client_acme"


def receipt(action: str = "rotate", **more: Any) -> dict[str, Any]:
    """What a rotation gives, as far as it is read here."""
    return {
        "client": ACME,
        "action": action,
        "rotated": action == "rotate",
        "waits_for_hooks": False,
        "trigger": "on_demand",
        "decision": "A new password was asked for.",
        "seconds": 0.5,
        "secretsmanager_calls": CALLS,
        **more,
    }


def refused(code: str = "login_refused", next_step: str = RERUN) -> dict[str, Any]:
    return {"msg": "refused", "error": {"code": code, "next_step": next_step}}


def tally(*clients: str) -> Tally:
    counted = Tally()
    counted.expect(clients or (ACME, GLOBEX, INITECH))
    return counted


def take(
    counted: Tally,
    client: str,
    result: dict[str, Any],
    module: str = ROTATE,
    *,
    failed: bool = False,
    check: bool = False,
) -> None:
    counted.take(client, module, result, failed=failed, check=check)


def end(counted: Tally, client: str = ACME) -> End:
    return counted.meanings[client].end


def meaning(module: str, result: dict[str, Any], *, check: bool = False) -> Meaning:
    return _operations.OPERATIONS[module].meaning(result, failed=False, check=check)


def table(counted: Tally) -> dict[str, str]:
    """The lines of the table by their labels."""
    parts = [line.strip().partition("  ") for line in summary(counted)]
    return {label: " ".join(rest.split()) for label, _gap, rest in parts}


def test_modules_are_known_by_either_name() -> None:
    assert module_name("dbops.rotation.secretsmanager_mysql_rotate") == module_name(ROTATE) == ROTATE
    assert module_name("example.other.secretsmanager_mysql_rotate") != ROTATE
    assert module_name(None) != ROTATE


def test_every_action_of_the_engine_has_a_meaning() -> None:
    assert set(ENDS) == {action.value for action in Action} - {"refuse"} | {"busy"}


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (receipt(), End.ROTATED),
        (receipt("resume", rotated=False), End.ROTATED),
        (receipt("roll_back", rotated=True, trigger="rollback"), End.ROLLED_BACK),
        (receipt("rotate", waits_for_hooks=True, rotated=False), End.WAITS_FOR_HOOKS),
        (receipt("discard_old", rotated=True), End.ROTATED),
        (receipt("discard_old", rotated=False), End.FINISHED),
        (receipt("record", rotated=False), End.FINISHED),
        (receipt("nothing", rotated=False), End.LEFT_ALONE),
        (receipt("busy", rotated=False), End.LEFT_ALONE),
        (receipt("a word of a later release", rotated=False), End.UNREADABLE),
    ],
)
def test_what_a_receipt_means(result: dict[str, Any], expected: End) -> None:
    assert meaning(ROTATE, result).end is expected


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        ({"trigger": "scheduled"}, "not due"),
        ({"trigger": "scheduled", "due": True, "overlapping": True}, "overlap not over"),
        ({"trigger": "scheduled", "lagging": ("eu-west-1",), "overlap_over": True}, "a replica region lags"),
        ({"trigger": "rollback", "rollback": "C"}, "rolled back already"),
        ({"trigger": "on_demand", "skip_reason": "The password was rotated 9 seconds ago."}, "rotated lately"),
    ],
)
def test_why_a_client_is_left_alone_is_told_from_what_the_engine_decides(facts: dict[str, Any], cause: str) -> None:
    old = frozenset("V") if facts.keys() & {"overlapping", "lagging"} else None
    rows = (RowFacts("root@%", frozenset("C"), old, login=True),)
    decision = decide(Facts("C", "V", None, "C", rows, **{"due": False, **facts}))
    told = receipt(decision.action.value, rotated=False, decision=decision.reason, trigger=facts["trigger"])
    assert (meaning(ROTATE, told).end, meaning(ROTATE, told).cause) == (End.LEFT_ALONE, cause)


def test_onboarding_and_reconciling_tell_by_whether_they_changed_something() -> None:
    assert meaning(ONBOARD, {"client": ACME, "changed": True}).end is End.ONBOARDED
    assert meaning(ONBOARD, {"client": ACME, "changed": False}).cause == "under management already"
    assert meaning(RECONCILE, {"client": ACME, "changed": True}).end is End.RECONCILED
    assert meaning(RECONCILE, {"client": ACME, "changed": False}).cause == "nothing to mend"


def test_the_last_result_of_a_client_counts_and_its_effort_adds_up() -> None:
    counted = tally()
    take(counted, ACME, receipt(waits_for_hooks=True, rotated=False, seconds=1.5))
    assert end(counted) is End.WAITS_FOR_HOOKS and "0 done, 0 failed, 3 left of 3 clients" in progress_line(counted, 0)
    take(counted, ACME, receipt("discard_old", rotated=True, throttled=3))
    assert end(counted) is End.ROTATED
    assert table(counted)["slowest"] == "client_acme 2.0 s"
    assert table(counted)["Secrets Manager calls"] == "8 get_secret_value 4, describe_secret 2, tag_resource 2"
    assert table(counted)["throttled answers"] == "3"


def test_a_hook_that_fails_fails_its_client_and_no_other_task_does() -> None:
    counted = tally()
    take(counted, ACME, receipt(waits_for_hooks=True, rotated=False))
    take(counted, GLOBEX, receipt())
    for client in (ACME, GLOBEX, INITECH):
        take(counted, client, {"msg": "non-zero return code"}, "ansible.builtin.command", failed=True)
    assert counted.meanings[ACME].cause == "hook_failed"
    assert end(counted, GLOBEX) is End.ROTATED
    assert counted.not_reached() == [INITECH]


def test_a_schedule_passes_over_who_is_not_due_and_may_pull_one_forward() -> None:
    counted = tally("a", "b", "c", "d", "e", "f", "g")
    take(counted, "g", {"candidate": False, "offboarded": True}, CYCLE_INFO)
    take(counted, "a", {"candidate": False}, CYCLE_INFO)
    take(counted, "b", {"candidate": False, "paused": {"until": "2026-12-21T00:00:00Z"}}, CYCLE_INFO)
    take(counted, "c", {"candidate": False, "waiting": True}, CYCLE_INFO)
    take(counted, "d", {"candidate": True}, CYCLE_INFO)
    take(counted, "e", refused("aws_denied"), CYCLE_INFO, failed=True)
    take(counted, "f", {"candidate": False, "waiting": True, "runner": "lambda"}, CYCLE_INFO)
    assert counted.worked == 0 and counted.not_reached() == ["d"]
    take(counted, "a", receipt())
    told = table(counted)
    assert (told["rotated"], told["left alone"], told["runs as a function"]) == ("1", "4", "1")
    assert (told["paused"], told["waiting for a window"], told["offboarded"]) == ("1", "1", "1")
    assert told["aws_denied"] == "1 e"


def test_clients_that_a_listing_leaves_out_are_told_as_if_each_had_been_read() -> None:
    listed, read = tally(ACME), tally(ACME)
    states: list[dict[str, Any]] = [
        {"paused": {"until": "2026-12-20T00:00:00Z"}},
        {"waiting": True},
        {"runner": "lambda"},
        {},
    ]
    groups: list[dict[str, Any]] = [
        {"candidate": False, **state, "clients": [f"client_{number}"]} for number, state in enumerate(states)
    ]
    take(listed, ACME, {"idle": groups}, "rotation_candidates_info")
    for group in groups:
        (name,) = group["clients"]
        read.expect([name])
        take(read, name, group, "rotation_cycle_info")
    assert listed.meanings == read.meanings and listed.clients == read.clients
    assert {meaning.cause for meaning in listed.meanings.values()} == {
        *("paused", "waiting for a window", "runs as a function", "not due"),
    }


def test_failures_are_grouped_by_cause_with_names_and_the_next_command_of_the_first() -> None:
    clients = [f"client_{number}" for number in range(9)]
    counted = tally(*clients)
    for client in clients[:7]:
        take(counted, client, refused(), failed=True)
    take(counted, clients[7], refused("fence_busy"), failed=True)
    take(counted, clients[8], {"unreachable": True}, failed=True)
    lines = [" ".join(line.split()) for line in summary(counted)]
    assert lines == [
        "clients 9",
        "failed 9",
        "login_refused 7 client_0, client_1, client_2, client_3, client_4 and 2 more",
        f"client_0: {RERUN}",
        "fence_busy 1 client_7",
        f"client_7: {RERUN}",
        "unreachable 1 client_8",
    ]


def test_who_is_at_work_is_named() -> None:
    counted = tally(ACME)
    take(counted, ACME, receipt("busy", rotated=False, decision="Another run is at work: connection 7."))
    assert "client_acme: Another run is at work: connection 7." in [line.strip() for line in summary(counted)]


def test_who_was_not_reached_is_named() -> None:
    counted = tally(*(f"client_{number}" for number in range(8)))
    take(counted, "client_0", receipt())
    assert table(counted)["not reached"] == "7 client_1, client_2, client_3, client_4, client_5 and 2 more"
    assert names([]) == ""


def test_check_mode_is_told_as_what_would_be() -> None:
    counted = tally()
    take(counted, ACME, receipt(rotated=False), check=True)
    take(counted, GLOBEX, receipt("nothing", rotated=False), check=True)
    take(counted, INITECH, refused(), failed=True, check=True)
    told = table(counted)
    assert (told["would rotate"], told["would leave alone"], told["would fail"]) == ("1", "1", "1")
    assert "rotated" not in told and "failed" not in told


def test_notices_are_sent_not_delivered_or_had_gone_out_before() -> None:
    counted = tally()
    take(counted, ACME, {"delivered": True, "changed": True}, NOTICE)
    take(counted, ACME, {"delivered": True, "changed": False}, NOTICE)
    take(counted, GLOBEX, {"delivered": False, "changed": False}, NOTICE)
    take(counted, INITECH, {"delivered": False, "changed": True}, NOTICE, check=True)
    assert (counted.notices_sent, counted.notices_not_delivered) == (1, 1)


def test_a_notice_task_that_fails_sent_nothing() -> None:
    counted = tally()
    take(counted, ACME, {"msg": "template error"}, NOTICE, failed=True)
    assert (counted.notices_sent, counted.notices_not_delivered) == (0, 1)


def test_whoever_was_not_reached_is_done_by_the_same_command_with_the_moment_of_this_one() -> None:
    counted = Tally("2026-11-25T14:00:00Z")
    counted.expect([ACME, GLOBEX])
    assert "rotation_before" not in "\n".join(summary(counted))
    take(counted, ACME, receipt())
    assert "-e rotation_before=2026-11-25T14:00:00Z does the rest" in "\n".join(summary(counted))


def test_the_clients_of_waves_are_counted_once() -> None:
    counted = tally(ACME, GLOBEX)
    counted.expect([ACME, GLOBEX])
    take(counted, ACME, receipt())
    assert progress_line(counted, 0).endswith("1 done, 0 failed, 1 left of 2 clients")


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"censored": "hidden"},
        {"results": "no list"},
        {"results": [None, 3, {}]},
        {"client": ACME, "action": None, "seconds": "1", "secretsmanager_calls": {"get_secret_value": None}},
        {"client": ACME, "action": ["rotate"], "secretsmanager_calls": [], "throttled": {}, "error": "text"},
    ],
)
def test_an_unknown_result_harms_nothing(result: dict[str, Any]) -> None:
    for module in (ROTATE, ONBOARD, RECONCILE, NOTICE, CYCLE_INFO, "ansible.builtin.debug"):
        for failed in (False, True):
            counted = tally()
            take(counted, ACME, result, module, failed=failed)
            assert summary(counted)
            progress_line(counted, 1.0)


def test_a_result_that_cannot_be_read_is_not_called_a_rotation() -> None:
    counted = tally()
    take(counted, ACME, {"censored": "hidden"})
    assert table(counted)["result not readable"] == "1 client_acme"


def test_a_loop_counts_each_of_its_items_and_a_failed_one_last() -> None:
    counted = tally()
    items = [{**refused(), "failed": True}, receipt(), {"skipped": True}]
    take(counted, ACME, {"results": items}, failed=True)
    assert end(counted) is End.FAILED and counted.calls["get_secret_value"] == 2


def test_nothing_but_documented_keys_is_told() -> None:
    counted = tally()
    take(counted, ACME, receipt(invocation="SENTINEL", stdout="SENTINEL", module_args={"password": "SENTINEL"}))
    take(counted, GLOBEX, {**refused(), "exception": "SENTINEL", "msg": "SENTINEL"}, failed=True)
    assert "SENTINEL" not in "\n".join([*summary(counted), progress_line(counted, 1.0)])


def test_a_line_of_progress_has_rate_and_rest() -> None:
    clients = [f"client_{number}" for number in range(300)]
    counted = tally(*clients)
    for client in clients[:98]:
        take(counted, client, receipt())
    for client in clients[98:100]:
        take(counted, client, refused(), failed=True)
    assert progress_line(counted, 15.0) == (
        "Rotation progress: 98 done, 2 failed, 200 left of 300 clients; 400 a minute, about 30 s left"
    )


def test_no_line_of_progress_where_nothing_is_left() -> None:
    counted = tally(ACME)
    take(counted, ACME, receipt())
    assert progress_line(counted, 15.0) == ""


@pytest.mark.parametrize(("seconds", "told"), [(0.2, "1 s"), (89, "89 s"), (100, "2 min"), (6000, "1 h 40 min")])
def test_durations_are_for_people(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_a_line_is_due_by_number_or_by_time() -> None:
    pace = Pace(50, 15, now=100.0)
    assert not pace.is_due(49, 114.9)
    assert pace.is_due(50, 114.9)
    assert not pace.is_due(99, 120.0)
    assert pace.is_due(99, 129.9)
    assert pace.is_due(101, 130.0)
    assert not pace.is_due(101, 130.0)


def test_zero_turns_lines_off() -> None:
    assert not Pace(0, 0, now=0.0).is_due(1000, 1000.0)


def test_a_fleet_is_kept_small_in_memory() -> None:
    counted = tally()
    take(counted, ACME, receipt(rows=[{"row": "root@%"}] * 100))
    assert "root@%" not in repr([vars(counted), counted.meanings])
