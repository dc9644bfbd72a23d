# SPDX-License-Identifier: GPL-3.0-or-later
"""The runbook explains every message and every state that the engine can give, and names nothing that is not there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader

from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "plugins/module_utils"
TEXT = (ROOT / "docs/runbook.md").read_text()
WORDS = " ".join(TEXT.split())
MODULES = {path.relative_to(ENGINE): ast.parse(path.read_text()) for path in sorted(ENGINE.rglob("*.py"))}
NODES = [node for tree in MODULES.values() for node in ast.walk(tree)]

# Words in backquotes that are written as a code is, and are none.
OTHER_WORDS = {
    # names of MySQL and MariaDB
    *("admin_port", "auto_increment", "dbops_admin", "global_priv", "skip_grant_tables"),
    *("strict_password_validation", "validate_password"),
    # parts of a failed task
    *("next_step", "no_log"),
    # clients
    *("client_acme", "client_globex", "client_initech"),
}
# Where a code or a state is only handed on: the place that made it is looked at by itself.
HANDED_ON = (ast.Attribute, ast.Call)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def parameters(name: str) -> dict[str, int | None]:
    """Give every function and class that takes a parameter of this name, and its place among the positional ones."""
    found: dict[str, int | None] = {}
    for node in NODES:
        if isinstance(node, Function) and name in (places := [arg.arg for arg in node.args.args]):
            found[node.name] = places.index(name)
        elif isinstance(node, ast.ClassDef):
            fields = [item.target.id for item in node.body if is_field(item)]  # type: ignore[attr-defined]
            found |= {node.name: fields.index(name)} if name in fields else {}
    return found


def is_field(item: ast.stmt) -> bool:
    return isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)


def called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def given(name: str) -> Iterator[ast.expr]:
    """Give every expression that is handed over as this parameter, by its name or its place."""
    places = parameters(name)
    for node in NODES:
        if isinstance(node, ast.Call):
            yield from (keyword.value for keyword in node.keywords if keyword.arg == name)
            place = places.get(called(node))
            if place is not None and len(node.args) > place:
                yield node.args[place]
        elif isinstance(node, ast.Assign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Attribute) and target.attr == name for target in targets):
                yield node.value


def assigned(name: str) -> Iterator[ast.expr]:
    """Give everything that a variable of this name is ever set to."""
    for node in NODES:
        if isinstance(node, ast.Assign):
            yield from (node.value for target in node.targets if isinstance(target, ast.Name) and target.id == name)


def sentences(value: ast.expr) -> set[str]:
    """Give the texts that an expression may have, with a NUL for each part that only a run knows."""
    if isinstance(value, ast.Constant):
        return {str(value.value)}
    if isinstance(value, ast.IfExp):
        return sentences(value.body) | sentences(value.orelse)
    if isinstance(value, ast.Name):
        return {text for other in assigned(value.id) for text in sentences(other)} or {"\0"}
    if isinstance(value, ast.FormattedValue):
        return sentences(value.value)
    if isinstance(value, ast.JoinedStr):
        return {"".join(parts) for parts in product(*map(sentences, value.values))}
    return {"\0"}


def codes() -> set[str]:
    return {text for value in given("code") for text in sentences(value)} - {"", "\0"}


def states() -> set[str]:
    """Give the sentences about what was left: those of the journals, and those that a message brings along."""
    methods = [node for node in NODES if isinstance(node, Function) and node.name == "state_left"]
    returns = [node for method in methods for node in ast.walk(method) if isinstance(node, ast.Return) and node.value]
    values = [node.value for node in returns if node.value] + list(given("state"))
    return {text for value in values for text in sentences(value) if re.search("[a-z]", text)}


def stands(sentence: str) -> bool:
    """Tell whether the runbook holds a sentence, whatever stands there for the parts that only a run knows."""
    parts = [re.escape(part) for part in sentence.strip().split("\0")]
    return bool(re.search(r"[^|]{1,60}?".join(parts), WORDS))


def variables() -> set[str]:
    loaded = DataLoader().load_from_file(str(ROOT / "roles/rotation/defaults/main.yml"))
    return {*loaded, "rotation_hosts"}


def explained() -> list[str]:
    """Give the codes that have an entry: the first cell of a row of a table."""
    return re.findall(r"^\| `([a-z0-9_]+)` \|", TEXT, re.MULTILINE)


@pytest.mark.parametrize("code", sorted(codes()))
def test_every_code_has_an_entry(code: str) -> None:
    assert code in explained()


def test_no_code_is_explained_that_no_message_has() -> None:
    assert sorted(set(explained()) - codes()) == []


def test_no_word_in_backquotes_is_a_code_that_no_message_has() -> None:
    named = {word for word in re.findall(r"`([a-z0-9]+(?:_[a-z0-9]+)+)`", TEXT) if not word.startswith("rotation_")}
    assert sorted(named - codes() - OTHER_WORDS) == []


def test_every_code_is_given_in_a_way_that_is_understood() -> None:
    """A code that is computed would be missed above: only a parameter of a helper, or another's code, is handed on."""
    unclear = [value for value in given("code") if sentences(value) == {"\0"} and not isinstance(value, HANDED_ON)]
    assert {ast.unparse(value) for value in unclear} <= {"code"}


@pytest.mark.parametrize("state", sorted(states()), ids=lambda state: state.replace("\0", "_")[:60])
def test_every_state_stands_in_the_runbook(state: str) -> None:
    assert stands(state)


def test_the_known_kinds_of_codes_and_states_are_found() -> None:
    """So that a collector which finds nothing cannot pass."""
    kinds = {"drift", "login_refused", "aws_error", "aws_kms", "label_moved_back", "unfinished", "read_only"}
    assert {*kinds, "secret_engine", "several_servers", "interrupted"} <= codes()
    told = "\n".join(states())
    assert "Old and new password both open the server; AWSCURRENT is the old" in told
    assert "Nothing was created" in told and "could not be read" in told and "Unknown; the stored" in told


def test_every_playbook_exists() -> None:
    named = set(re.findall(r"(?:playbooks/)?[a-z_]+\.yml", TEXT))
    assert sorted(name for name in named if not (ROOT / name).is_file()) == []


def test_every_variable_exists() -> None:
    assert sorted(set(re.findall(r"\brotation_[a-z_]+", TEXT)) - variables()) == []


def test_every_tag_exists() -> None:
    known = {value for value in vars(tags).values() if isinstance(value, str)}
    assert sorted(set(re.findall(r"`(rotation/[a-z-]+)`", TEXT)) - known) == []


def test_no_line_is_too_long() -> None:
    assert [number for number, line in enumerate(TEXT.splitlines(), 1) if len(line) > 120] == []
