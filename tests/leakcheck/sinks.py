# SPDX-License-Identifier: GPL-3.0-or-later
"""All places where a password could end up, in the order of the table."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from .scene import FLAVORS, Scene
from .sink import Place, Sink
from .sinks_of_aws import Descriptions, LogEvents, Notices, Parameters, Requests
from .sinks_of_files import CoreFiles, Files, Transient
from .sinks_of_machine import Arguments, Environments
from .sinks_of_servers import ErrorLog, LogFile, PerformanceSchema, ProcessList
from .watch import Watch

# What playbooks write for people: no password may be in it, except inside the vault of a backup.
DOCUMENTS = {
    "report": "fleet.html",
    "backup": "*.vault",
    "table of the fleet": "status.*",
    "evidence": "evidence*",
}


def sinks_of(scene: Scene, place: Place, watch: Watch) -> list[Sink]:
    """Make them for one mode."""
    return [
        Files("output", place, "printed/*"),
        Files("Ansible's log", place, "ansible.log"),
        Files("files of callbacks", place, "junit/*"),
        Files("artifacts of ansible-runner", place, "job"),
        Transient(place, watch),
        CoreFiles(place),
        Arguments(watch),
        Environments(watch),
        *(Files(name, place, f"documents/{pattern}") for name, pattern in DOCUMENTS.items()),
        Files("spool of the audit trail", place, "audit/*"),
        LogEvents(scene),
        Notices(scene),
        Requests(scene),
        Descriptions(scene),
        Parameters(scene),
        *(sink for flavor in FLAVORS for sink in _of_server(scene, flavor, watch)),
    ]


def names() -> list[str]:
    """The rows of the table; where the sinks would be does not matter for that."""
    nowhere = cast(Any, SimpleNamespace(servers={flavor: SimpleNamespace(flavor=flavor) for flavor in FLAVORS}))
    return [sink.name for sink in sinks_of(nowhere, Place(Path()), nowhere)]


def _of_server(scene: Scene, flavor: str, watch: Watch) -> Iterable[Sink]:
    server = scene.servers[flavor]
    return (
        ErrorLog(server, "error log", "error.log"),
        LogFile(server, "general log", "general.log"),
        LogFile(server, "slow log", "data/*slow.log"),
        LogFile(server, "binary log", "data/binlog.0*"),
        PerformanceSchema(server),
        ProcessList(server, watch),
    )
