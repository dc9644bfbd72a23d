# SPDX-License-Identifier: GPL-3.0-or-later
"""The runbook explains every message and every state that the engine can give, and names nothing that is not there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from engine_texts import ENGINE, NODES, UNKNOWN, codes, given, next_steps, states
from rehearsal.page import TEXT, explained

from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._next_step import Kind, filled, present
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
WORDS = " ".join(TEXT.split())

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


def stands(sentence: str) -> bool:
    """Return True if the runbook holds a sentence, with a word in the place of what only a run knows."""
    parts = [re.escape(part) for part in sentence.strip().split(UNKNOWN)]
    return re.search(r"[A-Z]+".join(parts), WORDS) is not None


def variables() -> set[str]:
    defaults = [DataLoader().load_from_file(str(path)) for path in ROOT.glob("roles/*/defaults/main.yml")]
    paths = {"rotation_backup_file", "rotation_evidence_path", "rotation_report_path"}
    others = {"rotation_failure_budget", "rotation_hosts", "rotation_without_callbacks"}
    return {*(name for found in defaults for name in found), *paths, *others}


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
    assert sorted(set(re.findall(r"\brotation_[a-z_]+", TEXT)) - variables() - codes()) == []


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
    """Return what placeholders in the strings of the engine name."""
    strings = {
        str(node.value) for node, _module in NODES if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {name for text in strings for name in re.findall(rf"\{{{kind}\|([^{{}}]*)\}}", text)} - {"overlap", "x"}


def test_every_option_that_a_message_names_is_a_variable_of_a_role() -> None:
    assert sorted(name for name in named("option") if variable(name) not in variables() and name[-1] != ".") == []


def test_every_playbook_that_a_message_names_is_there() -> None:
    assert sorted(name for name in named("playbook") if not (ROOT / f"playbooks/{name}.yml").is_file()) == []


# What looks like a variable of a role, and why it may stand in the engine.
OTHER_NAMES = {
    "rotation_audit": "a callback, whose section of ansible.cfg has that name",
    "rotation_candidates_info": "an action",
    "rotation_cycle": "a module",
    "rotation_cycle_info": "a module",
    "rotation_disabled": "a code",
    "rotation_doctor_info": "a module",
    "rotation_enabled": "a field of AWS",
    "rotation_evidence": "a module",
    "rotation_history_info": "a module",
    "rotation_lambda": "a field of AWS",
    "rotation_native": "a module",
    "rotation_next_step": "a filter, which a function gives to the templates of notices",
    "rotation_notice": "a module",
    "rotation_report": "a module",
    "rotation_request": "a function",
    "rotation_runner": "a module",
    "rotation_tags": "a function",
    "rotation_token": "a field of AWS",
}


def test_the_engine_names_options_and_no_variables_and_playbooks() -> None:
    sources = [path.read_text() for path in ENGINE.rglob("*.py") if path.name != "_readers.py"]
    said = {word for text in sources for word in re.findall(r"\brotation_[a-z_]+|playbooks/", text)}
    assert said == set(OTHER_NAMES)


@pytest.mark.parametrize("to", [one() for one in READERS.values()], ids=list(READERS))
def test_no_text_of_the_engine_reaches_a_reader_with_a_placeholder(to: Reader) -> None:
    """Causes, states, findings and warnings are among them."""
    told = [filled(str(node.value), "client_acme", to) for node, _module in NODES if isinstance(node, ast.Constant)]
    assert [text for text in told if re.search(r"\{(option|playbook)\|[a-z_.]+\}", text)] == []
