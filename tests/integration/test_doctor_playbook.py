# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/doctor.yml and playbooks/access.yml on a real server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from managed import ManagedClient, playbook, secrets_manager, write_inventory
from playbook_runs import said, single

pytestmark = pytest.mark.slow


def test_a_client_that_is_ready_passes(mysql_client: ManagedClient, tmp_path: Path) -> None:
    mysql_client.rotate()
    topic = mysql_client.aws.client("sns").create_topic(Name=mysql_client.user)["TopicArn"]
    run = playbook("playbooks/doctor.yml", "-i", single(tmp_path, mysql_client, rotation_topic_arn=topic), "--check")
    assert run.returncode == 0, said(run)
    assert f"{mysql_client.name}: AWS is ready" in said(run) and f"{mysql_client.name}: all is well" in said(run)


def test_trouble_with_aws_and_with_the_server_is_told_together(mysql_client: ManagedClient, tmp_path: Path) -> None:
    nowhere = "arn:aws:sns:eu-central-1:123456789012:nowhere"
    hosts = single(tmp_path, mysql_client, rotation_topic_arn=nowhere, rotation_tls_server_name="other.example.com")
    run = playbook("playbooks/doctor.yml", "-i", hosts)
    assert run.returncode == 2
    assert "The topic cannot be reached (NotFound). Check rotation_topic_arn" in said(run)
    assert "certificate" in said(run)
    assert mysql_client.password not in run.stdout + run.stderr


def test_access_is_guarded_and_said_for_a_client(mysql_client: ManagedClient, tmp_path: Path) -> None:
    silent = single(tmp_path, mysql_client)
    run = playbook("playbooks/access.yml", "-i", silent, "-l", mysql_client.name)
    assert run.returncode == 2 and "missing" in said(run) and "readers" in said(run), "who reads has to be said"
    other = write_inventory(tmp_path, {name: mysql_client.variables() for name in (mysql_client.name, "client_other")})
    run = playbook("playbooks/access.yml", "-i", str(other))
    assert run.returncode == 2 and "Name the clients with --limit" in said(run)
    hosts = single(tmp_path, mysql_client, rotation_readers=["acme-shop"])
    run = playbook("playbooks/access.yml", "-i", hosts, "-l", mysql_client.name)
    assert run.returncode == 0 and "changed=1" in run.stdout, said(run)
    answer = secrets_manager(mysql_client.aws).get_resource_policy(SecretId=mysql_client.secret_id)
    found = {statement["Sid"]: statement for statement in json.loads(answer["ResourcePolicy"])["Statement"]}
    assert "role/acme-shop" in str(found["DbopsRotationNobodyElseReads"]["Condition"])
    assert "changed=0" in playbook("playbooks/access.yml", "-i", hosts, "-l", mysql_client.name).stdout
