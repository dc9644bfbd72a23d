# SPDX-License-Identifier: GPL-3.0-or-later
"""What users' CI runs: the matrix of noxfile.py, make targets that exist, and actions pinned to a commit."""

from __future__ import annotations

import ast
import re
from itertools import product
from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from packaging.specifiers import SpecifierSet
from world.debian import RECIPES, USUAL

ROOT = Path(__file__).resolve().parents[2]
JOBS, RELEASE = (
    DataLoader().load_from_file(str(ROOT / ".github/workflows" / name))["jobs"] for name in ("ci.yml", "release.yml")
)
TEST_SCRIPT = (ROOT / "tools/test.sh").read_text()
STEPS: list[dict[str, Any]] = [step for job in (*JOBS.values(), *RELEASE.values()) for step in job["steps"]]


def assigned(name: str) -> Any:
    """Return what a name is set to in noxfile.py, which only nox can import."""
    tree = ast.parse((ROOT / "noxfile.py").read_text())
    found = [node for node in tree.body if isinstance(node, ast.Assign)]
    (value,) = [node.value for node in found if [ast.unparse(target) for target in node.targets] == [name]]
    return ast.literal_eval(value)


def in_ci() -> set[tuple[str, str]]:
    matrix = JOBS["matrix"]["strategy"]["matrix"]
    left_out = {(entry["python"], entry["core"]) for entry in matrix["exclude"]}
    return set(product(matrix["python"], matrix["core"])) - left_out


def test_ci_has_the_matrix_of_nox() -> None:
    assert in_ci() == {(python, core) for core, pythons in assigned("PYTHONS").items() for python in pythons}


def test_the_matrix_has_every_core_that_the_collection_supports() -> None:
    (line,) = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line.startswith("ansible-core")]
    supported = SpecifierSet(line.removeprefix("ansible-core"))
    named = assigned("PYTHONS")
    assert set(named) == {f"2.{minor}" for minor in range(10, 40) if f"2.{minor}.0" in supported}


def test_the_subset_exists() -> None:
    assert [name for name in assigned("SUBSET") if not (ROOT / f"tests/integration/test_{name}.py").is_file()] == []


def test_the_second_mariadb_is_a_server_that_the_set_up_fetches() -> None:
    (server,) = re.findall(r"^second_server=(\S+)$", TEST_SCRIPT, re.MULTILINE)
    assert RECIPES[server].flavor == "mariadb" and server in USUAL
    assert {"second", "second-rest"} <= {*default_suites(), *suites_of("slow")}


def test_the_second_mariadb_runs_files_that_exist() -> None:
    (names,) = re.findall(r"^second_files=\(tests/integration/test_{(\S+)}\.py\)$", TEST_SCRIPT, re.MULTILINE)
    assert [name for name in names.split(",") if not (ROOT / f"tests/integration/test_{name}.py").is_file()] == []


def test_every_server_of_the_matrix_is_one_of_the_usual() -> None:
    assert set(JOBS["matrix"]["strategy"]["matrix"]["server"]) <= set(USUAL)


def default_suites() -> list[str]:
    """Return what tools/test.sh runs where nothing is named."""
    (named,) = re.findall(r"\|\| suites=\((.*?)\)", TEST_SCRIPT)
    return str(named).split()


def suites_of(target: str) -> list[str]:
    """Return the suites that a make target names."""
    (named,) = re.findall(rf"^{target}:.*\n\t@tools/test\.sh (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return str(named).split()


def test_every_make_target_exists() -> None:
    commands = " ".join(step.get("run", "") for step in STEPS)
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)", commands)) <= targets


def test_the_workflow_runs_every_part_of_our_own_ci() -> None:
    commands = " ".join(step.get("run", "") for step in STEPS)
    makefile = (ROOT / "Makefile").read_text()
    called = re.findall(r"\bmake ([a-z-]+)", commands)
    brought = [name for target in called for name in prerequisites(makefile, target)]
    parts = re.findall(r"^part make ([a-z-]+)", (ROOT / ".ci/run").read_text(), re.MULTILINE)
    assert set(parts) <= {*called, *brought}


def prerequisites(makefile: str, target: str) -> list[str]:
    """Return what else make runs for a target."""
    (listed,) = re.findall(rf"^{target}:(.*?)##", makefile, re.MULTILINE)
    return str(listed).split()


def test_every_action_is_pinned_to_a_commit() -> None:
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert used and all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action) for action in used)


def test_what_a_workflow_installs_is_locked() -> None:
    installed = [step["run"] for step in STEPS if "pip install" in step.get("run", "")]
    assert installed
    assert all("--require-hashes --requirement locks/" in command for command in installed)


def test_only_the_job_without_a_checkout_has_rights() -> None:
    granted = {name: job["permissions"] for name, job in RELEASE.items()}
    assert granted["build"] == {"contents": "read"} and set(granted) == {"build", "publish"}
    assert "checkout" not in str(RELEASE["publish"])
