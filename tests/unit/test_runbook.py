# SPDX-License-Identifier: GPL-3.0-or-later
"""The runbook explains every message and every state that the engine can give, and names nothing that is not there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader

from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._next_step import (
    Kind,
    command,
    filled,
    option,
    present,
    with_options,
)
from ansible_collections.dbops.rotation.plugins.module_utils._readers import (
    PLAYBOOKS,
    READERS,
    TEMPLATES,
    Awx,
    CommandLine,
    Engine,
    Reader,
    variable,
)

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "plugins/module_utils"
TEXT = (ROOT / "docs/runbook.md").read_text()
WORDS = " ".join(TEXT.split())
MODULES = [ast.parse(path.read_text()) for path in sorted(ENGINE.rglob("*.py"))]
NODES = [(node, module) for module in MODULES for node in ast.walk(module)]

# Words in backquotes that look like a code and are none.
OTHER_WORDS = {
    *("client_acme", "client_globex", "client_initech"),
    *(
        "ansible_python_interpreter",
        "binlog_error_action",
        "caching_sha2_password",
        "next_step",
        "parameter_path",
        "skip_grant_tables",
        "strict_password_validation",
        "verify_identity",
    ),
}
# What stands in the place of a part that only a run knows.
UNKNOWN = "\0"

Function = ast.FunctionDef | ast.AsyncFunctionDef
Takers = list[tuple[str, ast.Module, int]]


@dataclass(frozen=True)
class Place:
    """An expression that is handed over somewhere, and the module it stands in."""

    value: ast.expr
    module: ast.Module

    def texts(self) -> set[str]:
        """Give the texts that the expression may have."""
        return texts(self.value, self.module)


def texts(value: ast.expr, module: ast.Module) -> set[str]:
    if isinstance(value, ast.Constant):
        return {str(value.value)}
    if isinstance(value, ast.IfExp):
        return texts(value.body, module) | texts(value.orelse, module)
    if isinstance(value, ast.FormattedValue):
        return texts(value.value, module)
    if isinstance(value, ast.JoinedStr):
        return {"".join(parts) for parts in product(*(texts(part, module) for part in value.values))}
    if (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id in ("command", "with_options", "option")
    ):
        return {placeholder(value)}
    if isinstance(value, ast.Name):
        return {text for place in assigned(value.id, module) for text in place.texts()} or {UNKNOWN}
    return {UNKNOWN}


def placeholder(call: ast.Call) -> str:
    """Give the placeholder that a call makes; what only a run knows of its options has any word."""
    if ast.unparse(call.func) == "option":
        return option("word")
    if ast.unparse(call.func) == "with_options":
        return with_options({"option": "word"})
    kind = Kind[ast.unparse(call.args[0]).removeprefix("Kind.")]
    return command(kind, {"option": "word"} if call.args[1:] else None)


def assigned(name: str, module: ast.Module) -> list[Place]:
    """Give what a name is set to in its module, or at the top of the module that it comes from."""
    here = [Place(node.value, module) for node in ast.walk(module) if sets(node, name)]  # type: ignore[attr-defined]
    tops = [(node, other) for other in MODULES for node in other.body if sets(node, name)]
    return here or [Place(node.value, other) for node, other in tops]  # type: ignore[attr-defined]


def sets(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == name for target in node.targets
    )


def fields(node: ast.ClassDef) -> list[str]:
    return [
        item.target.id for item in node.body if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
    ]


def takers(parameter: str) -> Takers:
    """Give every function and dataclass with this parameter, by name and module, and its place in the order."""
    found: Takers = []
    for node, module in NODES:
        if isinstance(node, Function | ast.ClassDef):
            names = fields(node) if isinstance(node, ast.ClassDef) else [argument.arg for argument in node.args.args]
            found += [(node.name, module, names.index(parameter))] if parameter in names else []
    return found


def handed_over(call: ast.Call, module: ast.Module, parameter: str, known: Takers) -> Iterator[ast.expr]:
    """Give what a call hands over as this parameter, by its name or its place."""
    yield from (keyword.value for keyword in call.keywords if keyword.arg == parameter)
    called = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    for name, other, place in known:
        # Helpers of several modules may have one name.
        if name == called and (other is module or not name.startswith("_")):
            yield from call.args[place : place + 1]


def given(parameter: str) -> Iterator[Place]:
    """Give every expression that is handed over as this parameter or set as this attribute."""
    known = takers(parameter)
    for node, module in NODES:
        if isinstance(node, ast.Call):
            yield from (Place(value, module) for value in handed_over(node, module, parameter, known))
        elif isinstance(node, ast.Assign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Attribute) and target.attr == parameter for target in targets):
                yield Place(node.value, module)


def codes() -> set[str]:
    return {text for place in given("code") for text in place.texts()} - {"", UNKNOWN}


def sets_states(node: ast.Assign) -> bool:
    return ast.unparse(node.targets[0]).startswith("STATES")


def left() -> Iterator[Place]:
    """Give what is said of the state that is left."""
    for node, module in NODES:
        if isinstance(node, Function) and node.name == "state_left":
            found = [inner.value for inner in ast.walk(node) if isinstance(inner, ast.Return)]
            yield from (Place(value, module) for value in found if value)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict) and sets_states(node):
            yield from (Place(value, module) for value in node.value.values)


def states() -> set[str]:
    """Give the sentences about the state that is left: the journals', and those that a message brings along."""
    told = {text for place in [*left(), *given("state")] for text in place.texts()}
    return {re.sub(r"\{\w+\}", UNKNOWN, text) for text in told if re.search("[a-z]", text)}


