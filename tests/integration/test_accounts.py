# SPDX-License-Identifier: GPL-3.0-or-later
"""Two accounts end to end: roles, topic, key and notices, each with the policies that provision.yml writes."""

from __future__ import annotations

import json

import pytest
from estate import CLIENT_ROLE, CLIENTS, HOME, LETTING_IN, TAGS, Accounts, of_service
from managed import ManagedClient
from ministack import needs_ministack
from playbook_runs import said
from stock_collections import needs_collections
from telling import without_inventory

pytestmark = [pytest.mark.slow, needs_ministack, needs_collections]


def test_a_client_of_another_account_is_rotated_and_its_notices_arrive_once_it_is_let_in(
    accounts: Accounts, applicant: ManagedClient
) -> None:
    accounts.onboard(CLIENTS, applicant)
    rotator = accounts.session(HOME, "rotator")
    accounts.mailbox.events()  # those of other tests
    since = len(accounts.aws.decisions())

    def rotated() -> str:
        before = accounts.stored(CLIENTS, applicant)["password"]
        told = {"rotation_topic_arn": accounts.topic, "rotation_assume_role_arn": CLIENT_ROLE}
        run = accounts.run("rotate.yml", rotator, applicant, **told)
        assert run.returncode == 0, said(run)
        after = accounts.stored(CLIENTS, applicant)["password"]
        assert applicant.opens(after) and not applicant.opens(before)
        return said(run)

    refused = rotated()
    assert f"{CLIENT_ROLE} is of another account than the topic" in refused
    assert "rotation_provision_publishers" in refused and f"playbooks/provision.yml in the account {HOME}" in refused
    assert {one.action for one in accounts.denied(since)} == {"sns:Publish"} and accounts.mailbox.events() == []

    let_in_by_hand(accounts)
    refused = rotated()
    assert "KMSAccessDenied" in refused and f"{CLIENT_ROLE} is of another account" in refused
    assert "rotation_provision_publishers" in refused and accounts.mailbox.events() == []
    assert {one.action for one in of_service(accounts.denied(since), "kms")} == {"kms:GenerateDataKey"}

    accounts.provision_home(**LETTING_IN)
    since = len(accounts.aws.decisions())
    assert "WARNING" not in rotated() and set(accounts.mailbox.events()) == {"rotated"}
    assert accounts.provision_home(**LETTING_IN) == 0
    assert "WARNING" not in rotated() and accounts.mailbox.events() == ["rotated"]
    assert accounts.denied(since) == []


def let_in_by_hand(accounts: Accounts) -> None:
    """Mend the topic's policy alone, as people do."""
    sns = accounts.client(HOME, "sns")
    policy = json.loads(sns.get_topic_attributes(TopicArn=accounts.topic)["Attributes"]["Policy"])
    policy["Statement"][0]["Principal"]["AWS"] = [f"arn:aws:iam::{HOME}:root", CLIENT_ROLE]
    sns.set_topic_attributes(TopicArn=accounts.topic, AttributeName="Policy", AttributeValue=json.dumps(policy))


def test_a_rotator_limited_to_tags_names_what_a_secret_lacks_and_rotates_what_onboarding_tagged(
    accounts: Accounts, applicant: ManagedClient
) -> None:
    rotator = accounts.session(HOME, "rotator")
    accounts.onboard(HOME, applicant)
    run = accounts.run("rotate.yml", rotator, applicant)
    assert run.returncode != 0 and "secretsmanager:GetSecretValue is denied" in said(run), said(run)
    assert "(rotation_provision_secret_tags), name them in rotation_onboard_tags" in said(run)

    run = accounts.run("rotate.yml", rotator, applicant, rotation_onboard_tags=TAGS)
    assert "The secret lacks the tag environment=production of rotation_onboard_tags" in said(run), said(run)
    assert run.returncode != 0 and f"playbooks/onboard.yml -l {applicant.name}" in without_inventory(said(run))
    assert applicant.opens(applicant.password)

    since = len(accounts.aws.decisions())
    accounts.onboard(HOME, applicant, rotation_onboard_tags=TAGS)
    run = accounts.run("rotate.yml", rotator, applicant, rotation_onboard_tags=TAGS, rotation_topic_arn=accounts.topic)
    assert run.returncode == 0 and "WARNING" not in said(run), said(run)
    assert not applicant.opens(applicant.password) and accounts.denied(since) == []
    assert accounts.settings(HOME)["rotation_onboard_tags"] == TAGS


def test_without_its_key_the_refusal_of_a_source_secret_names_the_option(
    accounts: Accounts, applicant: ManagedClient
) -> None:
    other = accounts.client(HOME, "kms").create_key()["KeyMetadata"]["Arn"]
    kept = {"Name": f"legacy/{applicant.name}", "SecretString": json.dumps(applicant.document()), "KmsKeyId": other}
    source = accounts.client(HOME, "secretsmanager").create_secret(**kept)["ARN"]
    onboarder = accounts.session(HOME, "onboarder")
    run = accounts.run("playbooks/onboard.yml", onboarder, applicant, rotation_onboard_source_secret_id=source)
    assert run.returncode != 0 and "rotation_provision_source_keys" in said(run), said(run)
