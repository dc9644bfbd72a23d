# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo with what the execution environment is made of, and with nothing else: the very packages of its lock."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from awx_job import copy_of_the_project
from managed import ROOT

pytestmark = pytest.mark.slow
ENVIRONMENT: dict[str, Any] = DataLoader().load_from_file(str(ROOT / "execution-environment.yml"))
(LOCK,) = (ROOT / file["src"] for file in ENVIRONMENT["additional_build_files"])


def works(python: str) -> bool:
    """A name may belong to a version manager, and lead nowhere."""
    asked = [python, "-c", "import sys, ensurepip; sys.exit(sys.version_info < (3, 12))"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def interpreter() -> str | None:
    """A Python that the ansible-core of the execution environment runs on."""
    named = (shutil.which(name) for name in ("python3", "python3.12", "python3.13"))
    return next((path for path in (sys.executable, *named) if path and works(path)), None)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a virtual environment with the packages of the execution environment alone."""
    python = interpreter()
    if python is None:
        pytest.skip("needs a Python 3.12 or later")
    folder = tmp_path_factory.mktemp("environment")
    succeed(python, "-m", "venv", str(folder))
    options = ("--quiet", "--no-compile", "--no-deps", "--require-hashes", "--requirement", str(LOCK))
    succeed(str(folder / "bin/python"), "-m", "pip", "install", *options)
    return folder / "bin"


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """A copy of the checkout with a local world of its own, which the tests' own Python runs: it has moto."""
    copy = copy_of_the_project(tmp_path / "checkout")
    (copy / ".cache").mkdir()
    (copy / ".cache/servers").symlink_to((ROOT / ".cache/servers").resolve())
    world = (sys.executable, "-m", "world")
    succeed(*world, "up", folder=copy)
    yield copy
    succeed(*world, "down", folder=copy)


def succeed(*command: str, folder: Path = ROOT) -> str:
    """Run a program, with those beside it first on its path."""
    path = f"{Path(command[0]).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": "tools:collections", "ANSIBLE_NOCOLOR": "1"}
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


def test_the_demo_runs_with_its_packages_alone(programs: Path, checkout: Path) -> None:
    (version,) = re.findall(r"^ansible-core==(\S+)", LOCK.read_text(), re.MULTILINE)
    assert f"core {version}]" in succeed(str(programs / "ansible-playbook"), "--version")
    told = succeed(str(programs / "python"), "tools/demo.py", folder=checkout)
    assert "Every proof held" in told and "[WARNING]" not in told, told
    # And as AWX calls it.
    runner = (str(programs / "ansible-runner"), "run", str(checkout), "--project-dir", str(checkout))
    listed = ("--playbook", "playbooks/verify.yml", "--inventory", str(checkout / "inventories/demo"))
    assert "client_acme: all is well" in succeed(*runner, *listed, folder=checkout)
