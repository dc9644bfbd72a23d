# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that stops answering in the middle: what is told is the statement that hung, at its own step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from faulty_proxy import FaultyProxy
from frozen import freeze, thaw
from managed import MakeClient, ManagedClient, playbook, write_inventory
from meddling import Moment, at_statement
from playbook_runs import said
from running import MakeServer
from settled import assert_settled
from telling import assert_silent
from topic import Mailbox
from world.aws import AwsEmulator
from world.databases import DatabaseServer

# The answer of AWS after which the server says nothing any more -> the step of the statement that follows.
STAGES = {
    "GetSecretValue": "open",
    "DescribeSecret": "look",
    "PutSecretValue": "apply",
    "UpdateSecretVersionStage": "discard",
}
LATER = "It could not be opened again: "


@pytest.fixture(params=["mysql", "mariadb"])
def mortal(request: pytest.FixtureRequest, make_server: MakeServer) -> Iterator[DatabaseServer]:
    """A server of its own, which goes on at the end whatever happened."""
    server = make_server(request.param)
    yield server
    thaw(server)


@contextmanager
def stopping(server: DatabaseServer, number: int) -> Iterator[Moment]:
    """Stop the server before the n-th statement, and let it go on afterwards."""
    try:
        with at_statement(number, lambda: freeze(server)) as moment:
            yield moment
    finally:
        thaw(server)


def settle(client: ManagedClient) -> None:
    """Run recovery until what was left on the server has ended."""
    for _run in range(50):
        result = client.run(trigger="recovery")
        if not result.get("failed"):
            break
        assert result["error"]["code"] == "fence_busy", result["msg"]
    assert_settled(client)


def firsts(client: ManagedClient) -> dict[str, int]:
    """The number of the first statement at each step of a rotation."""
    found: dict[str, int] = {}
    with at_statement(0, lambda: None) as moment:
        real = moment.before

        def noting(statement: str) -> None:
            real(statement)
            found.setdefault(moment.steps[-1], len(moment.statements))

        moment.before = noting  # type: ignore[method-assign]
        client.rotate()
    return found


def test_a_hang_is_told_at_the_step_of_the_statement_that_hung(mortal: DatabaseServer, make_client: MakeClient) -> None:
    places = firsts(make_client(mortal).create())
    assert {"open", "fence", "look", "apply", "verify", "promote", "discard", "confirm"} <= set(places)
    for step, number in places.items():
        client = make_client(mortal).create()
        with stopping(mortal, number) as moment:
            error = client.refused(deadline=3)
        assert moment.step == step
        assert (error["step"], error["code"]) == (step, "connection_lost"), error["msg"]
        assert (LATER in error["cause"]) is (step not in ("open", "fence")), error["msg"]
        assert error["next_step"] == "Run the same command again when the server answers again."
        assert_silent(client, error)
        if step in ("open", "fence", "look"):
            assert error["state"].startswith("Nothing was changed"), error["msg"]
        settle(client)


@pytest.mark.parametrize("operation", STAGES)
def test_people_are_told_the_step_that_hung_by_the_playbook(
    mortal: DatabaseServer,
    make_client: MakeClient,
    aws: AwsEmulator,
    unique_name: str,
    tmp_path: Path,
    operation: str,
) -> None:
    if mortal.flavor == "mariadb" and operation != "PutSecretValue":
        pytest.skip("what is told does not hang on the kind of server")
    client, mailbox = make_client(mortal).create(), Mailbox(aws, f"hangs-{unique_name}")
    with StoppingProxy(aws.endpoint_url, mortal, operation) as proxy, proxy.faulty(client.secret_id):
        given: dict[str, Any] = {"rotation_endpoint_url": proxy.endpoint_url, "rotation_topic_arn": mailbox.topic}
        inventory = str(write_inventory(tmp_path, {client.name: client.variables(**given, rotation_deadline=4)}))
        try:
            run = playbook("rotate.yml", "-i", inventory, "-l", client.name)
        finally:
            thaw(mortal)
    step = STAGES[operation]
    assert run.returncode == 2 and f"{client.name}: stopped at step '{step}': " in said(run), said(run)
    (notice,) = mailbox.read()
    assert (notice["event"], notice["step"]) == ("failed", step)
    if step != "discard":
        assert "The new password is AWSCURRENT" not in said(run)
    assert client.opens(client.password) or client.stages()["AWSPREVIOUS"]
    settle(client)


class StoppingProxy(FaultyProxy):
    """Stops a server when an operation is asked for the first time."""

    def __init__(self, target: str, server: DatabaseServer, operation: str) -> None:
        super().__init__(target)
        self._database, self._operation = server, operation

    def fate(self, operation: str, body: bytes) -> str | None:
        found = super().fate(operation, body)
        if operation == self._operation and self.seen[operation] == 1:
            freeze(self._database)
        return found
