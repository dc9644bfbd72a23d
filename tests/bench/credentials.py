# SPDX-License-Identifier: GPL-3.0-or-later
"""How often a run over many clients asks for credentials: from tests/, python -m bench.credentials 200.

A scheduled run in which nobody is due visits each client, so one worker of each needs access to AWS.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from metadata_service import MetadataService, credentials
from world.aws import ACCESS_KEY, REGION, SECRET_KEY, AwsEmulator

ROOT = Path(__file__).resolve().parents[2]
ROLE = "arn:aws:iam::123456789012:role/dbops-rotation-rotator"
KEYS = {"rotation_access_key": ACCESS_KEY, "rotation_secret_key": SECRET_KEY}


def add_secrets(aws: AwsEmulator, names: list[str]) -> None:
    """Make secrets whose passwords are not due."""
    client, now = aws.client(), datetime.now(UTC)
    document = json.dumps({"engine": "mysql", "host": "127.0.0.1", "username": "root", "password": "none"})
    for name in names:
        version = str(uuid.uuid4())
        tags = {
            "rotation/version": version,
            "rotation/last": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "rotation/due": (now + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "rotation/cycle-days": "40",
            "rotation/trigger": "scheduled",
            "rotation/client": name,
        }
        client.create_secret(
            Name=f"clients/{name}/mysql/root",
            SecretString=document,
            ClientRequestToken=version,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )


def visit(aws: AwsEmulator, folder: Path, names: list[str], environment: dict[str, str], **variables: Any) -> float:
    """Let a schedule ask for every client; give the seconds."""
    common = {
        "rotation_region": REGION,
        "rotation_endpoint_url": aws.endpoint_url,
        "rotation_endpoint_urls": {"default": aws.endpoint_url},
        **variables,
    }
    inventory = folder / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": {name: {} for name in names}, "vars": common}}))
    command = [
        str(Path(sys.executable).with_name("ansible-playbook")),
        "playbooks/rotate_due.yml",
        "-i",
        str(inventory),
    ]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    began = time.monotonic()
    # Nothing of this machine, and no instance's role but the one that is measured.
    alone = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "ROTATION_AUDIT_SPOOL": str(folder),
    }
    subprocess.run(command, cwd=ROOT, env={**clean, **alone, **environment}, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - began


def main(clients: int) -> None:
    """Measure and print."""
    names = [f"client_{number:05}" for number in range(clients)]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        aws = AwsEmulator(folder)
        aws.start()
        try:
            measure(aws, folder, names)
        finally:
            aws.stop()


def measure(aws: AwsEmulator, folder: Path, names: list[str]) -> None:
    """Visit all clients in each of the three ways."""
    clients = len(names)
    add_secrets(aws, names)
    aws.start_recording()
    took = visit(aws, folder, names, {}, **KEYS, rotation_assume_role_arn=ROLE)
    assumed = sum(b"Action=AssumeRole" in request.body for request in aws.recorded())
    aws.stop_recording()
    print(f"{clients} clients, a role: {assumed} AssumeRole, {took:.1f} s", flush=True)
    with MetadataService() as service:
        took = visit(aws, folder, names, service.environment)
    print(f"{clients} clients, an instance: {service.seen.total()} requests, {took:.1f} s", flush=True)
    given = {name: value for name, value in credentials().items() if name in ("AccessKeyId", "SecretAccessKey")}
    process = folder / "process.sh"
    process.write_text(f"#!/bin/sh\necho start >> {folder}/starts\necho '{json.dumps({'Version': 1, **given})}'\n")
    process.chmod(0o700)
    (folder / "config").write_text(f"[default]\ncredential_process = {process}\n")
    took = visit(aws, folder, names, {"AWS_CONFIG_FILE": str(folder / "config")})
    starts = len((folder / "starts").read_text().splitlines())
    print(f"{clients} clients, a credential_process: {starts} starts, {took:.1f} s", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
