# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of Secrets Manager, against moto in this process."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from refusals import refusal_of

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import (
    CURRENT,
    PENDING,
    PREVIOUS,
    SecretStore,
    find,
)
from ansible_collections.dbops.rotation.plugins.module_utils._errors import SecretNotFound, SwapLost
from ansible_collections.dbops.rotation.plugins.module_utils._secret_value import SecretValue

FIRST, SECOND, THIRD = (str(uuid.UUID(int=number)) for number in (1, 2, 3))
VALUE = SecretValue({"engine": "mysql", "host": "db.invalid", "username": "root", "password": "first"})


@pytest.fixture
def store(secrets_manager: Any) -> SecretStore:
    made = SecretStore(secrets_manager, f"clients/{uuid.uuid4()}/mysql/root")
    made.create(VALUE, FIRST, {"rotation/client": "acme"}, None)
    made.describe()  # it is seen
    made.calls.clear()
    return made


def test_a_created_secret_is_read_by_stage_and_by_id(store: SecretStore) -> None:
    by_stage, by_id = store.read(stage=CURRENT), store.read(version_id=FIRST)
    assert by_stage == by_id
    assert (by_stage.version_id, by_stage.value) == (FIRST, VALUE)
    assert by_stage.created.tzinfo is not None


def test_a_rotation_moves_the_labels(store: SecretStore) -> None:
    store.put_pending(VALUE.with_password("second"), SECOND)
    assert store.read(stage=CURRENT).version_id == FIRST
    store.promote(SECOND, FIRST)
    seen = store.describe()
    assert [seen.holder(stage) for stage in (CURRENT, PREVIOUS, PENDING)] == [SECOND, FIRST, SECOND]
    assert store.read(stage=CURRENT).value.password == "second"


def test_a_swap_from_the_wrong_version_is_lost_and_changes_nothing(store: SecretStore) -> None:
    store.put_pending(VALUE.with_password("second"), SECOND)
    store.promote(SECOND, FIRST)
    store.put_pending(VALUE.with_password("third"), THIRD)
    with pytest.raises(SwapLost) as caught:
        store.promote(THIRD, FIRST)
    assert caught.value.code == "aws_state"
    assert store.describe().holder(CURRENT) == SECOND


@pytest.mark.parametrize("wanted", [{"stage": PENDING}, {"version_id": THIRD}], ids=["stage", "id"])
def test_what_is_not_there_is_not_found(store: SecretStore, wanted: dict[str, str]) -> None:
    with pytest.raises(SecretNotFound):
        store.read(**wanted)


@pytest.mark.parametrize("wrong", ["other", "x" * 31, "x" * 65])
def test_what_aws_takes_for_no_version_id_is_not_found_and_not_asked_for(store: SecretStore, wrong: str) -> None:
    with pytest.raises(SecretNotFound, match="has 32 to 64 characters"):
        store.read(version_id=wrong)
    assert not store.calls


def test_stage_and_id_that_disagree_are_not_answered(store: SecretStore) -> None:
    store.put_pending(VALUE.with_password("second"), SECOND)
    with pytest.raises((SwapLost, SecretNotFound)):
        store.read(version_id=FIRST, stage=PENDING)


def test_a_version_put_twice_is_stored_once(store: SecretStore) -> None:
    for _attempt in range(2):
        store.put_pending(VALUE.with_password("second"), SECOND)
    assert set(store.describe().stages) == {FIRST, SECOND}


def test_every_version_is_listed_those_without_a_label_too(store: SecretStore) -> None:
    held = FIRST
    for number in (2, 3, 4, 5):
        version = str(uuid.UUID(int=number))
        store.put_pending(VALUE.with_password(version), version)
        store.promote(version, held)
        held = version
    found = store.version_ids()
    assert sorted(found) == [str(uuid.UUID(int=number)) for number in (1, 2, 3, 4, 5)]


def test_the_age_of_a_version_is_known_without_its_value(store: SecretStore) -> None:
    # The emulator says now where it lists the versions.
    assert abs(store.created(FIRST) - store.read(version_id=FIRST).created) < timedelta(minutes=1)
    store.calls.clear()
    with pytest.raises(SecretNotFound):
        store.created(THIRD)
    assert store.calls == {"list_secret_version_ids": 1}


def test_tags_are_added_to_those_that_are_there(store: SecretStore) -> None:
    store.tag({"rotation/due": "2026-01-01T00:00:00Z"})
    assert store.describe().tags == {"rotation/client": "acme", "rotation/due": "2026-01-01T00:00:00Z"}


