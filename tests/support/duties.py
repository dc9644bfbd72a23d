# SPDX-License-Identifier: GPL-3.0-or-later
"""One operation for each thing that a duty does in AWS, tried with keys of that duty on an emulator that asks."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from by_hand import put, remove
from keeping import kept
from managed import ManagedClient, secrets_manager
from permissions import Keys, document, enforced
from stub_function import FUNCTION as STUB
from stub_function import stub_function
from world.aws import REGION

from ansible_collections.dbops.rotation.plugins.module_utils._audit.event import Origin
from ansible_collections.dbops.rotation.plugins.module_utils._audit.logs import log_group
from ansible_collections.dbops.rotation.plugins.module_utils._audit.outcome import Report
from ansible_collections.dbops.rotation.plugins.module_utils._audit.trail import Settings, Trail
from ansible_collections.dbops.rotation.plugins.module_utils._aws.errors import translated
from ansible_collections.dbops.rotation.plugins.module_utils._aws.leaving_store import LeavingStore
from ansible_collections.dbops.rotation.plugins.module_utils._aws.parameters import read_parameters
from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_archive import SecretArchive
from ansible_collections.dbops.rotation.plugins.module_utils._aws.session import AwsOptions, make_client
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._fleet.listing import Choice, list_entries
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.runner import RUNNER
from ansible_collections.dbops.rotation.plugins.module_utils._module.cycle_info import CYCLE_INFO
from ansible_collections.dbops.rotation.plugins.module_utils._module.doctor import DOCTOR
from ansible_collections.dbops.rotation.plugins.module_utils._module.evidence import EVIDENCE
from ansible_collections.dbops.rotation.plugins.module_utils._module.history import HISTORY
from ansible_collections.dbops.rotation.plugins.module_utils._module.native import NATIVE
from ansible_collections.dbops.rotation.plugins.module_utils._module.notice import NOTICE
from ansible_collections.dbops.rotation.plugins.module_utils._module.offboard import OFFBOARD
from ansible_collections.dbops.rotation.plugins.module_utils._module.onboard import ONBOARD
from ansible_collections.dbops.rotation.plugins.module_utils._module.restore import RESTORE
from ansible_collections.dbops.rotation.plugins.module_utils._module.secret_policy import SECRET_POLICY
from ansible_collections.dbops.rotation.plugins.module_utils._module.secret_policy_info import SECRET_POLICY_INFO

Result = dict[str, Any]
Operation = Callable[[ManagedClient, Keys], Result]
ACCOUNT = "123456789012"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:dbops-rotation-rotate"


def rotate(client: ManagedClient, keys: Keys) -> Result:
    client.create()
    with enforced(client.aws):
        result: Result = client.run(**keys)
    return result


def assume_and_rotate(client: ManagedClient, keys: Keys) -> Result:
    iam = client.aws.client("iam")
    name = f"role-{client.user}"
    trust = document({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"})
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    may = document({"Effect": "Allow", "Action": "*", "Resource": "*"})
    iam.put_role_policy(RoleName=name, PolicyName="duty", PolicyDocument=may)
    client.create()
    with enforced(client.aws):
        result: Result = client.run(assume_role_arn=f"arn:aws:iam::{ACCOUNT}:role/{name}", **keys)
    return result


def onboard(client: ManagedClient, keys: Keys, **given: Any) -> Result:
    client.create_account()
    place = {"host": "127.0.0.1", "port": client.server.port, "username": client.user}
    with enforced(client.aws):
        result: Result = client.run(ONBOARD, **{**place, "password": client.password, **given}, **keys)
    return result


def onboard_existing(client: ManagedClient, keys: Keys) -> Result:
    client.create_secret()
    return onboard(client, keys)


def onboard_with_replica(client: ManagedClient, keys: Keys) -> Result:
    return onboard(client, keys, replica=[{"region": "eu-west-1"}])


def onboard_from_another(client: ManagedClient, keys: Keys) -> Result:
    source = secrets_manager(client.aws).create_secret(
        Name=f"old/{client.user}", SecretString=json.dumps(client.document())
    )
    return onboard(client, keys, password=None, source_secret_id=source["ARN"])


def state(client: ManagedClient, keys: Keys) -> Result:
    """Read the state of a secret without tags."""
    client.create()
    with enforced(client.aws):
        result: Result = client.run(CYCLE_INFO, **keys)
    return result


def failed_notice(client: ManagedClient, keys: Keys) -> Result:
    client.create()
    told = topic(client)
    with enforced(client.aws):
        result: Result = client.run(NOTICE, event="failed", topic_arn=told, **keys)
    return result


def offboarded_notice(client: ManagedClient, keys: Keys) -> Result:
    client.create()
    told = topic(client)
    with enforced(client.aws):
        given: Keys = {"event": "offboarded", "deletion_date": "2027-01-02T03:00:00Z", **keys}
        result: Result = client.run(NOTICE, topic_arn=told, **given)
    return result


def examine(client: ManagedClient, keys: Keys) -> Result:
    client.create()
    told = topic(client)
    with enforced(client.aws):
        result: Result = client.run(DOCTOR, topic_arn=told, **keys)
    return {**result, "failed": not result.get("healthy")}


def list_fleet(client: ManagedClient, keys: Keys) -> Result:
    """List the secrets, as the inventory of the fleet does."""
    client.create()
    aws = make_client(options(client, keys), "secretsmanager")
    with enforced(client.aws):
        return outcome(lambda: list_entries(aws, Choice(name_prefix=client.secret_id)))


def read_settings(client: ManagedClient, keys: Keys) -> Result:
    """Read what is stored for all clients, as an inventory does."""
    client.aws.client("ssm").put_parameter(Name=f"/{client.user}/rotation_overlap", Value="0", Type="String")
    aws = make_client(options(client, keys), "ssm")
    with enforced(client.aws):
        return outcome(lambda: read_parameters(aws, f"/{client.user}"))


def ship_events(client: ManagedClient, keys: Keys) -> Result:
    """Leave an audit trail, as the callback of every run does."""
    group = functools.partial(log_group, audit_group(client), options(client, keys))
    with TemporaryDirectory() as folder, enforced(client.aws):
        trail = Trail(Settings(Path(folder), group), Origin(client.user, "controller", "verify"))
        trail.add(Report("secretsmanager_mysql_verify", client.name, {"healthy": True}, failed=False, check=False))
        trail.finish(failed=False, check=False)
    return {"warnings": trail.trouble}


def read_history(client: ManagedClient, keys: Keys) -> Result:
    group = audit_group(client)
    with enforced(client.aws):
        result: Result = client.run(HISTORY, source="logs", log_group=group, **keys)
    return result


def collect_evidence(client: ManagedClient, keys: Keys) -> Result:
    """Collect evidence about a client, a role with policies, and the log group of CloudTrail."""
    client.create()
    states = {client.name: client.run(CYCLE_INFO)}
    group = watched_trail(client)
    duty_role(client)
    with TemporaryDirectory() as folder, enforced(client.aws):
        policies = {client.name: client.run(SECRET_POLICY_INFO, **keys)}
        about: dict[str, Any] = {"states": states, "policies": policies, "names": client.user, "trail_log_group": group}
        result: Result = client.run(EVIDENCE, path=folder, spool=folder, **about, **keys)
    return result


def watched_trail(client: ManagedClient) -> str:
    """A log group as CloudTrail's, with the metric filter of the alarm on reads by strangers."""
    name, logs = f"/trail/{client.user}", client.aws.client("logs")
    logs.create_log_group(logGroupName=name)
    metric = {"metricNamespace": "DbopsRotation", "metricName": "ReadsByStrangers", "metricValue": "1"}
    about = {"logGroupName": name, "filterName": f"{client.user}-ReadsByStrangers"}
    pattern = '{ $.eventName = "GetSecretValue" }'
    logs.put_metric_filter(**about, filterPattern=pattern, metricTransformations=[metric])
    return name


