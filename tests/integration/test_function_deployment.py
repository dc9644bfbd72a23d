# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/provision_lambda.yml on an emulator that runs the functions and judges their policies, on real servers.

One deployment for all tests, in the order of this file: each run starts modules and takes its time.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from deployed import GROUP, LONG_AGO, NAME, Deployment, changes, until
from function_calls import bus_event, detail, queue_event, visit
from functions_at_work import fresh, tagged
from managed import MakeClient, ManagedClient, secrets_manager
from ministack import ACCOUNT, Ministack, needs_ministack
from rotation_service import FUNCTION_ARN, RotationService
from stock_collections import needs_collections
from world.aws import REGION, AwsEmulator
from world.certificates import Authority
from world.databases import DatabaseServer

from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._iam.grants import (
    DOCUMENTED,
    FLEET_ROLE,
    GRANTS,
    OF_FUNCTIONS,
    Grant,
)

pytestmark = [pytest.mark.slow, needs_ministack, needs_collections]
ASKED, RESET_ASKED = "Rotation Requested", "Cycle Reset Requested"
BUCKET = f"{NAME}-functions-{ACCOUNT}-{REGION}"
KEPT = {"bucket": [BUCKET], "log group": [GROUP]}
Manage = Callable[..., ManagedClient]


@pytest.fixture(scope="module")
def account(workspace: Path, authority: Authority) -> Iterator[Deployment]:
    aws, folder = Ministack(workspace / "functions", authority), workspace / "package"
    try:
        aws.start()
        yield Deployment(aws, folder)
    finally:
        aws.stop()


@pytest.fixture(scope="module")
def deployed(account: Deployment) -> Deployment:
    """The account after a first run."""
    assert changes(account.deploy()) == 3
    return account


@pytest.fixture
def manage(deployed: Deployment) -> Iterator[Callable[..., ManagedClient]]:
    """Give an account of a server to the functions for the time of a test."""
    made: list[ManagedClient] = []

    def manage(client: ManagedClient, **given: str) -> ManagedClient:
        made.append(deployed.manage(client, **given))
        return made[-1]

    yield manage
    for client in made:
        deployed.forget(client)


@pytest.fixture
def clients(
    manage: Manage, make_client: MakeClient, mysql_server: DatabaseServer, mariadb_server: DatabaseServer
) -> list[ManagedClient]:
    """A client on each kind of server whose password is due."""
    return [manage(make_client(server).create_account(), **LONG_AGO) for server in (mysql_server, mariadb_server)]


def test_what_is_missing_is_refused_before_anything_is_made(account: Deployment) -> None:
    before = account.made()
    missing = account.deploy(status=2, rotation_functions_package="dist/none.zip")
    assert "There is no package dist/none.zip. Build one with make lambda" in " ".join(missing.stdout.split())
    silent = account.deploy(status=2, rotation_functions_settings="/dbops/rotation/none")
    assert "does not say topic and log group. Run playbooks/provision.yml" in " ".join(silent.stdout.split())
    assert account.made() == before


def test_the_template_is_written_alone(account: Deployment, tmp_path: Path) -> None:
    before, file = account.made(), tmp_path / "functions.yml"
    account.deploy(rotation_functions_render=str(file))
    validated = account.aws.client("cloudformation").validate_template(TemplateBody=file.read_text())
    assert {one["ParameterKey"] for one in validated["Parameters"]} == {"CodeBucket", "CodeKey"}
    assert account.made() == before and "FleetRole" not in file.read_text()


def test_functions_whose_environment_names_a_role_may_assume_it(account: Deployment, tmp_path: Path) -> None:
    file, environment = tmp_path / "functions.yml", {"ROTATION_ASSUME_ROLE_ARN": account.role_of_all}
    account.deploy(rotation_functions_render=str(file), rotation_functions_environment=environment)
    made = [one["Properties"] for one in DataLoader().load_from_file(str(file))["Resources"].values()]
    policies = {one["RoleName"]: one["Policies"][0]["PolicyDocument"] for one in made if "RoleName" in one}
    for duty in OF_FUNCTIONS:
        (statement,) = [one for one in policies[f"{NAME}-{duty}"]["Statement"] if one["Sid"] == "FleetRole"]
        assert statement["Resource"] == [account.role_of_all]


def test_check_mode_foretells_and_changes_nothing(account: Deployment) -> None:
    before = account.made()
    assert changes(account.deploy("--check", "--diff")) == 2
    assert account.made() == before


def test_a_second_run_and_its_check_change_nothing(deployed: Deployment) -> None:
    before = deployed.made()
    assert changes(deployed.deploy("--diff")) == changes(deployed.deploy("--check")) == 0
    assert deployed.made() == before


def test_everything_is_made_under_its_name(deployed: Deployment) -> None:
    made = deployed.made()
    assert made["function"] == [f"{NAME}-{name}" for name in ("reset", "rotate", "sweep")]
    assert made["role"] == [f"{NAME}-{duty}" for duty in ("resetter", "scheduler", "sweeper", "worker")]
    assert (made["bus"], made["schedule"], len(made["alarm"])) == ([NAME], [f"{NAME}-sweep"], 11)
    assert [url.rpartition("/")[2] for url in made["queue"]] == [f"{NAME}-dead", f"{NAME}-work"]