def stands(sentence: str) -> bool:
    """Tell whether the runbook holds a sentence, with a word in the place of what only a run knows."""
    parts = [re.escape(part) for part in sentence.strip().split(UNKNOWN)]
    return re.search(r"[A-Z]+".join(parts), WORDS) is not None


def explained() -> list[str]:
    """Give the codes that have an entry of their own."""
    return re.findall(r"^- \*\*`([a-z0-9_]+)`\*\*", TEXT, re.MULTILINE)


def variables() -> set[str]:
    defaults = [DataLoader().load_from_file(str(path)) for path in ROOT.glob("roles/*/defaults/main.yml")]
    others = {"rotation_hosts", "rotation_backup_file", "rotation_without_callbacks"}
    return {*(name for found in defaults for name in found), *others}


@pytest.mark.parametrize("code", sorted(codes()))
def test_every_code_has_one_entry(code: str) -> None:
    assert explained().count(code) == 1


def test_no_code_is_explained_that_no_message_has() -> None:
    assert sorted(set(explained()) - codes()) == []


def test_no_word_in_backquotes_is_a_code_that_no_message_has() -> None:
    named = {word for word in re.findall(r"`([a-z0-9]+(?:_[a-z0-9]+)+)`", TEXT) if not word.startswith("rotation_")}
    assert sorted(named - codes() - OTHER_WORDS) == []


def test_every_code_is_given_in_a_way_that_is_understood() -> None:
    """A code that is computed would be missed above: what is no constant may only hand on another's code."""
    unclear = {ast.unparse(place.value) for place in given("code") if place.texts() == {UNKNOWN}}
    assert {text for text in unclear if not re.search(r"\bcode\b", text)} == set()


@pytest.mark.parametrize("state", sorted(states()), ids=lambda state: state.replace(UNKNOWN, "_")[:60])
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


def test_every_link_leads_somewhere() -> None:
    headings = re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    links = set(re.findall(r"\]\(([^)]*)\)", TEXT))
    assert sorted(link for link in links if link.startswith("#") and link[1:] not in anchors) == []
    assert [link for link in links if not (link.startswith("#") or (ROOT / "docs" / link).is_file())] == []


def test_no_line_is_too_long() -> None:
    assert [number for number, line in enumerate(TEXT.splitlines(), 1) if len(line) > 120] == []


def next_steps() -> list[str]:
    """Give what the engine advises, for every failure, refusal and finding, before a reader is known."""
    return sorted(
        {text for name in ("next_step", "remedy") for place in given(name) for text in place.texts()} - {UNKNOWN}
    )


