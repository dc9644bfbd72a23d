# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/compliance.md names as proof only what there is: tests, playbooks, pages and files of evidence."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._evidence.exceptions import (
    FAILED,
    LATE,
    OVERDUE,
    STRANGER,
    UNRECORDED,
)
from ansible_collections.dbops.rotation.plugins.module_utils._evidence.tables import TABLES
from ansible_collections.dbops.rotation.plugins.module_utils._evidence.write import MANIFEST, WHOLE

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/compliance.md").read_text()
CONTROL = re.compile(r"^\| ([\w.,()/ -]+) \| [^|]+ \| [^|]+ \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
ROWS = [row for row in CONTROL.findall(TEXT) if row[0] != "control" and not row[0].startswith("-")]
STANDARDS = ("PCI DSS", "CIS Oracle MySQL", "CIS Amazon Web Services", "SOC 2, CC6", "ISO/IEC 27001", "NIST SP 800-53")
FILES = {*(f"{name}.csv" for name in TABLES), WHOLE, MANIFEST}


def is_there(proof: str) -> bool:
    """Return True for a test that is defined, a file of the project, or one that evidence.yml writes."""
    path, _colons, name = proof.partition("::")
    if not name:
        return proof in FILES or (ROOT / path).is_file()
    tree = ast.parse((ROOT / path).read_text()) if (ROOT / path).is_file() else ast.Module([], [])
    return any(isinstance(node, ast.FunctionDef) and node.name == name for node in tree.body)


@pytest.mark.parametrize(("control", "proofs", "duty"), ROWS, ids=[row[0] for row in ROWS])
def test_every_control_has_proofs_that_exist_and_says_what_stays_ones_duty(
    control: str, proofs: str, duty: str
) -> None:
    named = re.findall(r"`([^`]+)`", proofs)
    assert named and duty.strip() and [proof for proof in named if not is_there(proof)] == []
    assert re.sub(r"`[^`]+`|,| ", "", proofs) == ""


def test_every_standard_has_controls_of_its_own() -> None:
    sections = TEXT.split("\n## ")[1:]
    for standard in STANDARDS:
        (section,) = (section for section in sections if section.startswith(standard))
        assert CONTROL.findall(section)
    assert len(ROWS) == len(
        re.findall(r"^\| (?!control|file|exception|---)", TEXT.split("## Evidence of")[0], re.MULTILINE)
    )


def test_every_file_and_every_exception_of_evidence_is_explained() -> None:
    told = re.findall(r"^\| `([\w. ]+)` \|", TEXT, re.MULTILINE)
    assert sorted(told) == sorted({*FILES, LATE, OVERDUE, FAILED, UNRECORDED, STRANGER})


def test_a_proof_that_is_not_there_is_seen() -> None:
    here = "tests/unit/test_compliance.py"
    assert is_there(f"{here}::{test_a_proof_that_is_not_there_is_seen.__name__}")
    assert not any(is_there(proof) for proof in (f"{here}::test_nothing", "tests/x.py::test_x", "docs/x.md", "x.csv"))
