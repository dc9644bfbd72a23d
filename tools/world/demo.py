# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's world: an AWS, and the database servers of three clients, left running until told to end."""

from __future__ import annotations

import json
import secrets
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from shlex import quote
from typing import Any

from world import processes
from world.aws import ACCESS_KEY, REGION, SECRET_KEY, AwsEmulator
from world.certificates import Authority
from world.databases import DatabaseServer
from world.layout import CACHE, INVENTORY, ROOT, WORLD, locked, write_private
from world.service import HOST, Service

STATE = WORLD / "world.json"
ACCESS = WORLD / "aws.env"
USER = "root"
# Which server each client has, and from where its root account may log in.
CLIENTS = {
    "client_acme": ("mysql", ("localhost", "%", "10.%")),
    "client_globex": ("mysql", ("localhost", "%")),
    "client_initech": ("mariadb", ("localhost", "%")),
}


@dataclass(frozen=True)
class Client:
    """A client's database as it is before the first rotation, and the way in for the demo's own checks."""

    flavor: str
    host: str
    port: int
    user: str
    rows: list[str]
    password: str
    admin_socket: str
    admin_password: str


@dataclass
class World:
    """What `world.json` holds."""

    endpoint_url: str
    region: str
    ca_file: str
    complete: bool = False
    clients: dict[str, Client] = field(default_factory=dict)
    processes: list[processes.Process] = field(default_factory=list)
    temporary: list[str] = field(default_factory=list)


def up() -> str:
    """Start the world, or keep the one that runs, and tell how to use it."""
    with locked(CACHE / "world.lock"):
        world = running()
        if world:
            return "The local world is running already.\n" + describe(world)
        # What is left of one that was killed half-way goes first.
        clear()
        return describe(start())


def down() -> str:
    """End the world and remove its files."""
    with locked(CACHE / "world.lock"):
        known = load() is not None
        clear()
    return "The local world is ended and its files are removed." if known else "The local world was not running."


def load() -> World | None:
    """Return the world that was recorded, whether or not it still runs."""
    try:
        raw: dict[str, Any] = json.loads(STATE.read_text())
        clients = {name: Client(**client) for name, client in raw.pop("clients").items()}
        started = [processes.Process(**process) for process in raw.pop("processes")]
        return World(**raw, clients=clients, processes=started)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def running() -> World | None:
    """Return the recorded world if it is complete and every process of it lives."""
    world = load()
    return world if world and world.complete and all(process.alive for process in world.processes) else None


def clear() -> None:
    """End the recorded processes and remove every file of the world."""
    world = load()
    if world:
        processes.end(world.processes)
        for folder in world.temporary:
            shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(WORLD, ignore_errors=True)


def start() -> World:
    """Start everything side by side; if one part fails, the others are ended too."""
    WORLD.mkdir(parents=True, mode=0o700)
    authority = Authority(WORLD / "tls")
    certificate = authority.issue("server")
    emulator = AwsEmulator(WORLD / "aws", tied=False)
    servers = {
        name: DatabaseServer(flavor, WORLD / name, ca_file=authority.ca_file, certificate=certificate, tied=False)
        for name, (flavor, _) in CLIENTS.items()
    }
    parts: list[Service] = [emulator, *servers.values()]
    try:
        for part in parts:
            part.launch()
            # Written after each start, so that `down` finds them all even if this program is killed.
            record(emulator, servers, authority)
        for part in parts:
            part.wait()
        return finish(emulator, servers, authority)
    except BaseException:
        clear()
        raise


def finish(emulator: AwsEmulator, servers: dict[str, DatabaseServer], authority: Authority) -> World:
    """Return each client its root account and record the world as complete."""
    passwords = {name: secrets.token_urlsafe(18) for name in servers}
    for name, (_, hosts) in CLIENTS.items():
        servers[name].create_account(USER, hosts, passwords[name])
    allow_socket(servers["client_initech"], passwords["client_initech"])
    return record(emulator, servers, authority, passwords)


def allow_socket(server: DatabaseServer, password: str) -> None:
    """Let MariaDB's root in over the socket too, as its own packages set it up."""
    clause, value = server.password_clause(password)
    with server.admin() as connection, connection.cursor() as cursor:
        cursor.execute(f"ALTER USER %s@localhost {clause} OR unix_socket", (USER, value))


def record(
    emulator: AwsEmulator,
    servers: dict[str, DatabaseServer],
    authority: Authority,
    passwords: dict[str, str] | None = None,
) -> World:
    """Write `world.json`; with passwords it is complete."""
    world = World(emulator.endpoint_url, REGION, str(authority.ca_file), complete=passwords is not None)
    started = [emulator.process, *(server.process for server in servers.values())]
    world.processes = [process for process in started if process]
    world.temporary = [str(server.temporary) for server in servers.values() if server.temporary]
    for name, password in (passwords or {}).items():
        world.clients[name] = client(name, servers[name], password)
    write_private(ACCESS, access(world))
    write_private(STATE, json.dumps(asdict(world), indent=2) + "\n")
    return world


def access(world: World) -> str:
    """Return what a shell has to source, so that tools and programs use the world's AWS and trust its servers."""
    values = {
        "AWS_ENDPOINT_URL": world.endpoint_url,
        "AWS_DEFAULT_REGION": world.region,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "MYSQL_CA_FILE": world.ca_file,
    }
    # A profile or a token of the person who works here would be used before these keys.
    exports = [f"export {name}={quote(value)}\n" for name, value in values.items()]
    return "".join(["unset AWS_PROFILE AWS_SESSION_TOKEN\n", *exports])


def client(name: str, server: DatabaseServer, password: str) -> Client:
    """Return what the inventory and the demo need to know about one client."""
    flavor, hosts = CLIENTS[name]
    return Client(flavor, HOST, server.port, USER, list(hosts), password, str(server.socket), server.admin_password)


def describe(world: World) -> str:
    """Return what runs, and the commands to try."""
    lines = ["The local world is running:", f"  AWS              {world.endpoint_url}"]
    for name, entry in world.clients.items():
        rows = ", ".join(f"{entry.user}@{row}" for row in entry.rows)
        lines.append(f"  {name:<16} {entry.flavor} on {entry.host}:{entry.port} ({rows})")
    lines += [
        "",
        f"Its inventory is {shown(INVENTORY)}, which ansible.cfg makes the default one. Commands to try, in {ROOT}:",
        "  source .venv/bin/activate",
        "  ansible-playbook playbooks/onboard.yml -l client_acme",
        "  ansible-playbook rotate.yml -l client_acme --check --diff",
        "  ansible-playbook rotate.yml -l client_acme",
        f"Other programs find its AWS after: source {shown(ACCESS)}",
        "To end it: make world-stop",
    ]
    return "\n".join(lines)


def shown(path: Path) -> str:
    """Return a path as it is typed in the checkout."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
