# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command of the runbook is followed by a rehearsal, or the table says why it is not."""

from __future__ import annotations

import pytest
from rehearsal.page import Entry
from rehearsal.rehearsal import PAGE, Rehearsal
from rehearsal.table import NOT_REHEARSED, TABLE

WITH_COMMANDS = [entry for entry in PAGE.values() if entry.commands]


def followed(entry: Entry) -> set[str]:
    return {command for rehearsal in TABLE for command in rehearsal.commands().get(entry.name, set())}


@pytest.mark.parametrize("entry", WITH_COMMANDS, ids=lambda entry: entry.name)
def test_every_command_of_an_entry_is_rehearsed_or_is_said_not_to_be(entry: Entry) -> None:
    left_out = {entry.command(words) for name, words in NOT_REHEARSED if name == entry.name}
    assert not left_out & followed(entry), "it is rehearsed now"
    assert set(entry.commands) - left_out - followed(entry) == set()


def test_the_commands_of_the_page_are_found() -> None:
    """So that a reader which finds nothing cannot pass."""
    assert len(WITH_COMMANDS) > 60 and sum(len(entry.commands) for entry in WITH_COMMANDS) > 120
    assert "umask 077" in PAGE["Nobody knows the password"].commands


@pytest.mark.parametrize("rehearsal", TABLE, ids=lambda rehearsal: rehearsal.name)
def test_what_a_rehearsal_expects_to_be_printed_stands_on_the_page(rehearsal: Rehearsal) -> None:
    words = PAGE[rehearsal.entry].words
    assert [said for said in rehearsal.says if said not in words] == []


def test_every_reason_is_about_an_entry_with_commands() -> None:
    assert {name for name, _words in NOT_REHEARSED} <= {entry.name for entry in WITH_COMMANDS}
    assert all(reason for reason in NOT_REHEARSED.values())
