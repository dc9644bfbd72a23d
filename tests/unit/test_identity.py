# SPDX-License-Identifier: GPL-3.0-or-later
"""Which server a secret belongs to: what the tags remember, what a group tells, and what a person declares."""

from __future__ import annotations

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._db.members import Member, in_danger
from ansible_collections.dbops.rotation.plugins.module_utils._db.server import MARIADB, MYSQL, Server, _ids
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.identity import (
    LABEL,
    Identity,
    identity_of,
    refuse_invalid_label,
)
from ansible_collections.dbops.rotation.plugins.module_utils._tag_text import VALUE_LENGTH

A, B, C, D = (f"{letter * 8}-eb3e-11f1-b608-02fc00000001" for letter in "abcd")
UID = "uKvB4sSTqP9xRrTsn2JbqQvGqRk="
PLACE = {"hostname": "db", "port": "3306", "datadir": "/var/lib/mysql/"}


def mysql(server_id: str, *members: str) -> Server:
    group = tuple(Member(member, "db:3306", "ONLINE") for member in members)
    return Server(MYSQL, (9, 7, 4), server_id, {}, "root@%", False, members=group)


def remembered(server_id: str = "", learned: str = "") -> dict[str, str]:
    return {tags.SERVER_ID: server_id, tags.SERVER_IDS: learned}


def test_a_member_of_the_remembered_group_takes_its_place() -> None:
    written = identity_of(mysql(A, A, B, C), {}).written()
    assert written == {tags.SERVER_ID: A, tags.SERVER_IDS: "aaaaaaaa-eb3e-11f1 bbbbbbbb-eb3e-11f1 cccccccc-eb3e-11f1"}
    assert identity_of(mysql(B, A, B, C), written).is_ours
    # The first one is gone and a new one has come, which is the primary already.
    assert identity_of(mysql(D, B, C, D), written).is_ours
    assert identity_of(mysql(D, B, C, D), written).is_settled
    assert not identity_of(mysql(D, B, C, D), written).is_new


def test_a_clone_that_made_a_group_of_its_own_is_another_server() -> None:
    written = identity_of(mysql(A, A, B, C), {}).written()
    assert not identity_of(mysql(D, D), written).is_ours
    assert not identity_of(mysql(D), written).is_ours


def test_members_that_are_none_any_more_are_forgotten() -> None:
    assert identity_of(mysql(A), remembered(A, A[:18])).written() == {tags.SERVER_ID: A, tags.SERVER_IDS: ""}
    assert identity_of(mysql(A), remembered(A)).written() == {tags.SERVER_ID: A}


def test_the_largest_group_fits_a_tag() -> None:
    nine = [f"{number:08x}-eb3e-11f1-b608-02fc00000001" for number in range(9)]
    assert len(identity_of(mysql(nine[0], *nine), {}).written()[tags.SERVER_IDS]) <= VALUE_LENGTH


@pytest.mark.parametrize(
    ("declared", "ours", "settled"),
    [((), False, False), ((B,), True, False), ((A, B), True, True), ((C,), False, False)],
)
def test_declared_servers_take_each_others_place(declared: tuple[str, ...], ours: bool, settled: bool) -> None:
    found = identity_of(mysql(B), remembered(A), declared)
    assert (found.is_ours, found.is_settled) == (ours, settled)


def test_a_label_is_remembered_of_the_same_server_only() -> None:
    assert identity_of(mysql(A), remembered(f"{A} clone")).tag == f"{A} clone"
    assert identity_of(mysql(A), remembered(f"{A} clone"), label="other").tag == f"{A} other"
    assert identity_of(mysql(A), remembered(f"{A} clone"), label="other").is_new
    assert identity_of(mysql(B), remembered(f"{A} clone")).tag == B


def test_a_label_has_no_rival_but_the_same_label() -> None:
    assert identity_of(mysql(A, A, B), {}, (C,)).rivals() == {A, B, C}
    assert identity_of(mysql(A, A, B), {}, (C,), "clone").rivals() == {f"{A} clone"}


@pytest.mark.parametrize("label", ["two words", "a" * 33, "ü", "a/b", "a\n"])
def test_a_label_that_no_tag_can_hold(label: str) -> None:
    with pytest.raises(RotationError) as caught:
        refuse_invalid_label(label)
    assert caught.value.code == "invalid_option" and LABEL not in caught.value.cause


def test_mariadb_is_known_by_more_than_its_uid_and_by_what_it_was_known_before() -> None:
    ids = _ids({**PLACE, "server_uid": UID})
    others = [_ids({**PLACE, name: "other", "server_uid": UID}) for name in PLACE]
    assert len({ids[0], *(other[0] for other in others)}) == 4 and {other[1] for other in others} == {UID}
    server = Server(MARIADB, (10, 11, 0), ids[0], {}, "root@%", False, former_ids=ids[1:])
    for former in (UID, _ids(PLACE)[0]):
        found = identity_of(server, remembered(former))
        assert found.is_ours and found.is_settled and not found.is_new and found.tag == ids[0]
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
