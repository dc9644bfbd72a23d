# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine with a schedule, below one folder."""

from __future__ import annotations

import getpass
import grp
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from managed import playbook
from playbook_runs import Run, said
from wire_check import findings

ROOT = Path(__file__).resolve().parents[2]


class Machine:
    """A machine whose folders lie below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("systemd", "cron", "logrotate", "bin"):
            (folder / name).mkdir()
        # ansible.builtin.cron looks for this program, and does not run it for a file of its own.
        (folder / "bin/crontab").symlink_to("/bin/false")

    def variables(self, **given: Any) -> dict[str, Any]:
        """The variables of a schedule that is installed below the folder, without root."""
        folders = {f"{name}_dir": str(self.folder / name) for name in ("systemd", "cron", "logrotate")}
        settings = {
            "user": getpass.getuser(),
            "group": grp.getgrgid(os.getgid()).gr_name,
            "manage_user": False,
            "activate": False,
            "ansible_playbook": shutil.which("true"),
            "project": str(ROOT),
            "python": sys.executable,
            "script": str(self.script),
            "home": str(self.folder / "home"),
            "log_dir": str(self.folder / "log"),
            **folders,
            **given,
        }
        named = {f"rotation_schedule_{name}": value for name, value in settings.items()}
        return {"ansible_become": False, "ansible_python_interpreter": sys.executable, **named}

    def play(self, *arguments: str, **given: Any) -> Run:
        extra = json.dumps(self.variables(**given))
        environment = {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "ANSIBLE_PIPELINING": "1"}
        command = ("playbooks/schedule_cron.yml", "-i", "localhost,", "-c", "local", "-e", extra, *arguments)
        return playbook(*command, environment=environment)

    def install(self, **variables: Any) -> None:
        run = self.play(**variables)
        assert run.returncode == 0 and "WARNING" not in said(run), said(run)

    @property
    def script(self) -> Path:
        return self.folder / "bin/rotation-due"

    @property
    def log(self) -> str:
        return (self.folder / "log/rotation-due.log").read_text()

    def run(self, **environment: str) -> Run:
        """Run the script as cron does, with hardly an environment."""
        given = {"PATH": "/usr/bin:/bin", **findings.inherited(), **environment}
        return subprocess.run([self.script], env=given, capture_output=True, text=True, timeout=120, check=False)

    def installed(self) -> set[str]:
        found = {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()}
        return found - {"bin/crontab"}
