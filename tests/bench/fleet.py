# SPDX-License-Identifier: GPL-3.0-or-later
"""An AWS and a few database servers with many clients on them."""

from __future__ import annotations

import json
import shutil
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

from topic import Mailbox
from world.aws import ACCESS_KEY, REGION, SECRET_KEY, AwsEmulator
from world.certificates import Authority
from world.databases import DatabaseServer
from world.layout import CACHE
from world.service import HOST

from ansible_collections.dbops.rotation.plugins.module_utils._context.identity import account_of
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.tags import (
    ACCOUNT,
    SERVER_ID,
    WITH_ACCOUNT,
    rotated_tags,
    started,
)

from .reader import Reader, reading

FOLDER = CACHE / "bench"
PASSWORD = "First-Of-Many-1"
SERVERS = 2
THREADS = 8
AGE = timedelta(days=20)
KEYS = {"rotation_access_key": ACCESS_KEY, "rotation_secret_key": SECRET_KEY}


@dataclass
class Fleet:
    """What runs, and the clients that were made."""

    aws: AwsEmulator
    servers: list[DatabaseServer]
    own: list[DatabaseServer]
    authority: Authority
    notices: Reader

    def add(self, names: list[str], *, managed: bool = True, servers: Sequence[DatabaseServer] = ()) -> None:
        """Make accounts and secrets, in turn on each server; without tags of ours where they are not ``managed``."""
        places = list(zip(names, cycle(servers or self.servers), strict=False))
        with ThreadPoolExecutor(THREADS) as pool:
            ids = list(pool.map(_account, places))
        client = self.aws.client()
        for (name, server), server_id in zip(places, ids, strict=True):  # the emulator cannot make many at once
            self._secret(client, name, server.port, server_id, managed=managed)

    @contextmanager
    def guests(self, names: list[str], **options: Any) -> Iterator[list[str]]:
        """Make clients for one run, and leave neither accounts nor secrets."""
        self.add(names, **options)
        try:
            yield names
        finally:
            client = self.aws.client()
            for name in names:
                client.delete_secret(SecretId=f"clients/{name}/mysql/root", ForceDeleteWithoutRecovery=True)
                for server in (*self.servers, *self.own):
                    server.drop_account(name)

    def add_secrets(self, names: list[str]) -> None:
        """Make secrets alone, for what never opens a server."""
        client = self.aws.client()
        for name in names:
            self._secret(client, name, 1, "none")

    def move(self, names: list[str], port: int) -> None:
        """Let secrets name another port, as a new version of each."""
        client = self.aws.client()
        for name in names:
            secret_id = f"clients/{name}/mysql/root"
            stored = json.loads(client.get_secret_value(SecretId=secret_id, VersionStage="AWSCURRENT")["SecretString"])
            client.put_secret_value(SecretId=secret_id, SecretString=json.dumps({**stored, "port": port}))

    def half_done(self, names: list[str]) -> list[str]:
        """Return the clients whose rotation was begun and not finished."""
        client = self.aws.client()
        found = []
        for name in names:
            told = client.describe_secret(SecretId=f"clients/{name}/mysql/root")
            held = {stage: version for version, stages in told["VersionIdsToStages"].items() for stage in stages}
            tags = {tag["Key"]: tag["Value"] for tag in told["Tags"]}
            if held.get("AWSPENDING", held["AWSCURRENT"]) != held["AWSCURRENT"]:
                found.append(f"{name}: AWSPENDING stands apart")
            elif tags["rotation/version"] != held["AWSCURRENT"] and tags["rotation/trigger"] != "onboarding":
                found.append(f"{name}: not recorded")
        return found

    def variables(self) -> dict[str, Any]:
        """Return what the inventory says of all clients; hundreds share a server, and no quota is kept."""
        return {
            "ansible_python_interpreter": sys.executable,
            "rotation_region": REGION,
            "rotation_endpoint_url": self.aws.endpoint_url,
            "rotation_endpoint_urls": {"default": self.aws.endpoint_url},
            **KEYS,
            "rotation_tls_ca_file": str(self.authority.ca_file),
            "rotation_topic_arn": self.notices.topic,
            "rotation_everything": True,
            "rotation_min_age": 0,
            "rotation_per_server": 0,
            "rotation_write_share": 0,
        }

    def _secret(self, client: Any, name: str, port: int, server_id: str, *, managed: bool = True) -> None:
        version = str(uuid.uuid4())
        begun = started(datetime.now(UTC) - AGE, 40)
        account = {SERVER_ID: f"{WITH_ACCOUNT}{server_id}", ACCOUNT: account_of(server_id, name)}
        known = rotated_tags(version=version, trigger="onboarding", server_id=server_id, client=name, cycle=begun)
        document = {"engine": "mysql", "host": HOST, "port": port, "username": name, "password": PASSWORD}
        client.create_secret(
            Name=f"clients/{name}/mysql/root",
            SecretString=json.dumps(document),
            ClientRequestToken=version,
            Tags=[{"Key": key, "Value": value} for key, value in {**known, **account}.items()] if managed else [],
        )


def _account(place: tuple[str, DatabaseServer]) -> str:
    """Make the account of a client, and return its server's identity."""
    name, server = place
    server.create_account(name, ("localhost", "%"), PASSWORD)
    with server.admin() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@server_uuid")
        ((server_id,),) = cursor.fetchall()
    return str(server_id)


@contextmanager
def running(own: int = 0) -> Iterator[Fleet]:
    """Start everything below .cache, and end and remove it whatever happens; ``own`` servers have a client each."""
    shutil.rmtree(FOLDER / "run", ignore_errors=True)
    folder = FOLDER / "run"
    folder.mkdir(parents=True)
    authority = Authority(folder / "tls")
    certificate = authority.issue("server")
    aws = AwsEmulator(folder / "aws")
    servers = [
        DatabaseServer("mysql", folder / f"mysql{number}", ca_file=authority.ca_file, certificate=certificate)
        for number in range(SERVERS + own)
    ]
    try:
        for service in (aws, *servers):
            service.launch()
        for service in (aws, *servers):
            service.wait()
        with reading(Mailbox(aws, "rotation")) as notices:
            yield Fleet(aws, servers[:SERVERS], servers[SERVERS:], authority, notices)
    finally:
        for server in servers:
            server.remove()
        aws.stop()
        shutil.rmtree(folder, ignore_errors=True)


def write_inventory(path: Path, names: Sequence[str], variables: Mapping[str, Any]) -> Path:
    """Write an inventory file that names the clients."""
    document = {"all": {"hosts": {name: {} for name in names}, "vars": variables}}
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def write_fleet_inventory(folder: Path, prefix: str, variables: Mapping[str, Any]) -> Path:
    """Write an inventory that lists the clients whose names begin so; the keys are for the environment."""
    shared = {name: value for name, value in variables.items() if name not in KEYS}
    access = {name: variables[f"rotation_{name}"] for name in ("region", "endpoint_url")}
    plugin = {"plugin": "dbops.rotation.fleet", "name_prefix": f"clients/{prefix}", **access}
    (folder / "group_vars").mkdir(parents=True, exist_ok=True)
    (folder / "group_vars/clients.yml").write_text(json.dumps(shared), encoding="utf-8")
    path = folder / "bench.fleet.yml"
    path.write_text(json.dumps(plugin), encoding="utf-8")
    return path
