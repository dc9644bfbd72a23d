# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks of each duty with its own policy, where resources, conditions and keys count: enough, nothing spare."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from audited import CALLBACK
from botocore.exceptions import ClientError
from estate import HOME, PROVISIONER, REPLICA_REGION, TAGS, Accounts
from keeping import Place
from managed import ManagedClient, playbook
from ministack import Decision, needs_ministack
from playbook_runs import said
from stock_collections import needs_collections
from world.aws import REGION

from ansible_collections.dbops.rotation.plugins.module_utils._iam import grants
from ansible_collections.dbops.rotation.plugins.module_utils._iam.grants import GRANTS, Grant

pytestmark = [pytest.mark.slow, needs_ministack, needs_collections]

GROUP = "/dbops/rotation"
# What is asked although no duty has it, and why that is right.
ASKED_ANYHOW = {
    "iam:SimulatePrincipalPolicy": "doctor.yml tries, and says so where it may not",
    "secretsmanager:GetResourcePolicy": "doctor.yml tries, for its length alone",
}
# What no test uses, and why it is in the policy.
SPARE = {
    ("rotator", "kms:Encrypt", grants.REPLICA_KEYS): "AWS copies a new version to the replicas, which it tells nobody",
    ("rotator", "kms:GenerateDataKey", grants.REPLICA_KEYS): "the same",
    ("native", "lambda:InvokeFunction", grants.FUNCTION): "the emulators ask nobody who gives a secret to a function",
    **{(duty, "kms:Decrypt", grants.PARAMETER_KEY): "this emulator's Parameter Store uses no keys" for duty in GRANTS},
}
ONLY_TELLS = """
- hosts: all
  connection: local
  gather_facts: false
  module_defaults:
    group/dbops.rotation.all:
      from_variables: connection
  tasks:
    - ansible.builtin.import_role:
        name: dbops.rotation.rotation
        tasks_from: notify
      vars:
        rotation_notice_event: failed
"""


@pytest.fixture
def client(applicant: ManagedClient, accounts: Accounts) -> ManagedClient:
    accounts.onboard(HOME, applicant, rotation_onboard_tags=TAGS)
    return applicant


@contextmanager
def nothing_denied(accounts: Accounts) -> Iterator[None]:
    since = len(accounts.aws.decisions())
    yield
    assert {one for one in accounts.denied(since) if one.action not in ASKED_ANYHOW} == set()


class Duty:
    """Somebody in the role of a duty, whose runs leave an audit trail and have to succeed."""

    def __init__(self, name: str, accounts: Accounts, client: ManagedClient, folder: Path) -> None:
        self.accounts, self.client = accounts, client
        self.keys = {
            **accounts.session(HOME, name),
            "ROTATION_AUDIT_ENDPOINT_URL": accounts.aws.endpoint_url,
            "ROTATION_AUDIT_SPOOL": str(folder / name),
        }

    def keep_trail(self) -> Duty:
        self.keys |= {"ROTATION_AUDIT_LOG_GROUP": GROUP, "ANSIBLE_CALLBACKS_ENABLED": CALLBACK}
        return self

    def run(self, name: str, *arguments: str, **variables: Any) -> str:
        told = {"rotation_topic_arn": self.accounts.topic, "rotation_onboard_tags": TAGS, **variables}
        run = self.accounts.run(name, self.keys, self.client, *arguments, **told)
        assert run.returncode == 0 and "WARNING" not in said(run), said(run)
        return said(run)


def test_the_rotator_has_all_it_needs(accounts: Accounts, client: ManagedClient, tmp_path: Path) -> None:
    rotator = Duty("rotator", accounts, client, tmp_path).keep_trail()
    with nothing_denied(accounts):
        for name in ("rotate", "playbooks/verify", "playbooks/doctor", "playbooks/rollback", "playbooks/reconcile"):
            rotator.run(f"{name}.yml")
        rotator.run("playbooks/rotate_due.yml")
    assert client.opens(accounts.stored(HOME, client)["password"]) and "rotated" in accounts.mailbox.events()


def test_the_onboarder_copies_a_secret_to_a_region_with_a_key_of_its_own(
    accounts: Accounts, client: ManagedClient, tmp_path: Path
) -> None:
    onboarder = Duty("onboarder", accounts, client, tmp_path).keep_trail()
    copies = [{"region": REPLICA_REGION, "kms_key_id": accounts.replica_key}]
    with nothing_denied(accounts):
        onboarder.run(
            "playbooks/onboard.yml", rotation_replica_regions=copies, rotation_onboard_password=client.password
        )
    assert accounts.client(HOME, "secretsmanager", REPLICA_REGION).describe_secret(SecretId=client.secret_id)


def test_the_notifier_only_tells(accounts: Accounts, client: ManagedClient, tmp_path: Path) -> None:
    notifier, play = Duty("notifier", accounts, client, tmp_path), tmp_path / "tell.yml"
    play.write_text(ONLY_TELLS)
    accounts.mailbox.events()
    with nothing_denied(accounts):
        notifier.run(str(play))
    assert accounts.mailbox.events() == ["failed"]


