# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients whose names AWS would refuse in a tag or as the name of a secret, by whole playbooks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cycle import is_due, set_tags
from managed import AT_ONCE, MakeClient, ManagedClient, playbook, write_inventory
from onboarding import has_secret
from playbook_runs import said
from telling import without_inventory
from topic import Mailbox
from wire_check.check import ANSWERS
from world.aws import ACCESS_KEY, REGION, SECRET_KEY
from world.databases import DatabaseServer

pytestmark = pytest.mark.slow

# Names as people have them, and what a tag holds of them.
NAMES = {
    "acme (prod)": "acme _prod_",
    "o'brien": "o_brien",
    "C&A": "C_A",
    r"DOM\acme": "DOM_acme",
    "mu\u0308ller": "m\u00fcller",
    "m\u00fcller-2": "m\u00fcller-2",
    "x" * 300: "x" * 256,
    "aws:acme": "aws:acme",
    "AWS:x": "AWS:x",
    "acme \U0001f680": "acme _",
    "\u65e5\u672c": "\u65e5\u672c",
    "two\nlines": "two_lines",
    "tab\there": "tab_here",
    "-dash": "-dash",
    "100%": "100_",
    "acme;rm -rf": "acme_rm -rf",
    '"quoted"': "_quoted_",
    "$HOME`id`": "_HOME_id_",
    "#1": "_1",
    "a|b*c?": "a_b_c_",
}
REASONS = [
    "",
    "CHG-1042 (prod): contractor left",
    "o'brien said so",
    "C&A moved <ops@example.com>",
    r"DOM\acme's wish",
    "mu\u0308ller geht",
    "x" * 200,
    "aws:acme",
    "gone \U0001f680",
    "-e rotation_force=true",
]
REFUSED_REASONS = ["two\nlines", "tab\there", "x" * 201]
REQUESTERS = {
    "": "",
    "o'brien (DBA) <ob@example.com>": "o_brien _DBA_ _ob@example.com_",
    r"DOM\ops": "DOM_ops",
    "C&A": "C_A",
    "mu\u0308ller": "m\u00fcller",
    "y" * 300: "y" * 256,
    "aws:ops": "aws:ops",
    "ops \U0001f680": "ops _",
    "two\nlines": "two_lines",
    "-dash\t": "-dash_",
}
KEYS = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
ALL = ("-e", "rotation_everything=true", *AT_ONCE)
RESET = {
    "client": "{{ inventory_hostname }}",
    "secret_id": "{{ rotation_secret_id }}",
    "endpoint_url": "{{ rotation_endpoint_url }}",
    "state": "reset",
    "reason": "{{ rotation_reason or 'none given' }}",
}
CYCLE_PLAY = {
    "hosts": "all",
    "connection": "local",
    "gather_facts": False,
    "tasks": [{"dbops.rotation.rotation_cycle": RESET}],
}


@dataclass
class Hostile:
    """Clients of these names, each with a secret that has a name of its own."""

    clients: dict[str, ManagedClient]
    inventory: str
    environment: dict[str, str]

    def run(self, name: str, *arguments: str, **environment: str) -> str:
        """Run a playbook over all of them, which has to succeed where AWS answers as it does."""
        given = {**self.environment, **environment}
        run = playbook(name, "-i", self.inventory, *arguments, environment=given, timeout=600)
        assert run.returncode == 0 and "tags could not be written" not in said(run), said(run)
        return said(run)

    def tags(self) -> dict[str, dict[str, str]]:
        return {name: client.tags() for name, client in self.clients.items()}


@pytest.fixture
def hostile(make_client: MakeClient, mysql_server: DatabaseServer, mailbox: Mailbox, tmp_path: Path) -> Hostile:
    clients, hosts = {}, {}
    for name, reason, requester in zip(NAMES, REASONS * 2, list(REQUESTERS) * 2, strict=True):
        client = clients[name] = make_client(mysql_server)
        mysql_server.create_account(client.user, client.hosts, client.password)
        told = {"rotation_reason": reason, "rotation_requested_by": requester, "rotation_topic_arn": mailbox.topic}
        own = {"rotation_secret_id": client.secret_id, "rotation_onboard_password": client.password}
        hosts[name] = client.variables(**own, **told)
    aws = next(iter(clients.values())).aws
    aws.client("logs").create_log_group(logGroupName=mailbox.topic.rpartition(":")[2])
    audit = {
        "ANSIBLE_CALLBACKS_ENABLED": "dbops.rotation.rotation_audit,dbops.rotation.rotation_progress",
        "ROTATION_AUDIT_LOG_GROUP": mailbox.topic.rpartition(":")[2],
        "ROTATION_AUDIT_ENDPOINT_URL": aws.endpoint_url,
    }
    environment = {ANSWERS: "1", "AWS_REGION": REGION, **KEYS, **audit}
    return Hostile(clients, str(write_inventory(tmp_path, hosts)), environment)


