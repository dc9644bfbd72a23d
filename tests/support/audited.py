# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks with the audit trail, and what it holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from managed import ManagedClient, playbook, write_inventory
from playbook_runs import said
from world.aws import ACCESS_KEY, REGION, SECRET_KEY, AwsEmulator

CALLBACK = "dbops.rotation.rotation_audit"


class Audited:
    """Runs playbooks with the callback, and reads what it left."""

    def __init__(self, aws: AwsEmulator, folder: Path, group: str) -> None:
        self.aws, self.folder, self.group = aws, folder, group
        self.spool = folder / "spool"
        self.logs = aws.client("logs")

    def environment(self, **given: str) -> dict[str, str]:
        return {
            "ANSIBLE_CALLBACKS_ENABLED": CALLBACK,
            "ROTATION_AUDIT_SPOOL": str(self.spool),
            "ROTATION_AUDIT_LOG_GROUP": self.group,
            "ROTATION_AUDIT_ENDPOINT_URL": self.aws.endpoint_url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            **given,
        }

    def run(self, name: str, clients: list[ManagedClient], *arguments: str, **given: str) -> Any:
        return playbook(name, *self.arguments(clients), *arguments, environment=self.environment(**given))

    def arguments(self, clients: list[ManagedClient], **variables: Any) -> list[str]:
        hosts = {client.name: client.variables(**variables) for client in clients}
        limit = ",".join(hosts)
        everyone = "rotation_everything=true"  # a limit that names them all selects the whole fleet
        return ["-i", str(write_inventory(self.folder, hosts)), "-l", limit, "-e", everyone]

    def shipped(self) -> list[dict[str, Any]]:
        pages = self.logs.get_paginator("filter_log_events").paginate(logGroupName=self.group)
        return [json.loads(event["message"]) for page in pages for event in page["events"]]

    def spooled(self, pattern: str = "*") -> list[dict[str, Any]]:
        lines = [line for path in sorted(self.spool.glob(pattern)) for line in path.read_text().splitlines()]
        return [json.loads(line) for line in lines if line.startswith("{")]

    def history(self, client: ManagedClient, *arguments: str) -> list[dict[str, Any]]:
        run = self.run("playbooks/history.yml", [client], "-e", "rotation_history_form=json", *arguments)
        assert run.returncode == 0 and "WARNING" not in said(run), said(run)
        return json_in(run.stdout)


def json_in(output: str) -> list[dict[str, Any]]:
    """Return the list that a playbook printed as one line."""
    (line,) = (line for line in output.splitlines() if line.startswith("[{"))
    found: list[dict[str, Any]] = json.loads(line)
    return found
