# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole engine over a server and a secret kept in memory: from every state, and from every moment at which a run
can die, later runs come to rest, and on the way AWSCURRENT opens every row.

The statements are interpreted as the real servers do it (measured; tests/integration has them do it).
"""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from meddling_in_memory import DEEDS, FOREIGN, meddled, row_by_hand, second_by_hand, set_and_retained, set_by_hand
from memory_server import HOSTS, MARIADB, MYSQL, hashed
from memory_world import (
    NOW,
    WORDS,
    C,
    P,
    PowerCut,
    U,
    V,
    Version,
    World,
    come_to_rest,
    make_world,
    results_of_runs,
    rotate_in,
)
from refusals import refusal_of
from stopped_runs import MOST_EFFECTS, STARTS, at_effect, cut, lose_answer, over_every_kind, start_world, stopped_worlds

from ansible_collections.dbops.rotation.plugins.module_utils._aws.write_limit import VERSIONS, Ledger, Writes
from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._db.hashes import ED25519, NATIVE, StoredPassword
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._stamp import stamp
from ansible_collections.dbops.rotation.plugins.module_utils._steps import replicas as replicas_module

REFUSALS = ("foreign_primary", "foreign_secondary", "label_moved_back", "other_password_newer")
ON_ROW = (C, P, V, U, "foreign")


def fillings() -> Iterator[tuple[str, ...]]:
    for first in ON_ROW:
        yield (first,)
        yield from ((first, second) for second in ON_ROW if second != first)


def is_covered(names: tuple[str, ...]) -> bool:
    """Return True if a row is ours alone: nothing is done where it is so in part."""
    return "foreign" not in names


@pytest.mark.parametrize(
    ("pending", "other_keys", "recorded"),
    [(None, False, C), (P, False, C), (P, True, V)],
)
@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
def test_every_state_comes_to_rest_or_is_refused(
    flavor: str, pending: str | None, other_keys: bool, recorded: str
) -> None:
    outcomes: Counter[str] = Counter()
    for rows in itertools.product(fillings(), [(), *fillings()]):
        filled = tuple(names for names in rows if names)
        world = make_world(flavor, NATIVE, filled, pending, recorded, other_keys)
        named = zip(world.rows, filled, strict=True)
        world.promised = frozenset(host for host, names in named if C in names and is_covered(names))
        before = {host: list(stored) for host, stored in world.rows.items()}
        try:
            come_to_rest(world)
        except RotationError as error:
            assert error.code and error.next_step and error.state, rows
            assert world.rows == before, (rows, error)
            outcomes[error.code] += 1
            continue
        outcomes["settled"] += 1
        for host, names in zip(world.rows, filled, strict=True):
            if is_covered(names):
                assert world.rows[host] == [hashed(NATIVE, world.current())], rows
            else:
                assert world.rows[host] == before[host] == [hashed(NATIVE, WORDS["foreign"])], rows
    assert outcomes["settled"] > 10
    assert set(outcomes) <= {"settled", "login_refused", "drift", *REFUSALS}, outcomes


@over_every_kind
def test_an_undisturbed_run_leaves_nothing_to_do(flavor: str, plugin: str, start: str) -> None:
    world = start_world(flavor, plugin, start)
    before = world.current()
    assert rotate_in(world, "on_demand")["changed"]
    assert world.at_rest() and world.current() != before
    assert len(world.effects) < MOST_EFFECTS
    assert come_to_rest(world) == ["nothing"]


@over_every_kind
@pytest.mark.parametrize("trouble", [cut, lose_answer])
def test_whatever_is_cut_off_is_finished_by_the_next_run(
    flavor: str, plugin: str, start: str, trouble: Callable[[str], None]
) -> None:
    for world in stopped_worlds(flavor, plugin, start, trouble):
        effects = list(world.effects)
        assert len(come_to_rest(world)) <= 2, effects
        assert world.at_rest(), effects


@over_every_kind
def test_a_recovery_that_is_cut_off_is_finished_too(flavor: str, plugin: str, start: str) -> None:
    for world in stopped_worlds(flavor, plugin, start, cut):
        world.after_effect = at_effect(1, cut)
        with contextlib.suppress(PowerCut):
            rotate_in(world)
        world.after_effect = lambda _effect: None
        come_to_rest(world)
        assert world.at_rest(), world.effects


@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
@pytest.mark.parametrize("start", STARTS)
def test_a_secret_edited_after_a_crash_keeps_the_edit(flavor: str, start: str) -> None:
    for world in stopped_worlds(flavor, NATIVE, start, cut):
        held = world.stages["AWSCURRENT"]
        world.versions["H"] = Version(world.versions[held].document | {"dbname": "by hand"}, datetime.now(UTC))
        world.stages |= {"AWSCURRENT": "H", "AWSPREVIOUS": held}
        come_to_rest(world)
        assert world.at_rest(), world.effects
        assert world.versions[world.stages["AWSCURRENT"]].document["dbname"] == "by hand"


@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
@pytest.mark.parametrize("start", STARTS)
def test_a_pending_label_that_was_taken_away_after_a_crash_is_not_missed(flavor: str, start: str) -> None:
    for world in stopped_worlds(flavor, NATIVE, start, cut):
        world.stages.pop("AWSPENDING", None)
        come_to_rest(world)
        assert world.at_rest(), world.effects


@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
@pytest.mark.parametrize("own", [("foreign",), ("foreign", U), (C, "foreign"), ("foreign", C)])
def test_an_adoption_that_is_cut_off_is_finished(flavor: str, own: tuple[str, ...]) -> None:
    adopt = (f"root@{HOSTS[1]}",)
    for number, moment in itertools.product(range(MOST_EFFECTS), ("before_effect", "after_effect")):
        world = make_world(flavor, rows=((C,), own))
        setattr(world, moment, at_effect(number, cut))
        with contextlib.suppress(PowerCut):
            rotate_in(world, "on_demand", adopt)
        setattr(world, moment, lambda _effect: None)
        while rotate_in(world, "recovery", adopt)["action"] != "nothing":
            assert len(world.effects) < 2 * MOST_EFFECTS
        assert world.at_rest(), world.effects


@over_every_kind
def test_no_version_becomes_current_twice(flavor: str, plugin: str, start: str) -> None:
    world = start_world(flavor, plugin, start)
    seen = [world.stages["AWSPREVIOUS"], world.stages["AWSCURRENT"]]
    for _round in range(3):
        rotate_in(world, "on_demand")
        seen.append(world.stages["AWSCURRENT"])
    assert len(set(seen)) == len(seen)


def overlap_is_over(world: World) -> None:
    if world.tags.get(tags.OVERLAP_UNTIL):
        world.tags[tags.OVERLAP_UNTIL] = stamp(NOW - timedelta(minutes=1))


def due_in_days(world: World) -> float:
    return (datetime.fromisoformat(world.tags[tags.DUE]) - datetime.now(UTC)) / timedelta(days=1)


@over_every_kind
@pytest.mark.parametrize("trouble", [cut, lose_answer])
@pytest.mark.parametrize("next_trigger", ["recovery", "rollback"])
def test_a_rollback_that_is_cut_off_is_finished_or_never_began(
    flavor: str, plugin: str, start: str, trouble: Callable[[str], None], next_trigger: str
) -> None:
    for world in stopped_worlds(flavor, plugin, start, trouble, trigger="rollback"):
        effects = list(world.effects)
        rotate_in(world, next_trigger)
        come_to_rest(world)
        assert world.at_rest(), effects
        if world.tags[tags.VERSION] == world.tags.get(tags.ROLLBACK):
            assert world.tags[tags.TRIGGER] == "rollback" and due_in_days(world) <= 1, effects


@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
@pytest.mark.parametrize("start", ["clean", "one row"])
def test_a_rollback_brings_the_previous_password_back_however_often_it_is_cut_off(flavor: str, start: str) -> None:
    for world in stopped_worlds(flavor, NATIVE, start, cut, trigger="rollback"):
        rotate_in(world, "rollback")
        assert world.current() == WORDS[V], world.effects
        assert world.stages["AWSCURRENT"] != V, "no version becomes current twice"
        assert world.at_rest(), world.effects


@over_every_kind
@pytest.mark.parametrize("trouble", [cut, lose_answer])
def test_an_overlap_that_is_cut_off_ends_in_time_and_not_before(
    flavor: str, plugin: str, start: str, trouble: Callable[[str], None]
) -> None:
    for world in stopped_worlds(flavor, plugin, start, trouble, overlap=3600):
        promoted = world.stages["AWSCURRENT"] != C
        come_to_rest(world)
        if promoted and plugin == NATIVE:
            assert all(len(stored) == 2 for stored in world.rows.values()), world.effects
        overlap_is_over(world)
        come_to_rest(world)
        assert world.at_rest(), world.effects
        assert not world.tags.get(tags.OVERLAP_UNTIL)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask of replica regions without a pause."""
    monkeypatch.setattr(replicas_module, "FIRST_PAUSE", 0.0)


