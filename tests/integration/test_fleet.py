# SPDX-License-Identifier: GPL-3.0-or-later
"""A scheduled run over the inventory that Secrets Manager makes: who is visited, and that a hint decides nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cycle import in_days, is_due, set_tags
from deaths import AFTER_APPLY
from listed_fleet import Fleet
from managed import MakeClient
from playbook_runs import Run, said
from settled import assert_settled
from world.aws import AwsEmulator
from world.databases import DatabaseServer


def visited(run: Run) -> set[str]:
    """Return the hosts of the recap."""
    return set(re.findall(r"^(client_\w+) +:", run.stdout, re.MULTILINE))


@pytest.fixture
def fleet(make_client: MakeClient, mysql_server: DatabaseServer, tmp_path: Path) -> Fleet:
    return Fleet(tmp_path, [make_client(mysql_server).create() for _number in range(3)])


def test_only_who_is_due_or_unfinished_is_visited(fleet: Fleet) -> None:
    idle, due, begun = fleet.clients
    is_due(due)
    AFTER_APPLY.interrupt(begun)
    before = (idle.stages(), idle.tags())
    run = fleet.run()
    assert run.returncode == 0 and "WARNING" not in said(run), said(run)
    assert visited(run) == {due.name, begun.name}
    assert (idle.stages(), idle.tags()) == before
    assert due.tags()["rotation/trigger"] == "scheduled" and due.tags()["rotation/due"] > in_days(39)
    for client in (due, begun):
        assert_settled(client)


def test_a_client_of_the_functions_is_not_visited_and_can_be_rotated_by_name(fleet: Fleet) -> None:
    theirs, due, other = fleet.clients
    set_tags(theirs, {"rotation/runner": "lambda"})
    for client in (theirs, due):
        is_due(client)
    before = (theirs.stages(), theirs.tags())
    run = fleet.run()
    assert run.returncode == 0 and visited(run) == {due.name}, said(run)
    assert (theirs.stages(), theirs.tags()) == before
    is_due(other)
    run = fleet.run("-e", "rotation_hosts=clients")
    assert run.returncode == 0 and "left alone 2 not due 1 runs as a function 1" in said(run), said(run)
    assert (theirs.stages(), theirs.tags()) == before
    run = fleet.run("-l", theirs.name, "-e", "rotation_min_age=0", name="rotate.yml")
    assert run.returncode == 0 and theirs.stages()["AWSPREVIOUS"] == before[0]["AWSCURRENT"], said(run)
    assert theirs.tags()["rotation/runner"] == "lambda"
    assert_settled(theirs)


def test_where_nothing_is_due_nobody_is_visited(fleet: Fleet, recording: AwsEmulator) -> None:
    recording.start_recording()
    run = fleet.run()
    assert run.returncode == 0 and visited(run) == set() and "no hosts matched" in said(run)
    assert [request.operation for request in recording.recorded() if request.operation] == ["ListSecrets"]


def test_a_hint_that_is_out_of_date_rotates_nobody(fleet: Fleet) -> None:
    stale, other, third = fleet.clients
    fleet.configure(cache=True, cache_plugin="ansible.builtin.jsonfile", cache_connection=str(fleet.folder / "cache"))
    for client in fleet.clients:
        is_due(client)
    assert visited(fleet.run("--list-hosts")) == set()  # fills the cache
    set_tags(stale, {"rotation/due": in_days(15), "rotation/last": in_days(-25)})
    current = stale.stages()["AWSCURRENT"]
    run = fleet.run()
    assert run.returncode == 0 and visited(run) == {client.name for client in fleet.clients}, said(run)
    assert stale.stages()["AWSCURRENT"] == current
    assert {client.tags()["rotation/trigger"] for client in (other, third)} == {"scheduled"}


def test_a_limit_narrows_what_is_visited(fleet: Fleet) -> None:
    first, second, idle = fleet.clients
    for client in (first, second):
        is_due(client)
    assert visited(fleet.run("-l", first.name)) == {first.name}
    assert first.tags()["rotation/trigger"] == "scheduled" and second.tags()["rotation/trigger"] == "on_demand"
    assert visited(fleet.run("-l", idle.name)) == set()
    assert visited(fleet.run("-l", idle.name, "-e", "rotation_hosts=clients")) == {idle.name}
    assert visited(fleet.run("-l", idle.name, name="playbooks/verify.yml")) == {idle.name}


def test_the_load_is_balanced_over_the_whole_fleet(fleet: Fleet) -> None:
    """Three clients for two days: one is brought forward, though none is due and only that one is visited."""
    for client in fleet.clients:
        is_due(client, 1.9)
    fleet.configure(ahead_days=0)
    run = fleet.run()
    assert run.returncode == 0, said(run)
    rotated = {client.name for client in fleet.clients if client.tags()["rotation/trigger"] == "scheduled"}
    assert rotated == visited(run) and len(rotated) == 1


def test_a_listing_that_fails_is_no_fleet_without_clients(fleet: Fleet) -> None:
    fleet.configure(endpoint_url="http://127.0.0.1:9", aws_config={"retries": {"total_max_attempts": 1}})
    run = fleet.run()
    assert run.returncode != 0 and "Could not list the secrets: the AWS endpoint does not answer" in said(run)
    assert "Traceback" not in said(run)


def test_no_value_is_read(fleet: Fleet, recording: AwsEmulator) -> None:
    is_due(fleet.clients[0])
    recording.start_recording()
    run = fleet.run("--list-hosts")
    assert run.returncode == 0 and fleet.clients[0].name in run.stdout
    assert {request.operation for request in recording.recorded() if request.operation} == {"ListSecrets"}
