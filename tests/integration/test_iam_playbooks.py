# SPDX-License-Identifier: GPL-3.0-or-later
"""Each playbook runs with the policy of its duty alone, and its audit trail arrives: nothing is missing in it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from audited import CALLBACK
from by_hand import remove
from cycle import is_due
from duties import audit_group, topic, watched_trail
from keeping import Place
from listed_fleet import Fleet
from managed import MakeClient, ManagedClient, playbook, secrets_manager, write_inventory
from permissions import enforced, identity
from playbook_runs import said
from world.aws import REGION, AwsEmulator
from world.databases import DatabaseServer

from ansible_collections.dbops.rotation.plugins.module_utils._iam.grants import GRANTS

pytestmark = pytest.mark.slow

Run = subprocess.CompletedProcess[str]
NO_KEYS = {"rotation_access_key": None, "rotation_secret_key": None}


class Identity:
    """Somebody with the keys of one duty and nothing else, who runs playbooks over one client."""

    def __init__(self, duty: str, client: ManagedClient, folder: Path) -> None:
        self.client, self.folder = client, folder
        keys = identity(client.aws, {grant.action for grant in GRANTS[duty]})
        self.environment = {
            "AWS_ACCESS_KEY_ID": keys["access_key"],
            "AWS_SECRET_ACCESS_KEY": keys["secret_key"],
            "AWS_REGION": REGION,
            "ROTATION_AUDIT_ENDPOINT_URL": client.aws.endpoint_url,
            "ROTATION_AUDIT_SPOOL": str(folder / "spool"),
        }
        self.inventory = str(write_inventory(folder, {client.name: client.variables(**NO_KEYS)}))

    def keep_trail(self) -> str:
        """Ship the audit trail from now on, to a log group of this name."""
        group = audit_group(self.client)
        self.environment |= {"ROTATION_AUDIT_LOG_GROUP": group, "ANSIBLE_CALLBACKS_ENABLED": CALLBACK}
        return group

    def arrived(self) -> set[str]:
        """Return the kinds of events that are in the log group."""
        group = self.environment["ROTATION_AUDIT_LOG_GROUP"]
        events = self.client.aws.client("logs").filter_log_events(logGroupName=group)["events"]
        return {json.loads(event["message"])["kind"] for event in events}

    def run(self, name: str, *arguments: str, **variables: Any) -> Run:
        """Run a playbook, which has to succeed without a warning."""
        given = ("-i", self.inventory, "-e", json.dumps({"rotation_everything": True, **variables}))
        with enforced(self.client.aws):
            run = playbook(name, *given, *arguments, environment=self.environment)
        assert run.returncode == 0 and "WARNING" not in said(run), said(run)
        return run


@pytest.fixture
def client(make_client: MakeClient, mysql_server: DatabaseServer, asking_aws: AwsEmulator) -> ManagedClient:
    return replace(make_client(mysql_server), aws=asking_aws)


def fleet_of(client: ManagedClient, folder: Path) -> str:
    """Let an inventory list this client, and give the inventory's name."""
    return str(Fleet(folder, [client]).folder / "fleet.yml")


def test_the_rotator_rotates_verifies_examines_and_goes_back(client: ManagedClient, tmp_path: Path) -> None:
    rotator = Identity("rotator", client.create(), tmp_path)
    rotator.keep_trail()
    told = {"rotation_topic_arn": topic(client)}
    rotator.run("rotate.yml", **told)
    assert client.opens(client.stored()["password"]) and not client.opens(client.password)
    assert "AWS is ready" in said(rotator.run("playbooks/doctor.yml", **told))
    rotator.run("playbooks/verify.yml")
    rotator.run("playbooks/rollback.yml", rotation_force=True, **told)
    rotator.run("playbooks/reconcile.yml")
    assert client.opens(client.stored()["password"])
    assert rotator.arrived() == {"rotation", "notice", "verification", "rollback", "reconciliation", "run"}


