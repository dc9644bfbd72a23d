# SPDX-License-Identifier: GPL-3.0-or-later
"""Which passwords of a row a change replaces, and which are ended afterwards."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import (
    SecretDescription,
    SecretStore,
    SecretVersion,
)
from ansible_collections.dbops.rotation.plugins.module_utils._context.context import RotationContext
from ansible_collections.dbops.rotation.plugins.module_utils._context.request import RotationRequest
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.tags import read_cycle
from ansible_collections.dbops.rotation.plugins.module_utils._db.hashes import NATIVE, StoredPassword, make_hash
from ansible_collections.dbops.rotation.plugins.module_utils._db.rows import AccountRow, Method
from ansible_collections.dbops.rotation.plugins.module_utils._decision.facts import Facts, RowFacts
from ansible_collections.dbops.rotation.plugins.module_utils._secret_value import SecretValue
from ansible_collections.dbops.rotation.plugins.module_utils._steps.look import View

NOW = datetime.now(UTC)
OLD, NEW, FOREIGN = (StoredPassword(NATIVE, make_hash(NATIVE, word)) for word in ("old", "new", "foreign"))
HOLDERS = {OLD: frozenset("C"), NEW: frozenset("U"), FOREIGN: frozenset[str]()}


def version(name: str, password: str) -> SecretVersion:
    return SecretVersion(name, NOW, SecretValue({"password": password}))


def row(*methods: StoredPassword, retained: StoredPassword | None = None) -> AccountRow:
    listed = tuple(Method(NATIVE, stored.stored.decode(), stored) for stored in methods)
    return AccountRow("root", "%", listed, retained)


def view(seen: AccountRow, *, adopted: bool = False) -> View:
    facts = Facts("C", None, None, "C", (RowFacts("root@%", frozenset("C"), None, True, adopted),), "recovery", False)
    secret = SecretDescription("arn", "name", {}, {}, False, False, None)
    return View(secret, read_cycle({}, NOW), (seen,), HOLDERS, facts)


def context_with(current: SecretVersion) -> RotationContext:
    context = RotationContext(RotationRequest("acme", "clients/acme"), SecretStore(None, "clients/acme"), "")
    context.versions.current = current
    return context


def replaced(seen: View, keep: SecretVersion) -> tuple[StoredPassword, ...]:
    (change,) = seen.changes(("root@%",), keep=keep)
    return change.replaced


@pytest.mark.parametrize(
    ("seen", "adopted", "expected"),
    [
        pytest.param(row(OLD), False, (OLD,), id="ours"),
        pytest.param(row(OLD, FOREIGN), False, (OLD,), id="a foreign method is not ours to end"),
        pytest.param(row(OLD, FOREIGN), True, (OLD, FOREIGN), id="on an adopted row it is"),
        pytest.param(row(FOREIGN), True, (FOREIGN,), id="the foreign password of an adopted row"),
        pytest.param(row(OLD, retained=NEW), False, (OLD, NEW), id="a retained one of ours"),
        pytest.param(row(OLD, retained=FOREIGN), False, (OLD,), id="a retained foreign one"),
    ],
)
def test_what_a_change_replaces(seen: AccountRow, adopted: bool, expected: tuple[StoredPassword, ...]) -> None:
    assert replaced(view(seen, adopted=adopted), version("N", "brand new")) == expected


def test_the_password_that_is_kept_is_not_replaced() -> None:
    assert replaced(view(row(NEW, OLD)), version("U", "new")) == (OLD,)


def test_a_new_version_of_a_known_password_is_kept_when_the_rows_are_seen_again() -> None:
    """The password of U went into version N: ending it as one of U's would end AWSCURRENT's."""
    current = version("N", "new")
    again = view(row(NEW, OLD)).with_rows(context_with(current), [row(NEW, OLD)])
    assert replaced(again, current) == (OLD,)


def test_of_what_is_new_on_a_row_only_the_current_password_is_known() -> None:
    brand_new, unknown = (StoredPassword(NATIVE, make_hash(NATIVE, word)) for word in ("brand new", "by hand"))
    current = version("N", "brand new")
    again = view(row(OLD)).with_rows(context_with(current), [row(brand_new, OLD, unknown)])
    assert replaced(again, current) == (OLD,)
    assert again.versions_by_hash[unknown] == frozenset()


def test_rows_that_are_not_named_are_not_changed() -> None:
    assert view(row(OLD)).changes((), keep=version("N", "brand new")) == []