def test_the_bucket_is_private_and_versioned_and_the_key_is_the_digest(deployed: Deployment) -> None:
    s3 = deployed.aws.client("s3")
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].values())
    (code,) = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert code["Key"] == f"{sha256(deployed.package.read_bytes()).hexdigest()}.zip"
    made = deployed.aws.client("lambda").get_function(FunctionName=f"{NAME}-rotate")["Configuration"]
    assert b64decode(made["CodeSha256"]).hex() == code["Key"].removesuffix(".zip")


def test_secrets_manager_may_call_the_rotation_function_for_this_account(deployed: Deployment) -> None:
    policy = deployed.aws.client("lambda").get_policy(FunctionName=f"{NAME}-rotate")["Policy"]
    (statement,) = json.loads(policy)["Statement"]
    assert statement["Principal"] == {"Service": "secretsmanager.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"AWS:SourceAccount": ACCOUNT}}


def test_every_alarm_tells_the_topic_and_watches_what_is_there(deployed: Deployment) -> None:
    made = {name.rpartition("/")[2] for names in deployed.made().values() for name in names}
    rules = deployed.aws.client("events").list_rules(EventBusName=NAME)["Rules"]
    for alarm in deployed.aws.client("cloudwatch").describe_alarms()["MetricAlarms"]:
        watched = {dimension["Value"] for dimension in alarm["Dimensions"]}
        assert watched and watched <= made | {rule["Name"] for rule in rules}
        assert alarm["AlarmActions"] == alarm["OKActions"] == [deployed.topic]


@pytest.mark.parametrize("duty", OF_FUNCTIONS)
def test_a_function_has_the_policy_of_its_duty(deployed: Deployment, duty: str) -> None:
    found = deployed.aws.client("iam").get_role_policy(RoleName=f"{NAME}-{duty}", PolicyName=duty)
    assert found["PolicyDocument"] == deployed.policy(duty)


def test_an_event_rotates(deployed: Deployment, clients: list[ManagedClient]) -> None:
    for client in clients:
        deployed.put_event(ASKED, client=client.name, requested_by="alice")
    until(lambda: all(deployed.tags(client).get(tags.NOTIFIED) for client in clients))
    for client in clients:
        assert client.opens(deployed.password(client)) and not client.opens(client.password)
        assert deployed.tags(client)[tags.TRIGGER] == "on_demand"
    assert deployed.mailbox.events() == ["rotated", "rotated"] and deployed.waiting("dead") == 0
    assert {event["controller"] for event in deployed.events("lambda/rotate")} == {f"{NAME}-rotate"}


@contextmanager
def with_variables(deployed: Deployment, function: str, **more: str) -> Iterator[None]:
    """Give a function more variables meanwhile."""
    aws, named = deployed.aws.client("lambda"), {"FunctionName": f"{NAME}-{function}"}
    before = aws.get_function_configuration(**named)["Environment"]["Variables"]
    aws.update_function_configuration(**named, Environment={"Variables": {**before, **more}})
    yield
    aws.update_function_configuration(**named, Environment={"Variables": before})


def test_the_four_steps_of_secrets_manager_rotate(
    deployed: Deployment, client: ManagedClient, aws: AwsEmulator
) -> None:
    """Its secret is on the other emulator, before which somebody plays Secrets Manager's part."""
    fresh(client)
    tagged(client, **{tags.FUNCTION: FUNCTION_ARN})
    with RotationService(aws.endpoint_url, ask_of(aws)) as service:
        service.enable(client.secret_id)
        with with_variables(deployed, "rotate", AWS_ENDPOINT_URL_SECRETS_MANAGER=service.endpoint_url):
            token = service.rotate(client.secret_id, partial(deployed.succeed, "rotate"), attempts=1)
    assert client.stages()["AWSCURRENT"] == token and client.opens(client.stored()["password"])
    assert not client.opens(client.password) and client.tags()[tags.VERSION] == token


def ask_of(aws: AwsEmulator) -> Callable[..., Any]:
    def ask(operation: str, **arguments: Any) -> Any:
        return getattr(secrets_manager(aws), operation)(**arguments)

    return ask


def test_an_event_resets_a_cycle(deployed: Deployment, clients: list[ManagedClient]) -> None:
    client = clients[0]
    deployed.put_event(RESET_ASKED, client=client.name)
    until(lambda: deployed.tags(client)[tags.DUE] > LONG_AGO[tags.DUE])
    assert client.opens(client.password) and deployed.password(client) == client.password
    assert [event["outcome"] for event in deployed.events("lambda/reset") if event["kind"] == "cycle"] == ["succeeded"]


@contextmanager
def too_little_time(deployed: Deployment) -> Iterator[None]:
    """Let every call of the rotation function fail at once, and its message come again at once."""

    def change(timeout: int, visibility: int) -> None:
        deployed.aws.client("lambda").update_function_configuration(FunctionName=f"{NAME}-rotate", Timeout=timeout)
        attributes = {"VisibilityTimeout": str(visibility)}
        deployed.aws.client("sqs").set_queue_attributes(QueueUrl=deployed.queue("work"), Attributes=attributes)

    change(20, 1)
    yield
    change(180, 1080)


def test_a_poisoned_message_ends_in_the_dead_letter_queue(deployed: Deployment) -> None:
    sqs, text = deployed.aws.client("sqs"), json.dumps(visit("client_acme", "clients/client_acme/mysql/root"))
    with too_little_time(deployed):
        sqs.send_message(QueueUrl=deployed.queue("work"), MessageBody=text)
        until(lambda: deployed.waiting("dead"))
    (dead,) = sqs.receive_message(QueueUrl=deployed.queue("dead"))["Messages"]
    assert dead["Body"] == text and deployed.waiting("work") == 0
    sqs.delete_message(QueueUrl=deployed.queue("dead"), ReceiptHandle=dead["ReceiptHandle"])


FUNCTION_OF = {"worker": "rotate", "sweeper": "sweep", "resetter": "reset"}
NEEDED = [(duty, grant) for duty in OF_FUNCTIONS for grant in GRANTS[duty] if grant.evidence != DOCUMENTED]


def work(duty: str, deployed: Deployment, client: ManagedClient) -> str:
    """Let the function of a duty do its work, and return what went wrong."""
    event: dict[str, Any] = {
        "worker": queue_event(visit(client.name, client.secret_id)),
        "sweeper": {},
        "resetter": bus_event(RESET_ASKED, detail(client.name)),
    }[duty]
    return deployed.call(FUNCTION_OF[duty], event)


def of(grant: Grant) -> dict[str, str]:
    """Return the tags of a client for whom the action is needed."""
    return {} if grant.action == "secretsmanager:ListSecretVersionIds" else LONG_AGO


@contextmanager
def in_own_account(deployed: Deployment, client: ManagedClient) -> Iterator[None]:
    """Let a client have a role of its own."""
    named, ssm = {"Name": f"/dbops/rotation/clients/{client.name}"}, deployed.aws.client("ssm")
    ssm.put_parameter(**named, Type="String", Value=json.dumps({"rotation_assume_role_arn": deployed.client_role}))
    yield
    ssm.delete_parameter(**named)


@contextmanager
def in_account_of_all(deployed: Deployment, duty: str) -> Iterator[None]:
    """Let a function find all secrets in the account of a role."""
    with (
        deployed.named_in_policies(duty, deployed.role_of_all),
        with_variables(deployed, FUNCTION_OF[duty], ROTATION_ASSUME_ROLE_ARN=deployed.role_of_all),
    ):
        yield


def account_of(grant: Grant, deployed: Deployment, client: ManagedClient, duty: str) -> AbstractContextManager[None]:
    """Put a client into the account that the action is about."""
    if grant.on == FLEET_ROLE:
        return in_account_of_all(deployed, duty)
    return in_own_account(deployed, client) if grant.action == "sts:AssumeRole" else nullcontext()


@pytest.mark.parametrize(
    ("duty", "grant"), NEEDED, ids=[f"{duty}-{one.action}-{one.on}".replace(" ", "_") for duty, one in NEEDED]
)
def test_without_an_action_a_function_says_so_and_with_it_all_is_done(
    deployed: Deployment, manage: Manage, newcomer: ManagedClient, duty: str, grant: Grant
) -> None:
    client = manage(newcomer, **of(grant))
    with account_of(grant, deployed, client, duty):
        with deployed.without(duty, grant):
            told = work(duty, deployed, client)
        assert grant.action in told or (grant.action.startswith("kms:") and "KMS" in told), told
        assert "denied" not in work(duty, deployed, client)


def test_a_schedule_that_fires_rotates_what_is_due(deployed: Deployment, clients: list[ManagedClient]) -> None:
    """As the last of the tests with clients, for it goes on firing."""
    soon: dict[str, Any] = {"rotation_functions_schedule": "rate(1 minute)"}
    assert changes(deployed.deploy("--check", **soon)) == changes(deployed.deploy(**soon)) == 1
    until(lambda: all(deployed.tags(client).get(tags.NOTIFIED) for client in clients), seconds=120)
    for client in clients:
        assert client.opens(deployed.password(client)) and not client.opens(client.password)
        assert deployed.tags(client)[tags.TRIGGER] == "scheduled"
    until(lambda: deployed.waiting("work") == 0)


def test_absent_takes_all_away_but_the_bucket_and_the_logs(deployed: Deployment) -> None:
    before = deployed.made()
    assert changes(deployed.deploy("--check", rotation_functions_state="absent")) == 1 and deployed.made() == before
    assert changes(deployed.deploy(rotation_functions_state="absent")) == 1 and deployed.made() == KEPT