def test_the_rotator_lists_the_fleet_and_rotates_it(client: ManagedClient, tmp_path: Path) -> None:
    rotator = Identity("rotator", client.create(), tmp_path)
    rotator.inventory = fleet_of(client, tmp_path)
    versions = [client.stages()["AWSCURRENT"]]
    rotator.run("playbooks/rotate_fleet.yml", rotation_canaries=client.name, rotation_force=True)
    versions.append(client.stages()["AWSCURRENT"])
    is_due(client)
    rotator.run("playbooks/rotate_due.yml")
    versions.append(client.stages()["AWSCURRENT"])
    assert len(set(versions)) == 3 and client.opens(client.stored()["password"])


def test_the_onboarder_onboards(client: ManagedClient, tmp_path: Path) -> None:
    client.create_account()
    onboarder = Identity("onboarder", client, tmp_path)
    onboarder.keep_trail()
    onboarder.run("playbooks/onboard.yml", rotation_onboard_password=client.password)
    assert client.stored()["password"] == client.password
    assert onboarder.arrived() == {"onboarding", "run"}


def test_the_auditor_sees_the_state_and_the_past(client: ManagedClient, tmp_path: Path) -> None:
    rotator = Identity("rotator", client.create(), tmp_path)
    group = rotator.keep_trail()
    rotator.run("rotate.yml")
    auditor = Identity("auditor", client, tmp_path)
    where = {"rotation_history_log_group": group, "rotation_history_source": "logs"}
    past = auditor.run("playbooks/history.yml", rotation_history_form="json", **where)
    assert client.stages()["AWSCURRENT"] in past.stdout
    auditor.inventory = fleet_of(client, tmp_path)
    assert client.name in auditor.run("playbooks/status.yml").stdout
    page = tmp_path / "fleet.html"
    where = {"rotation_report_log_group": group, "rotation_report_source": "logs", "rotation_report_path": str(page)}
    auditor.run("playbooks/report.yml", **where)
    assert client.name in page.read_text()
    auditor.environment["AWS_ENDPOINT_URL"] = client.aws.endpoint_url
    where = {"rotation_evidence_log_group": group, "rotation_evidence_source": "logs"}
    more = {"rotation_evidence_trail_log_group": watched_trail(client), "rotation_evidence_names": client.user}
    auditor.run("playbooks/evidence.yml", rotation_evidence_path=str(tmp_path), **where, **more)
    assert client.name in (tmp_path / "actions.csv").read_text()


def test_the_restorer_backs_up_and_makes_anew(client: ManagedClient, tmp_path: Path) -> None:
    client.create().rotate()
    restorer = Identity("restorer", client, tmp_path)
    restorer.keep_trail()
    place = Place(tmp_path, {client.name: client.variables(**NO_KEYS)})
    given = ("--vault-password-file", str(place.password_file), "-e", f"rotation_backup_file={place.file}")
    before = client.stages()
    restorer.run("playbooks/backup.yml", *given)
    remove(client)
    restorer.run("playbooks/restore.yml", *given)
    assert client.stages() == before and client.opens(client.stored()["password"])
    secrets_manager(client.aws).delete_secret(SecretId=client.secret_id, RecoveryWindowInDays=7)
    restorer.run("playbooks/restore.yml", *given)
    assert client.stages() == before
    assert restorer.arrived() == {"backup", "restore", "run"}


def test_the_offboarder_exports_and_takes_away(client: ManagedClient, tmp_path: Path) -> None:
    client.create().rotate()
    offboarder = Identity("offboarder", client, tmp_path)
    offboarder.keep_trail()
    place = Place(tmp_path, {client.name: client.variables(**NO_KEYS)})
    given = {"rotation_offboard_confirm": client.name, "rotation_offboard_file": str(place.file)}
    told = {"rotation_topic_arn": topic(client)}
    offboarder.run("playbooks/offboard.yml", "--vault-password-file", str(place.password_file), **given, **told)
    assert client.told()["DeletedDate"] and client.name in place.clients()
    assert offboarder.arrived() == {"offboarding", "backup", "notice", "run"}
