# SPDX-License-Identifier: GPL-3.0-or-later
"""Two secrets never manage one account, however old the listing of Secrets Manager is."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from emulated import client_of
from memory_server import HOSTS, MYSQL, MemoryServer, hashed
from refusals import refusal_of
from stale_listing import StaleListing

from ansible_collections.dbops.rotation.plugins.module_utils._aws import secret_store
from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import CURRENT, SecretStore
from ansible_collections.dbops.rotation.plugins.module_utils._context import context as context_module
from ansible_collections.dbops.rotation.plugins.module_utils._context import login as login_module
from ansible_collections.dbops.rotation.plugins.module_utils._context.identity import account_of
from ansible_collections.dbops.rotation.plugins.module_utils._context.request import RotationRequest
from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._db.hashes import NATIVE
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._rotation import onboard_login as onboard_module
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.onboard import onboard
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.onboard_request import OnboardRequest
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.reconcile import Proof, reconcile
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.rotate import rotate
from ansible_collections.dbops.rotation.plugins.module_utils._secret_value import Login, SecretValue

OLD = "Old-Password-1"
FIRST, SECOND = "clients/client_acme/mysql/root", "clients/client_globex/mysql/root"
# What a rotation costs, beside the listing by which a first one looks for another secret of its account.
ROTATION = {
    "describe_secret": 1,
    "get_secret_value": 2,
    "put_secret_value": 1,
    "tag_resource": 1,
    "update_secret_version_stage": 1,
}


@pytest.fixture
def aws(aws: None) -> Any:
    return client_of("secretsmanager")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> MemoryServer:
    rows = {host: [hashed(NATIVE, OLD)] for host in HOSTS}
    made = MemoryServer(MYSQL, NATIVE, rows, server_id=str(uuid.uuid4()))
    for module in (login_module, onboard_module):
        monkeypatch.setattr(module, "connect", made.connect)
    monkeypatch.setattr(context_module, "CONSISTENCY_SECONDS", 0.0)
    monkeypatch.setattr(secret_store, "UNTIL_SEEN", (0.0,))
    return made


@pytest.fixture
def listing(monkeypatch: pytest.MonkeyPatch) -> StaleListing:
    return StaleListing(monkeypatch)


def onboarded(aws: Any, name: str) -> dict[str, Any]:
    login = Login("db.invalid", 3306, "root", OLD)
    return onboard(OnboardRequest(name.split("/")[1], login), SecretStore(aws, name))


def request(name: str, trigger: str = "on_demand") -> RotationRequest:
    return RotationRequest(client=name.split("/")[1], secret_id=name, trigger=trigger, replica_wait=0.0)


def rotated(aws: Any, name: str, trigger: str = "on_demand") -> dict[str, Any]:
    return rotate(request(name, trigger), SecretStore(aws, name))


def refused(aws: Any, name: str) -> RotationError:
    return refusal_of(rotated, aws, name)


def tagged(aws: Any, name: str) -> dict[str, str]:
    return dict(SecretStore(aws, name).describe().tags)


@pytest.fixture
def both(aws: Any, server: MemoryServer, listing: StaleListing) -> Any:
    """Two clients of one account, both taken while the listing was behind."""
    listing.hidden = {FIRST, SECOND}
    for name in (FIRST, SECOND):
        (told,) = onboarded(aws, name)["warnings"]
        assert f"does not list the secret '{name}' with its new tags yet" in told
        assert told.endswith(" in five minutes: {verify}")
    return aws


def test_onboarding_claims_and_the_first_rotation_confirms(aws: Any, server: MemoryServer) -> None:
    assert not onboarded(aws, FIRST)["warnings"]
    account, _space, since = tagged(aws, FIRST)[tags.ACCOUNT].partition(" ")
    assert account == account_of(server.server_id, "root") and since.endswith("Z")
    assert rotated(aws, FIRST)["secretsmanager_calls"] == {"total": 7, "list_secrets": 1, **ROTATION}
    assert tagged(aws, FIRST)[tags.ACCOUNT] == account
    again = rotate(request(FIRST), SecretStore(aws, FIRST))
    assert "list_secrets" not in again["secretsmanager_calls"]


@pytest.mark.parametrize("name", [FIRST, SECOND])
def test_the_first_rotation_of_either_refuses_by_name(
    both: Any, server: MemoryServer, listing: StaleListing, name: str
) -> None:
    listing.hidden.clear()
    other = SECOND if name == FIRST else FIRST
    error = refused(both, name)
    assert error.code == "shared_account" and f"'{name}'" in error.cause and f"'{other}'" in error.cause
    assert f"delete-secret --secret-id {other}" in error.next_step
    assert "Nothing was changed" in error.state
    assert server.opened_alone_by(OLD)


def test_where_the_listing_is_behind_still_neither_is_rotated(both: Any, server: MemoryServer) -> None:
    for name in (FIRST, SECOND):
        error = refused(both, name)
        assert error.code == "listing_behind" and "five minutes" in error.next_step
        assert "Nothing was changed" in error.state
        assert rotated(both, name, "scheduled")["action"] == "busy"
    assert server.opened_alone_by(OLD)


def test_a_listing_that_shows_the_earlier_claim_alone_stops_the_later(
    both: Any, server: MemoryServer, listing: StaleListing
) -> None:
    listing.hidden = {SECOND}
    assert refused(both, SECOND).code == "shared_account"


def test_onboarding_looks_again_after_its_claim(aws: Any, server: MemoryServer, listing: StaleListing) -> None:
    onboarded(aws, FIRST)
    listing.hidden, listing.until = {FIRST}, "create_secret"
    error = refusal_of(onboarded, aws, SECOND)
    assert error.code == "shared_account" and "the database was not changed" in error.state
    assert f"'{FIRST}'" in error.cause and f"'{SECOND}'" in error.cause


def test_onboarding_again_says_so_again(both: Any, server: MemoryServer, listing: StaleListing) -> None:
    """The secret is there since the first time, and still not the only one."""
    listing.hidden.clear()
    error = refusal_of(onboarded, both, SECOND)
    assert error.code == "shared_account"
    assert f"'{FIRST}'" in error.cause and f"'{SECOND}'" in error.cause
    assert f"delete-secret --secret-id {FIRST}, or {SECOND}" in error.next_step
    both.delete_secret(SecretId=FIRST, ForceDeleteWithoutRecovery=True)
    assert not onboarded(both, SECOND)["changed"]


def test_reconciling_refuses_as_well(both: Any, server: MemoryServer, listing: StaleListing) -> None:
    """With the other's password it would take the account over."""
    listing.hidden.clear()
    error = refusal_of(reconcile, request(SECOND), Proof(password=OLD), SecretStore(both, SECOND))
    assert error.code == "shared_account"


