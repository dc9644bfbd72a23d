# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole secret read and made anew, against moto in this process."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import pytest
from refusals import refusal_of

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_archive import SecretArchive
from ansible_collections.dbops.rotation.plugins.module_utils._backup.save import Source, collect
from ansible_collections.dbops.rotation.plugins.module_utils._db.hashes import NATIVE, StoredPassword, make_hash
from ansible_collections.dbops.rotation.plugins.module_utils._db.let_in import row_let_in
from ansible_collections.dbops.rotation.plugins.module_utils._db.rows import AccountRow, Method
from ansible_collections.dbops.rotation.plugins.module_utils._secret_value import SecretValue

FIRST, SECOND = (str(uuid.UUID(int=number)) for number in (1, 2))
VALUE = SecretValue({"engine": "mysql", "host": "db.invalid", "username": "root", "password": "Hidden-Value"})


@pytest.fixture
def archive(secrets_manager: Any) -> SecretArchive:
    made = SecretArchive(secrets_manager, f"clients/{uuid.uuid4()}/mysql/root")
    made.create(VALUE, FIRST, {"rotation/client": "acme"}, None)
    made.put_pending(VALUE.with_password("Hidden-Newer"), SECOND)
    return made


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)


class Restless(SecretArchive):
    """A secret whose AWSPENDING comes and goes while it is read, for so many reads."""

    moves = 0

    def _version(self, version_id: str, stages: frozenset[str]) -> Any:
        found = super()._version(version_id, stages)
        if self.moves and "AWSCURRENT" in stages:
            self.moves -= 1
            holder = self.describe().holder("AWSPENDING")
            if holder:
                self.drop_pending(holder)
            else:
                self.add_label("AWSPENDING", SECOND)
        return found


def restless(archive: SecretArchive, moves: int) -> Restless:
    made = Restless(archive._client, archive.secret_id)
    made.moves = moves
    return made


@pytest.mark.parametrize("moves", [0, 1, 2])
def test_a_secret_is_read_until_no_label_moves_meanwhile(archive: SecretArchive, moves: int) -> None:
    saved, warnings = restless(archive, moves).save()
    pending = {"AWSPENDING": SECOND} if moves != 1 else {}
    assert (saved.holders(), warnings) == ({"AWSCURRENT": FIRST, **pending}, [])
    assert {json.loads(version.text)["password"] for version in saved.versions} >= {"Hidden-Value"}


def test_a_secret_whose_labels_do_not_rest_is_not_half_read(archive: SecretArchive) -> None:
    assert refusal_of(restless(archive, 9).save).code == "aws_inconsistent"


def test_labels_without_a_version_and_reserved_tags_are_left_out_of_a_new_secret(archive: SecretArchive) -> None:
    saved, _warnings = archive.save()
    current = saved.find("AWSCURRENT")
    assert current and saved.find(FIRST) is current and saved.find("OURS") is None
    again = SecretArchive(archive._client, f"{archive.secret_id}/again")
    again.recreate(saved, current, {"team": "billing", "aws:cloudformation:stack-name": "x"}, None)
    told = again.describe()
    assert (told.tags, told.stages) == ({"team": "billing"}, {FIRST: frozenset({"AWSCURRENT"})})


def test_one_that_cannot_be_read_does_not_keep_the_others_away(archive: SecretArchive) -> None:
    lost = SecretArchive(archive._client, "clients/lost/mysql/root")
    found = collect({"a": Source("client_acme", archive), "b": Source("client_globex", lost)}, {"c": "no options"})
    assert list(found.entries) == ["client_acme"] and list(found.failures) == ["c", "b"]
    assert "client_globex: stopped at step 'read'" in found.failures["b"]
    assert "there is no such secret" in found.failures["b"]


def test_a_login_that_was_let_in_by_something_else_proves_nothing() -> None:
    row = AccountRow("root", "%", (Method(NATIVE, password=StoredPassword(NATIVE, make_hash(NATIVE, "right"))),))
    row_let_in([row], "root@%", "right")
    for user, password in (("root@%", "wrong"), ("root@localhost", "right")):
        assert refusal_of(row_let_in, [row], user, password).code == "login_unproven"
