# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports go downward only: modules and actions, then the bridge, then the engine and its rooms."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"
COLLECTION = "ansible_collections.dbops.rotation.plugins"
FILES = sorted(path.relative_to(PLUGINS) for path in PLUGINS.rglob("*.py"))

TESTS = sorted((ROOT / "tests").rglob("*.py"))
ENGINE_LIBRARIES = {"boto3", "botocore", "cryptography", "nacl", "pymysql"}
# What a room may import besides.
LIBRARIES_OF_A_ROOM = {"_notice": {"jinja2"}, "_report": {"vl_convert"}}
# Which rooms each room of the engine may enter, and with them what those may. Any may use the shared files beside it.
ROOMS = {
    "_audit": {"_aws"},
    "_aws": set(),
    "_backup": {"_rotation"},
    "_context": {"_aws", "_cycle", "_db", "_decision"},
    "_cycle": set(),
    "_db": set(),
    "_decision": set(),
    "_doctor": {"_aws"},
    "_evidence": {"_report"},
    "_fleet": {"_aws", "_cycle"},
    "_iam": set(),
    "_lambda": {"_module"},
    "_module": {"_audit", "_backup", "_doctor", "_evidence", "_fleet", "_iam", "_notice", "_report", "_rotation"},
    "_notice": {"_aws"},
    "_report": {"_cycle"},
    "_rotation": {"_steps"},
    "_steps": {"_context"},
}
# Which kinds of plugin each kind may import. What is not named here may import both.
BELOW = {
    "doc_fragments": set(),
    "module_utils": {"module_utils"},
    "modules": {"module_utils"},
    "plugin_utils": {"module_utils", "plugin_utils"},
}
ACTION_LINES = 15


def imports(source: str, package: str) -> Iterator[str]:
    """Yield the full name of everything that the source imports; `from a import b` gives a.b."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parent = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parent, base]).rstrip(".")
            yield from (f"{base}.{alias.name}" for alias in node.names)


def room(parts: tuple[str, ...]) -> str | None:
    """Return the room of the engine that these path parts below module_utils lie in; None for a shared file."""
    return parts[0] if parts and parts[0] in ROOMS else None


def below(room: str | None) -> set[str]:
    """Return every room that a room may enter; none for a shared file."""
    direct: set[str] = ROOMS.get(room or "", set())
    return direct.union(*map(below, direct))


def complaint(path: Path, name: str) -> str | None:
    """Return why the file at this path, relative to plugins/, may not import that name; None if it may."""
    kind = path.parts[0]
    if name.startswith(f"{COLLECTION}."):
        target, *rest = name.removeprefix(f"{COLLECTION}.").split(".")
        if target not in BELOW.get(kind, {"module_utils", "plugin_utils"}):
            return f"{kind} may not import {target}"
        if kind == target == "module_utils":
            here, there = room(path.parts[1:]), room(tuple(rest))
            if there and there != here and there not in below(here):
                return f"{here or 'a shared file'} may not import {there}"
        return None

    top = name.partition(".")[0]
    if top in sys.stdlib_module_names:
        return None
    if kind == "module_utils":
        more = LIBRARIES_OF_A_ROOM.get(room(path.parts[1:]) or "", set())
        return None if top in ENGINE_LIBRARIES | more else f"the engine may not import {top}"
    if kind == "modules":
        return None if name.startswith("ansible.module_utils.") else f"a module may not import {top}"
    if kind == "action":
        return f"an action may not import {top}: its bridge does"
    return None


def code_lines(source: str) -> int:
    """Count the lines that hold code: no blank lines, comments, docstrings or __future__ imports."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
            lines.update(range(token.start[0], token.end[0] + 1) if token.string else ())
    for node in ast.walk(ast.parse(source)):
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if isinstance(node, ast.stmt) and (docstring or future):
            lines.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_imports_go_downward(path: Path) -> None:
    package = ".".join([COLLECTION, *path.parts[:-1]])
    found = {complaint(path, name) for name in imports((PLUGINS / path).read_text(), package)}
    assert found <= {None}, sorted(filter(None, found))