LAGS, FAILED, IN_SYNC = ({"us-east-1": "InSync", "eu-west-1": status} for status in ("InProgress", "Failed", "InSync"))


def start_lagging(flavor: str, plugin: str, start: str) -> World:
    """A replica region that gives out what was AWSCURRENT before, whatever this run makes of it."""
    world = start_world(flavor, plugin, start)
    world.replicas, world.read_elsewhere = LAGS, WORDS[V if start == "not discarded" else C]
    return world


def caught_up(world: World) -> World:
    world.replicas, world.read_elsewhere = IN_SYNC, ""
    return world


@pytest.mark.usefixtures("at_once")
@over_every_kind
@pytest.mark.parametrize("trouble", [cut, lose_answer])
def test_whoever_reads_in_a_replica_region_is_let_in_whenever_a_run_dies(
    flavor: str, plugin: str, start: str, trouble: Callable[[str], None]
) -> None:
    for world in stopped_worlds(flavor, plugin, start, trouble, begin=start_lagging):
        promoted = world.stages["AWSCURRENT"] != C
        come_to_rest(world)
        if promoted:
            assert world.tags[tags.VERSION] == world.stages["AWSCURRENT"], world.effects
        world.replicas = FAILED
        assert come_to_rest(world) == ["nothing"], world.effects
        come_to_rest(caught_up(world))
        assert world.at_rest(), world.effects
        assert not world.tags.get(tags.OVERLAP_UNTIL)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
