# SPDX-License-Identifier: GPL-3.0-or-later
"""The decision over a bounded model of every state: what must hold whatever is found, and what single states mean.

C is the current version, P the pending, V the previous, U one without a label; an empty set is a password that no
version knows.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._decision.decide import decide
from ansible_collections.dbops.rotation.plugins.module_utils._decision.decision import Action, Decision
from ansible_collections.dbops.rotation.plugins.module_utils._decision.facts import Facts, PendingFacts, RowFacts

Judged = tuple[Facts, Decision]

FOREIGN: frozenset[str] = frozenset()
C, P, V, U = (frozenset(name) for name in "CPVU")
PRIMARIES = (FOREIGN, C, P, V, U, C | V, P | V)
SECONDARIES = (None, FOREIGN, C, P, V, U)
REUSABLE = PendingFacts("P", same_keys=True, reusable=True, newer=True)
PENDINGS = (
    None,
    REUSABLE,
    replace(REUSABLE, newer=False),
    replace(REUSABLE, reusable=False),
    replace(REUSABLE, reusable=False, newer=False),
    replace(REUSABLE, same_keys=False, reusable=False),
    replace(REUSABLE, same_keys=False, reusable=False, newer=False),
)
RECORDED = ("C", "V", "P", None)
OCCASIONS = (
    *(("on_demand", False), ("recovery", False), ("scheduled", False), ("scheduled", True)),
    ("rollback", False),
)
CHANGES = (Action.ROTATE, Action.RESUME, Action.FINISH, Action.ROLL_BACK)
UNATTENDED = ("scheduled", "recovery")
HIDDEN_PAIRS = [
    (RowFacts("a", C, login=True), RowFacts("b", FOREIGN)),
    (RowFacts("a", C, login=True), RowFacts("b", FOREIGN, C)),
    (RowFacts("a", FOREIGN, C, login=True), RowFacts("b", C)),
]


def rows(name: str, *, login: bool) -> Iterator[RowFacts]:
    for primary in PRIMARIES:
        for secondary in SECONDARIES:
            if not (secondary and secondary <= primary):
                for adopted in (False, True):
                    yield RowFacts(name, primary, secondary, login, adopted)


def lone_rows() -> Iterator[Facts]:
    alone = [row for login in (True, False) for row in rows("a", login=login)]
    found = [(row,) for row in (*alone, *(replace(row, foreign=True) for row in alone if row.secondary))]
    for listed in [(), *found]:
        for pending in PENDINGS:
            for recorded in RECORDED:
                for previous in ("V", "P", None):
                    for trigger, due in OCCASIONS:
                        yield Facts(
                            *("C", previous, pending, recorded, listed, trigger, due),
                            tags_need_repair=recorded is None,
                            restorable=previous is not None,
                        )


def pairs_of_rows() -> Iterator[Facts]:
    opened = [row for row in rows("a", login=True) if row.opened_by("C") or row.opened_by("P")]
    pairs = [(first, second) for first in opened if not first.adopted for second in rows("b", login=False)]
    for pair in pairs:
        for pending in (None, REUSABLE, PENDINGS[3], PENDINGS[5]):
            for recorded in ("C", "V", "P"):
                for trigger in ("on_demand", "recovery"):
                    yield Facts("C", "V", pending, recorded, pair, trigger, due=False)


def promised_rows() -> Iterator[Facts]:
    """What tags may say of a rollback and of an overlap."""
    found = [row for row in rows("a", login=True) if not row.adopted]
    tagged = itertools.product(
        found, (None, REUSABLE, PENDINGS[3]), ("C", "V"), (None, "C", "P"), (True, False), (True, False), OCCASIONS
    )
    for row, pending, recorded, rollback, overlapping, restorable, (trigger, due) in tagged:
        yield Facts(
            *("C", "V", pending, recorded, (row,), trigger, due),
            overlapping=overlapping,
            rollback=rollback,
            restorable=restorable,
        )


def hidden_rows() -> Iterator[Facts]:
    """What is left to decide where a version cannot be decrypted, or where an administrator looks."""
    pairs = [*((row,) for row in rows("a", login=True)), *HIDDEN_PAIRS]
    for listed, pending, (trigger, due) in itertools.product(pairs, (None, PENDINGS[3]), OCCASIONS):
        state = Facts("C", "V", pending, "C", listed, trigger, due, restorable=True)
        yield replace(state, undecryptable=("P",))
        yield replace(state, undecryptable=("V",))
        yield replace(state, by_administrator=True, rows=tuple(replace(row, login=False) for row in listed))


def held_rows() -> Iterator[Facts]:
    """What a run that stops after the promotion finds, and what one that a person asked for too soon."""
    found = [row for row in rows("a", login=True) if not row.adopted]
    for row, held, recorded, (trigger, due) in itertools.product(found, ("C", "V"), ("C", "V"), OCCASIONS):
        state = Facts("C", "V", None, recorded, (row,), trigger, due, restorable=True, hooks_version=held)
        yield replace(state, waits_for_hooks=True)
        yield replace(state, skip_reason="It was rotated just now.") if trigger == "on_demand" else state


def lagging_rows() -> Iterator[Facts]:
    """What a run finds while a replica region has not what AWSCURRENT is."""
    found = [row for row in rows("a", login=True) if not row.adopted]
    tagged = itertools.product(
        found, (None, REUSABLE), ("C", "V"), (False, True), (False, True), (False, True), OCCASIONS
    )
    for row, pending, recorded, overlapping, over, forced, (trigger, due) in tagged:
        if not (overlapping and over):
            yield Facts(
                *("C", "V", pending, recorded, (row,), trigger, due),
                overlapping=overlapping,
                overlap_over=over,
                restorable=True,
                skip_reason="It was rotated just now." if trigger == "on_demand" and over else "",
                lagging=("eu-west-1 (InProgress)",),
                forced=forced,
            )


def reserved_rows() -> Iterator[Facts]:
    """What the steps of Secrets Manager's own rotation find; what is AWSCURRENT already begins nothing."""
    found = [row for row in rows("a", login=True) if not row.adopted]
    pendings = (None, *PENDINGS[1:4], replace(REUSABLE, same_keys=False, reusable=False, newer=False, empty=True))
    tagged = itertools.product(
        found, pendings, ("C", "V"), ("C", "P", "U"), (False, True), (frozenset(), frozenset("P"))
    )
    for row, pending, recorded, token, stores_only, refused in tagged:
        trigger = "recovery" if token == "C" else "on_demand"
        state = Facts("C", "V", pending, recorded, (row,), trigger, due=False, restorable=True, refused=refused)
        yield replace(state, token=token, stores_only=stores_only)
        yield replace(state, trigger="scheduled")


