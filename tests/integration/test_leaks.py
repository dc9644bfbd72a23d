# SPDX-License-Identifier: GPL-3.0-or-later
"""No password is in any byte that a run leaves, at any verbosity, on any path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from by_hand import passwords
from leaks import files, keeping, requests_without_values
from managed import ManagedClient, playbook, write_inventory
from playbook_runs import BASTION
from world.aws import AwsEmulator
from world.databases import DatabaseServer

SECRET_KEY = "an-AWS-secret-key-for-the-leak-test"


@pytest.fixture
def newcomer(make_client: Callable[..., ManagedClient], server: DatabaseServer) -> ManagedClient:
    """An account without a secret, on each kind of server in turn."""
    client = make_client(server)
    server.create_account(client.user, client.hosts, client.password)
    return client


@pytest.mark.parametrize("jump_host", [None, "bastion"], ids=["in the controller", "shipped"])
def test_onboarding_rotating_and_failing_leave_no_password(
    newcomer: ManagedClient, recording: AwsEmulator, tmp_path: Path, jump_host: str | None
) -> None:
    given = newcomer.variables(
        rotation_onboard_password=newcomer.password, rotation_jump_host=jump_host, rotation_secret_key=SECRET_KEY
    )
    inventory = str(write_inventory(tmp_path, {newcomer.name: given, "bastion": BASTION}))
    logged = newcomer.server.general_log.stat().st_size
    printed = [
        run(tmp_path, name, inventory, newcomer.name, *more)
        for name, *more in (
            ("playbooks/onboard.yml", "--check"),
            ("playbooks/onboard.yml", "-e", "rotation_onboard_rotate=true"),
            ("rotate.yml", "--check"),
            ("rotate.yml", "-e", "rotation_reason=leak-test"),
        )
    ]
    newcomer.sql("ALTER USER %s@localhost ACCOUNT LOCK", newcomer.user)
    printed.append(run(tmp_path, "rotate.yml", inventory, newcomer.name))
    known = {SECRET_KEY, *passwords(newcomer)}
    assert len(known) == 4
    assert "SPY dbops.rotation.secretsmanager_mysql_rotate" in printed[-1]
    (tmp_path / "printed").write_text("\n".join(printed))
    (tmp_path / "general.log").write_bytes(newcomer.server.general_log.read_bytes()[logged:])
    (tmp_path / "requests").write_text("\n".join(requests_without_values(recording)))
    (tmp_path / "inventory.json").unlink()
    searched = list(files(tmp_path))
    assert {"printed", "general.log", "requests", "ansible.log"} <= {path.name for path in searched}
    assert {path.suffix for path in searched if path.parent.name == "audit"} == {".jsonl"}
    assert [(path.name, word[:4]) for path in searched for word in known if word.encode() in path.read_bytes()] == []


def run(folder: Path, name: str, inventory: str, client: str, *more: str) -> str:
    """Run a playbook as loudly as it can be, with everything that it writes below one folder."""
    done = playbook(name, "-i", inventory, "-l", client, "-vvvv", "--diff", *more, environment=keeping(folder))
    return done.stdout + done.stderr