@pytest.mark.parametrize("how", [{"RecoveryWindowInDays": 7}, {"ForceDeleteWithoutRecovery": True}], ids=str)
def test_a_secret_that_was_deleted_is_no_other(
    both: Any, listing: StaleListing, monkeypatch: pytest.MonkeyPatch, how: dict[str, Any]
) -> None:
    """A listing may show it for five minutes still; DescribeSecret knows."""
    listing.hidden.clear()
    listed = both.list_secrets()
    both.delete_secret(SecretId=FIRST, **how)
    monkeypatch.setattr(SecretStore, "_pages", lambda *_given, **_named: iter([listed]))
    assert rotated(both, SECOND)["action"] == "rotate"


def test_clients_of_other_accounts_cost_one_listing_and_no_value(aws: Any, server: MemoryServer) -> None:
    place = {"Key": tags.SERVER_ID, "Value": f"server:{server.server_id}"}
    for number in range(600):
        account = {"Key": tags.ACCOUNT, "Value": account_of(server.server_id, f"user{number}")}
        aws.create_secret(Name=f"others/{number}", SecretString="no document", Tags=[place, account])
    onboarded(aws, FIRST)
    assert rotated(aws, FIRST)["secretsmanager_calls"] == {"total": 7, "list_secrets": 1, **ROTATION}


def test_a_secret_of_an_earlier_release_is_read(aws: Any, server: MemoryServer) -> None:
    """It has no tag of the account, so that its user has to be looked up, until its next rotation."""
    for name, user in (("others/same", "root"), ("others/other", "admin")):
        value = SecretValue({"engine": "mysql", "host": "db.invalid", "username": user, "password": OLD})
        SecretStore(aws, name).create(value, str(uuid.uuid4()), {tags.SERVER_ID: server.server_id}, None)
    error = refusal_of(onboarded, aws, FIRST)
    assert error.code == "shared_account" and "others/same" in error.cause
    aws.delete_secret(SecretId="others/same", ForceDeleteWithoutRecovery=True)
    onboarded(aws, FIRST)


def test_another_user_in_the_document_is_another_account(aws: Any, server: MemoryServer) -> None:
    """Whoever edits the name in the secret has it looked at again."""
    onboarded(aws, FIRST)
    rotated(aws, FIRST)
    store = SecretStore(aws, FIRST)
    before = store.read(stage=CURRENT)
    edited = SecretValue({**before.value.document, "username": "other", "port": 3306})
    written = {tags.SERVER_ID: f"server:{server.server_id}", tags.ACCOUNT: account_of(server.server_id, "other")}
    SecretStore(aws, SECOND).create(edited, str(uuid.uuid4()), written, None)
    store.put_pending(edited, version := str(uuid.uuid4()))
    store.promote(version, before.version_id)
    assert refused(aws, FIRST).code == "shared_account"
