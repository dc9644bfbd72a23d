# SPDX-License-Identifier: GPL-3.0-or-later
"""What was just made may not be there yet for the next call, on AWS as it is: onboarding and restore look again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from faulty_proxy import Fault, FaultyProxy
from managed import ManagedClient
from world.aws import AwsEmulator
from world.databases import DatabaseServer

from ansible_collections.dbops.rotation.plugins.module_utils._module.onboard import ONBOARD

NOT_YET = "ResourceNotFoundException"


@pytest.fixture
def proxy(aws: AwsEmulator) -> Iterator[FaultyProxy]:
    with FaultyProxy(aws.endpoint_url) as started:
        yield started


@pytest.fixture
def newcomer(make_client: Callable[..., ManagedClient], mysql_server: DatabaseServer) -> ManagedClient:
    client = make_client(mysql_server)
    mysql_server.create_account(client.user, client.hosts, client.password)
    return client


def onboard(client: ManagedClient, proxy: FaultyProxy, times: int) -> dict[str, object]:
    """Bring a client under management where reads of the new secret do not find it, so many times."""
    login: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": client.server.port,
        "username": client.user,
        "password": client.password,
    }
    # ListSecrets and CreateSecret name no SecretId, so the proxy lets them pass.
    with proxy.faulty(client.secret_id, Fault("GetSecretValue", NOT_YET, times=times)):
        result: dict[str, object] = client.run(ONBOARD, endpoint_url=proxy.endpoint_url, **login)
    return result


@pytest.mark.parametrize("times", [1, 3])
def test_a_new_secret_that_is_not_seen_at_once_is_onboarded(
    newcomer: ManagedClient, proxy: FaultyProxy, times: int
) -> None:
    result = onboard(newcomer, proxy, times)
    assert not result.get("failed"), result["msg"]
    assert newcomer.stored()["password"] == newcomer.password
    assert newcomer.tags()["rotation/client"] == newcomer.name


def test_a_new_secret_that_is_never_seen_is_a_failure(newcomer: ManagedClient, proxy: FaultyProxy) -> None:
    assert onboard(newcomer, proxy, 100)["failed"]
