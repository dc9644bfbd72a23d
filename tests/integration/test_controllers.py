# SPDX-License-Identifier: GPL-3.0-or-later
"""Two controllers at once, over halves of a fleet and over the same half."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cycle import is_due
from managed import AT_ONCE, MakeClient, ManagedClient, playbook, write_inventory
from playbook_runs import Run, said
from topic import Mailbox
from world.databases import DatabaseServer

pytestmark = pytest.mark.slow


@pytest.fixture
def clients(make_client: MakeClient, mysql_server: DatabaseServer) -> list[ManagedClient]:
    return [make_client(mysql_server).create() for _number in range(6)]


def at_once(folder: Path, mailbox: Mailbox, name: str, *parts: Sequence[ManagedClient]) -> list[Run]:
    """Run a playbook over each part, all at the same time."""

    def control(number: int) -> Run:
        own = folder / str(number)
        own.mkdir()
        hosts = {client.name: client.variables(rotation_topic_arn=mailbox.topic) for client in parts[number]}
        return playbook(
            name, "-i", str(write_inventory(own, hosts)), "-e", "rotation_everything=true", *AT_ONCE, "-f", "3"
        )

    with ThreadPoolExecutor() as pool:
        return list(pool.map(control, range(len(parts))))


def test_each_of_two_controllers_rotates_its_half(
    clients: list[ManagedClient], tmp_path: Path, mailbox: Mailbox
) -> None:
    runs = at_once(tmp_path, mailbox, "rotate.yml", clients[:3], clients[3:])
    assert [run.returncode for run in runs] == [0, 0], " ".join(map(said, runs))
    assert sorted(notice["client"] for notice in mailbox.read()) == sorted(client.name for client in clients)
    assert all(client.opens(client.stored()["password"]) and not client.opens(client.password) for client in clients)


def test_two_schedules_over_the_same_clients_rotate_each_once(
    clients: list[ManagedClient], tmp_path: Path, mailbox: Mailbox
) -> None:
    for client in clients[:3]:
        is_due(client)
    before = [len(versions(client)) for client in clients[:3]]
    runs = at_once(tmp_path, mailbox, "playbooks/rotate_due.yml", clients[:3], clients[:3])
    assert [run.returncode for run in runs] == [0, 0], " ".join(map(said, runs))
    assert [len(versions(client)) for client in clients[:3]] == [number + 1 for number in before]
    told = mailbox.read()
    # Who looks between a rotation and its notice sends it too; the same id says that it is the same.
    assert {(notice["client"], notice["event"]) for notice in told} == {
        (client.name, "rotated") for client in clients[:3]
    }
    assert len({notice["id"] for notice in told}) == 3


def versions(client: ManagedClient) -> list[str]:
    listed = client.aws.client().list_secret_version_ids(SecretId=client.secret_id, IncludeDeprecated=True)
    return [version["VersionId"] for version in listed["Versions"]]