@pytest.mark.parametrize("trigger", ["on_demand", "rollback"])
def test_a_replica_region_that_lags_keeps_the_old_password_until_it_has_caught_up(flavor: str, trigger: str) -> None:
    world = start_lagging(flavor, NATIVE, "clean")
    result = rotate_in(world, trigger)
    assert result["rotated"] and result["warnings"][-1:] == [
        "The old password stays valid, because replica regions may still give it out: eu-west-1 (InProgress)."
    ]
    assert "stays valid for replica regions (eu-west-1 (InProgress))" in result["msg"]
    assert result["replicas"][1] == {"region": "eu-west-1", "status": "InProgress", "message": ""}
    assert all(len(stored) == 2 for stored in world.rows.values())
    assert rotate_in(world, "scheduled")["action"] == "nothing"
    assert rotate_in(caught_up(world), "scheduled")["action"] == "discard_old"
    assert world.at_rest() and come_to_rest(world) == ["nothing"]


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
def test_a_second_rotation_is_refused_while_a_replica_region_lags_unless_forced(flavor: str) -> None:
    world = start_lagging(flavor, NATIVE, "clean")
    rotate_in(world, "on_demand")
    before = {host: list(stored) for host, stored in world.rows.items()}
    error = refusal_of(rotate_in, world, "on_demand")
    assert error.code == "replica_lags" and "rotation_force=true" in str(error)
    assert world.rows == before
    world.read_elsewhere = ""
    first = world.current()
    warnings = rotate_in(world, "on_demand", force=True)["warnings"]
    assert [text for text in warnings if "programs that read there are refused" in text]
    assert world.current() != first and all(hashed(NATIVE, first) in stored for stored in world.rows.values())


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
def test_a_forced_rotation_also_ends_what_it_kept_on_its_way(flavor: str) -> None:
    """It finishes a rollback that was cut off, keeps the password of before, ends that, and begins its own."""
    world = start_lagging(flavor, NATIVE, "one row")
    world.before_effect = lambda effect: cut(effect) if effect == "promote" else None
    with contextlib.suppress(PowerCut):
        rotate_in(world, "rollback")
    world.before_effect = lambda _effect: None
    world.read_elsewhere = ""
    assert rotate_in(world, "on_demand", force=True)["rotated"]
    assert world.current() not in WORDS.values()
    come_to_rest(caught_up(world))
    assert world.at_rest()


