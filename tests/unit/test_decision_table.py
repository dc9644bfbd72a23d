# SPDX-License-Identifier: GPL-3.0-or-later
"""The decision table of docs/safety.md is that of the code."""

from __future__ import annotations

from dataclasses import replace

import decision_table
from decision_table import NATIVE_STATES, STATES, TRIGGERS

from ansible_collections.dbops.rotation.plugins.module_utils._decision.decide import decide
from ansible_collections.dbops.rotation.plugins.module_utils._decision.decision import Action


def test_the_page_shows_what_the_code_decides() -> None:
    text = decision_table.PAGE.read_text()
    assert decision_table.page(text) == text, "run: PYTHONPATH=tools:collections python tools/decision_table.py"


def test_a_page_with_another_table_is_told_from_it() -> None:
    text = decision_table.PAGE.read_text()
    assert decision_table.page(text.replace("| rotate |", "| nothing |", 1)) == text


def test_the_table_shows_every_action() -> None:
    states = [
        *(replace(facts, trigger=trigger) for _words, facts in STATES for trigger in TRIGGERS),
        *(replace(facts, stores_only=only) for _words, facts in NATIVE_STATES for only in (True, False)),
    ]
    assert {decide(facts).action for facts in states} == set(Action)
