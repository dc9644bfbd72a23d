# SPDX-License-Identifier: GPL-3.0-or-later
"""Every alarm rings: what playbooks/provision.yml made, real events of real runs, and the queue behind the topic.

The days follow each other as fixtures, so that the tests may run in any order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from by_hand import put
from cycle import is_due
from drift import change_by_hand
from faulty_proxy import SILENCE, Fault, FaultyProxy
from localstack import ACCOUNT, LocalStack, needs_localstack
from managed import ManagedClient
from playbook_runs import said
from stock_collections import needs_collections
from watched import READ_BY_A_ROLE, TRAIL, Watched
from world.aws import REGION, AwsEmulator
from world.certificates import Authority
from world.databases import DatabaseServer

pytestmark = [pytest.mark.slow, needs_collections, needs_localstack]

NOBODYS_TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:nobody"
TROUBLE = ["failed", "locked-out", "overdue", "unfinished", "slow", "notices-failed", "stranger"]


@pytest.fixture(scope="module")
def watched(aws: AwsEmulator, workspace: Path) -> Iterator[Watched]:
    alarms = LocalStack(workspace / "localstack")
    folder = workspace / "alarms"
    folder.mkdir()
    try:
        alarms.start()
        found = Watched(aws, alarms, folder)
        found.provision()
        yield found
    finally:
        alarms.stop()


@pytest.fixture(scope="module")
def make(aws: AwsEmulator, authority: Authority, mysql_server: DatabaseServer) -> Callable[[str], ManagedClient]:
    """Return a client that was rotated long enough ago, for the whole file."""

    def client(name: str) -> ManagedClient:
        made = ManagedClient(
            mysql_server, aws, user=f"alarm_{name}", password=f"Old-{name}-1", ca_file=authority.ca_file
        )
        made.create().rotate()
        return made

    return client


@pytest.fixture(scope="module")
def silence(watched: Watched) -> list[dict[str, Any]]:
    """What was told of the heartbeat before any sign of life, and after one that came too long ago."""
    first = watched.judged("heartbeat")
    beat = {"kind": "run", "playbook": "rotate_due", "check": False}
    watched.publish(watched.audited.group, beat, Heartbeat=10 / 24)
    return [first, watched.judged("heartbeat")]


@pytest.fixture(scope="module")
def quiet(
    watched: Watched, make: Callable[[str], ManagedClient], silence: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The events of a day without trouble: a scheduled run, a rotation, and a read by one of our roles."""
    client = make("quiet")
    for name, *more in (("playbooks/rotate_due.yml",), ("rotate.yml", "-e", "rotation_force=true")):
        run = watched.audited.run(name, [client], *more)
        assert run.returncode == 0, said(run)
    issuer = {"sessionIssuer": {"arn": f"arn:aws:iam::{ACCOUNT}:role/dbops-rotation-rotator"}}
    ours = {**READ_BY_A_ROLE["userIdentity"], "sessionContext": issuer}  # type: ignore[dict-item]
    watched.publish(TRAIL, {**READ_BY_A_ROLE, "userIdentity": ours})
    # One run that found nothing makes a day one without a finding: it must not be the day of the trouble.
    return watched.count(Unfinished=3)


@pytest.fixture(scope="module")
def calm(watched: Watched, quiet: list[dict[str, Any]]) -> dict[str, str]:
    """The state of every alarm after the day without trouble."""
    return {name: watched.state(name) for name in ["heartbeat", *TROUBLE]}


@pytest.fixture(scope="module")
def trouble(watched: Watched, make: Callable[[str], ManagedClient], calm: dict[str, str]) -> list[dict[str, Any]]:
    """The events of a day with every trouble, and of the same findings a day before."""
    late, pending, lost, slow = (make(name) for name in ("late", "pending", "lost", "slow"))
    is_due(late, days=-3)
    put(pending, "AWSPENDING", json.dumps(pending.document(password="Never-Used-1")))
    change_by_hand(lost)
    is_due(lost)
    unheard = ("-e", f"rotation_topic_arn={NOBODYS_TOPIC}")
    run = watched.audited.run("playbooks/rotate_due.yml", [late, pending, lost], *unheard)
    assert run.returncode == 2, said(run)
    unanswered = Fault("DescribeSecret", SILENCE, times=1)
    with FaultyProxy(slow.aws.endpoint_url) as proxy, proxy.faulty(slow.secret_id, unanswered):
        slowly = ("-e", f"rotation_force=true rotation_endpoint_url={proxy.endpoint_url}")
        run = watched.audited.run("rotate.yml", [slow], *slowly)
    assert run.returncode == 0, said(run)
    events = watched.count()
    (scheduled,) = [event for event in events if event["kind"] == "run" and event["playbook"] == "rotate_due"]
    watched.publish(watched.audited.group, scheduled, Unfinished=1)
    watched.publish(TRAIL, READ_BY_A_ROLE)
    return events


def test_no_sign_of_life_for_too_long_rings(silence: list[dict[str, Any]]) -> None:
    assert [message["NewStateValue"] for message in silence] == ["ALARM", "ALARM"]
    assert "missing" in silence[0]["NewStateReason"]


def test_a_day_without_trouble_ends_the_heartbeats_alarm_and_rings_no_other(
    quiet: list[dict[str, Any]], calm: dict[str, str]
) -> None:
    assert [event["kind"] for event in quiet].count("run") == 2
    assert calm == dict.fromkeys(["heartbeat", *TROUBLE], "OK")


def test_there_is_no_alarm_that_is_not_tried_here(watched: Watched) -> None:
    alarms = watched.cloudwatch.describe_alarms(AlarmNamePrefix="dbops-rotation-")["MetricAlarms"]
    assert {alarm["AlarmName"].removeprefix("dbops-rotation-") for alarm in alarms} == {"heartbeat", *TROUBLE}


@pytest.mark.parametrize("name", TROUBLE)
def test_trouble_rings(name: str, watched: Watched, trouble: list[dict[str, Any]]) -> None:
    assert trouble
    message = watched.judged(name)
    assert message["NewStateValue"] == "ALARM", message
    assert message["AlarmDescription"]
