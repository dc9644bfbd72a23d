# SPDX-License-Identifier: GPL-3.0-or-later
"""What was just made or changed may not be there yet for the next call, on AWS as it is: what is old harms nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cycle import is_due
from drift import BY_HAND, change_by_hand
from faulty_proxy import Fault, FaultyProxy
from managed import ManagedClient, playbook, write_inventory
from playbook_runs import said
from settled import assert_settled
from stale_proxy import StaleProxy
from world.aws import ACCESS_KEY, REGION, SECRET_KEY, AwsEmulator

from ansible_collections.dbops.rotation.plugins.module_utils._module.onboard import ONBOARD

pytestmark = pytest.mark.slow

NOT_YET = "ResourceNotFoundException"


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


@dataclass
class Stale:
    """A client that is only reached through an AWS that tells what was."""

    client: ManagedClient
    proxy: StaleProxy
    folder: Path

    def run(self, name: str, *, refused: bool = False, **variables: Any) -> str:
        """Run a playbook for the client; whatever comes of it, AWSCURRENT has to open the server."""
        given = {"rotation_endpoint_url": self.proxy.endpoint_url, **variables}
        inventory = write_inventory(self.folder, {self.client.name: self.client.variables(**given)})
        run = playbook(name, "-i", str(inventory), "-l", self.client.name)
        assert (run.returncode != 0) == refused, said(run)
        assert self.client.opens(self.client.stored()["password"])
        return said(run)

    def scheduled(self) -> str:
        """Run what is due by the inventory that is the listing."""
        access = {"region": REGION, "endpoint_url": self.proxy.endpoint_url, "notices": False}
        chosen = {"plugin": "dbops.rotation.fleet", "tags": {"rotation/client": self.client.name}}
        (self.folder / "fleet.yml").write_text(json.dumps({**chosen, **access}))
        keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
        authority = f"rotation_tls_ca_file={self.client.ca_file}"
        run = playbook(
            "playbooks/rotate_due.yml", "-i", str(self.folder / "fleet.yml"), "-e", authority, environment=keys
        )
        assert self.client.opens(self.client.stored()["password"])
        return said(run)


@pytest.fixture
def stale(newcomer: ManagedClient, aws: AwsEmulator, tmp_path: Path) -> Iterator[Stale]:
    with StaleProxy(aws.endpoint_url) as proxy:
        yield Stale(newcomer, proxy, tmp_path)


def test_a_client_goes_its_way_while_aws_tells_what_was(stale: Stale) -> None:
    client = stale.client
    stale.run("playbooks/onboard.yml", rotation_onboard_password=client.password)
    told = stale.run("rotate.yml", refused=True)
    assert "does not list the secret" in told and "Nothing was changed" in told, told
    assert client.stored()["password"] == client.password
    stale.proxy.minutes_pass()
    stale.run("rotate.yml")
    assert_settled(client)
    first = client.stored()["password"]
    assert first != client.password and not client.opens(client.password)
    assert {"GetSecretValue", "DescribeSecret", "ListSecrets"} <= set(stale.proxy.stale)


def test_a_scheduled_run_believes_no_listing(stale: Stale) -> None:
    client = stale.client
    stale.run("playbooks/onboard.yml", rotation_onboard_password=client.password)
    assert client.name not in stale.scheduled(), "it is not listed yet"
    is_due(client)
    stale.proxy.minutes_pass()
    told = stale.scheduled()
    assert "rotated 1" in told, told
    assert_settled(client)
    first = client.stored()["password"]
    # The listing still says that it is due.
    assert client.name in stale.scheduled()
    assert client.stored()["password"] == first
    assert_settled(client)


def test_what_has_parted_is_reconciled(stale: Stale) -> None:
    client = stale.client
    stale.run("playbooks/onboard.yml", rotation_onboard_password=client.password)
    change_by_hand(client)
    stale.proxy.minutes_pass()
    stale.run("playbooks/reconcile.yml", rotation_reconcile_password=BY_HAND)
    assert client.stored()["password"] == BY_HAND
    assert_settled(client)
    stale.run("rotate.yml")
    assert_settled(client)