def duty_role(client: ManagedClient) -> None:
    """A role of a duty with a policy of its own and one that is in the role itself."""
    iam, name = client.aws.client("iam"), f"{client.user}-rotator"
    may = document({"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"})
    trust = document({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"})
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    policy = iam.create_policy(PolicyName=name, PolicyDocument=may)["Policy"]
    iam.attach_role_policy(RoleName=name, PolicyArn=policy["Arn"])
    iam.put_role_policy(RoleName=name, PolicyName="by-hand", PolicyDocument=may)


def restore_lost(client: ManagedClient, keys: Keys) -> Result:
    backup = backed_up(client)
    remove(client)
    with enforced(client.aws):
        result: Result = client.run(RESTORE, backup=backup, **keys)
    return result


def restore_deleted(client: ManagedClient, keys: Keys) -> Result:
    backup = backed_up(client)
    secrets_manager(client.aws).delete_secret(SecretId=client.secret_id, RecoveryWindowInDays=7)
    with enforced(client.aws):
        result: Result = client.run(RESTORE, backup=backup, **keys)
    return result


def backed_up(client: ManagedClient) -> str:
    """Make a client with two versions, and give a backup of it."""
    client.create().rotate()
    return kept(client)


def give_and_take_back(client: ManagedClient, keys: Keys) -> Result:
    """Give a secret to Secrets Manager's own rotation, and take it back."""
    client.create()
    aws, secret = make_client(options(client, keys), "secretsmanager"), {"SecretId": client.secret_id}
    rules = {"AutomaticallyAfterDays": 47}

    def work() -> None:
        with translated("give the secret to Secrets Manager"):
            aws.describe_secret(**secret)
            aws.tag_resource(**secret, Tags=[{"Key": "rotation/function", "Value": FUNCTION}])
            # moto notes the function, and then does not find it.
            with suppress(aws.exceptions.ResourceNotFoundException):
                aws.rotate_secret(**secret, RotationLambdaARN=FUNCTION, RotationRules=rules, RotateImmediately=False)
            aws.cancel_rotate_secret(**secret)

    with enforced(client.aws):
        return outcome(work)


def offboard(client: ManagedClient, keys: Keys) -> Result:
    """Offboard a client that is managed."""
    client.create().rotate()
    return _leave(client, keys)


def offboard_guarded(client: ManagedClient, keys: Keys) -> Result:
    """Offboard one with our resource policy, and nothing else of that kind."""
    client.create().rotate()
    client.run(SECRET_POLICY, readers=[], rotators=["dbops-rotation-rotator"])
    return _leave(client, keys)


def offboard_guarded_by_others(client: ManagedClient, keys: Keys) -> Result:
    """Offboard one whose resource policy has a statement of somebody else, too."""
    client.create().rotate()
    theirs = {"Sid": "Theirs", "Effect": "Allow", "Principal": "*", "Action": "secretsmanager:DescribeSecret"}
    policy = document({**theirs, "Resource": "*"})
    secrets_manager(client.aws).put_resource_policy(SecretId=client.secret_id, ResourcePolicy=policy)
    client.run(SECRET_POLICY, readers=[], rotators=["dbops-rotation-rotator"])
    return _leave(client, keys)


def offboard_replicated(client: ManagedClient, keys: Keys) -> Result:
    client.create().rotate()
    regions = [{"Region": "eu-west-1"}]
    secrets_manager(client.aws).replicate_secret_to_regions(SecretId=client.secret_id, AddReplicaRegions=regions)
    return _leave(client, keys)


def offboard_from_the_functions(client: ManagedClient, keys: Keys) -> Result:
    client.create().rotate()
    client.run(RUNNER, runner="lambda", settings={"overlap": 60})
    return _leave(client, keys)


def offboard_native(client: ManagedClient, keys: Keys) -> Result:
    with stub_function(client.aws):
        client.create().run(NATIVE, function=STUB)
        client.rotate()
        return _leave(client, keys)


def cancel_offboarding(client: ManagedClient, keys: Keys) -> Result:
    """Offboard a client of which a rotation begins in the last moment; the deletion has to be cancelled."""
    delete, asking = LeavingStore.delete_after, ExitStack()

    def begin_and_delete(store: LeavingStore, days: int) -> str:
        put(client, "AWSPENDING", json.dumps(client.document(password="Just-now-1")))
        asking.enter_context(enforced(client.aws))
        return delete(store, days)

    client.create().rotate()
    with asking, pytest.MonkeyPatch.context() as patch:
        patch.setattr(LeavingStore, "delete_after", begin_and_delete)
        result: Result = client.run(OFFBOARD, confirm=[client.name], **keys)
    return {} if "DeletedDate" not in client.told() else result


def export(client: ManagedClient, keys: Keys) -> Result:
    """Read all versions, as the export of offboard.yml does."""
    client.create()
    archive = SecretArchive(make_client(options(client, keys), "secretsmanager"), client.secret_id)
    with enforced(client.aws):
        return outcome(archive.save)


def leave_to_the_functions(client: ManagedClient, keys: Keys) -> Result:
    client.create()
    with enforced(client.aws):
        result: Result = client.run(RUNNER, runner="lambda", settings={"overlap": 60}, **keys)
    return result


def take_back_from_the_functions(client: ManagedClient, keys: Keys) -> Result:
    client.create()
    client.run(RUNNER, runner="lambda", settings={"overlap": 60})
    with enforced(client.aws):
        result: Result = client.run(RUNNER, runner="ansible", **keys)
    return result


def _leave(client: ManagedClient, keys: Keys) -> Result:
    with enforced(client.aws):
        result: Result = client.run(OFFBOARD, confirm=[client.name], **keys)
    return result


def options(client: ManagedClient, keys: Keys) -> AwsOptions:
    """The way to the emulator with these keys."""
    return AwsOptions(region=REGION, endpoint_urls=json.dumps({"default": client.aws.endpoint_url}), **keys)


def outcome(work: Callable[[], object]) -> Result:
    """What a module would make of it."""
    try:
        work()
    except RotationError as error:
        return {"failed": True, "msg": str(error)}
    return {}


def topic(client: ManagedClient) -> str:
    """A topic of the test's own."""
    made: str = client.aws.client("sns").create_topic(Name=client.user)["TopicArn"]
    return made


def audit_group(client: ManagedClient) -> str:
    """A log group of the test's own."""
    name = f"/dbops/{client.user}"
    client.aws.client("logs").create_log_group(logGroupName=name)
    return name


OF_EVIDENCE = (
    *("cloudwatch:DescribeAlarms", "iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetRole", "iam:GetRolePolicy"),
    *("iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "logs:DescribeMetricFilters"),
    *("logs:FilterLogEvents of CloudTrail", "secretsmanager:GetResourcePolicy"),
)
# What stops when the action is taken away; an action of one policy may be needed by several operations.
USUAL: dict[str, Operation] = {
    "rotator": rotate,
    "onboarder": onboard,
    "notifier": failed_notice,
    "auditor": state,
    "restorer": restore_lost,
    "native": give_and_take_back,
    "offboarder": offboard,
}
OTHERS: dict[tuple[str, str], Operation] = {
    ("rotator", "secretsmanager:ListSecretVersionIds"): state,
    ("rotator", "sns:Publish"): failed_notice,
    ("rotator", "sns:GetTopicAttributes"): examine,
    ("rotator", "sts:AssumeRole"): assume_and_rotate,
    ("onboarder", "secretsmanager:GetSecretValue"): onboard_existing,
    ("onboarder", "secretsmanager:GetSecretValue from a source"): onboard_from_another,
    ("onboarder", "secretsmanager:TagResource"): onboard_existing,
    ("onboarder", "secretsmanager:ReplicateSecretToRegions"): onboard_with_replica,
    ("auditor", "secretsmanager:ListSecrets"): list_fleet,
    ("auditor", "logs:FilterLogEvents"): read_history,
    **{("auditor", action): collect_evidence for action in OF_EVIDENCE},
    ("restorer", "secretsmanager:RestoreSecret"): restore_deleted,
    ("native", "ssm:GetParameters"): leave_to_the_functions,
    ("native", "ssm:PutParameter"): leave_to_the_functions,
    ("native", "ssm:DeleteParameter"): take_back_from_the_functions,
    ("offboarder", "secretsmanager:DeleteResourcePolicy"): offboard_guarded,
    ("offboarder", "secretsmanager:PutResourcePolicy"): offboard_guarded_by_others,
    ("offboarder", "secretsmanager:CancelRotateSecret"): offboard_native,
    ("offboarder", "secretsmanager:RemoveRegionsFromReplication"): offboard_replicated,
    ("offboarder", "secretsmanager:RestoreSecret"): cancel_offboarding,
    ("offboarder", "secretsmanager:GetSecretValue"): export,
    ("offboarder", "ssm:GetParameters"): offboard_from_the_functions,
    ("offboarder", "ssm:DeleteParameter"): offboard_from_the_functions,
    ("offboarder", "sns:Publish"): offboarded_notice,
}
EVERYWHERE: dict[str, Operation] = {
    "logs:CreateLogStream": ship_events,
    "logs:PutLogEvents": ship_events,
    "ssm:GetParametersByPath": read_settings,
}


def operation_of(duty: str, action: str) -> Operation:
    """The operation of a duty that needs an action."""
    return OTHERS.get((duty, action)) or EVERYWHERE.get(action) or USUAL[duty]
