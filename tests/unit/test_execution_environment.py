# SPDX-License-Identifier: GPL-3.0-or-later
"""The execution environment: made of the project's own requirement files, every version pinned and allowed by them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from locked import ROOT, locked, requirements
from packaging.utils import canonicalize_name

BUILDER = shutil.which("ansible-builder", path=str(Path(sys.executable).parent))


def load(name: str) -> Any:
    return DataLoader().load_from_file(str(ROOT / name))


EE: dict[str, Any] = load("execution-environment.yml")
ENVIRONMENT: dict[str, str] = EE["dependencies"]
BUILT = {pin.name: pin for pin in locked("ee")}


@pytest.mark.parametrize("kind", ["galaxy", "system"])
def test_the_files_that_are_named_are_the_projects_own(kind: str) -> None:
    path = ROOT / ENVIRONMENT[kind]
    assert path.parent == ROOT and path.is_file()


def test_every_package_has_a_version_that_the_collection_allows() -> None:
    for wanted in requirements("requirements.txt"):
        built = BUILT[canonicalize_name(wanted.name)]
        assert str(built.specifier).removeprefix("==") in wanted.specifier, f"{wanted} is not met by {built}"


@pytest.mark.parametrize("name", ["ansible-runner", "pynacl"])
def test_it_has_what_the_tests_use(name: str) -> None:
    assert BUILT[name].specifier == {pin.name: pin for pin in locked("dev")}[name].specifier


def test_collections_are_pinned() -> None:
    for name in (ENVIRONMENT["galaxy"], "requirements-awx.yml"):
        for collection in load(name)["collections"]:
            assert collection["version"].replace(".", "").isdigit(), collection


@pytest.mark.skipif(BUILDER is None, reason="ansible-builder comes with make setup-dev")
def test_a_build_context_is_created(tmp_path: Path) -> None:
    command = [str(BUILDER), "create", "--file", "execution-environment.yml", "--context", str(tmp_path)]
    command += ["--output-filename", "Containerfile"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    containerfile = (tmp_path / "Containerfile").read_text()
    copied = {path.name: path.read_bytes() for path in (tmp_path / "_build").rglob("*") if path.is_file()}
    for name in ("requirements.yml", "bindep.txt", "locks/ee.txt"):
        assert copied[Path(name).name] == (ROOT / name).read_bytes()
    # In the last stage pip finds nothing but what is locked, so what ansible-builder wants there has to be.
    last = containerfile.partition(" AS final")[2]
    assert "ARG PIP_NO_INDEX=1" in last
    assert set(re.findall(r"pip install --no-cache-dir '(.*?)'", last)) <= {
        f"{one.name}{one.specifier}" for one in BUILT.values()
    }
