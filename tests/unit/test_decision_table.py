# SPDX-License-Identifier: GPL-3.0-or-later
"""The decision table of docs/safety.md is that of the code."""

from __future__ import annotations

from dataclasses import replace

import decision_table

from ansible_collections.dbops.rotation.plugins.module_utils._decision.decide import decide
from ansible_collections.dbops.rotation.plugins.module_utils._decision.decision import Action


def test_the_page_shows_what_the_code_decides() -> None:
    text = decision_table.PAGE.read_text()
    assert decision_table.page(text) == text, "run: PYTHONPATH=tools:collections python tools/decision_table.py"


def test_a_page_with_another_table_is_told_from_it() -> None:
    text = decision_table.PAGE.read_text()
    assert decision_table.page(text.replace("| rotate |", "| nothing |", 1)) == text


def test_the_table_shows_every_action() -> None:
    decided = {
        decide(replace(facts, trigger=trigger)).action
        for _words, facts in decision_table.STATES
        for trigger in decision_table.TRIGGERS
    }
    assert decided == set(Action)
