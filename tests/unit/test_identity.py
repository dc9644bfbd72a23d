# SPDX-License-Identifier: GPL-3.0-or-later
"""Which server a secret belongs to: what the tags remember, what a group tells, and what a person declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from refusals import refusal_of

from ansible_collections.dbops.rotation.plugins.module_utils._context.identity import (
    LABEL,
    Identity,
    account_of,
    identity_of,
    refuse_invalid_label,
)
from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._db.members import Member, in_danger
from ansible_collections.dbops.rotation.plugins.module_utils._db.server import MARIADB, MYSQL, Server, _ids
from ansible_collections.dbops.rotation.plugins.module_utils._tag_text import VALUE_LENGTH

A, B, C, D = (f"{letter * 8}-eb3e-11f1-b608-02fc00000001" for letter in "abcd")
UID = "uKvB4sSTqP9xRrTsn2JbqQvGqRk="
PLACE = {"hostname": "db", "port": "3306", "datadir": "/var/lib/mysql/"}


def mysql(server_id: str, *members: str) -> Server:
    group = tuple(Member(member, "db:3306", "ONLINE") for member in members)
    return Server(MYSQL, (9, 7, 4), server_id, {}, "root@%", False, members=group)


def remembered(server_id: str = "", learned: str = "") -> dict[str, str]:
    return {tags.SERVER_ID: server_id, tags.SERVER_IDS: learned}


def identity(server: Server, remembered: Mapping[str, str], *given: Any, **more: Any) -> Identity:
    return identity_of(server, remembered, *given, user="root", **more)


def test_a_member_of_the_remembered_group_takes_its_place() -> None:
    written = identity(mysql(A, A, B, C), {}).written()
    assert written == {
        tags.SERVER_ID: f"server:{A}",
        tags.ACCOUNT: account_of(A, "root"),
        tags.SERVER_IDS: "aaaaaaaa-eb3e-11f1 bbbbbbbb-eb3e-11f1 cccccccc-eb3e-11f1",
    }
    assert identity(mysql(B, A, B, C), written).is_ours
    # The first one is gone and a new one has come, which is the primary already.
    assert identity(mysql(D, B, C, D), written).is_ours
    assert identity(mysql(D, B, C, D), written).is_settled
    assert not identity(mysql(D, B, C, D), written).is_new


def test_a_clone_that_made_a_group_of_its_own_is_another_server() -> None:
    written = identity(mysql(A, A, B, C), {}).written()
    assert not identity(mysql(D, D), written).is_ours
    assert not identity(mysql(D), written).is_ours


def test_members_that_are_none_any_more_are_forgotten() -> None:
    assert identity(mysql(A), remembered(A, A[:18])).written()[tags.SERVER_IDS] == ""
    assert tags.SERVER_IDS not in identity(mysql(A), remembered(A)).written()


def test_the_largest_group_fits_a_tag() -> None:
    nine = [f"{number:08x}-eb3e-11f1-b608-02fc00000001" for number in range(9)]
    assert len(identity(mysql(nine[0], *nine), {}).written()[tags.SERVER_IDS]) <= VALUE_LENGTH


@pytest.mark.parametrize(
    ("declared", "ours", "settled"),
    [((), False, False), ((B,), True, False), ((A, B), True, True), ((C,), False, False)],
)
def test_declared_servers_take_each_others_place(declared: tuple[str, ...], ours: bool, settled: bool) -> None:
    found = identity(mysql(B), remembered(A), declared)
    assert (found.is_ours, found.is_settled) == (ours, settled)


def test_a_label_is_remembered_of_the_same_server_only() -> None:
    assert identity(mysql(A), remembered(f"{A} clone")).tag == f"server:{A} clone"
    assert identity(mysql(A), remembered(f"{A} clone"), label="other").tag == f"server:{A} other"
    assert identity(mysql(A), remembered(f"{A} clone"), label="other").is_new
    assert identity(mysql(B), remembered(f"{A} clone")).tag == f"server:{B}"


def test_a_label_has_no_rival_but_the_same_label() -> None:
    assert identity(mysql(A, A, B), {}, (C,)).rivals() == {A, B, C}
    assert identity(mysql(A, A, B), {}, (C,), "clone").rivals() == {f"{A} clone"}


def test_a_claim_is_confirmed_by_a_rotation_of_this_user_alone() -> None:
    claiming = identity(mysql(A), {}).claiming()
    claimed = identity(mysql(A), claiming)
    assert claimed.claims(account_of(A, "root")) and claimed.is_just_claimed and not claimed.is_settled
    confirmed = claimed.written()
    assert identity(mysql(A), confirmed).is_settled and not identity(mysql(A), confirmed).is_just_claimed
    assert not identity_of(mysql(A), confirmed, user="admin").is_settled
    assert not identity(mysql(B), confirmed, (A,)).is_settled
    assert identity(mysql(B), confirmed, (A, B)).is_settled


def test_a_claim_that_is_older_than_any_listing_needs_not_be_seen() -> None:
    old = {**identity(mysql(A), {}).written(), tags.ACCOUNT: f"{account_of(A, 'root')} 2026-01-01T00:00:00Z"}
    assert not identity(mysql(A), old).is_settled and not identity(mysql(A), old).is_just_claimed


def test_of_an_earlier_release_only_a_rotation_is_taken_as_the_confirmation() -> None:
    assert identity(mysql(A), {**remembered(A), tags.TRIGGER: "scheduled"}).is_settled
    assert not identity(mysql(A), {**remembered(A), tags.TRIGGER: "onboarding"}).is_settled


def test_an_account_tag_that_an_earlier_release_left_behind_is_not_believed() -> None:
    """It writes its own form of the server's tag, and nothing into the one of the account."""
    found = identity(mysql(B), {**remembered(B), tags.ACCOUNT: account_of(A, "root"), tags.TRIGGER: "scheduled"})
    assert found.account == "" and found.is_settled


