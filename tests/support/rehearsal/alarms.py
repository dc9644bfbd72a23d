# SPDX-License-Identifier: GPL-3.0-or-later
"""Trouble that rings: the alarms of the audit trail, on an AWS that evaluates them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cycle import in_days, set_tags
from deaths import AFTER_PUT
from drift import change_by_hand
from faulty_proxy import SILENCE, Fault, FaultyProxy
from watched import READ_BY_A_ROLE, TRAIL, Watched

from rehearsal.acme import Acme
from rehearsal.fleet import topic_gone

DUE = "ansible-playbook playbooks/rotate_due.yml"
ROTATE = "ansible-playbook rotate.yml -l client_acme"


def watched(acme: Acme) -> Watched:
    """Let the runs leave their events in the log group whose alarms are evaluated."""
    found: Watched = acme.kept["watched"]
    found.audited.folder.mkdir(exist_ok=True)
    # Both callbacks, as ansible.cfg has them.
    acme.environment |= found.audited.environment(ANSIBLE_CALLBACKS_ENABLED="")
    return found


def ringing(acme: Acme, name: str, *commands: str, **days_ago: float) -> None:
    """Run what finds the trouble, and hear the alarm."""
    found = watched(acme)
    for command in commands:
        acme.follow(command)
        found.count(**days_ago)
    acme.kept["alarm"] = found.judged(name, "ALARM")


def no_scheduled_run(acme: Acme) -> None:
    ringing(acme, "heartbeat")


def heartbeat_ends(acme: Acme) -> None:
    found = watched(acme)
    found.count()
    assert found.state("heartbeat") == "OK"


def a_rotation_failed(acme: Acme) -> None:
    acme.on_rows("ACCOUNT LOCK")
    ringing(acme, "failed", ROTATE)


def unlocked(acme: Acme) -> None:
    """What the entry of the code says."""
    acme.on_rows("ACCOUNT UNLOCK")


def programs_are_refused(acme: Acme) -> None:
    change_by_hand(acme)
    acme.typed.append("Changed-by-hand-1")
    ringing(acme, "locked-out", ROTATE)


def overdue(acme: Acme) -> None:
    """Its window is never open when the schedule runs."""
    set_tags(acme, {"rotation/last": in_days(-44), "rotation/due": in_days(-4)})
    other_day = (datetime.now(UTC) + timedelta(days=3)).strftime("%a").lower()
    acme.set(rotation_windows=[{"days": [other_day], "from": "01:00", "to": "02:00"}])
    ringing(acme, "overdue", DUE)


def window_opens(acme: Acme) -> None:
    """Fix that."""
    del acme.given["rotation_windows"]


def begun_two_days_ago(acme: Acme) -> None:
    """The same was found by the run of yesterday."""
    AFTER_PUT.interrupt(acme)
    acme.on_rows("ACCOUNT LOCK")
    found = watched(acme)
    found.count()
    acme.follow(DUE)
    (run,) = [event for event in found.count() if event["kind"] == "run"]
    found.publish(found.audited.group, run, Unfinished=1)
    unlocked(acme)
    acme.kept["alarm"] = found.judged("unfinished", "ALARM")


def slow(acme: Acme) -> None:
    """AWS did not answer for a while."""
    with (
        FaultyProxy(acme.aws.endpoint_url) as proxy,
        proxy.faulty(acme.secret_id, Fault("DescribeSecret", SILENCE, times=1)),
    ):
        acme.set(rotation_endpoint_url=proxy.endpoint_url)
        ringing(acme, "slow", ROTATE)
    del acme.given["rotation_endpoint_url"]


def nobody_was_told(acme: Acme) -> None:
    topic_gone(acme)
    ringing(acme, "notices-failed", ROTATE)


def read_by_a_stranger(acme: Acme) -> None:
    found = watched(acme)
    found.publish(TRAIL, READ_BY_A_ROLE)
    ringing(acme, "stranger")