@pytest.mark.usefixtures("at_once")
def test_where_a_row_holds_one_password_a_replica_region_that_lags_is_only_told() -> None:
    pytest.importorskip("nacl.bindings")
    world = start_lagging(MARIADB, ED25519, "clean")
    result = rotate_in(world, "on_demand")
    assert [text for text in result["warnings"] if text.startswith("The old password has ended, and replica regions")]
    assert world.at_rest() and come_to_rest(world) == ["nothing"]
    assert not world.tags.get(tags.OVERLAP_UNTIL)


@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("do", DEEDS)
@pytest.mark.parametrize("overlap", [0, 3600])
def test_nothing_is_told_or_recorded_as_done_unless_the_rows_read_last_say_so(
    flavor: str, start: str, do: Callable[[World], None], overlap: int
) -> None:
    for world, deed, result in meddled(flavor, start, do, overlap=overlap):
        current = hashed(NATIVE, world.current())
        first_class = slice(1) if flavor == MYSQL else slice(None)
        covered = [stored for stored in deed.seen.values() if current in stored[first_class]]
        recorded = world.tags[tags.VERSION] == world.stages["AWSCURRENT"] != C
        told = isinstance(result, dict) and result["rotated"]
        if not (recorded or told):
            assert isinstance(result, RotationError) and result.code and result.state and result.next_step
            continue
        assert covered and (overlap or flavor == MARIADB or all(len(stored) == 1 for stored in covered)), world.effects
        known = {hashed(NATIVE, str(version.document["password"])) for version in world.versions.values()} - {current}
        left = [stored for stored in deed.seen.values() if known & set(stored)]
        assert overlap or not left, (deed.seen, world.effects)
        if do in (set_by_hand, set_and_retained) and deed.seen == world.rows:
            assert world.opened_by(world.current())


@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
def test_a_password_set_by_hand_on_every_row_is_never_told_as_a_rotation(flavor: str) -> None:
    codes: Counter[str] = Counter()
    for world, _deed, result in meddled(flavor, "clean", set_by_hand):
        refused_now = not world.opened_by(world.current())
        if refused_now and isinstance(result, dict):
            assert world.effects[-1] == "tag", "only what came after the last look is not seen"
            codes["after the last look"] += 1
        elif isinstance(result, RotationError):
            codes[result.code] += 1
    assert codes["after the last look"] <= 1
    assert codes["changed_meanwhile"] and set(codes) <= {
        *("after the last look", "changed_meanwhile", "not_applied", "drift", "login_refused"),
        "not_discarded",  # set in the moment before the change, which retained it
    }


@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
def test_a_server_that_sets_another_password_costs_one_login_and_is_told(flavor: str) -> None:
    """On the row of the login that shows; a hash is computed where the login was refused."""
    world = make_world(flavor, rows=((C,),))

    def forge(effect: str) -> None:
        if effect == "alter":
            world.rows[HOSTS[0]][0] = FOREIGN

    world.after_effect = forge
    error = refusal_of(rotate_in, world, "on_demand")
    assert (error.code, error.step) == ("not_applied", "verify") and len(world.refused) <= 1
    assert "AWSCURRENT" in error.state and world.stages["AWSCURRENT"] == C


def test_a_server_that_did_nothing_costs_no_login() -> None:
    world = make_world(MYSQL, rows=((C,),))
    kept = {host: list(stored) for host, stored in world.rows.items()}
    world.after_effect = lambda effect: world.rows.update(kept) if effect == "alter" else None
    error = refusal_of(rotate_in, world, "on_demand")
    assert (error.code, error.step) == ("not_applied", "verify") and world.refused == []


