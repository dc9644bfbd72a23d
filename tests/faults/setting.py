# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator, the two database servers and the proxies' thread, which all cases share."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import psutil
from administration import sql
from background import Background
from world.certificates import Authority
from world.databases import DatabaseServer
from world.layout import CACHE

from .emulator import QueuedAws

FOLDER = CACHE / "faults"
OPTIONS = {"mysql": ["--max-connections=800"], "mariadb": ["--max-connections=800", "--plugin-load-add=auth_ed25519"]}
IDENTITY = {"mysql": "SELECT @@server_uuid", "mariadb": "SELECT @@GLOBAL.server_uid"}


@dataclass(frozen=True)
class Server:
    """A kind of account on a server: `holds_two` tells whether its rows can hold two passwords."""

    name: str
    process: DatabaseServer
    plugin: str | None = None
    holds_two: bool = True
    rows: tuple[str, ...] = ("localhost", "%")


@dataclass
class Setting:
    """Everything that runs."""

    folder: Path
    authority: Authority
    aws: QueuedAws
    servers: dict[str, Server]
    background: Background

    @property
    def aws_port(self) -> int:
        """Where AWS answers."""
        assert self.aws.queue
        return self.aws.queue.port

    def server_id(self, server: Server) -> str:
        """The id by which a server is remembered on a secret."""
        ((found,),) = sql(server.process, IDENTITY[server.process.flavor])
        return str(found)

    def titles(self) -> list[str]:
        """The servers and their versions."""
        processes = {server.process.flavor: server.process for server in self.servers.values()}
        return [f"{flavor} {version_of(process)}" for flavor, process in processes.items()]


def version_of(process: DatabaseServer) -> str:
    """The version of a server."""
    ((found,),) = sql(process, "SELECT VERSION()")
    return str(found)


@contextlib.contextmanager
def running(more: Mapping[str, Sequence[str]] = MappingProxyType({})) -> Iterator[Setting]:
    """Start everything below .cache, with more options for a server, and end and remove it whatever happens."""
    folder = new_folder()
    background = Background()
    authority = Authority(folder / "tls")
    certificate = authority.issue("server")
    aws = QueuedAws(folder / "aws")
    processes = {
        flavor: DatabaseServer(
            flavor,
            folder / flavor,
            ca_file=authority.ca_file,
            certificate=certificate,
            options=[*OPTIONS[flavor], *more.get(flavor, ())],
        )
        for flavor in OPTIONS
    }
    try:
        for service in (aws, *processes.values()):
            service.launch()
        for service in (aws, *processes.values()):
            service.wait()
        background.run(aws.open_queue())
        yield Setting(folder, authority, aws, servers_of(processes), background)
    finally:
        background.stop()
        for server in processes.values():
            server.remove()
        aws.stop()
        shutil.rmtree(folder, ignore_errors=True)


def servers_of(processes: dict[str, DatabaseServer]) -> dict[str, Server]:
    """The kinds of accounts."""
    listed = [
        Server("mysql", processes["mysql"]),
        Server("mariadb", processes["mariadb"]),
        Server("ed25519", processes["mariadb"], "ed25519", holds_two=False),
    ]
    return {server.name: server for server in listed}


def new_folder() -> Path:
    """A folder for this run; what an earlier one left when it was killed goes first."""
    for path in FOLDER.glob("run-*"):
        if not psutil.pid_exists(int(path.name.removeprefix("run-"))):
            shutil.rmtree(path, ignore_errors=True)
    folder = FOLDER / f"run-{os.getpid()}"
    folder.mkdir(parents=True, mode=0o700)
    return folder
