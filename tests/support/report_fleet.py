# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of any size with its past, thrown with dice: states as rotation_cycle_info gives them, and audit events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from ansible_collections.dbops.rotation.plugins.module_utils._audit.event import Origin, event_of, run_event
from ansible_collections.dbops.rotation.plugins.module_utils._audit.outcome import Report
from ansible_collections.dbops.rotation.plugins.module_utils._report.facts import Document, Fleet, document
from ansible_collections.dbops.rotation.plugins.module_utils._stamp import stamp

NOW = datetime(2027, 2, 8, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
DAYS, CYCLE = 400, 40
SINCE = NOW - DAYS * DAY
HOSTILE = "</script><img src=x onerror=document.title='owned'>"
CAUSES = (("open", "connection_lost"), ("open", "login_refused"), ("look", "read_only"), ("persist", "aws_denied"))
ROTATE = "secretsmanager_mysql_rotate"
LATE = {"kind": "late", "client": HOSTILE, "since": stamp(NOW - DAY), "until": stamp(NOW), "reason": HOSTILE}
EVIDENCE = {"from": "2026-01-04", "to": "2027-02-08", "exceptions": [LATE], "not_read": [HOSTILE], "digest": "0" * 64}


def fleet(clients: int, seed: int = 1) -> Fleet:
    """Return clients with their past; the first one is called as an attacker would."""
    dice, states, events = Random(seed), dict[str, Any](), list[dict[str, Any]]()
    names = [HOSTILE, *(f"client_{number:04}" for number in range(1, clients))]
    for name in names:
        done = sorted(_moments(dice))
        events += _past(name, done, dice)
        states[name] = _state(name, done[-1], dice)
    groups = {"all": names, "clients": names, "europe": names[::2], "america": names[1::2], HOSTILE: names[:1]}
    run = run_event({"rotated": 50, "failed": 1}, _origin("rotate_due"), NOW, outcome="failed", check=False, seconds=9)
    return Fleet(states, groups, sorted([*events, run], key=lambda event: event["time"]), EVIDENCE)


def report(clients: int, seed: int = 1) -> Document:
    """Return the document of such a fleet."""
    return document(fleet(clients, seed), SINCE, NOW)


def _moments(dice: Random) -> Iterator[datetime]:
    moment = SINCE + dice.random() * CYCLE * DAY
    while moment < NOW:
        yield moment
        moment += (CYCLE - dice.choice((0.1, 0.2, 1.5, 3))) * DAY if dice.random() < 0.97 else 44 * DAY


def _past(name: str, done: list[datetime], dice: Random) -> Iterator[dict[str, Any]]:
    for moment in done:
        if dice.random() < 0.08:
            step, code = dice.choice(CAUSES)
            error = {"client": name, "step": step, "code": code, "cause": f"It did not work ({HOSTILE})."}
            failed = {"failed": True, "client": name, "trigger": "scheduled", "error": error}
            yield _event(name, failed, moment - DAY)
        trigger = dice.choices(("scheduled", "on_demand", "recovery", "rollback"), (90, 6, 3, 1))[0]
        about = {"requested_by": "alice", "reason": "CHG-1042"} if trigger in ("on_demand", "rollback") else {}
        cycle = {"rotation": {"last": stamp(moment), "due": stamp(moment + CYCLE * DAY)}}
        took = {"seconds": round(dice.lognormvariate(0.2, 0.5), 3)}
        done_well = {"client": name, "rotated": True, "changed": True, "action": "rotate", "trigger": trigger}
        yield _event(name, {**done_well, **about, **cycle, **took}, moment)


def _event(name: str, result: dict[str, Any], moment: datetime) -> dict[str, Any]:
    return event_of(Report(ROTATE, name, result, bool(result.get("failed")), check=False), _origin("rotate"), moment)


def _origin(playbook: str) -> Origin:
    return Origin("run", "controller", playbook)


def _state(name: str, last: datetime, dice: Random) -> dict[str, Any]:
    if dice.random() < 0.005:
        return {"failed": True, "client": name, "error": {"cause": "secretsmanager:DescribeSecret is denied."}}
    due = last + CYCLE * DAY
    failing = {"count": dice.choice((1, 2, 5)), "at": stamp(NOW), "step": "open", "code": "connection_lost"}
    windows = dice.choice(("", "", "", "oowwwww" * 12, "fff".join(("o" * 39, "o" * 39))))
    return {
        "client": name,
        "last": stamp(last),
        "due": stamp(due),
        "expected": stamp(max(due - 0.3 * DAY, NOW)),
        "cycle_days": CYCLE,
        "trigger": "scheduled",
        "overdue": due < NOW,
        "due_now": due < NOW,
        "overlap_until": "",
        "unfinished": dice.random() < 0.004,
        "paused": {"until": stamp(NOW + 9 * DAY), "reason": "migration"} if dice.random() < 0.01 else None,
        "failures": failing if dice.random() < 0.01 else {"count": 0, "at": "", "step": "", "code": ""},
        "calendar": {"first": (NOW - CYCLE * DAY).date().isoformat(), "days": windows[: 2 * CYCLE + 1]},
    }
