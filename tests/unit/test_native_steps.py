# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of Secrets Manager's own rotation: what each comes to in each state, and wherever one of them dies."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator

import pytest
from memory_server import MARIADB, MYSQL, hashed
from memory_world import WORDS, C, P, PowerCut, U, V, World, come_to_rest, make_world, rotate_in
from refusals import refusal_of
from reserved import STEPS, T, create, finish, reserve, rotate_by_aws
from reserved import test as look
from stopped_runs import MOST_EFFECTS, at_effect, cut, lose_answer, over_every_kind, start_world

from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._db.hashes import NATIVE
from ansible_collections.dbops.rotation.plugins.module_utils._errors import PolicyRefused, RotationError


def begin(flavor: str, plugin: str, start: str) -> tuple[World, str]:
    world = start_world(flavor, plugin, start)
    return world, reserve(world)


@over_every_kind
def test_four_steps_end_with_the_reserved_version_alone(flavor: str, plugin: str, start: str) -> None:
    world, token = begin(flavor, plugin, start)
    before = world.current()
    rotate_by_aws(world, token)
    assert world.at_rest() and world.tags[tags.VERSION] == world.stages["AWSCURRENT"]
    assert world.current() != before
    # Where other keys were edited, the version that AWS took up cannot be AWSCURRENT: its value can never change.
    assert world.stages["AWSCURRENT"] == token or start == "applied, other keys changed"


@over_every_kind
def test_each_step_may_be_repeated(flavor: str, plugin: str, start: str) -> None:
    world, token = begin(flavor, plugin, start)
    for step in (create, create, look, look, finish):
        step(world, token)
    current, effects = world.current(), list(world.effects)
    if start == "applied, other keys changed":
        return
    for step in (*STEPS, finish):
        assert step(world, token)["action"] == "nothing"
    assert world.effects == effects and world.current() == current


@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
@pytest.mark.parametrize(
    ("start", "created"),
    [
        ({}, "store"),
        ({"recorded": V, "rows": ((C, V), (C, V))}, "store"),
        ({"rows": ((U, C), (U, C))}, "nothing"),
    ],
    ids=["clean", "old password valid", "password of an earlier run on the rows"],
)
def test_create_secret_stores_in_the_reserved_version_and_sends_nothing_new(
    flavor: str, start: dict[str, object], created: str
) -> None:
    world = make_world(flavor, NATIVE, **start)  # type: ignore[arg-type]
    token = reserve(world)
    opened = world.current()
    receipt = create(world, token)
    # Of a rotation that an earlier run did not record, people are told now.
    assert receipt["action"] == created and receipt["rotated"] == ("recorded" in start)
    assert (token in world.versions) == (created == "store")
    assert world.stages["AWSPENDING"] == token and world.current() == opened
    known = {hashed(NATIVE, word) for word in WORDS.values()}
    assert all(stored in known for row in world.rows.values() for stored in row)


def test_create_secret_says_that_it_stored_and_not_that_it_rotated() -> None:
    world = make_world()
    receipt = create(world, reserve(world))
    assert receipt["changed"] and "the new password is stored, and not sent yet" in receipt["msg"]
    assert receipt["diff"]["after"]["AWSPENDING"] == T
    assert receipt["diff"]["after"]["AWSCURRENT"] == C


def test_test_secret_changes_nothing() -> None:
    for start in ({}, {"pending": P}, {"recorded": V, "rows": ((C, V), (C, V))}):
        world = make_world(MYSQL, NATIVE, **start)
        look(world, reserve(world))
        assert not world.effects


@pytest.mark.parametrize("step", STEPS)
def test_a_version_that_was_put_aside_is_refused_before_anything_is_done(step: Callable[..., object]) -> None:
    world = make_world(MYSQL, NATIVE, ((C, V), (C, V)), recorded=V)
    token = reserve(world)
    world.stages["AWSPENDING"] = P
    error = refusal_of(lambda: step(world, token))
    assert error.code == "token_stale"
    assert token in error.cause and "another run took over" in error.cause
    assert not world.effects


