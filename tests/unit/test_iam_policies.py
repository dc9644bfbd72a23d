# SPDX-License-Identifier: GPL-3.0-or-later
"""What the policies of the duties allow, and to what they are limited; docs/iam/ has these very documents."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import iam_page
import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.dbops.rotation.plugins.filter.rotation_iam_policy import iam_policy
from ansible_collections.dbops.rotation.plugins.module_utils._iam.grants import GRANTS, OF_FUNCTIONS
from ansible_collections.dbops.rotation.plugins.module_utils._iam.policies import Scope, policy

SCOPE = iam_page.SCOPE
SECRETS = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:clients/*"
# The limit of IAM for a managed policy, white space not counted.
LARGEST = 6144
STORE = Path(__file__).resolve().parents[2] / "plugins/module_utils/_aws/secret_store.py"

BY_LAMBDA = ("LambdasLogs", "LambdasQueue", "DeadLetters", "Interfaces")
# The functions read two parameters by name; who gives a secret to Secrets Manager's rotation runs a playbook.
BY_PATH = [duty for duty in GRANTS if duty not in OF_FUNCTIONS]

every_duty = pytest.mark.parametrize("duty", GRANTS)


def statements(duty: str, scope: Scope = SCOPE) -> dict[str, dict[str, Any]]:
    return {statement["Sid"]: statement for statement in policy(duty, scope)["Statement"]}


def actions(duty: str) -> set[str]:
    return {action for statement in statements(duty).values() for action in statement["Action"]}


def test_the_page_and_its_files_show_the_policies_of_the_code() -> None:
    text = iam_page.PAGE.read_text()
    files = {path: path.read_text() for path in iam_page.FOLDER.iterdir()}
    again = "run: PYTHONPATH=tools:collections python tools/iam_page.py"
    assert (iam_page.page(text), dict(iam_page.policies())) == (text, files), again


@every_duty
def test_the_page_links_to_the_policy_of_each_duty(duty: str) -> None:
    assert f"### {duty}\n\nThe policy: [iam/{duty}.json](iam/{duty}.json)\n" in iam_page.PAGE.read_text()


@every_duty
def test_a_policy_holds_the_actions_of_its_duty_and_no_others(duty: str) -> None:
    assert actions(duty) == {grant.action for grant in GRANTS[duty]}
    assert not any("*" in action for action in actions(duty))


@every_duty
def test_every_statement_asks_for_tls_but_those_of_keys_and_of_lambda_itself(duty: str) -> None:
    for sid, statement in statements(duty).items():
        over_tls = statement.get("Condition", {}).get("Bool") == {"aws:SecureTransport": "true"}
        assert over_tls or sid in ("Key", "ParameterKey", "ReplicaKeys", "SourceKeys", "TopicKey", *BY_LAMBDA)


@every_duty
def test_a_policy_is_not_too_large_for_iam(duty: str) -> None:
    assert len(json.dumps(policy(duty, SCOPE), separators=(",", ":"))) <= LARGEST


@every_duty
def test_only_one_duty_may_delete_a_secret_and_only_one_may_move_its_rotation(duty: str) -> None:
    moves = {"RotateSecret", "CancelRotateSecret"}
    allowed = {"native": moves, "offboarder": {"DeleteSecret", "CancelRotateSecret"}}
    rare = {"DeleteSecret", "UpdateSecret"} | moves
    assert {action.partition(":")[2] for action in actions(duty)} & rare == allowed.get(duty, set())


def test_a_secret_is_deleted_with_a_way_back_only() -> None:
    found = statements("offboarder")["DeletedSecrets"]
    assert (found["Action"], found["Resource"]) == (["secretsmanager:DeleteSecret"], [SECRETS])
    assert found["Condition"]["NumericGreaterThanEquals"] == {"secretsmanager:RecoveryWindowInDays": "7"}
    assert found["Condition"]["BoolIfExists"] == {"secretsmanager:ForceDeleteWithoutRecovery": "false"}


@pytest.mark.parametrize("duty", ["native", "offboarder"])
def test_who_works_on_the_parameters_of_clients_works_on_no_others(duty: str) -> None:
    clients = "arn:aws:ssm:eu-central-1:123456789012:parameter/dbops/rotation/clients/*"
    assert statements(duty)["StoredOfClients"]["Resource"] == [clients]


@pytest.mark.parametrize("duty", ["notifier", "auditor", "provisioner", "sweeper", "resetter", "native"])
def test_who_does_not_need_passwords_cannot_read_them(duty: str) -> None:
    assert not actions(duty) & {"secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue"}
    decrypting = {sid for sid, statement in statements(duty).items() if "kms:Decrypt" in statement["Action"]}
    assert decrypting <= {"ParameterKey", "TopicKey"}


def test_the_auditor_writes_nothing() -> None:
    reading = r"[a-z]+:(List|Describe|Filter)|iam:Get|[a-z]+:Get(ParametersByPath|ResourcePolicy)$|kms:Decrypt$"
    assert all(re.match(reading, action) for action in actions("auditor"))


@every_duty
def test_only_lists_are_allowed_on_everything(duty: str) -> None:
    for sid, statement in statements(duty).items():
        if "*" in statement["Resource"] and sid != "Interfaces":
            assert all(
                re.match(r"[a-z]+:(List|Describe)|kms:CreateKey$|sns:Unsubscribe$", action)
                for action in statement["Action"]
            )


def test_the_rotator_is_limited_to_our_secrets_key_topic_and_log_group() -> None:
    found = statements("rotator")
    assert found["Secrets"]["Resource"] == found["Tags"]["Resource"] == [SECRETS]
    assert found["Key"]["Resource"] == [SCOPE.key_arn]
    assert found["Topic"]["Resource"] == [SCOPE.topic_arn]
    assert found["AuditTrail"]["Resource"] == ["arn:aws:logs:eu-central-1:123456789012:log-group:/dbops/rotation:*"]
    assert found["ClientRoles"]["Resource"] == list(SCOPE.client_roles)


@pytest.mark.parametrize("duty", OF_FUNCTIONS)
def test_a_function_may_be_the_role_of_all_clients_and_only_the_worker_that_of_one(duty: str) -> None:
    fleet = {"Sid": "FleetRole", "Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": [SCOPE.fleet_role]}
    assert statements(duty)["FleetRole"] == {**fleet, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    assert ("ClientRoles" in statements(duty)) == (duty == "worker")
    assert "FleetRole" not in statements(duty, replace(SCOPE, fleet_role=None))


@pytest.mark.parametrize("duty", ["rotator", "onboarder", "restorer", "worker"])
def test_the_key_is_used_only_through_secrets_manager_and_for_our_secrets(duty: str) -> None:
    condition = statements(duty)["Key"]["Condition"]
    assert condition["StringEquals"] == {"kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com"}
    assert condition["StringLike"] == {"kms:EncryptionContext:SecretARN": SECRETS}


@pytest.mark.parametrize("duty", ["rotator", "onboarder", "worker"])
def test_a_replicas_key_is_used_only_through_secrets_manager_and_for_copies_of_our_secrets(duty: str) -> None:
    found = statements(duty)["ReplicaKeys"]
    assert (found["Resource"], found["Action"]) == ([*SCOPE.replica_keys], ["kms:Encrypt", "kms:GenerateDataKey"])
    assert found["Condition"]["StringLike"] == {
        "kms:ViaService": "secretsmanager.*.amazonaws.com",
        "kms:EncryptionContext:SecretARN": "arn:aws:secretsmanager:*:123456789012:secret:clients/*",
    }


@pytest.mark.parametrize("duty", ["rotator", "notifier", "worker"])
def test_the_key_of_the_topic_is_used_only_through_sns(duty: str) -> None:
    found = statements(duty)["TopicKey"]
    assert found["Resource"] == [SCOPE.key_arn]
    assert found["Condition"] == {"StringEquals": {"kms:ViaService": "sns.eu-central-1.amazonaws.com"}}


@pytest.mark.parametrize("duty", BY_PATH)
def test_stored_settings_are_read_below_their_path_and_their_key_used_only_through_parameter_store(duty: str) -> None:
    found, path = statements(duty), "arn:aws:ssm:eu-central-1:123456789012:parameter/dbops/rotation"
    assert (found["Parameters"]["Action"], found["Parameters"]["Resource"]) == (["ssm:GetParametersByPath"], [path])
    assert (found["ParameterKey"]["Action"], found["ParameterKey"]["Resource"]) == (["kms:Decrypt"], [SCOPE.key_arn])
    assert found["ParameterKey"]["Condition"] == {
        "StringEquals": {"kms:ViaService": "ssm.eu-central-1.amazonaws.com"},
        "StringLike": {"kms:EncryptionContext:PARAMETER_ARN": f"{path}/*"},
    }


@pytest.mark.parametrize("parameter", [None, "", "settings"])
def test_without_stored_settings_nothing_of_parameter_store_is_allowed(parameter: str | None) -> None:
    assert not statements("rotator", replace(SCOPE, parameter=parameter)).keys() & {"Parameters", "ParameterKey"}


@pytest.mark.parametrize("duty", ["worker", "sweeper"])
def test_a_function_reads_its_own_parameters_and_no_others(duty: str) -> None:
    path = "arn:aws:ssm:eu-central-1:123456789012:parameter/dbops/rotation"
    assert statements(duty)["Stored"]["Resource"] == [f"{path}/functions", f"{path}/clients/*"]


def test_the_functions_use_their_own_queues() -> None:
    work, dead = (f"arn:aws:sqs:eu-central-1:123456789012:dbops-rotation-{name}" for name in ("work", "dead"))
    assert statements("sweeper")["Work"]["Resource"] == statements("worker")["LambdasQueue"]["Resource"] == [work]
    assert (
        statements("sweeper")["DeadLetters"]["Resource"] == statements("resetter")["DeadLetters"]["Resource"] == [dead]
    )


def test_network_interfaces_are_lambdas_and_only_in_a_vpc() -> None:
    found = statements("worker")["Interfaces"]
    assert found["Condition"] == {"Null": {"lambda:SourceFunctionArn": "true"}}, "the code of a function has it"
    assert "Interfaces" not in statements("worker", replace(SCOPE, in_vpc=False))


def test_a_topic_of_another_account_has_a_key_of_its_own() -> None:
    key = "arn:aws:kms:eu-central-1:210987654321:key/4321dcba-12ab-34cd-56ef-1234567890ab"
    found = statements("rotator", replace(SCOPE, topic_key_arn=key))
    assert found["TopicKey"]["Resource"] == [key] and found["Key"]["Resource"] == [SCOPE.key_arn]


def test_the_key_of_a_source_secret_is_only_read_with_and_only_for_that_secret() -> None:
    found = statements("onboarder")["SourceKeys"]
    assert (found["Resource"], found["Action"]) == ([*SCOPE.source_keys], ["kms:Decrypt"])
    assert found["Condition"] == {
        "StringEquals": {"kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com"},
        "StringLike": {"kms:EncryptionContext:SecretARN": [*SCOPE.source_secrets]},
    }
    assert "SourceKeys" not in statements("onboarder", replace(SCOPE, source_secrets=()))


@pytest.mark.parametrize("duty", ["rotator", "notifier", "worker", "resetter", "native"])
def test_only_our_tags_are_written_and_only_on_marked_secrets(duty: str) -> None:
    condition = statements(duty)["Tags"]["Condition"]
    assert condition["ForAllValues:StringLike"] == {"aws:TagKeys": ["rotation/*"]}
    assert condition["StringEquals"] == {"aws:ResourceTag/environment": "production"}
    assert statements(duty)["Secrets"]["Condition"]["StringEquals"] == condition["StringEquals"]


@pytest.mark.parametrize("duty", ["onboarder", "restorer"])
def test_a_secret_is_created_only_with_its_clients_tag(duty: str) -> None:
    assert statements(duty)["NewSecrets"]["Condition"]["Null"] == {"aws:RequestTag/rotation/client": "false"}
    assert "StringEquals" not in statements(duty)["Secrets"]["Condition"], "a new secret has no other tags yet"


def test_what_is_not_given_gets_no_statement() -> None:
    assert set(statements("rotator", Scope("123456789012", "eu-central-1"))) == {"Secrets", "Tags", "Lists"}


def test_every_call_of_the_engine_is_allowed_to_a_duty() -> None:
    called = {name.replace("_", "") for name in re.findall(r'_(?:call|pages)\(\s*"([a-z_]+)"', STORE.read_text())}
    named = {action.partition(":")[2].lower() for duty in GRANTS for action in actions(duty)}
    assert {"getsecretvalue", "createsecret", "updatesecretversionstage"} <= called
    assert called <= named


def test_the_filter_gives_the_policy_and_refuses_what_it_does_not_know() -> None:
    given = iam_policy("rotator", "123456789012", "eu-central-1", prefix="other/", client_roles=[], topic_arn=None)
    assert given == policy("rotator", Scope("123456789012", "eu-central-1", prefix="other/"))
    with pytest.raises(AnsibleFilterError, match="knows no duty 'owner'"):
        iam_policy("owner", "123456789012", "eu-central-1")
    with pytest.raises(AnsibleFilterError, match="no option topic"):
        iam_policy("rotator", "123456789012", "eu-central-1", topic="x")
