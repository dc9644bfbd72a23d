# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/offboard.yml as a user runs it: the typed name, the password handed over, the schedule afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from at_terminal import at_terminal
from keeping import VAULT, Place, kept
from managed import MakeClient, ManagedClient, playbook, secrets_manager, write_inventory
from onboarding import onboard
from playbook_runs import Run, said
from topic import Mailbox
from world.databases import DatabaseServer

from ansible_collections.dbops.rotation.plugins.module_utils._backup.document import FORMAT, VERSION

pytestmark = pytest.mark.slow

OFFBOARD = "playbooks/offboard.yml"
DUE = "playbooks/rotate_due.yml"


@pytest.fixture
def client(mysql_client: ManagedClient) -> ManagedClient:
    mysql_client.rotate()
    return mysql_client


class Leaving:
    """A folder with an inventory and a place for the exported passwords."""

    def __init__(self, folder: Path, clients: list[ManagedClient], **variables: Any) -> None:
        self.folder, self.clients = folder, clients
        self.place = Place(folder, {client.name: client.variables(**variables) for client in clients})

    def run(self, *arguments: str, name: str = OFFBOARD, typed: str = "", **given: str) -> Run:
        """Run a playbook over the clients by name, with a name typed where there is one."""
        names = ",".join(client.name for client in self.clients)
        given = {"rotation_offboard_file": str(self.place.file), **given}
        variables = {"rotation_offboard_confirm": typed, **given} if typed else given
        extra = [part for name_, value in variables.items() for part in ("-e", f"{name_}={value}")]
        spool = {"ROTATION_AUDIT_SPOOL": str(self.folder / "audit")}
        return self.place.run(name, "-l", names, *extra, *arguments, environment=spool)


def events(spool: Path, kind: str) -> list[dict[str, Any]]:
    """The events of a kind in a spool."""
    lines = [line for path in sorted(spool.glob("*")) for line in path.read_text().splitlines()]
    return [event for line in lines if (event := json.loads(line))["kind"] == kind]


def is_deleted(client: ManagedClient) -> bool:
    return "DeletedDate" in client.told()


def test_the_password_is_exported_and_people_and_schedule_know(
    client: ManagedClient, tmp_path: Path, mailbox: Mailbox
) -> None:
    password, version = client.stored()["password"], client.stages()["AWSCURRENT"]
    leaving = Leaving(tmp_path, [client], rotation_topic_arn=mailbox.topic, rotation_reason="CHG-2077")
    planned = leaving.run("--check", "--diff", typed=client.name)
    assert planned.returncode == 0 and "would be scheduled for deletion" in said(planned), said(planned)
    assert not is_deleted(client) and not leaving.place.file.exists() and mailbox.read() == []

    left = leaving.run(typed=client.name)
    assert left.returncode == 0 and is_deleted(client), said(left)
    saved = leaving.place.clients()[client.name]
    assert version in str(saved) and password in str(saved) and client.opens(password)
    (notice,) = mailbox.read()
    assert (notice["event"], notice["reason"], notice["version_id"]) == ("offboarded", "CHG-2077", version)
    assert notice["deletion_date"] in said(left)
    (event,) = events(tmp_path / "audit", "offboarding")
    assert (event["outcome"], event["reason"], event["version_id"]) == ("succeeded", "CHG-2077", version)

    for arguments in ([], ["--check"]):
        again = leaving.run(*arguments, typed=client.name)
        assert again.returncode == 0 and "changed=0" in again.stdout, said(again)
        assert "is scheduled for deletion already" in said(again) and mailbox.read() == []

    due = leaving.run(name=DUE)
    assert due.returncode == 0 and "take it out of the inventory" in said(due), said(due)
    assert "changed=0" in due.stdout and mailbox.read() == []
    assert leaving.run(name="playbooks/status.yml").returncode == 0


def test_a_last_rotation_ends_every_password_that_programs_know(client: ManagedClient, tmp_path: Path) -> None:
    password = client.stored()["password"]
    leaving = Leaving(tmp_path, [client], rotation_overlap=3600)
    left = leaving.run(typed=client.name, rotation_offboard_handover="rotation")
    assert left.returncode == 0 and is_deleted(client), said(left)
    assert not client.opens(password) and not leaving.place.file.exists()
    secrets_manager(client.aws).restore_secret(SecretId=client.secret_id)
    assert client.opens(client.stored()["password"])


def test_a_wrong_name_ends_the_run_before_any_client_has_lost_anything(
    make_client: MakeClient, mysql_server: DatabaseServer, tmp_path: Path
) -> None:
    clients = [make_client(mysql_server).create() for _number in range(2)]
    for client in clients:
        client.rotate()
    leaving = Leaving(tmp_path, clients)
    refused = leaving.run(typed=clients[0].name)
    assert refused.returncode != 0 and f"To offboard {clients[1].name}, its name has to be typed" in said(refused)
    assert not any(map(is_deleted, clients)) and not leaving.place.file.exists()
    left = leaving.run(typed=f"{clients[0].name},{clients[1].name}")
    assert left.returncode == 0 and all(map(is_deleted, clients)), said(left)
    assert leaving.place.clients().keys() == {client.name for client in clients}


def test_an_export_to_nowhere_is_refused(client: ManagedClient, tmp_path: Path) -> None:
    refused = Leaving(tmp_path, [client]).run(typed=client.name, rotation_offboard_file="")
    assert refused.returncode != 0 and "rotation_offboard_file is empty" in said(refused) and not is_deleted(client)


