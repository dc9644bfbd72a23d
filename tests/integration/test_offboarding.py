# SPDX-License-Identifier: GPL-3.0-or-later
"""A client leaves: what rotation put around its secret goes, and the secret, which can be restored for a while."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from by_hand import move, put, replicas
from faulty_proxy import REPLICA_REGION
from managed import ManagedClient, secrets_manager
from stub_function import FUNCTION, stub_function
from world.aws import AwsEmulator

from ansible_collections.dbops.rotation.plugins.module_utils._aws import parameters
from ansible_collections.dbops.rotation.plugins.module_utils._aws.leaving_store import LeavingStore
from ansible_collections.dbops.rotation.plugins.module_utils._codes import Code
from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.runner import RUNNER
from ansible_collections.dbops.rotation.plugins.module_utils._module import offboard_steps
from ansible_collections.dbops.rotation.plugins.module_utils._module.cycle_info import CYCLE_INFO
from ansible_collections.dbops.rotation.plugins.module_utils._module.native import NATIVE
from ansible_collections.dbops.rotation.plugins.module_utils._module.offboard import OFFBOARD
from ansible_collections.dbops.rotation.plugins.module_utils._module.onboard import ONBOARD
from ansible_collections.dbops.rotation.plugins.module_utils._module.secret_policy import SECRET_POLICY

pytestmark = pytest.mark.slow

OTHERS = {
    "Sid": "Auditors",
    "Effect": "Allow",
    "Principal": "*",
    "Action": "secretsmanager:DescribeSecret",
    "Resource": "*",
}
# With what surround() puts there: mark, policy, rotation, replicas, parameter, tags, secret.
CALLS = 7


@pytest.fixture(scope="module")
def stub(aws: AwsEmulator) -> Iterator[None]:
    """A function that Secrets Manager may call."""
    with stub_function(aws):
        yield


@pytest.fixture
def client(mysql_client: ManagedClient, stub: None) -> ManagedClient:
    """One kind of server: what is taken away has nothing to do with the other."""
    done(mysql_client.run(NATIVE, function=FUNCTION))
    mysql_client.rotate()
    return mysql_client


def surround(client: ManagedClient) -> ManagedClient:
    """Put all around the secret that rotation can put there, and a statement and a tag of somebody else."""
    aws, secret = secrets_manager(client.aws), {"SecretId": client.secret_id}
    aws.put_resource_policy(**secret, ResourcePolicy=json.dumps({"Version": "2012-10-17", "Statement": [OTHERS]}))
    aws.tag_resource(**secret, Tags=[{"Key": "team", "Value": "shop"}])
    aws.replicate_secret_to_regions(**secret, AddReplicaRegions=[{"Region": REPLICA_REGION}])
    done(client.run(RUNNER, runner="lambda", settings={"overlap": 60}))
    done(client.run(SECRET_POLICY, readers=[], rotators=["dbops-rotation-rotator"]))
    return client


def done(result: dict[str, Any]) -> dict[str, Any]:
    assert not result.get("failed"), result["msg"]
    return result


def leave(client: ManagedClient, **options: Any) -> dict[str, Any]:
    return done(client.run(OFFBOARD, **{"confirm": [client.name], **options}))


def refused(client: ManagedClient, **options: Any) -> dict[str, Any]:
    """Offboard, which has to be refused without a change of anything."""
    before = everything(client)
    result = client.run(OFFBOARD, **{"confirm": [client.name], **options})
    assert result.get("failed") and everything(client) == before, result["msg"]
    return {**result["error"], "msg": result["msg"]}


def everything(client: ManagedClient) -> dict[str, Any]:
    """All that there is of the client in AWS, but for the password."""
    told = client.told()
    policy = secrets_manager(client.aws).get_resource_policy(SecretId=client.secret_id).get("ResourcePolicy")
    name = f"/dbops/rotation/clients/{client.name}"
    return {
        "tags": client.tags(),
        "stages": client.stages(),
        "replicas": replicas(client),
        "rotation": told.get("RotationEnabled"),
        "deleted": told.get("DeletedDate"),
        "policy": json.loads(policy)["Statement"] if policy else None,
        "parameters": client.aws.client("ssm").get_parameters(Names=[name])["Parameters"],
    }


def assert_gone(client: ManagedClient) -> None:
    left = everything(client)
    assert left["tags"].keys() == {"rotation/client", "rotation/offboarded", "team"}, left
    assert (left["replicas"], left["rotation"], left["parameters"]) == ({}, False, []), left
    assert left["deleted"] and left["policy"] in (OTHERS, [OTHERS]), left


def test_what_rotation_put_there_goes_and_the_password_stays(client: ManagedClient) -> None:
    password = surround(client).stored()["password"]
    result = leave(client, recovery_window=7, reason="CHG-2077", diff=True)
    assert_gone(client)
    assert result["changed"] and client.opens(password)
    assert result["taken_away"] == [
        *("the resource policy", "Secrets Manager's own rotation", f"the replicas in {REPLICA_REGION}"),
        *(f"the parameter /dbops/rotation/clients/{client.name}", "the tags of the rotation"),
    ]
    assert f"can be restored until {result['deletion_date']}" in result["msg"]
    days = (client.told()["DeletedDate"] - client.told()["LastChangedDate"]).days
    assert days in (6, 7)


def test_check_mode_foretells_it_and_changes_nothing(client: ManagedClient) -> None:
    before = everything(surround(client))
    foretold = done(client.run(OFFBOARD, confirm=[client.name], check=True, diff=True))
    assert everything(client) == before and "would be scheduled for deletion" in foretold["msg"]
    result = done(client.run(OFFBOARD, confirm=[client.name], diff=True))
    assert foretold["taken_away"] == result["taken_away"]
    assert {**foretold["diff"]["after"], "tags": 0} == {**result["diff"]["after"], "tags": 0}
    assert client.tags().keys() == {*result["diff"]["after"]["tags"], "team"}


@pytest.mark.parametrize("typed", [[], ["client_globex"], [""]], ids=str)
def test_without_the_typed_name_nothing_is_changed(client: ManagedClient, typed: list[str]) -> None:
    error = refused(client, confirm=typed)
    assert (error["code"], error["step"]) == ("not_confirmed", "prepare")
    command = f"playbooks/offboard.yml -l {client.name} -e rotation_offboard_confirm={client.name}"
    assert command in error["next_step"]


@pytest.mark.parametrize("days", [0, 6, 31])
def test_a_window_that_aws_does_not_take_is_refused_before_anything_is_read(client: ManagedClient, days: int) -> None:
    error = refused(client, recovery_window=days)
    assert f"recovery_window is {days}, and AWS takes 7 to 30 days" in error["cause"]


def test_a_rotation_under_way_is_refused(client: ManagedClient) -> None:
    put(client, "AWSPENDING", json.dumps(client.document(password="Half-way-1")))
    error = refused(client)
    assert error["code"] == "unfinished" and "rotation_trigger=recovery" in error["next_step"]


def test_one_that_was_not_recorded_is_refused(client: ManagedClient) -> None:
    put(client, "AWSCURRENT", json.dumps(client.document(password="Moved-1")))
    assert refused(client)["code"] == "unfinished"


def test_an_old_password_that_is_still_valid_is_refused_and_a_rotation_ends_it(client: ManagedClient) -> None:
    client.rotate(overlap=3600, force=True)
    error = refused(client)
    assert error["code"] == "overlap" and "rotate" in error["next_step"]
    client.rotate(overlap=0, force=True)
    leave(client)


def test_the_secret_that_another_client_was_rotated_with_is_refused(client: ManagedClient) -> None:
    """As after a change of a name, or where two names of the inventory have one secret: the other still needs it."""
    other = f"{client.name}_old"
    renamed = replace(client, options={**client.options, "client": other})
    error = refused(renamed, confirm=[other])
    assert error["code"] == "other_client" and f"is that of {client.name}" in error["cause"]
    assert f"take {other} out of the inventory" in error["next_step"]
    renamed.rotate(force=True)
    leave(renamed, confirm=[other])


def test_a_secret_that_no_rotation_has_worked_on_is_refused_until_one_has_proven_it(newcomer: ManagedClient) -> None:
    newcomer.create_secret()
    error = refused(newcomer)
    assert error["code"] == "other_client" and "rotation_trigger=recovery" in error["next_step"]
    newcomer.rotate(trigger="recovery")
    leave(newcomer)


def test_another_password_than_the_one_handed_over_is_refused(client: ManagedClient) -> None:
    handed_over = client.stages()["AWSCURRENT"]
    client.rotate(force=True)
    assert refused(client, version_id=handed_over)["code"] == "secret_changed"
    leave(client, version_id=client.stages()["AWSCURRENT"])


@contextmanager
def at_call(number: int, deed: Any, *, after: bool) -> Iterator[None]:
    """Do something just before or after the n-th call that changes something."""
    made = iter(range(CALLS + 1))
    with pytest.MonkeyPatch.context() as patch:

        def around(original: Any) -> Any:
            def call(*arguments: Any, **named: Any) -> Any:
                mine = next(made) == number
                if mine and not after:
                    deed()
                answer = original(*arguments, **named)
                if mine and after:
                    deed()
                return answer

            return call

        for name in ("tag", "untag", "put_policy", "drop_policy", "cancel_rotation", "drop_replicas", "delete_after"):
            patch.setattr(LeavingStore, name, around(getattr(LeavingStore, name)))
        patch.setattr(offboard_steps, "drop_parameter", around(parameters.drop_parameter))
        yield


def die() -> None:
    raise SystemExit


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(CALLS))
def test_a_run_that_dies_at_any_call_is_finished_by_the_next(client: ManagedClient, number: int, after: bool) -> None:
    password = surround(client).stored()["password"]
    with at_call(number, die, after=after), pytest.raises(SystemExit):
        client.run(OFFBOARD, confirm=[client.name])
    leave(client)
    assert_gone(client)
    again = leave(client)
    assert client.opens(password) and (again["changed"], again["warnings"]) == (False, [])


def test_a_rotation_that_begins_in_the_last_moment_cancels_the_deletion(client: ManagedClient) -> None:
    def begin() -> None:
        put(client, "AWSPENDING", json.dumps(client.document(password="Just-now-1")))

    with at_call(3, begin, after=False):  # mark, rotation, tags, deletion
        result = client.run(OFFBOARD, confirm=[client.name])
    assert result["failed"] and result["error"]["code"] == "unfinished", result["msg"]
    assert "The deletion was cancelled" in result["msg"] and "DeletedDate" not in client.told()
    assert "the tags of the rotation. The secret is there" in result["error"]["state"]


@contextmanager
def answers_are_lost(deed: Any = None) -> Iterator[None]:
    """Delete, after something was done in the last moment, and never hear of it."""
    delete = LeavingStore.delete_after

    def lost(store: LeavingStore, days: int) -> str:
        if deed:
            deed()
        delete(store, days)
        raise RotationError("The connection broke.", code=Code.AWS_UNREACHABLE)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LeavingStore, "delete_after", lost)
        yield


def test_a_deletion_of_which_the_answer_was_lost_is_looked_at(client: ManagedClient) -> None:
    with answers_are_lost():
        result = leave(client)
    assert result["changed"] and result["deletion_date"] and "DeletedDate" in client.told()


def test_a_rotation_that_came_between_is_seen_also_where_the_answer_was_lost(client: ManagedClient) -> None:
    with answers_are_lost(lambda: put(client, "AWSPENDING", json.dumps(client.document(password="Just-now-2")))):
        result = client.run(OFFBOARD, confirm=[client.name])
    assert result["failed"] and "The deletion was cancelled" in result["msg"] and "DeletedDate" not in client.told()


def rotate_unrecorded(client: ManagedClient) -> None:
    put(client, "AWSPENDING", json.dumps(client.document(password="Just-now-3")))
    move(client, "AWSCURRENT", client.stages()["AWSPENDING"])


def rotate_recorded(client: ManagedClient) -> None:
    client.rotate(force=True)


@pytest.mark.parametrize(
    ("rotate", "doubt"),
    [
        (rotate_unrecorded, "is not the version that was handed over"),
        (rotate_recorded, "nothing shows that its password was handed over"),
    ],
)
def test_a_deletion_that_cannot_be_cancelled_is_told_then_and_by_the_next_run(
    client: ManagedClient, monkeypatch: pytest.MonkeyPatch, rotate: Any, doubt: str
) -> None:
    def denied(store: LeavingStore) -> None:
        raise RotationError("AWS does not allow that.", code=Code.AWS_DENIED)

    monkeypatch.setattr(LeavingStore, "cancel_deletion", denied)
    with answers_are_lost(lambda: rotate(client)):
        result = client.run(OFFBOARD, confirm=[client.name])
    assert result["error"]["code"] == "unfinished", result["msg"]
    assert "was not cancelled" in result["msg"] and "AWS does not allow that." in result["msg"]
    restore = f"aws secretsmanager restore-secret --secret-id {client.secret_id}"
    assert restore in result["error"]["next_step"]
    (warning,) = leave(client)["warnings"]
    assert doubt in warning and restore in warning


def test_one_that_is_deleted_already_is_told_and_no_failure(client: ManagedClient) -> None:
    secrets_manager(client.aws).delete_secret(SecretId=client.secret_id, RecoveryWindowInDays=9)
    before = everything(client)
    result = leave(client)
    assert not result["changed"] and everything(client) == before
    (warning,) = result["warnings"]
    assert "so nothing shows that its password was handed over" in warning
    assert f"is scheduled for deletion already, and can be restored until {result['deletion_date']}" in result["msg"]
    # Nobody offboarded it, so it is still an accident.
    assert client.run(CYCLE_INFO)["offboarded"] is False


def test_one_that_is_deleted_while_a_rotation_was_under_way_is_warned_of(client: ManagedClient) -> None:
    put(client, "AWSPENDING", json.dumps(client.document(password="Half-way-2")))
    secrets_manager(client.aws).delete_secret(SecretId=client.secret_id, RecoveryWindowInDays=9)
    (warning,) = leave(client)["warnings"]
    assert f"aws secretsmanager restore-secret --secret-id {client.secret_id}" in warning


def test_one_without_a_secret_is_no_failure(newcomer: ManagedClient) -> None:
    result = leave(newcomer)
    assert not result["changed"] and f"there is no secret {newcomer.secret_id!r} in eu-central-1" in result["msg"]
    (warning,) = result["warnings"]
    assert "correct rotation_secret_id, the region or the account" in warning


def test_it_comes_back_within_the_window(client: ManagedClient) -> None:
    leave(surround(client))
    secrets_manager(client.aws).restore_secret(SecretId=client.secret_id)
    done(client.run(ONBOARD, source_secret_id=client.secret_id))
    assert client.tags()[tags.OFFBOARDED] == "" and client.tags()[tags.VERSION] == client.stages()["AWSCURRENT"]
    client.rotate(force=True)
    secrets_manager(client.aws).delete_secret(SecretId=client.secret_id, RecoveryWindowInDays=7)
    assert client.run(CYCLE_INFO)["offboarded"] is False


def test_one_that_is_rotated_without_onboarding_is_not_offboarded_any_more(client: ManagedClient) -> None:
    leave(client)
    assert client.run(CYCLE_INFO)["offboarded"] is True
    secrets_manager(client.aws).restore_secret(SecretId=client.secret_id)
    client.rotate(force=True)
    assert client.tags()[tags.OFFBOARDED] == ""
