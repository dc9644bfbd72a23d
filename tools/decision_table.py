# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the table of docs/safety.md from the decision itself: which state leads to which action, for each trigger.

Without an argument it rewrites the page; with --check it only tells whether the page is up to date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from generated import keep, replaced

from ansible_collections.dbops.rotation.plugins.module_utils._decision.decide import decide, leads_on
from ansible_collections.dbops.rotation.plugins.module_utils._decision.decision import Action
from ansible_collections.dbops.rotation.plugins.module_utils._decision.facts import Facts, PendingFacts, RowFacts

PAGE = Path(__file__).resolve().parents[1] / "docs" / "safety.md"
BEGIN, END = "<!-- decision table: begin -->", "<!-- decision table: end -->"
NATIVE_BEGIN, NATIVE_END = "<!-- table of the steps: begin -->", "<!-- table of the steps: end -->"
TRIGGERS = ("on_demand", "scheduled", "recovery", "rollback")

NONE: frozenset[str] = frozenset()
C, P, V, U = (frozenset(name) for name in "CPVU")
LOGIN = RowFacts("root@localhost", C, login=True)
OTHER = RowFacts("root@%", C)
SECOND = replace(OTHER, primary=NONE, secondary=C)
STORED = PendingFacts("P", same_keys=True, reusable=True, newer=True)
CLEAN = Facts("C", "V", None, "C", (LOGIN, OTHER), "recovery", due=False, restorable=True)


def rows(login: RowFacts, other: RowFacts, facts: Facts = CLEAN) -> Facts:
    """Return a state with these two rows."""
    return replace(facts, rows=(login, other))


def both(primary: frozenset[str], secondary: frozenset[str] | None = None, facts: Facts = CLEAN) -> Facts:
    """Return a state in which both rows hold the same passwords."""
    return rows(replace(LOGIN, primary=primary, secondary=secondary), replace(OTHER, primary=primary), facts=facts)


BEGUN = replace(CLEAN, pending=STORED)
UNTRUSTED = replace(CLEAN, pending=replace(STORED, reusable=False))
EDITED = replace(CLEAN, pending=replace(STORED, same_keys=False))
HELD = replace(CLEAN, waits_for_hooks=True, hooks_version="C")
LAGGING = replace(CLEAN, lagging=("eu-west-1 (InProgress)",))
HIDDEN = replace(BEGUN, undecryptable=("P",))
STATES: tuple[tuple[str, Facts], ...] = (
    ("everything is done, the password is not due", CLEAN),
    ("everything is done, the password is due", replace(CLEAN, due=True)),
    ("AWSPENDING is stored, nothing was sent", BEGUN),
    ("AWSPENDING is old, or not one that a run could have made", UNTRUSTED),
    ("AWSPENDING is set on some rows", rows(replace(LOGIN, primary=P, secondary=C), OTHER, BEGUN)),
    ("AWSPENDING is set on all rows, not promoted", both(P, C, BEGUN)),
    ("the same, but the label AWSPENDING was taken away", both(U, C)),
    ("the same, but other keys of AWSCURRENT were edited", both(P, C, EDITED)),
    ("AWSPENDING replaced AWSCURRENT on rows that hold one password (ed25519)", both(P, None, BEGUN)),
    ("promoted, the old password is still valid", both(C, V, replace(CLEAN, recorded="V"))),
    ("promoted, the old password is to stay (overlap)", both(C, V, replace(CLEAN, overlapping=True))),
    ("the same, and the password is due", both(C, V, replace(CLEAN, overlapping=True, due=True))),
    ("promoted, a replica region lags", both(C, V, replace(LAGGING, recorded="V"))),
    ("the same, recorded; the old password stays for that region", both(C, V, replace(LAGGING, overlap_over=True))),
    ("the same, and the password is due", both(C, V, replace(LAGGING, overlap_over=True, due=True))),
    ("promoted, the hooks have not run (`steps: promote`)", both(C, V, replace(HELD, recorded="V"))),
    ("promoted and discarded, not recorded", replace(CLEAN, recorded="V")),
    ("AWSPENDING of a rollback is set on all rows", both(P, C, replace(BEGUN, rollback="P"))),
    ("AWSCURRENT is the version of a rollback", replace(CLEAN, rollback="C")),
    ("AWSCURRENT was moved back while both passwords work", both(V, C)),
    ("AWSCURRENT opens no row: the password was changed by hand", both(NONE)),
    ("one row has the password of another version", rows(LOGIN, replace(OTHER, primary=V))),
    ("one row has a password that no version knows", rows(LOGIN, replace(OTHER, primary=NONE))),
    ("a second password that no version knows is valid", both(C, NONE)),
    ("a password that no version knows stands before AWSCURRENT's on a row", rows(LOGIN, SECOND)),
    ("the same, and the row was named (`adopt_rows`)", rows(LOGIN, replace(SECOND, adopted=True))),
    (
        "a row holds what may be AWSPENDING, whose key may not be used",
        rows(LOGIN, replace(OTHER, primary=NONE), HIDDEN),
    ),
)


