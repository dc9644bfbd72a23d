# SPDX-License-Identifier: GPL-3.0-or-later
"""What a failure says of the state it left: one sentence for each stage, of the latest that was reached."""

from __future__ import annotations

import re

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._context.progress import (
    STATES,
    STATES_OF_ONE_PASSWORD,
    Progress,
    Stage,
)

SENTENCES = {
    Stage.NOTHING: "Nothing was changed, neither the secret nor the database.",
    Stage.STORED: "The server was not changed; a new password is stored as AWSPENDING (v1) and unused.",
    Stage.TAKEN_OVER: "AWSCURRENT opens the server as before; on the rows that were named another password may have"
    " ended.",
    Stage.SENT: "AWSCURRENT still opens the server; the new one, AWSPENDING (v1), may open it already.",
    Stage.VERIFIED: "Old and new password both open the server; AWSCURRENT is the old, AWSPENDING (v1) the new.",
    Stage.OVERTAKEN: "AWSCURRENT was moved by somebody else meanwhile; AWSPENDING (v1) opens the server.",
    Stage.PROMOTED: "The new password is AWSCURRENT and opens the server; the old one may still be valid.",
    Stage.DISCARDING: "The new password is AWSCURRENT and opens the server; the old one may still be valid.",
    Stage.KEPT: "The new password is AWSCURRENT; the old one stays valid until 2026-12-01T00:00:00Z (overlap).",
    Stage.KEPT_FOR_REPLICAS: "The new password is AWSCURRENT; the old one stays valid for replica regions: eu-west-1.",
    Stage.SETTLED: "The new password is AWSCURRENT and the only one.",
}
OF_ONE_PASSWORD = {
    Stage.SENT: "AWSCURRENT is the old password; the new one, AWSPENDING (v1), may open it already.",
    Stage.VERIFIED: "The new password opens the server; AWSCURRENT is the old, AWSPENDING (v1) the new.",
}
KEPT = {"kept_until": "2026-12-01T00:00:00Z", "kept_for": "eu-west-1"}


def begun(*stages: Stage, single: bool = False) -> Progress:
    """Return the progress of a password that was stored and reached these stages."""
    progress = Progress()
    progress.begin("v1", sent=False, single=single)
    for stage in stages:
        progress.reach(stage)
    return progress


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("single", [False, True])
def test_every_stage_has_its_sentence(stage: Stage, single: bool) -> None:
    sentences = SENTENCES | OF_ONE_PASSWORD if single else SENTENCES
    stored = None if stage is Stage.NOTHING else "v1"
    progress = Progress(stage, stored=stored, single=single, kept_until=KEPT["kept_until"], kept_for=KEPT["kept_for"])
    assert progress.state_left() == sentences[stage]


def test_nothing_but_stages_has_a_sentence() -> None:
    assert set(STATES) == set(Stage) and set(STATES_OF_ONE_PASSWORD) < set(Stage)
    fields = {name for text in STATES.values() for name in re.findall(r"\{(\w+)\}", text)}
    assert fields == {"stored", *KEPT}


def test_the_latest_stage_is_told_in_whatever_order_they_are_noted() -> None:
    assert begun(Stage.SENT, Stage.VERIFIED, Stage.SENT).state_left() == SENTENCES[Stage.VERIFIED]
    assert begun().state_left() == SENTENCES[Stage.STORED]


def test_what_a_password_came_to_is_not_true_of_the_next() -> None:
    progress = begun(Stage.SENT, Stage.VERIFIED, Stage.PROMOTED, Stage.SETTLED)
    assert progress.promoted
    progress.begin("v1", sent=False, single=False)
    assert not progress.promoted and progress.state_left() == SENTENCES[Stage.STORED]
    progress.begin("v1", sent=True, single=False)
    assert progress.state_left() == SENTENCES[Stage.SENT]


def test_what_another_password_ended_stays_true() -> None:
    progress = Progress()
    progress.take_over()
    assert progress.state_left() == SENTENCES[Stage.TAKEN_OVER]
    progress.begin("v1", sent=False, single=False)
    assert progress.state_left() == SENTENCES[Stage.TAKEN_OVER]
    progress.reach(Stage.SENT)
    assert progress.state_left() == SENTENCES[Stage.SENT]


@pytest.mark.parametrize(
    ("stages", "left"),
    [
        ([], Stage.STORED),
        ([Stage.SENT], Stage.OVERTAKEN),
        ([Stage.SENT, Stage.VERIFIED], Stage.OVERTAKEN),
        ([Stage.SENT, Stage.VERIFIED, Stage.PROMOTED], Stage.PROMOTED),
    ],
)
def test_a_label_that_somebody_moved_matters_between_change_and_promotion(stages: list[Stage], left: Stage) -> None:
    progress = begun(*stages)
    progress.lose_label()
    assert progress.state_left() == SENTENCES[left]


def test_a_statement_that_failed_is_corrected_by_what_the_rows_have() -> None:
    progress = begun(Stage.SENT)
    progress.correct(sent=False)
    assert progress.state_left() == SENTENCES[Stage.STORED]
    progress.correct(sent=True)
    assert progress.state_left() == SENTENCES[Stage.SENT]


def test_a_replica_region_is_named_before_the_end_of_an_overlap() -> None:
    progress = begun(Stage.SENT, Stage.VERIFIED, Stage.PROMOTED)
    progress.keep_until(KEPT["kept_until"])
    assert progress.state_left() == SENTENCES[Stage.KEPT]
    progress.keep_for(KEPT["kept_for"])
    progress.keep_until(KEPT["kept_until"])
    assert progress.state_left() == SENTENCES[Stage.KEPT_FOR_REPLICAS]
    progress.keep_nothing()
    assert progress.state_left() == SENTENCES[Stage.PROMOTED] and not (progress.kept_until or progress.kept_for)
    assert progress.promoted