def test_the_login_spares_a_hash_of_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[str] = []
    matches = StoredPassword.matches

    def counted(stored: StoredPassword, password: str) -> bool:
        computed.append(password)
        return matches(stored, password)

    monkeypatch.setattr(StoredPassword, "matches", counted)
    world = make_world(MYSQL, rows=((C,),))
    assert rotate_in(world, "on_demand")["rotated"] and computed == [WORDS[C]]


def test_a_second_password_that_arises_before_the_change_is_seen_and_nothing_is_sent() -> None:
    """Between the look and the statement: decided anew, and refused as it would have been."""
    world = start_world(MYSQL, NATIVE, "clean")
    world.before_effect = at_effect(0, lambda _effect: second_by_hand(world))
    error = refusal_of(rotate_in, world, "on_demand")
    assert (error.code, error.step) == ("foreign_secondary", "decide")
    assert world.effects == ["put"] and "The server was not changed" in error.state
    assert all(stored == [hashed(NATIVE, WORDS[C]), FOREIGN] for stored in world.rows.values())


def test_a_row_that_arises_before_the_change_is_changed_with_the_others() -> None:
    world = start_world(MYSQL, NATIVE, "clean")
    world.before_effect = at_effect(0, lambda _effect: row_by_hand(world))
    assert rotate_in(world, "on_demand")["rotated"]
    assert len(world.rows) == 3 and world.at_rest()


def test_rows_that_never_stand_still_are_left_alone() -> None:
    world = start_world(MYSQL, NATIVE, "clean")

    def restless(statement: str) -> None:
        if "FROM mysql." in statement:
            row_by_hand(world)
            world.rows[f"10.{next(numbers)}.%"] = world.rows.pop("10.%")

    numbers = itertools.count()
    world.before_statement = restless
    assert refusal_of(rotate_in, world, "on_demand").code == "unsettled" and "alter" not in world.effects


def codes_of(results: list[Any]) -> list[tuple[str, str]]:
    return [(result.code, result.step) for result in results]


@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
def test_a_new_password_that_a_proxy_refuses_costs_a_schedule_one_login_and_a_person_one_each(flavor: str) -> None:
    world = make_world(flavor)
    world.tags[tags.DUE] = stamp(NOW - timedelta(days=1))
    world.kept_by_proxy = WORDS[C]
    results = results_of_runs(world, *["scheduled", "recovery"] * 5)
    assert codes_of(results) == [("new_password_refused", "verify"), *[("new_password_refused", "decide")] * 9]
    assert len(world.refused) == 1 and world.tags[tags.REFUSED] == world.stages["AWSPENDING"]
    assert "several servers" in results[0].next_step and "proxy that keeps passwords" in results[9].next_step
    assert results[0].state.startswith("AWSCURRENT still opens the server; the new one, AWSPENDING")
    assert codes_of(results_of_runs(world, "on_demand")) == [("new_password_refused", "verify")]
    assert len(world.refused) == 2
    world.kept_by_proxy = ""
    assert rotate_in(world, "on_demand")["rotated"] and world.tags[tags.REFUSED] == ""
    assert world.at_rest()


@pytest.mark.parametrize("trigger", ["on_demand", "rollback", "scheduled"])
@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
def test_after_a_change_by_hand_one_password_is_tried(flavor: str, trigger: str) -> None:
    world = make_world(flavor)
    set_by_hand(world)
    assert codes_of(results_of_runs(world, trigger)) == [("login_refused", "open")]
    assert world.refused == [WORDS[C]] and world.tags[tags.REFUSED] == C


@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
def test_a_rollback_tries_the_one_password_that_labels_and_tags_say_is_right(flavor: str) -> None:
    moved_back = make_world(flavor)
    moved_back.stages |= {"AWSCURRENT": U, "AWSPREVIOUS": C}
    assert rotate_in(moved_back, "rollback")["action"] == "roll_back" and moved_back.refused == []
    for world in stopped_worlds(flavor, NATIVE, "clean", cut):
        rotate_in(world, "rollback")
        assert world.refused == [], world.effects


def test_what_was_refused_before_is_remembered_with_what_is_refused_now() -> None:
    world = make_world(rows=(("foreign",), ("foreign",)))
    world.tags[tags.REFUSED] = "earlier"
    results_of_runs(world, "on_demand", "on_demand")
    assert world.tags[tags.REFUSED] == f"earlier {C}"