def test_hostile_names_go_the_whole_way(hostile: Hostile, mailbox: Mailbox, tmp_path: Path) -> None:
    hostile.run("playbooks/onboard.yml", *ALL)
    assert {name: tags["rotation/client"] for name, tags in hostile.tags().items()} == NAMES
    hostile.run("rotate.yml", *ALL, "-e", json.dumps({"rotation_force": True}))
    tags = hostile.tags()
    assert {name: found["rotation/client"] for name, found in tags.items()} == NAMES
    assert [found.get("rotation/by", "") for found in tags.values()] == list(REQUESTERS.values()) * 2
    assert len([notice for notice in mailbox.read() if notice["event"] == "rotated"]) == len(NAMES)
    # Once more: nothing is left to be written.
    assert "only the tags" not in hostile.run("playbooks/rotate_due.yml")
    assert hostile.tags() == tags
    (tmp_path / "cycle.yml").write_text(json.dumps([CYCLE_PLAY]))
    hostile.run(str(tmp_path / "cycle.yml"))
    for name in ("playbooks/status.yml", "playbooks/verify.yml"):
        hostile.run(name, *ALL)
    assert len(kept_events(hostile)) >= 3 * len(NAMES)
    from_the_fleet(hostile, tmp_path)


def kept_events(hostile: Hostile) -> list[dict[str, Any]]:
    """Return the audit events of clients that have reached AWS."""
    logs = next(iter(hostile.clients.values())).aws.client("logs")
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=hostile.environment["ROTATION_AUDIT_LOG_GROUP"]
    )
    events = [json.loads(event["message"]) for page in pages for event in page["events"]]
    return [event for event in events if event.get("client") in NAMES]


def from_the_fleet(hostile: Hostile, folder: Path) -> None:
    """List the same clients from AWS, and rotate those that are due."""
    for client in hostile.clients.values():
        set_tags(client, {"fleet": folder.name, "rotation/notified": ""})
        is_due(client)
    one = next(iter(hostile.clients.values()))
    chosen = {"plugin": "dbops.rotation.fleet", "tags": {"fleet": folder.name}, "notices": False, "region": REGION}
    (folder / "fleet.yml").write_text(json.dumps({**chosen, "endpoint_url": one.aws.endpoint_url}))
    fleet = Hostile(hostile.clients, str(folder / "fleet.yml"), hostile.environment)
    told = fleet.run("playbooks/rotate_due.yml", *AT_ONCE, "-e", f"rotation_tls_ca_file={one.ca_file}")
    assert f"rotated {len(NAMES)}" in told, told
    assert {tags["rotation/trigger"] for tags in hostile.tags().values()} == {"scheduled"}


def test_a_reason_that_cannot_be_kept_is_refused_before_anything_is_asked(
    mysql_client: ManagedClient, tmp_path: Path
) -> None:
    # Nobody answers at this endpoint.
    nowhere = {"rotation_endpoint_url": "http://127.0.0.1:9", "rotation_secret_id": mysql_client.secret_id}
    hosts = {
        f"client_{number}": mysql_client.variables(**nowhere, rotation_reason=reason)
        for number, reason in enumerate(REFUSED_REASONS)
    }
    run = playbook("rotate.yml", "-i", str(write_inventory(tmp_path, hosts)), *ALL)
    assert run.returncode == 2
    for name in hosts:
        assert f"{name}: stopped at step 'prepare': The reason must be one line of at most 200" in said(run), said(run)


def test_advice_names_the_client_as_a_shell_takes_it(mysql_client: ManagedClient, tmp_path: Path) -> None:
    name = "acme (prod)"
    hosts = {name: mysql_client.variables(rotation_secret_id=mysql_client.secret_id)}
    change = "ALTER USER %s@'localhost' IDENTIFIED BY 'Changed-by-hand-1', %s@'%%' IDENTIFIED BY 'Changed-by-hand-1'"
    mysql_client.sql(change, mysql_client.user, mysql_client.user)
    run = playbook("rotate.yml", "-i", str(write_inventory(tmp_path, hosts)), "-l", f"{name},")
    assert run.returncode == 2
    advice = without_inventory(said(run))
    assert "playbooks/reconcile.yml -l 'acme (prod),'" in advice, advice


@pytest.mark.parametrize(
    ("name", "wrong"), [("kunde_müller", "'ü'"), ("acme prod", "' '"), ("acme:prod", "':'")], ids=ascii
)
def test_a_default_name_that_aws_refuses_is_told_before_anything_is_asked(
    mysql_client: ManagedClient, tmp_path: Path, name: str, wrong: str
) -> None:
    # Nobody answers at this endpoint, and no password is given, so without the check it would be asked for.
    hosts = {name: mysql_client.variables(rotation_endpoint_url="http://127.0.0.1:9")}
    run = playbook(
        "playbooks/onboard.yml", "-i", str(write_inventory(tmp_path, hosts)), "-e", "rotation_everything=true"
    )
    assert run.returncode == 2
    assert f"{name}: stopped at step 'prepare': The name 'clients/{name}/mysql/root'" in said(run), said(run)
    assert f"holds characters that AWS does not take: {wrong}." in said(run)
    assert "Set rotation_secret_id for this client" in said(run)


def test_no_secret_is_created_under_an_arn(
    make_client: MakeClient, mysql_server: DatabaseServer, tmp_path: Path
) -> None:
    client = make_client(mysql_server).create_account()
    arn = f"arn:aws:secretsmanager:{REGION}:123456789012:secret:{client.secret_id}-AbCdEf"
    own = {"rotation_secret_id": arn, "rotation_onboard_password": client.password}
    hosts = {client.name: client.variables(**own)}
    inventory = str(write_inventory(tmp_path, hosts))
    run = playbook("playbooks/onboard.yml", "-i", inventory, "-l", client.name)
    assert run.returncode == 2
    assert "stopped at step 'prepare'" in said(run) and "none can be created under an ARN" in said(run), said(run)
    assert not has_secret(client)