def test_a_schedule_leaves_what_is_reserved_to_secrets_manager() -> None:
    for trigger in ("recovery", "scheduled"):
        world = make_world()
        come_to_rest(world)
        effects = list(world.effects)
        reserve(world)
        assert rotate_in(world, trigger)["action"] == "nothing"
        assert world.effects == effects and world.stages["AWSPENDING"] == T


def test_a_schedule_rotates_what_is_due_although_a_version_is_reserved() -> None:
    world = make_world()
    world.tags[tags.DUE] = "2020-01-01T00:00:00Z"
    token = reserve(world)
    assert rotate_in(world, "scheduled")["action"] == "rotate"
    assert world.at_rest() and world.stages["AWSCURRENT"] != token
    assert refusal_of(lambda: finish(world, token)).code == "token_stale"


def test_a_run_of_a_person_takes_over_from_secrets_manager() -> None:
    world = make_world()
    token = reserve(world)
    assert rotate_in(world, "on_demand")["action"] == "rotate"
    assert world.at_rest()
    for step in STEPS:
        assert refusal_of(lambda step=step: step(world, token)).code == "token_stale"


@pytest.mark.parametrize("trigger", ["recovery", "scheduled", "on_demand"])
def test_a_run_between_the_steps_ends_with_the_stored_version(trigger: str) -> None:
    world = make_world()
    token = reserve(world)
    create(world, token)
    look(world, token)
    rotate_in(world, trigger)
    assert world.stages["AWSCURRENT"] == token and world.at_rest()
    for step in STEPS:
        assert step(world, token)["action"] == "nothing"


def test_a_password_that_the_server_refuses_is_replaced_and_people_are_warned() -> None:
    world = make_world()
    token = reserve(world)
    create(world, token)
    refused = world.versions[token].document["password"]

    def refuse(effect: str) -> None:
        if effect == "alter" and world.versions[world.stages["AWSPENDING"]].document["password"] == refused:
            raise PolicyRefused("too plain", code="password_policy")

    world.before_effect = refuse
    receipt = finish(world, token)
    assert receipt["rotated"] and world.at_rest() and world.stages["AWSCURRENT"] != token
    assert any(token in warning for warning in receipt["warnings"])


def troubled(flavor: str, plugin: str, start: str, trouble: Callable[[str], None]) -> Iterator[tuple[World, str]]:
    """Return the world after steps of which one met trouble before or after its n-th effect, for every n."""
    for number, moment in itertools.product(range(MOST_EFFECTS), ("before_effect", "after_effect")):
        world, token = begin(flavor, plugin, start)
        setattr(world, moment, at_effect(number, trouble))
        with contextlib.suppress(PowerCut, RotationError):
            for step in STEPS:
                step(world, token)
        if len(world.effects) < number:
            return
        setattr(world, moment, lambda _effect: None)
        yield world, token


@over_every_kind
@pytest.mark.parametrize("trouble", [cut, lose_answer])
def test_wherever_a_step_dies_the_next_attempt_of_aws_comes_to_rest(
    flavor: str, plugin: str, start: str, trouble: Callable[[str], None]
) -> None:
    worlds = list(troubled(flavor, plugin, start, trouble))
    for world, token in worlds:
        try:
            rotate_by_aws(world, token)
        except RotationError as error:
            # Another version was stored in its place, of which AWS knows nothing: the sweep goes on with it.
            assert error.code == "token_stale" and start == "applied, other keys changed"
            come_to_rest(world)
        assert world.at_rest() and world.tags[tags.VERSION] == world.stages["AWSCURRENT"]
        assert len(world.refused) <= 1 and not world.tags.get(tags.REFUSED)
    assert len(worlds) > 4


@over_every_kind
@pytest.mark.parametrize("between", ["recovery", "scheduled", "on_demand"])
def test_wherever_a_step_dies_another_run_and_then_aws_come_to_rest(
    flavor: str, plugin: str, start: str, between: str
) -> None:
    worlds = list(troubled(flavor, plugin, start, cut))
    for world, token in worlds:
        rotate_in(world, between)
        with contextlib.suppress(RotationError):
            rotate_by_aws(world, token)
        come_to_rest(world)
        assert world.at_rest() and world.tags[tags.VERSION] == world.stages["AWSCURRENT"]
    assert len(worlds) > 4