def test_every_folder_of_the_engine_is_a_known_room() -> None:
    folders = {path.parts[1] for path in FILES if path.parts[0] == "module_utils" and len(path.parts) > 2}
    assert folders <= set(ROOMS)


@pytest.mark.parametrize("path", [path for path in FILES if path.parts[0] == "action"], ids=str)
def test_an_action_is_short(path: Path) -> None:
    assert code_lines((PLUGINS / path).read_text()) <= ACTION_LINES


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("module_utils/_aws/x.py", "ansible.module_utils.basic.AnsibleModule"),
        ("module_utils/_aws/x.py", "requests"),
        ("module_utils/_aws/x.py", f"{COLLECTION}.module_utils._db.x"),
        ("module_utils/_notice/x.py", f"{COLLECTION}.module_utils._cycle.x"),
        ("module_utils/_decision/x.py", f"{COLLECTION}.module_utils._context.x"),
        ("module_utils/_decision/x.py", f"{COLLECTION}.module_utils._cycle.x"),
        ("module_utils/_context/x.py", f"{COLLECTION}.module_utils._steps.x"),
        ("module_utils/_rotation/x.py", f"{COLLECTION}.module_utils._backup.x"),
        ("module_utils/_rotation/x.py", f"{COLLECTION}.module_utils._notice.x"),
        ("module_utils/_steps/x.py", f"{COLLECTION}.module_utils._rotation.x"),
        ("module_utils/_errors.py", f"{COLLECTION}.module_utils._aws.x"),
        ("module_utils/_module/x.py", f"{COLLECTION}.module_utils._lambda.x"),
        ("module_utils/_lambda/x.py", "requests"),
        ("module_utils/_lambda/x.py", "jinja2"),
        ("module_utils/_aws/x.py", f"{COLLECTION}.plugin_utils._action"),
        ("modules/x.py", f"{COLLECTION}.plugin_utils._action"),
        ("modules/x.py", "boto3"),
        ("modules/x.py", "ansible.plugins.action.ActionBase"),
        ("action/x.py", "pymysql"),
        ("plugin_utils/x.py", f"{COLLECTION}.action.x"),
    ],
)
def test_upward_and_sideways_are_seen(path: str, name: str) -> None:
    assert complaint(Path(path), name)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("module_utils/_aws/x.py", "boto3"),
        ("module_utils/_aws/x.py", f"{COLLECTION}.module_utils._aws.y"),
        ("module_utils/_aws/x.py", f"{COLLECTION}.module_utils._errors.RotationError"),
        ("module_utils/_rotation/x.py", f"{COLLECTION}.module_utils._db.x"),
        ("module_utils/_lambda/x.py", f"{COLLECTION}.module_utils._module.x"),
        ("module_utils/_notice/x.py", "jinja2"),
        ("modules/x.py", "ansible.module_utils.basic.AnsibleModule"),
        ("modules/x.py", f"{COLLECTION}.module_utils._rotation.x"),
        ("action/x.py", f"{COLLECTION}.plugin_utils._action"),
        ("inventory/x.py", "ansible.plugins.inventory.BaseInventoryPlugin"),
    ],
)
def test_downward_is_allowed(path: str, name: str) -> None:
    assert complaint(Path(path), name) is None


def test_a_relative_import_is_resolved() -> None:
    source = "from ..plugin_utils import _action\nfrom . import y\n"
    assert list(imports(source, f"{COLLECTION}.modules")) == [
        f"{COLLECTION}.plugin_utils._action",
        f"{COLLECTION}.modules.y",
    ]


def test_only_code_is_counted() -> None:
    source = """
# comment
from __future__ import annotations

class A:
    'Doc.'

    b = (
        1,
    )
"""
    assert code_lines(source) == 4


def test_no_test_imports_a_file_of_tests() -> None:
    """What several of them use is in tests/support, and a fixture of one folder in its conftest."""
    named = {path: ".".join(imports(path.read_text(), "tests")).split(".") for path in TESTS}
    assert [path for path, parts in named.items() if any(re.match("test_|conftest$", part) for part in parts)] == []