def deny_tags(effect: str) -> None:
    if effect == "tag":
        raise RotationError("denied", code="aws_denied", next_step="Allow it.")


def told_by(worlds_runs: list[Any]) -> int:
    """How many of the results tell of a rotation."""
    return sum(isinstance(result, dict) and result["rotated"] for result in worlds_runs)


@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
@pytest.mark.parametrize("start", STARTS)
def test_a_rotation_whose_tags_are_denied_is_told_once_and_every_later_run_fails_until_they_are_written(
    flavor: str, start: str
) -> None:
    world = start_world(flavor, NATIVE, start)
    world.before_effect = deny_tags
    first, *later = results_of_runs(world, "on_demand", "scheduled", "recovery", "scheduled")
    assert first["rotated"] and "The tags could not be written" in first["warnings"][-1]
    assert [(error.code, error.step) for error in later] == [("aws_denied", "record")] * 3
    assert all(error.state == "The new password is AWSCURRENT and the only one." for error in later)
    world.before_effect = lambda _effect: None
    written = rotate_in(world, "scheduled")
    assert (written["action"], written["rotated"]) == ("record", False)
    assert world.tags[tags.NOTIFIED] == "rotated=owed", "whether the notice went out is not known"
    assert world.at_rest() and come_to_rest(world) == ["nothing"]


@over_every_kind
def test_a_rotation_is_told_once_however_often_tags_are_denied_and_runs_die(
    flavor: str, plugin: str, start: str
) -> None:
    for world in stopped_worlds(flavor, plugin, start, cut):
        promoted, was_recorded = world.stages["AWSCURRENT"] != C, world.tags[tags.VERSION]
        world.before_effect = deny_tags
        results = results_of_runs(world, "recovery", "recovery")
        world.before_effect = lambda _effect: None
        results += results_of_runs(world, "recovery", "recovery")
        changed = world.stages["AWSCURRENT"] != C and was_recorded != world.stages["AWSCURRENT"]
        assert told_by(results) == (changed or (promoted and was_recorded == V)), (world.effects, results)


@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
@pytest.mark.parametrize("label", [V, U])
def test_a_label_that_a_person_moves_during_a_rotation_harms_no_password(flavor: str, label: str) -> None:
    """AWSCURRENT goes to a version whose password is gone: refused, or settled; nothing that opens is ended."""
    for world in stopped_worlds(flavor, NATIVE, "clean", cut):
        held, rows = world.stages["AWSCURRENT"], {host: list(stored) for host, stored in world.rows.items()}
        world.promised = frozenset()
        world.stages |= {"AWSCURRENT": label, "AWSPREVIOUS": held}
        with contextlib.suppress(RotationError):
            rotate_in(world)
        assert all(set(rows[host]) <= set(stored) for host, stored in world.rows.items()), world.effects


def spent() -> Ledger:
    """A ledger of which the writes of the next hours have been given away."""
    ledger = Ledger(lambda: 0.0)
    ledger.take(VERSIONS, 1_000_000, 1.0, float("inf"))
    return ledger


def test_a_run_whose_turn_at_aws_would_come_too_late_begins_nothing() -> None:
    world = make_world()
    error = refusal_of(rotate_in, world, "on_demand", writes=Writes(0.8, spent()))
    assert (error.code, error.step) == ("write_limit", "wait")
    assert "Nothing was changed" in error.state and world.effects == []


def test_a_scheduled_run_whose_turn_at_aws_would_come_too_late_leaves_the_client_alone() -> None:
    world = make_world()
    world.tags[tags.DUE] = stamp(NOW - timedelta(days=1))
    result = rotate_in(world, "scheduled", writes=Writes(0.8, spent()))
    assert (result["action"], result["changed"], world.effects) == ("busy", False, [])
    assert "left to the next scheduled run" in result["msg"]


def test_what_was_begun_is_finished_whatever_aws_writes_are_left() -> None:
    world = make_world(rows=((P, C), (C,)), pending=P)
    assert rotate_in(world, writes=Writes(0.8, spent()))["action"] == "finish"
    assert world.at_rest()
