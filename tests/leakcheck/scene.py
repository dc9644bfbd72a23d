# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that write down all they can, the emulator of AWS, a topic and a log group: shared by all modes."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from canaries import new_canary
from faults.controller import ALONE
from faults.setting import Setting, running
from managed import ManagedClient
from topic import Mailbox
from world.aws import ACCESS_KEY, REGION, SECRET_KEY
from world.databases import DatabaseServer

from ansible_collections.dbops.rotation.plugins.module_utils._module import operation

FLAVORS = ("mysql", "mariadb")
TITLES = {"mysql": "MySQL", "mariadb": "MariaDB"}
# Every statement is slow.
LOGS = ("--slow-query-log=1", "--long-query-time=0", "--log-bin=binlog", "--server-id=1", "--performance-schema=ON")
LOUD = {
    "mysql": (*LOGS, "--log-error-verbosity=3", "--performance-schema-consumer-events-statements-history-long=ON"),
    "mariadb": (
        *LOGS,
        "--log-warnings=9",
        "--performance-schema-instrument=statement/%=ON",
        "--performance-schema-consumer-events-statements-current=ON",
        "--performance-schema-consumer-events-statements-history=ON",
        "--performance-schema-consumer-events-statements-history-long=ON",
    ),
}


@dataclass(frozen=True)
class Scene:
    """What runs, and where the audit trail and the notices go."""

    setting: Setting
    mailbox: Mailbox
    log_group: str

    @property
    def servers(self) -> dict[str, DatabaseServer]:
        """The two servers, by flavor."""
        return {flavor: self.setting.servers[flavor].process for flavor in FLAVORS}

    def folder(self, name: str) -> Path:
        """A new folder of one mode."""
        made = self.setting.folder / f"{name}-{uuid.uuid4().hex[:6]}"
        made.mkdir()
        return made

    def newcomers(self) -> list[ManagedClient]:
        """An account on each server, with a known password and no secret."""
        made = [
            ManagedClient(server, self.setting.aws, f"root_{uuid.uuid4().hex[:8]}", new_canary(), self.ca_file)
            for server in self.servers.values()
        ]
        return [client.create_account() for client in made]

    @property
    def ca_file(self) -> Path:
        """Who signed the certificates of the servers."""
        return self.setting.authority.ca_file

    def trail(self) -> dict[str, str]:
        """The environment of a run whose audit trail goes to the log group."""
        return {
            "ROTATION_AUDIT_LOG_GROUP": self.log_group,
            "ROTATION_AUDIT_ENDPOINT_URL": self.setting.aws.endpoint_url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        }


@contextmanager
def started() -> Iterator[Scene]:
    """Start everything, and end and remove it whatever happens."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "ANSIBLE_", "ROTATION_"))]:
            patch.delenv(name)
        for name, value in ALONE.items():
            patch.setenv(name, value)
        # Nobody takes such a limit back: what this process starts later could leave no core file.
        patch.setattr(operation, "forbid_core_files", lambda: None)
        with running(LOUD) as setting:
            group = "/dbops/leakcheck"
            setting.aws.client("logs").create_log_group(logGroupName=group)
            yield Scene(setting, Mailbox(setting.aws, "leakcheck"), group)
