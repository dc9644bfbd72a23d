# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients whose names AWS would refuse in a tag or as the name of a secret, by whole playbooks."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from managed import AT_ONCE, ManagedClient, playbook, write_inventory
from test_onboarding import has_secret, said
from test_rotate_due import is_due, set_tags
from world.aws import ACCESS_KEY, REGION, SECRET_KEY
from world.databases import DatabaseServer

Make = Callable[..., ManagedClient]
NAMES = {
    "acme (prod)": "acme _prod_",
    "o'brien": "o_brien",
    "C&A": "C_A",
    r"DOM\acme": "DOM_acme",
    "mu\u0308ller": "m\u00fcller",
    "x" * 300: "x" * 256,
    "aws:acme": "aws:acme",
}
ALL = ("-e", "rotation_everything=true", *AT_ONCE)


@dataclass
class Hostile:
    """Clients of these names, each with a secret that has a name of its own."""

    clients: dict[str, ManagedClient]
    inventory: str

    def run(self, name: str, *arguments: str, **options: Any) -> str:
        """Run a playbook over all of them, which has to succeed."""
        run = playbook(name, "-i", self.inventory, *arguments, **options)
        assert run.returncode == 0 and "tags could not be written" not in said(run), said(run)
        return said(run)

    def tags(self) -> dict[str, dict[str, str]]:
        return {name: client.tags() for name, client in self.clients.items()}


@pytest.fixture
def hostile(make_client: Make, mysql_server: DatabaseServer, tmp_path: Path) -> Hostile:
    clients, hosts = {}, {}
    for name in NAMES:
        client = clients[name] = make_client(mysql_server)
        mysql_server.create_account(client.user, client.hosts, client.password)
        own = {"rotation_secret_id": client.secret_id, "rotation_onboard_password": client.password}
        hosts[name] = client.variables(**own)
    return Hostile(clients, str(write_inventory(tmp_path, hosts)))


def test_hostile_names_go_the_whole_way(hostile: Hostile, tmp_path: Path) -> None:
    hostile.run("playbooks/onboard.yml", *ALL)
    assert {name: tags["rotation/client"] for name, tags in hostile.tags().items()} == NAMES
    hostile.run("rotate.yml", *ALL)
    by = "o'brien (DBA) <ob@example.com>"
    hostile.run("rotate.yml", *ALL, "-e", json.dumps({"rotation_requested_by": by, "rotation_force": True}))
    tags = hostile.tags()
    assert {name: found["rotation/client"] for name, found in tags.items()} == NAMES
    assert {found["rotation/by"] for found in tags.values()} == {"o_brien _DBA_ _ob@example.com_"}
    # Once more: nothing is left to be written.
    assert "only the tags" not in hostile.run("playbooks/rotate_due.yml")
    assert hostile.tags() == tags
    from_the_fleet(hostile, tmp_path)


def from_the_fleet(hostile: Hostile, folder: Path) -> None:
    """List the same clients from AWS, and rotate those that are due."""
    for client in hostile.clients.values():
        set_tags(client, {"fleet": folder.name, "rotation/notified": ""})
        is_due(client)
    one = next(iter(hostile.clients.values()))
    chosen = {"plugin": "dbops.rotation.fleet", "tags": {"fleet": folder.name}, "notices": False, "region": REGION}
    (folder / "fleet.yml").write_text(json.dumps({**chosen, "endpoint_url": one.aws.endpoint_url}))
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    fleet = Hostile(hostile.clients, str(folder / "fleet.yml"))
    told = fleet.run(
        "playbooks/rotate_due.yml", *AT_ONCE, "-e", f"rotation_tls_ca_file={one.ca_file}", environment=keys
    )
    assert f"rotated {len(NAMES)}" in told, told
    assert {tags["rotation/trigger"] for tags in hostile.tags().values()} == {"scheduled"}


def test_advice_names_the_client_as_a_shell_takes_it(mysql_client: ManagedClient, tmp_path: Path) -> None:
    name = "acme (prod)"
    hosts = {name: mysql_client.variables(rotation_secret_id=mysql_client.secret_id)}
    change = "ALTER USER %s@'localhost' IDENTIFIED BY 'Changed-by-hand-1', %s@'%%' IDENTIFIED BY 'Changed-by-hand-1'"
    mysql_client.sql(change, mysql_client.user, mysql_client.user)
    run = playbook("rotate.yml", "-i", str(write_inventory(tmp_path, hosts)), "-l", f"{name},")
    assert run.returncode == 2
    assert "playbooks/reconcile.yml -l 'acme (prod),'" in said(run), said(run)


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


def test_no_secret_is_created_under_an_arn(make_client: Make, mysql_server: DatabaseServer, tmp_path: Path) -> None:
    client = make_client(mysql_server)
    mysql_server.create_account(client.user, client.hosts, client.password)
    arn = f"arn:aws:secretsmanager:{REGION}:123456789012:secret:{client.secret_id}-AbCdEf"
    own = {"rotation_secret_id": arn, "rotation_onboard_password": client.password}
    hosts = {client.name: client.variables(**own)}
    inventory = str(write_inventory(tmp_path, hosts))
    run = playbook("playbooks/onboard.yml", "-i", inventory, "-l", client.name)
    assert run.returncode == 2
    assert "stopped at step 'prepare'" in said(run) and "none can be created under an ARN" in said(run), said(run)
    assert not has_secret(client)
