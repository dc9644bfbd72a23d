# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests with every ansible-core that is supported, on every Python at hand: nox, or nox -s 'unit(core=2.21)'."""

from __future__ import annotations

from pathlib import Path

import nox

nox.needs_version = ">=2026.4"
nox.options.default_venv_backend = "venv"
nox.options.sessions = ["unit"]
nox.options.error_on_missing_interpreters = False
nox.options.reuse_venv = "yes"
# nox's own environments do not belong to the checkout's root.
nox.options.envdir = ".cache/nox"

# Which Pythons each ansible-core runs on as a controller, of those that the collection supports.
PYTHONS = {"2.19": ["3.11", "3.12", "3.13"], "2.20": ["3.12", "3.13"], "2.21": ["3.12", "3.13"]}
MATRIX = [(python, core) for core, pythons in PYTHONS.items() for python in pythons]
# Whole playbooks, the shipped module, the callback and the notices: where versions of ansible-core differ.
SUBSET = ("playbooks", "progress", "rotate_due", "on_demand")


def prepare(session: nox.Session, core: str) -> None:
    files = ("requirements.txt", "requirements-report.txt", "tests/requirements.txt")
    session.install(f"ansible-core~={core}.0", *(part for name in files for part in ("-r", name)))
    session.run("ansible", "--version", silent=True)


@nox.session
@nox.parametrize("python,core", MATRIX)
def unit(session: nox.Session, core: str) -> None:
    """Run the unit tests, or what is named."""
    prepare(session, core)
    session.run("python", "-m", "pytest", *(session.posargs or ["tests/unit"]))


@nox.session
@nox.parametrize("python,core", MATRIX)
@nox.parametrize("server", ["mysql", "mariadb"])
def integration(session: nox.Session, core: str, server: str) -> None:
    """Run whole playbooks on a real server."""
    prepare(session, core)
    session.run("python", "-S", "-m", "world", "fetch", server, env={"PYTHONPATH": "tools"})
    chosen = session.posargs or [str(Path("tests/integration") / f"test_{name}.py") for name in SUBSET]
    session.run("python", "-m", "pytest", *chosen, env={"TEST_SERVER": server})
