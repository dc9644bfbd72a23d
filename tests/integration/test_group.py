# SPDX-License-Identifier: GPL-3.0-or-later
"""A MySQL replication group of three: its primary may move at any time, and its majority may be lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from administration import sql
from forwarder import Forwarder, forwarding
from group import Group, await_true, server_uuid
from managed import MakeClient, ManagedClient, playbook, write_inventory
from prober import make_account, probing
from running import MakeServer
from telling import UNCHANGED, assert_refused

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import SecretStore
from ansible_collections.dbops.rotation.plugins.module_utils._db.commit import APPLY_BUDGET
from ansible_collections.dbops.rotation.plugins.module_utils._db.mysql import MySql
from ansible_collections.dbops.rotation.plugins.module_utils._module.onboard import ONBOARD
from ansible_collections.dbops.rotation.plugins.module_utils._module.verify import VERIFY

# Three servers that find each other take ten seconds.
pytestmark = pytest.mark.slow
# What happens right before a step, or right after it: a function of the engine that both old and new runs pass.
POINTS = {
    "apply": (SecretStore, "put_pending", "after"),
    "verify": (MySql, "apply", "after"),
    "promote": (SecretStore, "promote", "before"),
    "discard": (SecretStore, "promote", "after"),
    "record": (MySql, "discard", "after"),
}


@pytest.fixture(scope="module")
def group(make_module_server: MakeServer) -> Group:
    """Three servers, shared by the tests of this file."""
    made = Group(make_module_server)
    make_account(made.primary())
    return made


@pytest.fixture
def address(group: Group) -> Iterator[Forwarder]:
    """An address that leads to the primary."""
    with forwarding(group.primary()) as forwarder:
        yield forwarder


@pytest.fixture
def client(make_client: MakeClient, group: Group, address: Forwarder) -> Iterator[ManagedClient]:
    """A client behind that address."""
    made = make_client(group.primary())
    yield made.create(port=address.port)
    made.server = group.primary()


def switch(group: Group, address: Forwarder, *, cut: bool = False) -> None:
    """Make another member the primary, and let the address follow."""
    group.switch()
    address.target = group.primary()
    if cut:
        address.cut()


def once(patch: pytest.MonkeyPatch, point: str, effect: Callable[[], None]) -> None:
    """Let something happen once at a point of the run."""
    owner, name, when = POINTS[point]
    function = getattr(owner, name)
    left = [effect]

    def wrapped(*arguments: Any, **named: Any) -> Any:
        if left and when == "before":
            left.pop()()
        result = function(*arguments, **named)
        if left and when == "after":
            left.pop()()
        return result

    patch.setattr(owner, name, wrapped)


def assert_opens_everywhere(client: ManagedClient, group: Group) -> None:
    """AWSCURRENT opens every member, and the password of before none."""
    expected = sql(group.primary(), "SELECT @@GLOBAL.gtid_executed")[0][0]
    for member in group.members:
        sql(member, "SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, 10)", expected)
        client.server = member
        assert client.opens(client.stored()["password"])
        assert not client.opens(client.password)


@pytest.mark.parametrize("cut", [False, True], ids=["connections stay", "connections are cut"])
@pytest.mark.parametrize("point", POINTS)
def test_a_switch_of_the_primary_in_the_middle_needs_nobody(
    client: ManagedClient, group: Group, address: Forwarder, point: str, cut: bool
) -> None:
    client.rotate()
    client.password = client.stored()["password"]
    with pytest.MonkeyPatch.context() as patch:
        once(patch, point, lambda: switch(group, address, cut=cut))
        result = client.rotate()
    assert result["logins"]["failed"] == 0
    assert_opens_everywhere(client, group)
    settled = client.rotate(trigger="recovery")
    assert settled["action"] == "nothing"
    assert client.tags()["rotation/server-id"] in [f"server:{server_uuid(member)}" for member in group.members]


def test_a_switch_between_two_runs_needs_nobody(
    client: ManagedClient, group: Group, address: Forwarder, tmp_path: Path
) -> None:
    client.rotate()
    for trigger, action in (("scheduled", "nothing"), ("on_demand", "rotate")):
        client.password = client.stored()["password"]
        switch(group, address)
        checked = client.run(VERIFY)
        assert checked["healthy"], checked["msg"]
        assert client.rotate(trigger=trigger)["action"] == action
    switch(group, address)
    inventory = write_inventory(tmp_path, {client.name: client.variables(rotation_secret_id=client.secret_id)})
    for name, limit in (("rotate_due.yml", "all"), ("rotate.yml", client.name)):
        done = playbook(f"playbooks/{name}", "-i", str(inventory), "-l", limit, "-e", "rotation_force=true")
        assert done.returncode == 0, done.stdout
    assert client.tags()["rotation/server-id"] == f"server:{server_uuid(group.primary())}"
    assert_opens_everywhere(client, group)


def test_the_members_are_learned_at_onboarding(make_client: MakeClient, group: Group, address: Forwarder) -> None:
    client = make_client(group.primary()).create_account()
    given: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": address.port,
        "username": client.user,
        "password": client.password,
    }
    result = client.run(ONBOARD, **given)
    assert not result.get("failed"), result["msg"]
    assert client.tags()["rotation/server-ids"].split() == sorted(server_uuid(one)[:18] for one in group.members)
    switch(group, address)
    client.rotate()
    client.server = group.primary()


def test_a_stranger_is_still_another_server(client: ManagedClient, address: Forwarder, make_server: MakeServer) -> None:
    client.rotate()
    stranger = make_server("mysql")
    stranger.create_account(client.user, client.hosts, client.stored()["password"])
    address.target = stranger
    error = client.refused()
    assert error["code"] == "other_server" and "list the ids of all of them in rotation_server_ids" in error["msg"]
    client.rotate(server_ids=[server_uuid(stranger)])


def test_a_group_that_knows_of_its_lost_majority_is_refused(client: ManagedClient, group: Group) -> None:
    with probing(group.primary()) as prober, group.without_majority():
        group.await_unreachable(client.server)
        assert_refused(
            client,
            "The server cannot reach 127.0.0.1:",
            "so the group of 3 has lost its majority or is about to; a change of a password would wait there",
            code="cannot_commit",
            step="decide",
            next_step="On the server check the group (SELECT * FROM performance_schema.replication_group_members)",
            state=UNCHANGED,
        )
        checked = client.run(VERIFY)
        assert [finding["code"] for finding in checked["findings"] if finding["problem"]] == ["cannot_commit"]
    assert prober.longest < 2
    assert client.rotate()["action"] == "rotate"


@pytest.mark.parametrize("step", ["apply", "discard"])
def test_a_majority_that_is_lost_in_the_moment_of_a_change_keeps_nobody_out(
    client: ManagedClient, group: Group, step: str
) -> None:
    """The others hang right before the statement, after everything that could be asked was asked."""
    function = getattr(MySql, step)

    def hang_and_change(*arguments: Any, **named: Any) -> Any:
        patch.undo()
        frozen.enter_context(group.without_majority())
        return function(*arguments, **named)

    with probing(group.primary()) as prober, ExitStack() as frozen:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(MySql, step, hang_and_change)
            error = client.refused()
        assert client.opens(client.stored()["password"])
        assert (error["code"], error["step"]) == ("connection_lost", step), error["msg"]
        assert "It could not be opened again: The server cannot reach 127.0.0.1:" in error["cause"]
        frozen.close()
        # What was left in the server goes on now; the fence keeps the next run out until it has ended.
        await_true(lambda: not client.run(trigger="recovery").get("failed"))
    assert prober.longest < APPLY_BUDGET + 1
    assert client.opens(client.stored()["password"]) and not client.opens(client.password)