@cache
def judged() -> list[Judged]:
    states = itertools.chain(
        *(lone_rows(), pairs_of_rows(), promised_rows(), hidden_rows(), held_rows(), lagging_rows(), reserved_rows())
    )
    return [(facts, decide(facts)) for facts in states]


def violations(broken: Callable[[Facts, Decision], bool]) -> list[Judged]:
    return [case for case in judged() if broken(*case)][:3]


def test_the_model_reaches_every_action() -> None:
    assert {decision.action for _facts, decision in judged()} == set(Action)
    assert len(judged()) > 100_000


def test_a_rotation_of_secrets_manager_is_refused_where_its_version_was_put_aside() -> None:
    def broken(facts: Facts, decision: Decision) -> bool:
        aside = facts.token not in (None, "C", facts.pending and facts.pending.version)
        return aside != (decision.code == "token_stale")

    assert not violations(broken)


def test_only_a_reserved_version_without_a_value_is_filled_and_create_secret_sends_nothing() -> None:
    def broken(facts: Facts, decision: Decision) -> bool:
        if decision.action is Action.STORE:
            pending = facts.pending
            return not (facts.stores_only and pending and pending.empty and decision.version == facts.token)
        return facts.stores_only and decision.action in CHANGES

    assert not violations(broken)


def test_nobody_else_goes_on_with_a_version_without_a_value() -> None:
    def broken(facts: Facts, decision: Decision) -> bool:
        empty = facts.pending is not None and facts.pending.empty
        return empty and facts.token is None and decision.version == "P" and "P" not in str(facts.rows)

    assert not violations(broken)


