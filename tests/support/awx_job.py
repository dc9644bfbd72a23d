# SPDX-License-Identifier: GPL-3.0-or-later
"""A job as AWX prepares it: a copy of the project, a private data directory, an inventory script and ansible-runner."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any

from managed import ROOT

BIN = Path(sys.executable).parent
RUNNER = shutil.which("ansible-runner", path=str(BIN))
SECRET_KEY = "an-AWS-secret-key-for-the-runner-test"
# What AWX searches after what the project says.
SHARED = "~/.ansible/collections:/usr/share/ansible/collections"
SCRIPT = "#! /usr/bin/env python3\n# -*- coding: utf-8 -*-\nprint(%r)\n"
Event = dict[str, Any]


def copy_of_the_project(folder: Path) -> Path:
    """Copy the checkout as AWX does: links stay links, and git's own folder stays behind."""
    left = shutil.ignore_patterns(".git", ".venv", ".cache", ".ansible", "__pycache__", ".*_cache")
    return Path(shutil.copytree(ROOT, folder, symlinks=True, ignore=left))


class Job:
    """A private data directory of AWX, and what the job leaves in it."""

    def __init__(self, folder: Path, project: Path, hosts: dict[str, dict[str, Any]]) -> None:
        self.folder, self.project = folder, project
        self.artifacts = folder / "artifacts"
        self.besides: dict[str, str] = {}
        # AWX puts the files of credentials elsewhere; what is below the folder is searched for secrets.
        self.keys = folder.with_name(f"{folder.name}-keys")
        self.keys.write_text(f"[default]\naws_access_key_id = testing\naws_secret_access_key = {SECRET_KEY}\n")
        (folder / "project").symlink_to(project)
        (folder / "env").mkdir()
        (folder / "inventory").mkdir()
        self.take({"all": {"hosts": list(hosts)}, "_meta": {"hostvars": hosts}})

    def take(self, inventory: dict[str, Any]) -> None:
        """Write the inventory as AWX gives it to a job: a program that prints what is in its database."""
        script = self.folder / "inventory/hosts"
        script.write_text(SCRIPT % json.dumps(as_awx_keeps_it(inventory)))
        script.chmod(0o700)

    def answer(self, prompts: dict[str, str]) -> None:
        """Let ansible-runner answer prompts, as AWX has it do with the password of a credential."""
        (self.folder / "env/passwords").write_text(json.dumps(prompts))

    def run(self, name: str, *arguments: str, **variables: Any) -> tuple[int, list[Event]]:
        """Run a playbook; give its status and its events."""
        number = len(list(self.artifacts.glob("*"))) + 1
        ident = f"job-{number}"
        extra = ("--extra-vars", json.dumps({"awx_job_id": number, **variables}))
        line = " ".join(f"'{word}'" for word in (*arguments, *extra))
        command = [str(RUNNER), "run", str(self.folder), "--playbook", name, "--ident", ident, "--cmdline", line]
        run = self.call(command, self.environment("collections_path"))
        (self.folder / f"{ident}.printed").write_text(run.stdout + run.stderr)
        return run.returncode, [json.loads(path.read_text()) for path in self.event_files(ident)]

    def list_inventory(self, source: str) -> dict[str, Any]:
        """Update an inventory from a source in the project, and give what AWX puts into its database."""
        path = self.project / source
        command = [str(BIN / "ansible-inventory"), "--list", "--export", "-i", str(path)]
        environment = {**self.environment("collections_paths"), "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True"}
        run = self.call([*command, "--playbook-dir", str(path.parent)], environment)
        assert run.returncode == 0 and not run.stderr, run.stdout + run.stderr
        listed: dict[str, Any] = json.loads(run.stdout)
        return listed

    def call(self, command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        given: dict[str, Any] = {"env": environment, "cwd": self.project, "timeout": 600}
        return subprocess.run(command, capture_output=True, text=True, check=False, **given)

    def environment(self, setting: str) -> dict[str, str]:
        """What AWX sets: its own folder, then what ansible.cfg of the project has under a name, then the shared ones.

        The keys are in a file: ansible-runner keeps the whole environment of a job, in its file "command".
        """
        config = ConfigParser()
        config.read(self.project / "ansible.cfg")
        written = config["defaults"].get(setting, "")
        paths = [str(self.folder / "requirements_collections"), *([written] if written else []), SHARED]
        return {
            **os.environ,
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": ":".join(paths),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.keys),
            "AWX_HOST": "https://awx.example.com",
            **self.besides,
        }

    def event_files(self, ident: str) -> list[Path]:
        """The files of a job's events, which begin with their number."""
        found = (self.artifacts / ident / "job_events").glob("[0-9]*.json")
        return sorted(found, key=lambda path: int(path.name.partition("-")[0]))

    def files(self) -> Iterator[Path]:
        return (path for path in self.folder.rglob("*") if path.is_file() and not path.is_symlink())


def as_awx_keeps_it(listed: dict[str, Any]) -> dict[str, Any]:
    """What AWX gives to a job of a listed inventory: every group below "all", and no group that has nothing."""
    groups = {name: group for name, group in listed.items() if name not in ("_meta", "all", "ungrouped")}
    hosts = listed.get("_meta", {}).get("hostvars", {})
    named = {host for group in listed.values() for host in group.get("hosts", [])}
    marked = {
        name: {**hosts.get(name, {}), "remote_tower_enabled": "true", "remote_tower_id": number}
        for number, name in enumerate(sorted({*hosts, *named}), start=1)
    }
    grouped = {host for group in groups.values() for host in group.get("hosts", [])}
    everything = {**listed.get("all", {}), "children": list(groups), "hosts": sorted(set(marked) - grouped)}
    return {
        "all": everything,
        **{name: group for name, group in groups.items() if group},
        "_meta": {"hostvars": marked},
    }
