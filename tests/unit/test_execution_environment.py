# SPDX-License-Identifier: GPL-3.0-or-later
"""The execution environment: made of the project's own requirement files, every version pinned and allowed by them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
BUILDER = shutil.which("ansible-builder", path=str(Path(sys.executable).parent))


def load(name: str) -> Any:
    return DataLoader().load_from_file(str(ROOT / name))


def requirements(name: str) -> dict[str, Requirement]:
    lines = [line.partition("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    found = [Requirement(line) for line in lines if line]
    return {canonicalize_name(one.name): one for one in found}


def pinned(requirement: Requirement) -> str:
    """Return the one version that a requirement allows."""
    (specifier,) = requirement.specifier
    assert specifier.operator == "==" and "*" not in specifier.version, f"{requirement} is not pinned"
    return specifier.version


ENVIRONMENT: dict[str, Any] = load("execution-environment.yml")["dependencies"]
CORE = Requirement(ENVIRONMENT["ansible_core"]["package_pip"])
RUNNER = Requirement(ENVIRONMENT["ansible_runner"]["package_pip"])


@pytest.mark.parametrize("kind", ["galaxy", "python", "system"])
def test_the_files_that_are_named_are_the_projects_own(kind: str) -> None:
    path = ROOT / ENVIRONMENT[kind]
    assert path.parent == ROOT and path.is_file()


def test_every_package_is_pinned_to_a_version_that_the_collection_allows() -> None:
    built = {**requirements(ENVIRONMENT["python"]), "ansible-core": CORE}
    for name, wanted in requirements("requirements.txt").items():
        assert wanted.specifier.contains(pinned(built[name])), f"{wanted} is not met by {built[name]}"
    assert all(pinned(one) for one in [*built.values(), RUNNER])


def test_pynacl_is_the_one_that_the_tests_use() -> None:
    assert str(requirements(ENVIRONMENT["python"])["pynacl"]) == str(requirements("tests/requirements.txt")["pynacl"])


def test_the_runner_is_the_one_that_the_tests_use() -> None:
    assert str(RUNNER) == str(requirements("tests/requirements-dev.txt")["ansible-runner"])


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
    assert "FROM $EE_BASE_IMAGE" in (tmp_path / "Containerfile").read_text()
    copied = {path.name: path.read_bytes() for path in (tmp_path / "_build").iterdir() if path.is_file()}
    for kind, name in (("galaxy", "requirements.yml"), ("python", "requirements.txt"), ("system", "bindep.txt")):
        assert copied[name] == (ROOT / ENVIRONMENT[kind]).read_bytes()