def test_what_comes_again_never_tries_a_refused_password_again() -> None:
    def broken(facts: Facts, decision: Decision) -> bool:
        pending = facts.pending
        refused = facts.stored and pending is not None and pending.version in facts.refused
        return refused and facts.token is not None and decision.action in (Action.RESUME, Action.FINISH)

    assert not violations(broken)


def test_a_schedule_never_ends_an_overlap() -> None:
    def broken(facts: Facts, decision: Decision) -> bool:
        kept = facts.overlapping and facts.trigger in UNATTENDED and facts.begun is None
        two = any("C" in row.primary and row.secondary for row in facts.covered)
        return kept and two and decision.action not in (Action.NOTHING, Action.RECORD, Action.REFUSE)

    assert not violations(broken)


def holds_old(facts: Facts) -> bool:
    return any("C" in row.primary and row.secondary for row in facts.covered)


def test_no_old_password_ends_that_a_replica_region_may_still_give_out() -> None:
    def broken(facts: Facts, decision: Decision) -> bool:
        ended = facts.forced and facts.trigger not in UNATTENDED
        kept = bool(facts.lagging) and holds_old(facts) and facts.begun is None and not ended
        to_former = decision.action is Action.ROLL_BACK and decision.version == facts.previous
        return kept and decision.action not in (Action.NOTHING, Action.RECORD, Action.REFUSE) and not to_former

    assert not violations(broken)


def test_a_lagging_replica_region_is_no_reason_where_no_old_password_is_left() -> None:
    def broken(facts: Facts, decision: Decision) -> bool:
        return decision.code == "replica_lags" and not holds_old(facts)

    assert not violations(broken)


def test_who_wants_a_new_password_is_told_of_a_lagging_replica_region() -> None:
    def broken(facts: Facts, decision: Decision) -> bool:
        idle = (
            facts.trigger == "recovery" or (facts.trigger == "scheduled" and not facts.due) or bool(facts.skip_reason)
        )
        return decision.code == "replica_lags" and (idle or not decision.next_step)

    assert not violations(broken)


def test_the_next_scheduled_run_is_led_to_what_was_kept_for_a_replica_region() -> None:
    """What it goes by is a tag that speaks of an overlap; without one, it is written."""

    def broken(facts: Facts, decision: Decision) -> bool:
        kept = bool(facts.lagging) and holds_old(facts)
        return kept and decision.action is Action.NOTHING and not (facts.overlapping or facts.overlap_over)

    assert not violations(broken)


def test_what_is_restored_is_a_former_password_in_a_new_version() -> None:
    def broken(facts: Facts, decision: Decision) -> bool:
        if decision.action is not Action.ROLL_BACK:
            return False
        former = decision.version == facts.previous and facts.restorable
        followed = decision.version == facts.current and facts.label_moved_back
        return not (decision.as_new_version and facts.trigger == "rollback" and (former or followed))

    assert not violations(broken)


def test_a_rollback_is_not_rolled_back() -> None:
    def broken(facts: Facts, decision: Decision) -> bool:
        again = facts.trigger == "rollback" and facts.rollback == "C" and not facts.label_moved_back
        return again and decision.action is Action.ROLL_BACK

    assert not violations(broken)


def test_nothing_is_changed_where_the_password_may_be_one_that_cannot_be_read() -> None:
    def broken(facts: Facts, decision: Decision) -> bool:
        pending = facts.pending is not None and facts.pending.version in facts.undecryptable
        return pending and any(row.has_unknown for row in facts.rows) and decision.action is not Action.REFUSE

    assert not violations(broken)


def test_what_is_finished_is_on_a_covered_row_and_never_was_current() -> None:
    def broken(facts: Facts, decision: Decision) -> bool:
        version = str(decision.version)
        on_row = any(version in row.primary for row in facts.covered)
        return decision.action is Action.FINISH and (not on_row or facts.was_current(version))

    assert not violations(broken)


def test_what_was_current_never_becomes_current_again() -> None:
    def broken(facts: Facts, decision: Decision) -> bool:
        promoted = decision.version if decision.action in CHANGES and not decision.as_new_version else None
        return promoted is not None and (facts.was_current(promoted) or promoted == facts.current)

    assert not violations(broken)


