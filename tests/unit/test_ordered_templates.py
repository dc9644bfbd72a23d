# SPDX-License-Identifier: GPL-3.0-or-later
"""No role or playbook makes a list in an order that changes from run to run."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = [path for room in ("roles", "playbooks") for path in sorted((ROOT / room).rglob("*.y*ml"))]
# Ansible makes them with a set of Python: a second run would see another value, and change what is as it should be.
UNORDERED = re.compile(r"\|\s*(?:ansible\.builtin\.)?(intersect|union|difference|symmetric_difference)\b")


def test_no_template_asks_for_a_set() -> None:
    assert len(FILES) > 50
    assert {str(path.relative_to(ROOT)) for path in FILES if UNORDERED.search(path.read_text())} == set()
