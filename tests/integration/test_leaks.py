# SPDX-License-Identifier: GPL-3.0-or-later
"""No password is in any byte that a run leaves, at any verbosity, on any path."""

from __future__ import annotations

from pathlib import Path

import pytest
from by_hand import passwords
from leaks import files, keeping, leaks, requests_without_values
from managed import ManagedClient, playbook, write_inventory
from playbook_runs import BASTION
from world.aws import AwsEmulator

SECRET_KEY = "an-AWS-secret-key-for-the-leak-test"


@pytest.mark.parametrize("jump_host", [None, "bastion"], ids=["in the controller", "shipped"])
def test_onboarding_rotating_and_failing_leave_no_password(
    unmanaged: ManagedClient, recording: AwsEmulator, tmp_path: Path, jump_host: str | None
) -> None:
    given = unmanaged.variables(
        rotation_onboard_password=unmanaged.password, rotation_jump_host=jump_host, rotation_secret_key=SECRET_KEY
    )
    inventory = str(write_inventory(tmp_path, {unmanaged.name: given, "bastion": BASTION}))
    logged = unmanaged.server.general_log.stat().st_size
    printed = [
        run(tmp_path, name, inventory, unmanaged.name, *more)
        for name, *more in (
            ("playbooks/onboard.yml", "--check"),
            ("playbooks/onboard.yml", "-e", "rotation_onboard_rotate=true"),
            ("rotate.yml", "--check"),
            ("rotate.yml", "-e", "rotation_reason=leak-test"),
        )
    ]
    unmanaged.sql("ALTER USER %s@localhost ACCOUNT LOCK", unmanaged.user)
    printed.append(run(tmp_path, "rotate.yml", inventory, unmanaged.name))
    known = {SECRET_KEY, *passwords(unmanaged)}
    assert len(known) == 4
    assert "SPY dbops.rotation.secretsmanager_mysql_rotate" in printed[-1]
    (tmp_path / "printed").write_text("\n".join(printed))
    (tmp_path / "general.log").write_bytes(unmanaged.server.general_log.read_bytes()[logged:])
    (tmp_path / "requests").write_text("\n".join(requests_without_values(recording)))
    (tmp_path / "inventory.json").unlink()
    searched = list(files(tmp_path))
    assert {"printed", "general.log", "requests", "ansible.log"} <= {path.name for path in searched}
    assert {path.suffix for path in searched if path.parent.name == "audit"} == {".jsonl"}
    assert leaks(searched, known) == set()


def run(folder: Path, name: str, inventory: str, client: str, *more: str) -> str:
    """Run a playbook as loudly as it can be, with everything that it writes below one folder."""
    done = playbook(name, "-i", inventory, "-l", client, "-vvvv", "--diff", *more, environment=keeping(folder))
    return done.stdout + done.stderr