def test_a_version_that_is_not_pending_is_made_anew() -> None:
    def broken(facts: Facts, decision: Decision) -> bool:
        ours = facts.pending is not None and decision.version == facts.pending.version and facts.pending.same_keys
        return decision.action in (Action.RESUME, Action.FINISH) and not (ours or decision.as_new_version)

    assert not violations(broken)


def test_nothing_is_done_where_ours_is_valid_beside_a_password_that_no_version_knows() -> None:
    """Neither of the two ends, and no row that our password opens is left behind as another's, in whatever order."""

    def broken(facts: Facts, decision: Decision) -> bool:
        ours = [row for row in facts.rows if (row.primary or row.secondary) and not row.adopted]
        mixed = [row for row in ours if row.foreign or FOREIGN in (row.primary, row.secondary)]
        return bool(mixed) and decision.action is not Action.REFUSE

    assert not violations(broken)


def test_what_is_taken_over_was_named_and_is_opened_by_current_as_its_second_password() -> None:
    def broken(facts: Facts, decision: Decision) -> bool:
        named = {row.name for row in facts.rows if row.adopted and not row.primary and "C" in (row.secondary or ())}
        wrong = not decision.rows or set(decision.rows) != named or decision.version != "C"
        return (decision.action is Action.TAKE_OVER and wrong) or (
            bool(named) and decision.action not in (Action.TAKE_OVER, Action.REFUSE)
        )

    assert not violations(broken)


def test_no_change_ends_the_current_password_before_another_is_current() -> None:
    """A change keeps a row's primary password only: where AWSCURRENT's is the secondary, it would be gone."""

    def broken(facts: Facts, decision: Decision) -> bool:
        changed = [row for row in facts.covered if row.name in decision.rows]
        lost = any("C" not in row.primary and row.opened_by("C") for row in changed)
        given_back = decision.action is Action.ROLL_BACK and decision.version == "C"
        return decision.action in CHANGES and lost and not given_back

    assert not violations(broken)


def test_settling_ends_nothing_on_rows_where_current_is_not_first() -> None:
    def broken(facts: Facts, decision: Decision) -> bool:
        ended = [row for row in facts.covered if row.name in decision.rows]
        return decision.action is Action.DISCARD_OLD and any("C" not in row.primary for row in ended)

    assert not violations(broken)


def test_nothing_is_called_done_while_an_old_password_lives_or_a_row_lacks_the_current() -> None:
    def broken(facts: Facts, decision: Decision) -> bool:
        old = any(row.secondary for row in facts.covered) and not (facts.overlapping or facts.lagging)
        undone = old or any("C" not in row.primary for row in facts.covered)
        undone = undone and not (facts.skip_reason or facts.stores_only)
        restored = facts.trigger == "rollback" and facts.rollback == facts.current
        return decision.action in (Action.NOTHING, Action.RECORD) and undone and not restored

    assert not violations(broken)


def test_nothing_means_recorded() -> None:
    def broken(facts: Facts, decision: Decision) -> bool:
        # Where an old password stays for a replica region, that tag is what makes the next scheduled run look again.
        left = facts.tags_need_repair or (facts.overlap_over and not facts.lagging)
        undone = (facts.recorded != "C" or left) and not facts.stores_only
        return decision.action is Action.NOTHING and undone

    assert not violations(broken)


def test_a_scheduled_run_leaves_what_is_clean_and_not_due() -> None:
    def broken(facts: Facts, decision: Decision) -> bool:
        clean = all("C" in row.primary and row.secondary is None for row in facts.covered)
        began = facts.pending is not None and (
            not facts.was_current("P") or any("P" in row.primary for row in facts.rows)
        )
        held = facts.waits_for_hooks and facts.hooks_version == "C" and facts.recorded != "C"
        idle = facts.trigger == "scheduled" and not facts.due and clean and not began and not held
        return idle and decision.action not in (Action.NOTHING, Action.RECORD, Action.REFUSE)

    assert not violations(broken)


def test_who_asks_for_a_new_password_gets_one_or_a_reason() -> None:
    def broken(facts: Facts, decision: Decision) -> bool:
        asked = facts.trigger == "on_demand" and not (facts.skip_reason or facts.stores_only)
        return asked and decision.action in (Action.NOTHING, Action.RECORD)

    assert not violations(broken)


