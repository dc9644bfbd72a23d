# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks as AWX runs them: by ansible-runner, in the checkout, and no secret in what it keeps of a job."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from by_hand import stages
from managed import ROOT, ManagedClient, write_inventory
from test_leaks import passwords
from test_rotate_due import is_due

RUNNER = shutil.which("ansible-runner", path=str(Path(sys.executable).parent))
pytestmark = pytest.mark.skipif(RUNNER is None, reason="ansible-runner comes with make setup-dev")
SECRET_KEY = "an-AWS-secret-key-for-the-runner-test"


class Job:
    """A private data directory as AWX makes one: the checkout is the project, and the events are kept."""

    def __init__(self, folder: Path, client: ManagedClient) -> None:
        self.folder, self.client = folder, client
        self.artifacts = folder / "artifacts"
        self.keys = folder.with_name(f"{folder.name}-keys")
        self.keys.write_text(f"[default]\naws_access_key_id = testing\naws_secret_access_key = {SECRET_KEY}\n")
        (folder / "project").symlink_to(ROOT)
        (folder / "env").mkdir()
        (folder / "inventory").mkdir()
        write_inventory(
            folder / "inventory", {client.name: client.variables(rotation_access_key=None, rotation_secret_key=None)}
        )

    def run(self, name: str, *arguments: str, **variables: Any) -> tuple[int, list[dict[str, Any]]]:
        """Run a playbook; give its status and its events."""
        ident = f"job-{len(list(self.artifacts.glob('*'))) + 1}"
        extra = ("--extra-vars", json.dumps(variables)) if variables else ()
        line = " ".join(f"'{word}'" for word in (*arguments, *extra))
        command = [str(RUNNER), "run", str(self.folder), "--playbook", name, "--ident", ident, "--cmdline", line]
        run = subprocess.run(
            command, env=self.environment(), cwd=ROOT, capture_output=True, text=True, timeout=180, check=False
        )
        (self.folder / f"{ident}.printed").write_text(run.stdout + run.stderr)
        return run.returncode, [json.loads(path.read_text()) for path in self.event_files(ident)]

    def environment(self) -> dict[str, str]:
        """AWX puts its own folder before the collections path of the project.

        The keys are in a file: ansible-runner keeps the whole environment of a job, in its file "command".
        """
        return {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": f"{self.folder}/requirements_collections:{ROOT}/collections",
            "AWS_SHARED_CREDENTIALS_FILE": str(self.keys),
        }

    def event_files(self, ident: str) -> list[Path]:
        """The files of a job's events, which begin with their number."""
        found = (self.artifacts / ident / "job_events").glob("[0-9]*.json")
        return sorted(found, key=lambda path: int(path.name.partition("-")[0]))

    def files(self) -> Iterator[Path]:
        return (path for path in self.folder.rglob("*") if path.is_file() and not path.is_symlink())


@pytest.fixture
def job(mysql_client: ManagedClient, tmp_path: Path) -> Job:
    return Job(tmp_path, mysql_client)


def said(events: list[dict[str, Any]]) -> str:
    """All that the job printed, without line breaks and colours."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", " ".join(event["stdout"] for event in events)).split())


def test_a_life_of_a_client_leaves_no_secret_in_the_artifacts(job: Job, tmp_path: Path) -> None:
    client = job.client
    password_file = tmp_path / "password"
    password_file.write_text(client.password)
    # What is given to a job beside its artifacts lies where AWX puts the files of a credential.
    limit = ("--limit", client.name)
    onboarding = {"rotation_onboard_password_file": str(password_file)}
    steps: list[tuple[str, tuple[str, ...], dict[str, Any]]] = [
        ("playbooks/onboard.yml", limit, onboarding),
        ("rotate.yml", (*limit, "-vvv", "--diff"), {"rotation_reason": "CHG-1042"}),
        ("playbooks/rotate_due.yml", (), {}),
        ("playbooks/status.yml", (), {}),
        ("playbooks/verify.yml", (), {}),
        ("playbooks/rollback.yml", limit, {"rotation_force": True}),
        ("playbooks/reconcile.yml", limit, {}),
    ]
    for name, arguments, variables in steps:
        status, events = job.run(name, *arguments, **variables)
        assert status == 0, f"{name}: {said(events)}"
        assert "[WARNING]" not in said(events), f"{name}: {said(events)}"
    password_file.unlink()
    known = {SECRET_KEY, *passwords(client)}
    assert len(known) >= 3
    searched = list(job.files())
    assert len([path for path in searched if path.parent.name == "job_events"]) > 7 * 4
    assert [(path.name, word[:4]) for path in searched for word in known if word.encode() in path.read_bytes()] == []


def test_a_scheduled_job_rotates_what_is_due_and_its_result_names_versions_only(job: Job) -> None:
    client = job.client
    client.rotate()
    is_due(client)
    before = stages(client)["AWSCURRENT"]
    status, events = job.run("playbooks/rotate_due.yml")
    assert status == 0, said(events)
    results = [event["event_data"]["res"] for event in events if event["event"] == "runner_on_ok"]
    rotated = [result for result in results if result.get("changed") and "version_id" in json.dumps(result)]
    assert rotated and not [result for result in results if "secret_key" in json.dumps(result)]
    assert stages(client)["AWSCURRENT"] != before


def test_a_failed_job_says_what_to_do_and_shows_no_secret(job: Job) -> None:
    client = job.client
    client.rotate()
    client.sql(f"DROP USER `{client.user}`@`localhost`, `{client.user}`@`%`")
    status, events = job.run("rotate.yml", "--limit", client.name, "-vvv", rotation_force=True)
    assert status == 2 and f"{client.name}: stopped at step 'open'" in said(events)
    known = {SECRET_KEY, *passwords(client)}
    assert [path.name for path in job.files() for word in known if word.encode() in path.read_bytes()] == []


def test_a_job_without_a_limit_is_refused(job: Job) -> None:
    status, events = job.run("rotate.yml")
    assert status == 2 and "Name the clients with --limit" in said(events)
