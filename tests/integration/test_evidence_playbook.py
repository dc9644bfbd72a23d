# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/evidence.yml over a real client: what it collects, when it fails, and that no password is in it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from audited import Audited
from duties import duty_role, watched_trail
from managed import MakeClient, ManagedClient, playbook, write_inventory
from playbook_runs import said
from world.aws import AwsEmulator
from world.databases import DatabaseServer

pytestmark = pytest.mark.slow
EVIDENCE = "playbooks/evidence.yml"


@pytest.fixture
def client(make_client: MakeClient, mysql_server: DatabaseServer) -> ManagedClient:
    return make_client(mysql_server).create()


@pytest.fixture
def audited(aws: AwsEmulator, tmp_path: Path, client: ManagedClient) -> Audited:
    """A client that was rotated with a reason that a spreadsheet would take for a formula, with its audit trail."""
    there = Audited(aws, tmp_path, f"/dbops/{client.name}")
    there.logs.create_log_group(logGroupName=there.group)
    run = there.run(
        "rotate.yml", [client], "-e", json.dumps({"rotation_reason": "=1+1", "rotation_requested_by": "eve"})
    )
    assert run.returncode == 0, said(run)
    (tmp_path / "evidence").mkdir()
    return there


def collected(audited: Audited, hosts: dict[str, dict[str, object]], *arguments: str, status: int = 0) -> str:
    inventory = str(write_inventory(audited.folder, hosts))
    given = ("-i", inventory, "-e", f"rotation_evidence_path={audited.folder / 'evidence'}", *arguments)
    environment = audited.environment(AWS_ENDPOINT_URL=audited.aws.endpoint_url)
    run = playbook(EVIDENCE, *given, environment=environment)
    assert run.returncode == status, said(run)
    return said(run)


def test_evidence_has_who_triggered_what_and_policies_and_no_password(audited: Audited, client: ManagedClient) -> None:
    duty_role(client)
    more = {"rotation_evidence_trail_log_group": watched_trail(client), "rotation_evidence_names": client.user}
    hosts = {client.name: client.variables()}
    foretold = collected(audited, hosts, "-e", json.dumps(more), "--check")
    folder = audited.folder / "evidence"
    assert "would be written" in foretold and not list(folder.iterdir())
    output = collected(audited, hosts, "-e", json.dumps(more))
    assert "there is no exception" in output and "WARNING" not in output
    assert (
        subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, check=False).returncode == 0
    )
    whole = json.loads((folder / "evidence.json").read_text())
    (action,) = whole["actions"]
    assert (action["client"], action["requested_by"], action["reason"]) == (client.name, "eve", "=1+1")
    assert "'=1+1" in (folder / "actions.csv").read_text()
    assert [(row["name"], row["policy"]) for row in whole["policies"]] == [
        (client.name, "no resource policy"),
        (f"{client.user}-rotator", f"{client.user}-rotator"),
        (f"{client.user}-rotator", "by-hand"),
    ]
    passwords = {client.password, client.stored()["password"], client.stored("AWSPREVIOUS")["password"]}
    everything = output + "".join(path.read_text() for path in folder.iterdir())
    assert not any(password in everything for password in passwords)
    assert "is left as it is: it says the same" in collected(audited, hosts, "-e", json.dumps(more))


def test_without_the_cycle_of_a_client_there_is_no_evidence(audited: Audited, client: ManagedClient) -> None:
    lost = client.variables(rotation_secret_id="clients/client_lost")
    output = collected(audited, {client.name: client.variables(), "client_lost": lost}, status=2)
    assert "that of client_lost was not read" in output and "--limit 'all:!client_lost'" in output
    assert not list((audited.folder / "evidence").iterdir())