def test_an_account_has_one_digest_for_each_server_that_may_take_its_place() -> None:
    found = identity(mysql(A, A, B), {}, (C,))
    assert found.rival_accounts() == {account_of(place, "root") for place in (A, B, C)}
    assert identity(mysql(A), {}, (), "clone").rival_accounts() == {account_of(f"{A} clone", "root")}
    different = {account_of(A, "root"), account_of(A, "Root"), account_of(B, "root"), account_of(A, "zoë 'x'")}
    assert len(different) == 4 and all(len(one) == 32 and one.isalnum() for one in different)


@pytest.mark.parametrize("label", ["two words", "a" * 33, "ü", "a/b", "a\n"])
def test_a_label_that_no_tag_can_hold(label: str) -> None:
    error = refusal_of(refuse_invalid_label, label)
    assert error.code == "invalid_option" and LABEL not in error.cause


def test_mariadb_is_known_by_more_than_its_uid_and_by_what_it_was_known_before() -> None:
    ids = _ids({**PLACE, "server_uid": UID})
    others = [_ids({**PLACE, name: "other", "server_uid": UID}) for name in PLACE]
    assert len({ids[0], *(other[0] for other in others)}) == 4 and {other[1] for other in others} == {UID}
    server = Server(MARIADB, (10, 11, 0), ids[0], {}, "root@%", False, former_ids=ids[1:])
    for former in (UID, _ids(PLACE)[0]):
        found = identity(server, remembered(former))
        assert found.is_ours and found.is_settled and not found.is_new and found.place == ids[0]
        assert former in found.rivals()
    assert not Identity(server, others[0][0]).is_ours


@pytest.mark.parametrize(
    ("members", "lost", "dangerous"),
    [
        (1, 0, False),
        (2, 0, False),
        (2, 1, True),
        (3, 0, False),
        (3, 1, True),
        (5, 1, False),
        (5, 2, True),
        (9, 3, False),
    ],
)
def test_a_group_is_in_danger_where_one_more_loss_ends_its_majority(members: int, lost: int, dangerous: bool) -> None:
    states = ["UNREACHABLE"] * lost + ["ONLINE"] * (members - lost)
    assert in_danger([Member(str(number), "db:3306", state) for number, state in enumerate(states)]) is dangerous
