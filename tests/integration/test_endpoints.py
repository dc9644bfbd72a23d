# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets Manager has a URL of its own, as in a VPC, and every other service is somewhere else: whole playbooks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from faulty_proxy import FaultyProxy
from managed import ManagedClient, playbook, write_inventory
from playbook_runs import said
from topic import Mailbox
from world.aws import AwsEmulator

pytestmark = pytest.mark.slow

ROLE = "arn:aws:iam::123456789012:role/dbops-rotation-rotator"
Run = Callable[..., str]


@pytest.fixture
def run(mysql_client: ManagedClient, aws: AwsEmulator, unique_name: str, tmp_path: Path) -> Any:
    """Rotates with a role and a topic, where one service alone is to be had at the URL of Secrets Manager."""
    mailbox = Mailbox(aws, f"rotation-{unique_name}")

    def rotated(environment: dict[str, str], **variables: Any) -> str:
        with FaultyProxy(aws.endpoint_url) as only_secrets:
            own = {
                "rotation_endpoint_url": only_secrets.endpoint_url,
                "rotation_endpoint_urls": {},
                "rotation_assume_role_arn": ROLE,
                "rotation_topic_arn": mailbox.topic,
                **variables,
            }
            hosts = {mysql_client.name: mysql_client.variables(**own)}
            inventory = str(write_inventory(tmp_path, hosts))
            done = playbook("rotate.yml", "-i", inventory, "-l", mysql_client.name, environment=environment)
        assert done.returncode == 0 and "WARNING" not in said(done), said(done)
        assert [notice["event"] for notice in mailbox.read()] == ["rotated"]
        return said(done)

    return rotated


def test_roles_and_notices_go_where_the_variables_of_aws_say(run: Run, aws: AwsEmulator) -> None:
    run({f"AWS_ENDPOINT_URL_{service}": aws.endpoint_url for service in ("STS", "SNS")})


def test_roles_and_notices_go_where_the_shared_configuration_says(run: Run, aws: AwsEmulator, tmp_path: Path) -> None:
    urls = "".join(f"{service} =\n  endpoint_url = {aws.endpoint_url}\n" for service in ("sts", "sns"))
    (tmp_path / "config").write_text(f"[default]\nservices = here\n[services here]\n{urls}")
    run({"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_ENDPOINT_URL": ""})


def test_roles_and_notices_go_where_the_inventory_says(run: Run, aws: AwsEmulator) -> None:
    run({}, rotation_endpoint_urls={"sts": aws.endpoint_url, "sns": aws.endpoint_url})