def test_hooks_run_before_the_old_password_ends_and_only_for_the_version_that_was_promoted_for_them() -> None:
    def broken(facts: Facts, decision: Decision) -> bool:
        waiting = facts.waits_for_hooks and facts.hooks_version == "C" and facts.recorded != "C"
        ends = decision.action in (Action.DISCARD_OLD, Action.RECORD, Action.ROTATE)
        return (waiting and ends) or (decision.action is Action.WAIT_FOR_HOOKS and not waiting)

    assert not violations(broken)


def test_a_refusal_names_reason_code_and_remedy_and_nothing_else_has_them() -> None:
    def broken(_facts: Facts, decision: Decision) -> bool:
        told = bool(decision.reason and decision.code and decision.next_step)
        return told is not (decision.action is Action.REFUSE)

    assert not violations(broken)


def test_only_covered_rows_are_touched() -> None:
    def broken(facts: Facts, decision: Decision) -> bool:
        return not set(decision.rows) <= {row.name for row in facts.covered}

    assert not violations(broken)


def test_a_fresh_password_goes_to_every_covered_row() -> None:
    def broken(facts: Facts, decision: Decision) -> bool:
        fresh = decision.action in (Action.ROTATE, Action.RESUME)
        return fresh and set(decision.rows) != {row.name for row in facts.covered}

    assert not violations(broken)


def test_the_same_facts_give_the_same_decision() -> None:
    assert all(decide(facts) == decision for facts, decision in judged()[::97])


def state(*listed: RowFacts, trigger: str = "recovery", pending: PendingFacts | None = None) -> Facts:
    return Facts("C", "V", pending, "C", listed, trigger, due=False)


LOGIN = RowFacts("root@%", C, login=True)
KEPT = replace(state(replace(LOGIN, secondary=V)), lagging=("eu-west-1 (InProgress)",), overlap_over=True)


