# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: three clients are onboarded, one is rotated, and what that did is proven from outside.

It uses the world that runs, or starts one and ends it again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql
from world import demo as world_demo
from world.aws import client_of
from world.databases import administrator
from world.errors import WorldError
from world.layout import ROOT, WORLD

from ansible_collections.dbops.rotation.plugins.module_utils._db.hashes import StoredPassword

CLIENT = "client_acme"
SECRET = f"clients/{CLIENT}/mysql/root"
# The server takes 127.0.0.1 for localhost and knows no name for 127.0.0.2, so each address opens another row.
SOURCES = {"localhost": "127.0.0.1", "%": "127.0.0.2"}


def main() -> int:
    """Show the demo. Return 0 only if every check of it succeeded."""
    began = time.monotonic()
    try:
        with started_world() as world:
            held = story(world)
    except WorldError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    print(f"\n{'Every proof held' if held else 'A PROOF FAILED'}; the demo took {time.monotonic() - began:.1f} s.")
    return 0 if held else 1


@contextmanager
def started_world() -> Iterator[world_demo.World]:
    """Return the world that runs, or one for this demo alone."""
    running = world_demo.running()
    if running:
        print("Using the local world that `make world` left running.")
        yield running
        return
    print("Starting a local AWS (moto), two MySQL servers and a MariaDB server ...")
    world_demo.up()
    try:
        started = world_demo.running()
        if started is None:
            raise WorldError("the local world ended right after its start; see .cache/world.")
        yield started
    finally:
        world_demo.down()


def story(world: world_demo.World) -> bool:
    """Onboard, rotate, prove."""
    play("playbooks/onboard.yml", "-e", "rotation_everything=true")
    old = password(world, "AWSCURRENT")
    play("rotate.yml", "-l", CLIENT)
    new = password(world, "AWSCURRENT")
    print(f"\nWhat is true now of {CLIENT}, seen from outside:")
    proofs = [proof(world, row, old, new) for row in world.clients[CLIENT].rows]
    stages = client_of(world.endpoint_url).describe_secret(SecretId=SECRET)["VersionIdsToStages"]
    for version, labels in stages.items():
        if labels:
            print(f"  version {version}  {', '.join(sorted(labels))}")
    return all(proofs)


def play(*arguments: str) -> None:
    """Run a playbook as a user does, and show it."""
    print(f"\n$ ansible-playbook {' '.join(arguments)}", flush=True)
    command = [str(Path(sys.executable).with_name("ansible-playbook")), *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    # What happens to clients that do not exist is none of the checkout's audit trail.
    environment |= {"ROTATION_AUDIT_SPOOL": str(WORLD / "audit")}
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
        raise WorldError("the playbook failed; its output above says why.")


def proof(world: world_demo.World, row: str, old: str, new: str) -> bool:
    """Try both passwords on one account row, by a login where this machine can come from there, else by hash."""
    client = world.clients[CLIENT]
    source = SOURCES.get(row)
    if source:
        old_opens, new_opens = (logs_in(world, source, candidate) for candidate in (old, new))
    else:
        stored = stored_passwords(client, row)
        old_opens, new_opens = (any(entry.matches(candidate) for entry in stored) for candidate in (old, new))
    print(
        f"  {client.user}@{row:<10} old password {'STILL OPENS' if old_opens else 'refused'},"
        f" new one {'accepted' if new_opens else 'REFUSED'} (by {'login' if source else 'stored hash'})"
    )
    return new_opens and not old_opens


def logs_in(world: world_demo.World, source: str, candidate: str) -> bool:
    """Log in over verified TLS from one loopback address."""
    client = world.clients[CLIENT]
    try:
        pymysql.connect(
            host=client.host,
            port=client.port,
            user=client.user,
            password=candidate,
            bind_address=source,
            ssl_ca=world.ca_file,
            ssl_verify_identity=True,
        ).close()
    except pymysql.err.OperationalError as error:
        if error.args[0] == 1045:
            return False
        raise
    return True


def stored_passwords(client: world_demo.Client, row: str) -> list[StoredPassword]:
    """Read the password hashes of one row, the retained one included, as the server's administrator."""
    statement = """
        SELECT plugin, HEX(authentication_string),
               HEX(JSON_UNQUOTE(JSON_EXTRACT(User_attributes, '$.additional_password')))
          FROM mysql.user WHERE User = %s AND Host = %s
    """
    with administrator(Path(client.admin_socket), client.admin_password) as connection, connection.cursor() as cursor:
        cursor.execute(statement, (client.user, row))
        [(plugin, *hashes)] = cursor.fetchall()
    return [StoredPassword(plugin, bytes.fromhex(text)) for text in hashes if text]


def password(world: world_demo.World, stage: str) -> str:
    """Read a password as a consumer does."""
    answer = client_of(world.endpoint_url).get_secret_value(SecretId=SECRET, VersionStage=stage)
    return str(json.loads(answer["SecretString"])["password"])


if __name__ == "__main__":
    sys.exit(main())
