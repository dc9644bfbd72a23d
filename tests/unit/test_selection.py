# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a listing leaves out of a scheduled run: only who surely has nothing to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import SecretDescription
from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.policy import Pause, Policy
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.settings import parse_calendar
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.tags import started
from ansible_collections.dbops.rotation.plugins.module_utils._fleet.selection import Described, selected

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
VERSION, OTHER = "v1", "v2"
CURRENT = ((VERSION, frozenset({"AWSCURRENT", "AWSPENDING"})),)
FROZEN = Policy(calendar=parse_calendar([], [{"from": "2026-03-01", "to": "2026-03-09", "reason": "year end"}]))
CLOSED = Policy(calendar=parse_calendar([{"from": "20:00", "to": "21:00"}], []))
PAUSED = Policy(pause=Pause(NOW + timedelta(days=9), "migration"))


def secret(days_ago: float = 20, stages: Iterable[tuple[str, frozenset[str]]] = CURRENT, **more: str | None) -> Any:
    """Return a secret that was rotated so many days ago; a tag that is None is missing."""
    cycle = started(NOW - timedelta(days=days_ago), 40)
    told = tags.rotated_tags(version=VERSION, trigger="scheduled", server_id="s", client="client_acme", cycle=cycle)
    written = {
        **told,
        tags.NOTIFIED: f"rotated={VERSION}",
        **{f"rotation/{key.replace('_', '-')}": more[key] for key in more},
    }
    kept = {key: value for key, value in written.items() if value is not None}
    return SecretDescription("arn", "clients/client_acme/mysql/root", dict(stages), kept, False, False, None)


def one(policy: Policy, *, notices: bool = True, host: str = "client_acme") -> Described:
    return Described(host, host, "clients/client_acme/mysql/root", policy, notices)


def select(listed: Any, policy: Policy = Policy(), *, notices: bool = True) -> dict[str, Any]:  # noqa: B008
    return selected(["client_acme"], [one(policy, notices=notices)], {"client_acme": listed}, NOW)


@pytest.mark.parametrize(
    ("listed", "policy", "says"),
    [
        (secret(), Policy(), {}),
        (secret(), PAUSED, {"paused": {"until": "2026-03-11T12:00:00Z", "reason": "migration"}}),
        (secret(39.5), CLOSED, {"waiting": True}),
        (secret(runner="lambda"), Policy(), {"runner": "lambda"}),
        (secret(39.9, runner="lambda"), Policy(), {"runner": "lambda"}),
    ],
    ids=["not due", "paused", "before its window", "of the functions", "of the functions and due"],
)
def test_who_has_nothing_to_do_is_left_out_with_what_a_worker_would_say(
    listed: Any, policy: Policy, says: Mapping[str, Any]
) -> None:
    found = select(listed, policy, notices=False)
    (idle,) = found["idle"]
    told = {"clients": ["client_acme"], "candidate": False, "runner": "ansible", "waiting": False, "paused": None}
    assert {key: idle[key] for key in told} == {**told, **says} and idle["failures"]["count"] == 0
    assert found["visit"] == found["unread"] == found["brought_forward"] == []


@pytest.mark.parametrize(
    ("listed", "policy"),
    [
        (secret(39.9), Policy()),
        (secret(39.9), PAUSED),
        (secret(39.9), FROZEN),
        (secret(42), FROZEN),
        (secret(42, runner="lambda"), Policy()),
        (secret(stages=[(VERSION, frozenset({"AWSCURRENT"})), (OTHER, frozenset({"AWSPENDING"}))]), Policy()),
        (secret(version=OTHER), PAUSED),
        (secret(stages=()), Policy()),
        (secret(due="soon"), Policy()),
        (secret(due=None), Policy()),
        (secret(cycle_days="many"), Policy()),
        (secret(overlap_until="2026-03-01T00:00:00Z"), Policy()),
        (secret(overlap_until="later"), Policy()),
        (secret(notified="rotated=owed"), Policy()),
        (secret(failures="count=1 at=2026-03-01T00:00:00Z step=open code=login_refused"), Policy()),
        (secret(), Policy(cycle_days=20)),
        (secret(35), Policy()),
    ],
    ids=[
        *(
            "due",
            "late by a pause",
            "late by a freeze",
            "overdue in a freeze",
            "overdue at the functions",
            "two versions",
            "unfinished and paused",
        ),
        *("no AWSCURRENT", "spoilt due date", "no due date", "spoilt cycle", "overlap over", "overlap impossible"),
        *("notice owed", "failure untold", "another cycle", "to be announced"),
    ],
)
def test_who_may_have_work_is_visited(listed: Any, policy: Policy) -> None:
    found = select(listed, policy)
    assert (found["visit"], found["idle"], found["unread"]) == (["client_acme"], [], [])


@pytest.mark.parametrize(
    "listed",
    [secret(last=None), secret(last="2031-01-01T00:00:00Z"), secret(due="2031-01-01T00:00:00Z")],
    ids=["never under management", "rotated in the future", "impossible due date"],
)
def test_of_whom_the_listing_says_too_little_a_worker_reads_the_secret(listed: Any) -> None:
    assert select(listed) == {
        "visit": ["client_acme"],
        "unread": ["client_acme"],
        "brought_forward": [],
        "idle": [],
    }


def test_who_is_not_listed_is_visited_in_the_order_of_the_play() -> None:
    names = ["client_initech", "client_acme", "client_globex"]
    clients = [one(Policy(), host=name) for name in names]
    found = selected(names, clients, {"client_acme": secret()}, NOW)
    assert found["visit"] == found["unread"] == ["client_initech", "client_globex"]


def test_without_a_topic_a_notice_is_no_reason_for_a_visit() -> None:
    assert select(secret(notified="rotated=owed"), notices=False)["visit"] == []


def test_who_is_brought_forward_is_visited_and_clients_of_one_state_are_one_group() -> None:
    """Forty clients that fall due on one day are too many for it; most of them are idle today all the same."""
    names = [f"client_{number:02}" for number in range(40)]
    clients = [one(Policy(), notices=False, host=name) for name in names]
    found = selected(names, clients, dict.fromkeys(names, secret(37)), NOW)
    assert found["visit"] == found["brought_forward"] != []
    (idle,) = found["idle"]
    assert {*idle["clients"], *found["visit"]} == set(names)
