# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/report.yml over real clients: what it reads, what it writes, and when it changes the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from audited import Audited
from managed import MakeClient, ManagedClient, playbook, write_inventory
from playbook_runs import said
from world.aws import AwsEmulator
from world.databases import DatabaseServer

from ansible_collections.dbops.rotation.plugins.module_utils._report.page import document_of

pytestmark = pytest.mark.slow
REPORT = "playbooks/report.yml"


@pytest.fixture
def client(make_client: MakeClient, mysql_server: DatabaseServer) -> ManagedClient:
    return make_client(mysql_server).create()


@pytest.fixture
def audited(aws: AwsEmulator, tmp_path: Path, client: ManagedClient) -> Audited:
    """A client that was rotated twice, with its audit trail."""
    there = Audited(aws, tmp_path, f"/dbops/{client.name}")
    there.logs.create_log_group(logGroupName=there.group)
    for reason in ("first", "CHG-1042"):
        run = there.run("rotate.yml", [client], "-e", f"rotation_reason={reason} rotation_min_age=0")
        assert run.returncode == 0, said(run)
    return there


def written(
    audited: Audited, client: ManagedClient, *arguments: str, status: int = 0
) -> tuple[str, dict[str, Any] | None]:
    """Run the playbook over the client and one whose secret is not there; give what it said and what is in the file."""
    lost = client.variables(rotation_secret_id="clients/client_lost")
    hosts = {client.name: client.variables(), "client_lost": lost}
    inventory = str(write_inventory(audited.folder, hosts))
    path = audited.folder / "fleet.html"
    given = ("-i", inventory, "-e", f"rotation_report_path={path}", *arguments)
    run = playbook(REPORT, *given, environment=audited.environment())
    assert run.returncode == status and "WARNING" not in said(run), said(run)
    return said(run), document_of(path.read_bytes()) if path.exists() else None


def test_the_fleet_and_its_past_are_on_the_page_and_no_password(audited: Audited, client: ManagedClient) -> None:
    output, document = written(audited, client)
    assert document and f"The report {audited.folder / 'fleet.html'} is written." in output
    lost, good = document["clients"]
    assert good["name"] == client.name and good["flags"] == ["healthy"] and good["last"]
    assert [(event[1], event[2], event[4]) for event in good["events"]] == [
        ("rotated", "on_demand", "first"),
        ("rotated", "on_demand", "CHG-1042"),
    ]
    assert lost["flags"] == ["unreadable"] and "no such secret" in lost["cause"]
    passwords = {client.password, client.stored()["password"], client.stored("AWSPREVIOUS")["password"]}
    page = (audited.folder / "fleet.html").read_text()
    assert not any(password in page or password in output for password in passwords)


def test_a_second_run_changes_nothing_and_check_mode_never(audited: Audited, client: ManagedClient) -> None:
    foretold, document = written(audited, client, "--check", "--diff")
    assert "would be written" in foretold and f"+{client.name}: healthy; due" in foretold and document is None
    written(audited, client)
    again, _document = written(audited, client, "--diff")
    assert "is left as it is: it says the same" in again and "changed=0" in again


def test_a_jump_host_cannot_write_it(audited: Audited, client: ManagedClient) -> None:
    output, document = written(audited, client, "-e", "ansible_connection=ssh", status=2)
    assert "rotation_report works on the controller" in output and document is None
