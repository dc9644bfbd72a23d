# SPDX-License-Identifier: GPL-3.0-or-later
"""Which listings are made for the clients of an inventory, and what its variables come to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import botocore.client
import pytest
from fleet_in_moto import create, now
from moto import mock_aws

from ansible_collections.dbops.rotation.plugins.module_utils import _libraries
from ansible_collections.dbops.rotation.plugins.module_utils._aws.session import AwsOptions, make_client
from ansible_collections.dbops.rotation.plugins.module_utils._codes import Code
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.policy import Policy
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._fleet.selection import Described
from ansible_collections.dbops.rotation.plugins.module_utils._module import candidates as engine
from ansible_collections.dbops.rotation.plugins.module_utils._module.candidates import candidates
from ansible_collections.dbops.rotation.plugins.plugin_utils._candidates import _settings

HERE, THERE = AwsOptions(region="eu-central-1"), AwsOptions(region="eu-west-1")
WINDOW = {"from": "22:00", "to": "04:00"}


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The regions that are listed, in order."""
    regions: list[str | None] = []
    real = make_client

    def make(access: AwsOptions, service: str) -> Any:
        regions.append(access.region)
        return real(access, service)

    monkeypatch.setattr(engine, "make_client", make)
    return regions


def described(*names: str) -> list[Described]:
    return [Described(name, name, f"clients/{name}/mysql/root", Policy(), notices=False) for name in names]


def idle(found: dict[str, Any]) -> set[str]:
    return {client for state in found["idle"] for client in state["clients"]}


def test_clients_with_one_access_share_a_listing_and_those_of_another_region_have_their_own(
    listed: list[str | None],
) -> None:
    for name in ("client_acme", "client_globex"):
        create(name, now() - timedelta(days=20))
    clients = {HERE: described("client_acme", "client_globex"), THERE: described("client_initech")}
    found = candidates(["client_initech", "client_acme", "client_globex"], clients, 1, now())
    assert listed == ["eu-central-1", "eu-west-1"]
    assert idle(found) == {"client_acme", "client_globex"} and found["warnings"] == []
    assert found["visit"] == found["unread"] == ["client_initech"]  # its secret is in no region


@pytest.mark.parametrize(("least", "regions"), [(0, 2), (2, 1), (3, 0)])
def test_few_clients_of_an_access_are_visited_without_a_listing(
    least: int, regions: int, listed: list[str | None]
) -> None:
    clients = {HERE: described("client_acme", "client_globex"), THERE: described("client_initech")}
    candidates(["client_acme", "client_globex", "client_initech"], clients, least, now())
    assert len(listed) == regions


def test_a_listing_that_fails_is_one_warning_and_everybody_is_visited(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: Any) -> Any:
        raise RotationError("AWS throttles.", code=Code.AWS_ERROR, next_step="Wait.")

    monkeypatch.setattr(engine, "list_tagged", refuse)
    clients = {HERE: described("client_acme", "client_globex"), THERE: described("client_initech")}
    found = candidates(["client_acme", "client_globex", "client_initech"], clients, 1, now())
    assert len(found["visit"]) == len(found["unread"]) == 3
    (warning,) = found["warnings"]
    assert warning.startswith("AWS throttles. Wait. Until then") and "each of 3 clients" in warning


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"message": "Sign in to the network"}, "An unexpected KeyError in listing.py line"),
        ({"SecretList": [{"Name": "clients/client_acme/mysql/root"}]}, "An unexpected KeyError in listing.py line"),
    ],
    ids=["of a proxy", "of an emulator"],
)
def test_an_answer_that_nobody_foresaw_is_a_warning_too(
    monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], told: str
) -> None:
    """The listing only saves time: it must not end a run that workers can do."""
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", lambda *_arguments: answer)
    found = candidates(["client_acme"], {HERE: described("client_acme")}, 1, now())
    assert found["visit"] == found["unread"] == ["client_acme"]
    assert told in found["warnings"][0] and "the run is slow, but complete" in found["warnings"][0]


def test_where_a_library_is_missing_workers_tell_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_libraries, "MISSING_LIBRARY", "botocore")
    found = candidates(["client_acme"], {HERE: described("client_acme")}, 1, now())
    assert found["visit"] == ["client_acme"] and "'botocore' is not installed" in found["warnings"][0]


def test_a_secret_is_found_by_its_arn_too() -> None:
    create("client_acme", now() - timedelta(days=20))
    arn = make_client(HERE, "secretsmanager").list_secrets()["SecretList"][0]["ARN"]
    clients = {HERE: [Described("client_acme", "client_acme", arn, Policy(), notices=False)]}
    assert idle(candidates(["client_acme"], clients, 1, now())) == {"client_acme"}


def test_no_more_calls_are_made_than_workers_would_be_started() -> None:
    """A client among hundreds of strangers' secrets is visited, not searched for."""
    for number in range(101):
        create(f"client_{number:03}", now() - timedelta(days=20))
    clients = {HERE: described("client_100")}
    assert candidates(["client_100"], clients, 1, now())["unread"] == ["client_100"]


def test_the_variables_come_to_the_policy_that_a_worker_would_have() -> None:
    found = _settings({"region": "eu-central-1", "cycle_days": "30", "windows": [WINDOW]})
    assert found and found.access == HERE and found.policy.cycle_days == 30 and found.policy.calendar.windows
    forced = _settings({"windows": [WINDOW], "rotation_force": "yes"})
    assert forced and not forced.policy.calendar.windows


@pytest.mark.parametrize(
    "wrong",
    [
        {"windows": [{"from": "25:00", "to": "26:00"}]},
        {"cycle_days": "many"},
        {"cycle_days": 1000},
        {"tls_mode": "maybe"},
        {"access_key": "a"},
        {"access_key": "a", "secret_key": "b", "profile": "p"},
        {"endpoint_urls": {"nowhere": "http://127.0.0.1"}},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_an_option_that_is_wrong_is_for_a_worker_to_tell(wrong: dict[str, Any]) -> None:
    assert _settings(wrong) is None