def test_the_auditor_sees_state_and_past(accounts: Accounts, client: ManagedClient, tmp_path: Path) -> None:
    rotator = Duty("rotator", accounts, client, tmp_path).keep_trail()
    auditor = Duty("auditor", accounts, client, tmp_path)
    fleet = {"plugin": "dbops.rotation.fleet", "region": REGION, "endpoint_url": accounts.aws.endpoint_url}
    (tmp_path / "fleet.yml").write_text(json.dumps({**fleet, "name_prefix": client.secret_id.partition("/")[0]}))
    with nothing_denied(accounts):
        rotator.run("rotate.yml")
        past = {"rotation_history_log_group": GROUP, "rotation_history_source": "logs"}
        assert accounts.stored(HOME, client)["username"] and client.name in auditor.run("playbooks/history.yml", **past)
        assert client.name in auditor.run("playbooks/status.yml")
        environment = {**accounts.environment, **auditor.keys}
        listed = playbook("playbooks/status.yml", "-i", str(tmp_path / "fleet.yml"), environment=environment)
    assert listed.returncode == 0 and client.name in said(listed), said(listed)


def test_the_restorer_backs_up_and_makes_anew(accounts: Accounts, client: ManagedClient, tmp_path: Path) -> None:
    restorer = Duty("restorer", accounts, client, tmp_path).keep_trail()
    place = Place(tmp_path, {})
    given = ("--vault-password-file", str(place.password_file), "-e", f"rotation_backup_file={place.file}")
    key = accounts.settings(HOME)["rotation_kms_key_id"]
    with nothing_denied(accounts):
        restorer.run("playbooks/backup.yml", *given)
        secrets = accounts.client(HOME, "secretsmanager")
        secrets.delete_secret(SecretId=client.secret_id, ForceDeleteWithoutRecovery=True)
        restorer.run("playbooks/restore.yml", *given, rotation_kms_key_id=key)
    assert client.opens(accounts.stored(HOME, client)["password"])


def test_the_offboarder_exports_takes_away_and_tells(accounts: Accounts, client: ManagedClient, tmp_path: Path) -> None:
    offboarder, place = Duty("offboarder", accounts, client, tmp_path).keep_trail(), Place(tmp_path, {})
    accounts.mailbox.events()
    given = {"rotation_offboard_confirm": client.name, "rotation_offboard_file": str(place.file)}
    with nothing_denied(accounts):
        offboarder.run("playbooks/offboard.yml", "--vault-password-file", str(place.password_file), **given)
    secret = accounts.client(HOME, "secretsmanager").describe_secret(SecretId=client.secret_id)
    assert "DeletedDate" in secret and accounts.mailbox.events() == ["offboarded"] and client.name in place.clients()


def test_settings_are_read_and_those_of_others_are_not(
    accounts: Accounts, client: ManagedClient, tmp_path: Path
) -> None:
    rotator, file = Duty("rotator", accounts, client, tmp_path), tmp_path / "parameters.yml"
    access = {"region": REGION, "endpoint_urls": {"default": accounts.aws.endpoint_url}}
    stored = {"plugin": "dbops.rotation.parameters", **access}
    file.write_text(json.dumps({**stored, "parameter_path": "/dbops/rotation"}))
    with nothing_denied(accounts):
        rotator.run("playbooks/verify.yml", "-i", str(file))
    assert "ssm:GetParametersByPath" in {one.action for one in accounts.used("rotator")}
    file.write_text(json.dumps({**stored, "parameter_path": "/shop"}))
    run = accounts.run("playbooks/verify.yml", rotator.keys, client, "-i", str(file))
    told = "to read the parameters below /shop: ssm:GetParametersByPath is denied. Next: Allow that action on the path"
    assert run.returncode != 0 and f"{told} (arn:aws:ssm:REGION:ACCOUNT:parameter/PATH) in the IAM policy" in said(run)


def test_a_guarded_secret_is_closed_to_other_roles_whatever_they_may(
    accounts: Accounts, client: ManagedClient, tmp_path: Path
) -> None:
    provisioner = accounts.environment_of_provisioner(HOME)
    run = accounts.run("playbooks/access.yml", provisioner, client, rotation_readers=[])
    assert run.returncode == 0, said(run)
    Duty("rotator", accounts, client, tmp_path).run("rotate.yml")
    restorer = {name.lower(): text for name, text in accounts.session(HOME, "restorer").items()}
    with pytest.raises(ClientError, match="AccessDenied"):
        accounts.aws.client("secretsmanager", restorer).get_secret_value(SecretId=client.secret_id)


def kind(accounts: Accounts, decision: Decision) -> str:
    """What a key that was used is to a policy; empty of everything that is no key."""
    service, _dot, rest = decision.via.partition(".")
    if service == "sns":
        return grants.TOPIC_KEY
    if decision.on == accounts.source_key:
        return grants.SOURCE_KEYS
    return {"": "", REGION: grants.KEY}.get(rest.partition(".")[0], grants.REPLICA_KEYS)


