# SPDX-License-Identifier: GPL-3.0-or-later
"""Two clients of one account that were both onboarded by a listing that was behind: nobody is locked out."""

from __future__ import annotations

from typing import Any

import pytest
from managed import HOST, MakeClient, ManagedClient, secrets_manager
from stale_listing import StaleListing
from world.databases import DatabaseServer

from ansible_collections.dbops.rotation.plugins.module_utils._aws import secret_store
from ansible_collections.dbops.rotation.plugins.module_utils._context import context as context_module
from ansible_collections.dbops.rotation.plugins.module_utils._module.onboard import ONBOARD
from ansible_collections.dbops.rotation.plugins.module_utils._module.verify import VERIFY


@pytest.fixture
def listing(monkeypatch: pytest.MonkeyPatch) -> StaleListing:
    # Nothing here becomes visible by waiting.
    monkeypatch.setattr(context_module, "CONSISTENCY_SECONDS", 0.0)
    monkeypatch.setattr(secret_store, "UNTIL_SEEN", (0.0,))
    return StaleListing(monkeypatch)


@pytest.fixture
def both(make_client: MakeClient, server: DatabaseServer, listing: StaleListing) -> tuple[ManagedClient, ManagedClient]:
    first = make_client(server)
    second = make_client(server, user=first.user, password=first.password)
    second.secret_name = f"{first.secret_id}-of-another"
    second.options = {"client": "client_globex"}
    server.create_account(first.user, first.hosts, first.password)
    listing.hidden = {first.secret_id, second.secret_id}
    for client in (first, second):
        login: dict[str, Any] = {
            "host": HOST,
            "port": server.port,
            "username": client.user,
            "password": client.password,
        }
        result = client.run(ONBOARD, **login)
        assert not result.get("failed") and "five minutes" in result["warnings"][0], result
    return first, second


def test_the_first_rotation_of_the_second_refuses_and_nobody_is_locked_out(
    both: tuple[ManagedClient, ManagedClient], listing: StaleListing
) -> None:
    first, second = both
    assert second.refused()["code"] == "listing_behind"
    listing.hidden.clear()
    error = second.refused()
    assert error["code"] == "shared_account" and "Nothing was changed" in error["msg"]
    assert repr(first.secret_id) in error["cause"] and repr(second.secret_id) in error["cause"]
    assert f"delete-secret --secret-id {first.secret_id}" in error["next_step"]
    assert first.refused()["code"] == "shared_account"
    for client in both:
        assert client.opens(client.stored()["password"]) and client.stored()["password"] == client.password


def test_once_one_secret_is_deleted_the_other_rotates(
    both: tuple[ManagedClient, ManagedClient], listing: StaleListing
) -> None:
    first, second = both
    listing.hidden.clear()
    assert second.refused()["code"] == "shared_account"
    secrets_manager(second.aws).delete_secret(SecretId=second.secret_id, RecoveryWindowInDays=7)
    assert first.rotate()["action"] == "rotate"
    assert first.opens(first.stored()["password"]) and not first.opens(first.password)
    assert " " not in first.tags()["rotation/account"]


def test_verify_tells_of_both(both: tuple[ManagedClient, ManagedClient], listing: StaleListing) -> None:
    first, second = both
    assert first.run(VERIFY)["healthy"]
    listing.hidden.clear()
    for client in both:
        result = client.run(VERIFY)
        assert [finding["code"] for finding in result["findings"]] == ["shared_account"] and not result["healthy"]
        assert repr(first.secret_id) in result["msg"] and repr(second.secret_id) in result["msg"]
        assert "aws secretsmanager delete-secret --secret-id" in result["msg"]


def test_verify_looks_again_after_the_first_rotation(
    both: tuple[ManagedClient, ManagedClient], listing: StaleListing
) -> None:
    """Here the first was rotated where the second was not yet listed."""
    first, second = both
    listing.hidden = {second.secret_id}
    first.rotate()
    assert first.run(VERIFY)["healthy"]
    listing.hidden.clear()
    assert not first.run(VERIFY)["healthy"]
