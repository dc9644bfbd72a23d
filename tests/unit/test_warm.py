# SPDX-License-Identifier: GPL-3.0-or-later
"""What forks inherit: a worker loads no plugin that the role's templates use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.dbops.rotation.plugins.plugin_utils import _action

ROOT = Path(__file__).resolve().parents[2]
# As the controller imports an action, and as a template of a worker asks for a test and a lookup.
INHERITED = """
import json, sys
from ansible.plugins.loader import init_plugin_loader, lookup_loader, test_loader
init_plugin_loader([])
import ansible_collections.dbops.rotation.plugins.plugin_utils._action
before = set(sys.modules)
test_loader.get("succeeded"), lookup_loader.get("ansible.builtin.env")
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_a_worker_loads_no_plugin_of_the_templates() -> None:
    command = [sys.executable, "-c", INHERITED]
    environment = {"PYTHONPATH": str(ROOT / "collections"), "PATH": ""}
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert json.loads(told) == []


def test_nothing_that_goes_wrong_while_they_are_loaded_ends_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def get(self, _name: str) -> None:
            raise RuntimeError

    monkeypatch.setattr(_action, "OF_TEMPLATES", ((Broken(), "env"),))
    _action.warm_templates()