def test_a_secret_that_another_name_of_the_inventory_has_too_is_deleted_for_neither(
    client: ManagedClient, tmp_path: Path
) -> None:
    """The tag of the secret names the one that was rotated last, which may be the one that leaves."""
    leaving = Leaving(tmp_path, [client])
    there = json.loads(leaving.place.inventory.read_text())["all"]["hosts"]
    alias = client.variables(rotation_secret_id=client.secret_id)
    elsewhere = {**alias, "rotation_region": "eu-west-1"}
    write_inventory(tmp_path, {**there, "client_alias": alias, "client_elsewhere": elsewhere})
    refused = leaving.run(typed=client.name)
    assert refused.returncode != 0 and "is that of client_alias in the inventory, too" in said(refused), said(refused)
    assert not is_deleted(client) and "rotation/offboarded" not in client.tags()
    write_inventory(tmp_path, {**there, "client_elsewhere": elsewhere})
    left = leaving.run(typed=client.name)
    assert left.returncode == 0 and is_deleted(client), said(left)


@pytest.mark.parametrize("said_as", ["variable of the client", "extra variable"])
@pytest.mark.parametrize("handover", ["", "export", None], ids=repr)
def test_a_password_that_nobody_would_get_stays_where_it_is(
    client: ManagedClient, tmp_path: Path, handover: str | None, said_as: str
) -> None:
    """The guard looks neither at empty options nor at those of one client alone."""
    of_client = said_as == "variable of the client"
    leaving = Leaving(tmp_path, [client], **({"rotation_offboard_handover": handover} if of_client else {}))
    extra = [] if of_client else ["-e", json.dumps({"rotation_offboard_handover": handover})]
    refused = leaving.run(*extra, typed=client.name)
    assert refused.returncode != 0 and "rotation_offboard_handover" in said(refused), said(refused)
    assert not is_deleted(client) and "rotation/offboarded" not in client.tags()


def test_a_secret_that_came_back_after_it_was_looked_at_is_not_deleted(client: ManagedClient, tmp_path: Path) -> None:
    """The look found none to hand over; an extra variable stands for it, which no result replaces."""
    looked = {"rotation_outlook": {"client": client.name, "there": False}}
    refused = Leaving(tmp_path, [client]).run("-e", json.dumps(looked), typed=client.name)
    assert refused.returncode != 0 and "AWSCURRENT is not the version (none)" in said(refused), said(refused)
    assert not is_deleted(client) and "rotation/offboarded" not in client.tags()


def test_a_last_rotation_that_gives_no_new_password_ends_nothing(client: ManagedClient, tmp_path: Path) -> None:
    password = client.stored()["password"]
    given = {"rotation_offboard_handover": "rotation", "rotation_min_age": "86400"}
    refused = Leaving(tmp_path, [client]).run(typed=client.name, **given)
    assert refused.returncode != 0 and "The last rotation gave no new password" in said(refused), said(refused)
    assert not is_deleted(client) and client.opens(password)


def test_a_password_that_cannot_be_exported_stays_where_it_is(client: ManagedClient, tmp_path: Path) -> None:
    leaving = Leaving(tmp_path, [client])
    leaving.place.file.write_text("no vault")
    refused = leaving.run(typed=client.name)
    assert refused.returncode != 0 and not is_deleted(client), said(refused)
    assert client.tags().get("rotation/offboarded") is None


def test_what_the_file_has_of_another_secret_is_not_lost(client: ManagedClient, tmp_path: Path) -> None:
    leaving = Leaving(tmp_path, [client])
    other = json.loads(kept(client))
    other |= {"arn": other["arn"].replace("eu-central-1", "us-east-1"), "versions": other["versions"][:1]}
    other["versions"][0] |= {"version_id": "0" * 32, "stages": ["AWSCURRENT"]}
    document = {"format": FORMAT, "version": VERSION, "clients": {client.name: other}}
    leaving.place.file.write_bytes(VAULT.encrypt(json.dumps(document)))
    refused = leaving.run(typed=client.name)
    assert refused.returncode != 0 and "The file has another secret for" in said(refused), said(refused)
    assert not is_deleted(client) and leaving.place.clients()[client.name] == other


@pytest.mark.parametrize(("typed", "leaves"), [("", True), ("client_globex", False)], ids=["right", "wrong"])
def test_the_name_is_asked_for_at_the_terminal(client: ManagedClient, tmp_path: Path, typed: str, leaves: bool) -> None:
    leaving = Leaving(tmp_path, [client])
    given = ["-i", str(leaving.place.inventory), "-l", client.name, "-e", "rotation_offboard_handover=rotation"]
    shown = at_terminal([OFFBOARD, *given], typed or client.name, question="Type its name:")
    assert f"{client.name} is taken out of management" in shown
    assert is_deleted(client) is leaves, shown


def test_without_name_and_terminal_nothing_is_changed(client: ManagedClient, tmp_path: Path) -> None:
    refused = Leaving(tmp_path, [client]).run()
    assert f"Nobody has typed the name of {client.name} and there is no terminal" in said(refused)
    assert refused.returncode != 0 and not is_deleted(client)


def test_who_left_comes_back_by_the_commands_of_the_page(client: ManagedClient, tmp_path: Path) -> None:
    leaving = Leaving(tmp_path, [client])
    assert leaving.run(typed=client.name).returncode == 0
    secrets_manager(client.aws).restore_secret(SecretId=client.secret_id)
    back = onboard(tmp_path, client, rotation_onboard_source_secret_id=client.secret_id)
    assert back.returncode == 0, said(back)
    inventory = str(write_inventory(tmp_path, {client.name: client.variables()}))
    verified = playbook("playbooks/verify.yml", "-i", inventory, "-l", client.name)
    assert verified.returncode == 0 and client.tags()["rotation/offboarded"] == "", said(verified)