@pytest.mark.parametrize("to", [one() for one in READERS.values()], ids=list(READERS))
@pytest.mark.parametrize("text", next_steps(), ids=lambda text: text.replace(UNKNOWN, "_")[:60])
def test_every_next_step_is_in_the_words_of_its_reader(text: str, to: Reader) -> None:
    told = present(text, "client_acme", to)
    assert not re.search(r"\{\w+[|}]", told)
    if isinstance(to, Engine):
        assert not re.search(r"(?<!callback )(?<!let )rotation_|playbooks/|ansible-playbook|template '", told), told
    elif isinstance(to, Awx):
        only_there = command_line_part(told)
        assert not re.search(r"ansible-playbook|-e rotation_|same command|[Rr]un again", only_there), told
    else:
        assert "template '" not in told and "Relaunch" not in told


def command_line_part(told: str) -> str:
    """Leave out what AWX has no template for, which the message says."""
    return re.sub(r"at a command line, for AWX has no template for it: .*", "", told)


def test_the_engine_names_commands_in_one_place_only() -> None:
    """So that no advice goes around the reader."""
    rooms = ("module_utils", "plugin_utils", "action")
    files = [path for room in rooms for path in (ROOT / "plugins" / room).rglob("*.py") if path.name != "_readers.py"]
    roles = [path for path in (ROOT / "roles/rotation").rglob("*") if path.suffix in (".yml", ".j2")]
    said = {path.name for path in [*files, *roles] if re.search(r"ansible-playbook|-e rotation_", path.read_text())}
    assert said == set()


def test_the_advice_for_each_reader_is_found() -> None:
    """So that a collector which finds nothing cannot pass."""
    found = " ".join(next_steps())
    assert {kind for kind in Kind if f"{{{kind}" not in found} <= {Kind.RESTORE}
    assert "un the same command again" in found


@pytest.mark.parametrize("kind", sorted(PLAYBOOKS))
def test_every_command_of_a_message_has_a_row_for_both_readers(kind: str) -> None:
    line = CommandLine().command(kind, "client_acme", {})
    launch = TEMPLATES.get(kind, "none: at a command line")
    assert re.search(rf"^\|[^|]+\| `{re.escape(line)}` \| {re.escape(launch)} \|$", TEXT, re.MULTILINE)


def named(kind: str) -> set[str]:
    """Give what placeholders in the strings of the engine name."""
    strings = {str(node.value) for node, _ in NODES if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {name for text in strings for name in re.findall(rf"\{{{kind}\|([^{{}}]*)\}}", text)} - {"overlap", "x"}


def test_every_option_that_a_message_names_is_a_variable_of_a_role() -> None:
    assert sorted(name for name in named("option") if variable(name) not in variables() and name[-1] != ".") == []


def test_every_playbook_that_a_message_names_is_there() -> None:
    assert sorted(name for name in named("playbook") if not (ROOT / f"playbooks/{name}.yml").is_file()) == []


# What looks like a variable of a role, and why it may stand in the engine.
OTHER_NAMES = {
    "rotation_audit": "a callback, whose section of ansible.cfg has that name",
    "rotation_cycle": "a module",
    "rotation_cycle_info": "a module",
    "rotation_doctor_info": "a module",
    "rotation_enabled": "a field of AWS",
    "sns_logs_encryption": "a module",
    "rotation_history": "a module",
    "rotation_notice": "a module",
    "rotation_request": "a function",
    "rotation_tags": "a function",
}


def test_the_engine_names_options_and_no_variables_and_playbooks() -> None:
    sources = [path.read_text() for path in ENGINE.rglob("*.py") if path.name != "_readers.py"]
    said = {word for text in sources for word in re.findall(r"\brotation_[a-z_]+|playbooks/", text)}
    assert said == set(OTHER_NAMES)


@pytest.mark.parametrize("to", [one() for one in READERS.values()], ids=list(READERS))
def test_no_text_of_the_engine_reaches_a_reader_with_a_placeholder(to: Reader) -> None:
    """Causes, states, findings and warnings are among them."""
    told = [filled(str(node.value), "client_acme", to) for node, _ in NODES if isinstance(node, ast.Constant)]
    assert [text for text in told if re.search(r"\{(option|playbook)\|[a-z_.]+\}", text)] == []
