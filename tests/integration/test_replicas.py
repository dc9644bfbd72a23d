# SPDX-License-Identifier: GPL-3.0-or-later
"""Replica regions: onboarding adds them, and no old password ends that one of them may still give out.

moto replicates at once, and fails where the region has a secret of that name. A region that lags is the proxy's word.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from by_hand import replicas as regions_of
from cycle import is_over
from deaths import AFTER_APPLY, AFTER_PROMOTE
from faulty_proxy import REPLICA_REGION, STALE, Fault, FaultyProxy
from managed import MakeClient, ManagedClient, playbook, secrets_manager, write_inventory
from settled import assert_settled, opening
from verifying import codes, verified
from world.aws import ACCESS_KEY, SECRET_KEY
from world.databases import DatabaseServer

from ansible_collections.dbops.rotation.plugins.module_utils._module.cycle_info import CYCLE_INFO
from ansible_collections.dbops.rotation.plugins.module_utils._module.doctor import DOCTOR
from ansible_collections.dbops.rotation.plugins.module_utils._module.onboard import ONBOARD
from ansible_collections.dbops.rotation.plugins.module_utils._rotation import onboard as onboard_module
from ansible_collections.dbops.rotation.plugins.module_utils._steps import replicas

DESCRIBE = "DescribeSecret"
LAGS = Fault(DESCRIBE, "replica:InProgress")
KEPT = "The old password stays valid, because replica regions may still give it out: eu-west-1 (InProgress)."
WANTED = [{"region": REPLICA_REGION}]


@pytest.fixture
def newcomer(newcomer: ManagedClient) -> ManagedClient:
    """One that is asked for replicas."""
    given = {"replica": WANTED, "host": "127.0.0.1", "port": newcomer.server.port, "username": newcomer.user}
    newcomer.options |= {**given, "password": newcomer.password}
    return newcomer


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicas, "FIRST_PAUSE", 0.02)


@contextmanager
def telling(proxy: FaultyProxy, client: ManagedClient, *faults: Fault) -> Iterator[FaultyProxy]:
    with proxy.faulty(client.secret_id, *faults), pytest.MonkeyPatch.context() as patch:
        patch.setitem(client.options, "endpoint_url", proxy.endpoint_url)
        patch.setitem(client.options, "replica_wait", 0.2)
        yield proxy


@pytest.fixture
def lagging(client: ManagedClient, proxy: FaultyProxy) -> Iterator[ManagedClient]:
    """A client of which AWS says, for as long as the test lasts, that a replica region lags."""
    with telling(proxy, client, LAGS):
        yield client


def occupy(client: ManagedClient) -> None:
    """Let the replica region have a secret of that name already, so that AWS cannot copy ours there."""
    access = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY, "region_name": REPLICA_REGION}
    there = boto3.client("secretsmanager", endpoint_url=client.aws.endpoint_url, **access)
    there.create_secret(Name=client.secret_id, SecretString="{}")


def replicated(client: ManagedClient) -> ManagedClient:
    """Return a client whose secret moto has replicated, which is in sync at once."""
    secrets_manager(client.aws).replicate_secret_to_regions(
        SecretId=client.secret_id, AddReplicaRegions=[{"Region": REPLICA_REGION}]
    )
    return client


def test_onboarding_replicates_to_the_regions_of_the_variable(newcomer: ManagedClient, tmp_path: Path) -> None:
    wanted = {"rotation_onboard_password": newcomer.password, "rotation_replica_regions": WANTED}
    inventory = str(write_inventory(tmp_path, {newcomer.name: newcomer.variables(**wanted)}))
    for arguments, told in ((["--check"], "would be replicated to eu-west-1"), ([], "; replicated to eu-west-1")):
        run = playbook("playbooks/onboard.yml", "-i", inventory, "-l", newcomer.name, *arguments)
        assert run.returncode == 0 and told in " ".join(run.stdout.split()), run.stdout + run.stderr
    assert regions_of(newcomer) == {REPLICA_REGION: "InSync"}


def test_onboarding_adds_what_is_missing_and_removes_nothing(newcomer: ManagedClient) -> None:
    newcomer.run(ONBOARD)
    again = newcomer.run(ONBOARD)
    assert (again["changed"], again["msg"].endswith("nothing to store")) == (False, True)
    other = [{"region": "us-east-1", "kms_key_id": "alias/other"}]
    planned = newcomer.run(ONBOARD, replica=other, check=True)
    assert planned["changed"] and planned["msg"].endswith("nothing to store; would be replicated to us-east-1")
    assert regions_of(newcomer) == {REPLICA_REGION: "InSync"}
    added = newcomer.run(ONBOARD, replica=other)
    assert added["changed"] and added["msg"].endswith("nothing to store; replicated to us-east-1")
    assert regions_of(newcomer) == {REPLICA_REGION: "InSync", "us-east-1": "InSync"}


def test_a_region_that_aws_cannot_copy_to_is_a_warning_with_its_reason(newcomer: ManagedClient) -> None:
    occupy(newcomer)
    result = newcomer.run(ONBOARD)
    assert result["changed"] and not result.get("failed")
    assert newcomer.stored() == newcomer.document()
    (warning,) = result["warnings"]
    assert "not replicated to eu-west-1 (Failed: Replication failed: Secret name simple already exists" in warning
    again = newcomer.run(ONBOARD)
    assert (again["changed"], again["warnings"]) == (False, [warning])


def test_onboarding_that_dies_before_it_replicates_is_finished_by_the_next(newcomer: ManagedClient) -> None:
    def dying(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(onboard_module, "replicate", dying)
        newcomer.run(ONBOARD)
    assert regions_of(newcomer) == {}
    assert newcomer.run(ONBOARD)["changed"]
    assert regions_of(newcomer) == {REPLICA_REGION: "InSync"}
    assert not newcomer.run(ONBOARD)["changed"]


def test_a_request_that_aws_does_not_take_leaves_a_client_under_management(newcomer: ManagedClient) -> None:
    result = newcomer.run(ONBOARD, replica=[{"region": "eu-central-1"}])
    told = result["error"]
    assert (told["step"], told["code"]) == ("replicate", "aws_state")
    assert told["state"] == "The secret is under management and has no replica in eu-central-1 yet."
    assert told["next_step"].startswith("Correct rotation_replica_regions")
    assert newcomer.rotate()["rotated"]
    twice = newcomer.run(ONBOARD, replica=[*WANTED, *WANTED])["error"]
    assert twice["code"] == "invalid_option"
    assert twice["next_step"] == "Name each region once in rotation_replica_regions, as [{region: eu-west-1}]."


def test_a_replica_in_sync_costs_one_question(client: ManagedClient) -> None:
    client.rotate()
    assert client.rotate(min_age=0)["secretsmanager_calls"]["total"] == 6
    result = replicated(client).rotate()
    calls = result["secretsmanager_calls"]
    assert (calls["total"], calls["describe_secret"]) == (7, 2)
    assert [one["status"] for one in result["replicas"]] == ["InSync"]
    assert (result["kept_for"], result["warnings"]) == ("", [])
    assert_settled(client)


def test_an_old_password_stays_until_the_replica_has_caught_up(client: ManagedClient, proxy: FaultyProxy) -> None:
    with telling(proxy, client, LAGS):
        result = client.rotate()
        assert result["rotated"] and result["warnings"][-1] == KEPT
        assert result["kept_for"] == "eu-west-1 (InProgress)"
        assert opening(client) == ["AWSCURRENT", "AWSPREVIOUS"]
        assert client.tags()["rotation/version"] == result["version_id"]
        before = client.tags()
        again = client.rotate(trigger="scheduled")
        assert (again["action"], again["changed"], again["decision"]) == ("nothing", False, KEPT)
        assert again["warnings"] == [KEPT] and client.tags() == before
    assert "discard" in client.run(CYCLE_INFO)["work"]
    assert client.rotate(trigger="scheduled")["action"] == "discard_old"
    assert opening(client) == ["AWSCURRENT"] and client.tags()["rotation/overlap-until"] == ""
    assert_settled(client)


def test_a_replica_that_catches_up_during_the_wait_keeps_nothing(client: ManagedClient, proxy: FaultyProxy) -> None:
    late = Fault(DESCRIBE, "replica:InProgress", times=3)
    with telling(proxy, client, late, Fault(DESCRIBE, "replica:InSync", first=4)):
        result = client.rotate(replica_wait=5)
    assert (result["kept_for"], result["secretsmanager_calls"]["describe_secret"]) == ("", 4)
    assert_settled(client)


def test_an_answer_of_before_the_rotation_proves_no_replica(client: ManagedClient, proxy: FaultyProxy) -> None:
    in_sync = Fault(DESCRIBE, "replica:InSync", times=1)
    with telling(proxy, client, in_sync, Fault(DESCRIBE, STALE, first=2)):
        result = client.rotate()
        assert result["kept_for"] == "eu-west-1 (not known yet)"
        assert opening(client) == ["AWSCURRENT", "AWSPREVIOUS"]
    client.rotate(trigger="scheduled")
    assert_settled(client)


def test_a_region_that_has_failed_is_not_waited_for(client: ManagedClient, proxy: FaultyProxy) -> None:
    with telling(proxy, client, Fault(DESCRIBE, "replica:Failed")):
        result = client.rotate(replica_wait=60)
    assert result["kept_for"] == "eu-west-1 (Failed)"
    assert result["secretsmanager_calls"]["describe_secret"] == 2 and result["seconds"] < 30


def test_the_questions_about_a_replica_are_bounded(lagging: ManagedClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicas, "FIRST_PAUSE", 0.1)
    monkeypatch.setattr(replicas, "LONGEST_PAUSE", 0.8)
    calls = lagging.rotate(replica_wait=3)["secretsmanager_calls"]
    assert calls["describe_secret"] <= 8


def test_a_rotation_that_would_end_what_a_replica_gives_out_is_refused(lagging: ManagedClient) -> None:
    lagging.rotate()
    told = lagging.refused()
    assert (told["step"], told["code"]) == ("decide", "replica_lags") and KEPT in told["cause"]
    assert f"rotate.yml -l {lagging.name} -e rotation_force=true" in told["next_step"]
    is_over(lagging)
    assert lagging.refused(trigger="scheduled")["code"] == "replica_lags"
    assert opening(lagging) == ["AWSCURRENT", "AWSPREVIOUS"]


def test_a_person_may_force_it(lagging: ManagedClient) -> None:
    lagging.rotate()
    result = lagging.rotate(force=True)
    assert [text for text in result["warnings"] if "programs that read there are refused" in text]
    assert result["warnings"][-1] == KEPT and opening(lagging) == ["AWSCURRENT", "AWSPREVIOUS"]


@pytest.mark.parametrize("death", [AFTER_APPLY, AFTER_PROMOTE], ids=str)
def test_a_run_that_dies_while_a_replica_lags_ends_no_old_password(
    client: ManagedClient, proxy: FaultyProxy, death: Any
) -> None:
    with telling(proxy, client, LAGS):
        death.interrupt(client)
        assert "unfinished" in codes(verified(client), problem=True)
        for _run in range(2):
            client.rotate(trigger="recovery")
            assert client.opens(client.password) and client.opens(client.stored()["password"])
        assert client.tags()["rotation/version"] == client.stages()["AWSCURRENT"]
    client.rotate(trigger="recovery")
    assert not client.opens(client.password)
    assert_settled(client)


def test_after_hooks_the_old_password_waits_too(client: ManagedClient, proxy: FaultyProxy) -> None:
    with telling(proxy, client, LAGS):
        assert client.rotate(steps="promote")["waits_for_hooks"]
        result = client.rotate(steps="finish")
        assert result["rotated"] and result["kept_for"] and client.opens(client.password)
    client.rotate(trigger="scheduled")
    assert_settled(client)


def test_where_a_row_holds_one_password_the_replica_is_only_told(
    make_client: MakeClient, request: pytest.FixtureRequest, proxy: FaultyProxy
) -> None:
    server: DatabaseServer = request.getfixturevalue("ed25519_server")
    client = make_client(server)
    server.create_account(client.user, client.hosts, client.password, "ed25519")
    client.create_secret()
    with telling(proxy, client, LAGS):
        (warning,) = client.rotate()["warnings"]
    assert warning.startswith("The old password has ended, and replica regions may still give it out")
    assert_settled(client)


def test_verify_and_doctor_tell_of_a_region_that_lags_or_has_failed(client: ManagedClient, proxy: FaultyProxy) -> None:
    client.rotate()
    with telling(proxy, client, LAGS):
        result = verified(client)
        assert (result["healthy"], codes(result)) == (True, ["replica_lags"])
        client.rotate(force=True)
        assert codes(verified(client), problem=True) == ["replica_lags"]
    client.rotate(trigger="recovery")
    occupy(client)
    replicated(client)
    result = verified(client)
    assert codes(result, problem=True) == ["replica_failed"] and "already exists in region" in result["msg"]
    assert [one["status"] for one in result["replicas"]] == ["Failed"]
    (check,) = [check for check in client.run(DOCTOR)["checks"] if check["name"] == "replicas"]
    assert check["problem"] and "eu-west-1 (Failed: Replication failed" in check["text"]


@pytest.mark.parametrize("seconds", [-1, 601])
def test_a_wait_that_makes_no_sense_is_refused(newcomer: ManagedClient, seconds: int) -> None:
    newcomer.create_secret()
    expected = ("invalid_option", "Set rotation_replica_wait to a number of seconds from 0 to 600.")
    told = newcomer.refused(replica_wait=seconds)
    assert (told["code"], told["next_step"]) == expected
    told = newcomer.run(ONBOARD, replica_wait=seconds)["error"]
    assert (told["code"], told["next_step"]) == expected