EMPTY = PendingFacts("T", same_keys=False, reusable=False, newer=False, empty=True)
RESERVED = replace(CLEAN, pending=EMPTY, token="T", trigger="on_demand")
TAKEN_UP = replace(RESERVED, pending=STORED, token="P")
DONE = replace(CLEAN, token="C")
NATIVE_STATES: tuple[tuple[str, Facts], ...] = (
    ("AWSPENDING, empty", RESERVED),
    ("the same, and an earlier run's password is on the rows", both(U, C, RESERVED)),
    ("the same, and an old password is still valid", both(C, V, RESERVED)),
    ("AWSPENDING, stored, usable", TAKEN_UP),
    ("AWSPENDING, stored, not usable: a day old, or other keys changed", replace(TAKEN_UP, pending=UNTRUSTED.pending)),
    ("AWSPENDING, on some rows", rows(replace(LOGIN, primary=P, secondary=C), OTHER, TAKEN_UP)),
    ("AWSPENDING, on all rows", both(P, C, TAKEN_UP)),
    ("AWSCURRENT, an old password is still valid", both(C, V, replace(DONE, recorded="V"))),
    ("AWSCURRENT, not recorded", replace(DONE, recorded="V")),
    ("AWSCURRENT, done", DONE),
    ("neither", replace(RESERVED, pending=STORED)),
)


def native_table() -> Iterator[str]:
    """Return the lines of the table of Secrets Manager's own rotation."""
    yield "| the reserved version is | `createSecret` | `testSecret` | `finishSecret` |"
    yield "|---" * 4 + "|"
    for words, facts in NATIVE_STATES:
        last = _told_to_the_end(facts)
        test = last if last.startswith("refuse") else "ok"
        yield f"| {words} | {_told_to_the_end(replace(facts, stores_only=True))} | {test} | {last} |"


def _told_to_the_end(facts: Facts) -> str:
    """Return what is decided, and what the same run decides after that."""
    decision = decide(facts)
    if decision.action is Action.REFUSE or not leads_on(decision, facts):
        return told(facts)
    after = decide(both(C, None, replace(facts, recorded="C")))
    return f"{decision.action}, then {after.action}"


def table() -> Iterator[str]:
    """Return the lines of the table."""
    yield "| state | " + " | ".join(f"`{trigger}`" for trigger in TRIGGERS) + " |"
    yield "|---" * (len(TRIGGERS) + 1) + "|"
    for words, facts in STATES:
        yield f"| {words} | " + " | ".join(told(replace(facts, trigger=trigger)) for trigger in TRIGGERS) + " |"


def told(facts: Facts) -> str:
    """Return what is decided, and what follows in the same run."""
    decision = decide(facts)
    if decision.action is Action.REFUSE:
        return f"refuse: `{decision.code}`"
    if decision.action is Action.TAKE_OVER:
        return f"{decision.action}, then decide anew"
    if not leads_on(decision, facts):
        return str(decision.action)
    return f"{decision.action}, then {'roll_back' if facts.trigger == 'rollback' else 'rotate'}"


def page(text: str) -> str:
    """Return the page with the table of now."""
    return replaced(replaced(text, BEGIN, END, table()), NATIVE_BEGIN, NATIVE_END, native_table())


if __name__ == "__main__":
    sys.exit(keep(PAGE, page(PAGE.read_text())))