@pytest.mark.parametrize(
    ("facts", "action", "version"),
    [
        pytest.param(state(LOGIN), Action.NOTHING, None, id="clean"),
        pytest.param(state(LOGIN, trigger="on_demand"), Action.ROTATE, None, id="asked for"),
        pytest.param(replace(state(LOGIN, trigger="scheduled"), due=True), Action.ROTATE, None, id="due"),
        pytest.param(replace(state(LOGIN), due=True), Action.NOTHING, None, id="recovery never rotates what is due"),
        pytest.param(replace(state(LOGIN), recorded="V"), Action.RECORD, "C", id="not recorded"),
        pytest.param(replace(state(LOGIN), tags_need_repair=True), Action.RECORD, "C", id="tags are missing"),
        pytest.param(state(LOGIN, pending=REUSABLE), Action.RESUME, "P", id="stored only"),
        pytest.param(state(LOGIN, pending=PENDINGS[3]), Action.ROTATE, None, id="stored long ago"),
        pytest.param(state(replace(LOGIN, secondary=V)), Action.DISCARD_OLD, "C", id="not discarded"),
        pytest.param(
            state(replace(LOGIN, primary=P, secondary=C), pending=REUSABLE), Action.FINISH, "P", id="applied only"
        ),
        pytest.param(
            state(LOGIN, RowFacts("root@b", P, C), pending=REUSABLE), Action.FINISH, "P", id="applied to one row"
        ),
        pytest.param(
            state(replace(LOGIN, primary=P), pending=REUSABLE), Action.FINISH, "P", id="applied to a row that holds one"
        ),
        pytest.param(state(replace(LOGIN, primary=U, secondary=C)), Action.FINISH, "U", id="label taken away"),
        pytest.param(state(LOGIN, RowFacts("root@b", U, C)), Action.FINISH, "U", id="label taken away, on another row"),
        pytest.param(state(LOGIN, RowFacts("root@b", V)), Action.ROTATE, None, id="a row with the previous password"),
        pytest.param(state(LOGIN, RowFacts("root@b", FOREIGN)), Action.NOTHING, None, id="a foreign row"),
        pytest.param(
            state(LOGIN, RowFacts("root@b", FOREIGN, C, adopted=True)),
            Action.TAKE_OVER,
            "C",
            id="named, current behind",
        ),
        pytest.param(KEPT, Action.NOTHING, None, id="kept for a replica"),
        pytest.param(replace(KEPT, overlap_over=False), Action.RECORD, "C", id="to be kept for a replica"),
        pytest.param(replace(KEPT, recorded="V"), Action.RECORD, "C", id="kept for a replica, not recorded"),
        pytest.param(
            replace(KEPT, tags_need_repair=True), Action.RECORD, "C", id="kept for a replica, tags are missing"
        ),
        pytest.param(replace(KEPT, lagging=()), Action.DISCARD_OLD, "C", id="the replica has caught up"),
        pytest.param(replace(KEPT, rows=(LOGIN,)), Action.RECORD, "C", id="nothing left to keep for a replica"),
        pytest.param(replace(KEPT, pending=REUSABLE), Action.NOTHING, None, id="stored, kept for a replica"),
        pytest.param(
            replace(KEPT, trigger="on_demand", forced=True), Action.DISCARD_OLD, "C", id="a person ends what was kept"
        ),
        pytest.param(
            replace(KEPT, trigger="on_demand", skip_reason="x"),
            Action.NOTHING,
            None,
            id="kept for a replica, just rotated",
        ),
        pytest.param(
            replace(KEPT, trigger="scheduled", forced=True), Action.NOTHING, None, id="no schedule ends what was kept"
        ),
    ],
)
def test_what_a_state_means(facts: Facts, action: Action, version: str | None) -> None:
    decision = decide(facts)
    assert (decision.action, decision.version) == (action, version)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        pytest.param(state(), "no_password_row", id="no row"),
        pytest.param(state(RowFacts("root@%", C)), "drift", id="logged in as another row"),
        pytest.param(state(replace(LOGIN, primary=FOREIGN)), "drift", id="opened by something else"),
        pytest.param(state(replace(LOGIN, primary=V)), "drift", id="current opens no row"),
        pytest.param(
            state(replace(LOGIN, primary=P), pending=replace(REUSABLE, newer=False)), "drift", id="current is newer"
        ),
        pytest.param(state(replace(LOGIN, primary=V, secondary=C)), "label_moved_back", id="label moved back"),
        pytest.param(state(replace(LOGIN, secondary=FOREIGN)), "foreign_secondary", id="foreign second password"),
        pytest.param(
            state(LOGIN, RowFacts("root@b", FOREIGN, C)), "foreign_primary", id="a foreign password over the current"
        ),
        pytest.param(
            state(replace(LOGIN, primary=FOREIGN, secondary=C)),
            "foreign_primary",
            id="the same on the row of the login",
        ),
        pytest.param(
            state(LOGIN, RowFacts("root@b", FOREIGN, V)), "foreign_primary", id="a foreign password over a former one"
        ),
        pytest.param(
            state(replace(LOGIN, secondary=V, foreign=True)), "foreign_secondary", id="a foreign password among three"
        ),
        pytest.param(replace(KEPT, trigger="on_demand"), "replica_lags", id="a second rotation while a replica lags"),
        pytest.param(
            replace(KEPT, trigger="scheduled", due=True), "replica_lags", id="due while a replica lags since last time"
        ),
    ],
)
def test_what_is_refused(facts: Facts, code: str) -> None:
    decision = decide(facts)
    assert (decision.action, decision.code) == (Action.REFUSE, code)


def test_an_adopted_rows_own_passwords_are_ended() -> None:
    adopted = RowFacts("root@b", C, FOREIGN, adopted=True)
    assert decide(state(LOGIN, adopted)) == Decision(
        Action.DISCARD_OLD, "The password was changed, but the old one is still valid.", "C", ("root@b",)
    )


def test_only_the_rows_that_are_behind_are_changed_when_finishing() -> None:
    done, behind = replace(LOGIN, primary=P, secondary=C), RowFacts("root@b", C)
    decision = decide(state(done, behind, pending=REUSABLE))
    assert (decision.rows, decision.as_new_version) == (("root@b",), False)


def test_a_pending_version_with_other_keys_is_made_anew_when_on_the_server() -> None:
    applied = replace(LOGIN, primary=P, secondary=C)
    assert decide(state(applied, pending=PENDINGS[5])).as_new_version