def test_every_call_is_counted_those_of_a_sibling_too(store: SecretStore) -> None:
    store.read(stage=CURRENT)
    store.describe()
    with pytest.raises(SecretNotFound):
        store.sibling("another").describe()
    assert store.calls == {"get_secret_value": 1, "describe_secret": 2}


def test_a_secret_that_waits_for_deletion_says_so(store: SecretStore, secrets_manager: Any) -> None:
    secrets_manager.delete_secret(SecretId=store.secret_id, RecoveryWindowInDays=7)
    error = refusal_of(store.read, stage=CURRENT)
    assert error.code == "secret_deleted"
    assert f"restore-secret --secret-id {store.secret_id}" in error.next_step
    assert store.describe().deleted


@pytest.mark.parametrize("content", [{"SecretString": "not JSON"}, {"SecretBinary": b"x"}], ids=["text", "binary"])
def test_contents_that_are_no_document_are_refused(
    store: SecretStore, secrets_manager: Any, content: dict[str, Any]
) -> None:
    secrets_manager.put_secret_value(SecretId=store.secret_id, **content)
    error = refusal_of(store.read, stage=CURRENT)
    assert error.code == "secret_not_json" and store.secret_id in error.cause


def test_finding_a_secret_that_need_not_exist(store: SecretStore) -> None:
    assert find(store.sibling("another")) is None
    found = find(store)
    assert found is not None and found.name == store.secret_id


def test_secrets_with_a_tag_are_found_on_every_page(store: SecretStore, secrets_manager: Any) -> None:
    names = [f"clients/{number}" for number in range(120)]
    for name in names:
        tag = {"Key": "rotation/server-id", "Value": "s1" if int(name.rpartition("/")[2]) % 2 else "s2"}
        secrets_manager.create_secret(Name=name, SecretString="x", Tags=[tag])
    assert sorted(found.name for found in store.with_tag_values("s1")) == sorted(names[1::2])
    assert store.calls == {"list_secrets": 1}


class Listing:
    """Versions in no order on two pages, one of them labelled."""

    def list_secret_version_ids(self, **arguments: Any) -> dict[str, Any]:
        assert arguments["IncludeDeprecated"]
        first = "NextToken" not in arguments
        made = {"b": 2, "labelled": 4} if first else {"c": 3, "a": 1}
        listed = [
            {"VersionId": name, "CreatedDate": datetime(2026, 1, day, tzinfo=UTC)}
            | ({"VersionStages": [CURRENT]} if name == "labelled" else {})
            for name, day in made.items()
        ]
        return {"Versions": listed} | ({"NextToken": "more"} if first else {})


def test_versions_come_newest_first() -> None:
    assert SecretStore(Listing(), "x").version_ids() == ["labelled", "c", "b", "a"]


class TwoPages:
    """ListSecrets in two pages; what was asked for is kept."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def list_secrets(self, **arguments: Any) -> dict[str, Any]:
        self.asked.append(arguments)
        if "NextToken" not in arguments:
            return {"SecretList": [{"Name": "first", "ARN": "arn:1"}], "NextToken": "more"}
        return {"SecretList": [{"Name": "second", "ARN": "arn:2", "Tags": [{"Key": "k", "Value": "s1"}]}]}


def test_pages_are_followed_and_every_secret_is_described() -> None:
    pages = TwoPages()
    store = SecretStore(pages, "arn:2")
    found = list(store.with_tag_values("s1"))
    assert [(one.name, one.tags, store.is_called(one)) for one in found] == [
        ("first", {}, False),
        ("second", {"k": "s1"}, True),
    ]
    assert [asked.get("NextToken") for asked in pages.asked] == [None, "more"]
    assert pages.asked[0]["Filters"] == [{"Key": "tag-value", "Values": ["s1"]}]


def test_more_values_than_a_filter_takes_are_asked_for_in_turn() -> None:
    pages = TwoPages()
    list(SecretStore(pages, "x").with_tag_values(*(str(number) for number in range(11))))
    assert [len(asked["Filters"][0]["Values"]) for asked in pages.asked] == [10, 10, 1, 1]


def test_what_no_filter_takes_is_asked_for_without_one() -> None:
    pages = TwoPages()
    list(SecretStore(pages, "x").with_tag_values("s1", "Zürich"))
    assert pages.asked[0]["Filters"] == []