def test_a_password_is_taken_over_from_a_secret_with_a_key_of_its_own(
    accounts: Accounts, applicant: ManagedClient
) -> None:
    secrets = accounts.client(HOME, "secretsmanager")
    document = json.dumps(applicant.document())
    kept = {"Name": f"legacy/{applicant.name}", "SecretString": document, "KmsKeyId": accounts.source_key}
    source = secrets.create_secret(**kept)["ARN"]
    since = len(accounts.aws.decisions())
    accounts.onboard(HOME, applicant, rotation_onboard_password=None, rotation_onboard_source_secret_id=source)
    assert accounts.stored(HOME, applicant)["password"] == applicant.password and accounts.denied(since) == []
    used = [one for one in accounts.aws.decisions()[since:] if one.on == accounts.source_key]
    assert {one.action for one in used} == {"kms:Decrypt"}


# test_function_deployment.py does so for the functions.
@pytest.mark.parametrize("duty", [duty for duty in GRANTS if duty not in ("provisioner", *grants.OF_FUNCTIONS)])
def test_nothing_is_spare(accounts: Accounts, duty: str) -> None:
    """By the runs of this file; what test_iam.py takes away is needed anyhow."""
    used = {(one.action, kind(accounts, one)) for one in accounts.used(duty)}

    def spare(grant: Grant) -> bool:
        return not grant.proven and (grant.action, grant.on) not in used

    documented = [(duty, grant.action, grant.on) for grant in GRANTS[duty] if grant.evidence == grants.DOCUMENTED]
    assert [(duty, grant.action, grant.on) for grant in GRANTS[duty] if spare(grant)] == documented
    assert documented == [one for one in SPARE if one[0] == duty]


# In an account that nobody else uses, for in the end all is taken away.
ALONE = "310987654321"
# One of each kind, for each costs as much as the other.
ONE_ALARM: dict[str, Any] = {
    "rotation_provision_metrics": [{"name": "Heartbeat", "pattern": '{ $.kind = "run" }', "value": "1"}],
    "rotation_provision_alarms": [{"name": "heartbeat", "metric": "Heartbeat", "says": "No run has ended."}],
}
WITH_TAGS = (
    *("iam:TagPolicy", "iam:TagRole", "kms:TagResource", "logs:TagLogGroup", "logs:TagResource", "sns:TagResource"),
    "ssm:AddTagsToResource",
)
NEW_VERSION = ("iam:CreatePolicyVersion", "iam:DeletePolicyVersion", "iam:SetDefaultPolicyVersion")
# What the runs below do not use, and why the provisioner may do it.
PROVISIONER_SPARE = {
    **dict.fromkeys(WITH_TAGS, "AWS asks for it where something is made with tags"),
    **dict.fromkeys(("kms:CancelKeyDeletion", "kms:EnableKey"), "a key that waits for its deletion is taken back"),
    "logs:AssociateKmsKey": "AWS asks for it where a log group is made with a key",
    **dict.fromkeys(("iam:UpdateRole", "kms:UpdateKeyDescription"), "what somebody else has described is set back"),
    **dict.fromkeys(("kms:Decrypt", "ssm:GetParametersByPath"), "an inventory of its own may read settings"),
    **dict.fromkeys(NEW_VERSION, "used in test_provision.py, for this emulator knows no default version"),
}


def test_the_provisioner_makes_changes_and_takes_away_all_and_nothing_is_spare(
    accounts: Accounts, client: ManagedClient
) -> None:
    accounts.client(ALONE, "sqs").create_queue(QueueName="dba")
    told = [{"protocol": "sqs", "endpoint": f"arn:aws:sqs:{REGION}:{ALONE}:dba"}]
    first = {"rotation_provision_duties": ["rotator"], "rotation_provision_subscriptions": told, **ONE_ALARM}
    others = [f"arn:aws:iam::{ALONE}:root", f"arn:aws:iam::{HOME}:root"]
    changed = {"rotation_provision_trusted": others, "rotation_provision_publishers": others[1:]}
    purged = {"rotation_provision_subscriptions": [], "rotation_provision_purge_subscriptions": True}
    removed = {"rotation_provision_remove_key": True, "rotation_provision_remove_log_group": True}
    with nothing_denied(accounts):
        accounts.provision(ALONE, **first)
        accounts.provision(ALONE, **{**first, **changed, **purged})
        accounts.provision(ALONE, **first, **removed, rotation_provision_state="absent")
        for access in ("present", "absent"):
            given: dict[str, Any] = {"rotation_readers": [], "rotation_access": access}
            run = accounts.run("playbooks/access.yml", accounts.environment_of_provisioner(HOME), client, **given)
            assert run.returncode == 0, said(run)
    used = {one.action for one in accounts.aws.decisions() if one.allowed and one.who.endswith(f"user/{PROVISIONER}")}
    assert {grant.action for grant in GRANTS["provisioner"]} - used == set(PROVISIONER_SPARE)
