# SPDX-License-Identifier: GPL-3.0-or-later
"""An AWS of its own: moto's server as a child process on a free loopback port."""

from __future__ import annotations

import base64
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from world.emulator import Emulator
from world.service import HOST

REGION = "eu-central-1"
ACCESS_KEY = "testing"
SECRET_KEY = "testing"
# Nothing listens on the discard port: a call that goes there fails at once and reaches nobody.
NOWHERE = f"http://{HOST}:9"


@dataclass(frozen=True)
class RecordedRequest:
    """A request as it reached the emulator."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def operation(self) -> str:
        """`GetSecretValue` and the like; empty for services that do not name the operation in a header."""
        names = {name.lower(): value for name, value in self.headers.items()}
        return names.get("x-amz-target", "").rpartition(".")[2]


class AwsEmulator(Emulator):
    """A Secrets Manager and the rest of moto's services, with nothing in them."""

    LOST_PORT = ("in use",)

    def __init__(self, folder: Path, *, tied: bool = True) -> None:
        """Describe an emulator whose log and recording lie in `folder`; a tied one ends with the starting thread."""
        super().__init__("The AWS emulator", folder, "moto.log", tied=tied)

    def client(self, service: str = "secretsmanager", **options: Any) -> Any:
        """Return a boto3 client for it; without retries, so that a failure shows at once."""
        return client_of(self.endpoint_url, service, **options)

    def reset(self) -> None:
        """Forget every secret and every other resource."""
        self._call("/moto-api/reset", "POST")

    def start_recording(self) -> None:
        """Forget earlier records and keep every request from now on, bodies included."""
        self._call("/moto-api/recorder/reset-recording", "POST")
        self._call("/moto-api/recorder/start-recording", "POST")

    def stop_recording(self) -> None:
        """Keep no more requests."""
        self._call("/moto-api/recorder/stop-recording", "POST")

    def recorded(self) -> list[RecordedRequest]:
        """Return the requests since the recording began, in the order in which they came."""
        lines = self._call("/moto-api/recorder/download-recording").decode().splitlines()
        return [recorded_request(json.loads(line)) for line in lines if line]

    def _command(self) -> tuple[list[str], str]:
        arguments = f"-H {HOST} -p {self.port}"
        return [sys.executable, "-m", "moto.server", *arguments.split()], arguments

    def _environment(self) -> dict[str, str]:
        return environment(self.folder / "requests.jsonl")

    def _answers(self) -> bool:
        return "Running on" in self._logged() and self._serves("/moto-api/config")


def client_of(endpoint_url: str, service: str = "secretsmanager", **options: Any) -> Any:
    """Return a boto3 client for an emulator that runs; without retries, so that a failure shows at once."""
    options.setdefault("config", Config(retries={"total_max_attempts": 1}, proxies={}))
    options.setdefault("aws_access_key_id", ACCESS_KEY)
    options.setdefault("aws_secret_access_key", SECRET_KEY)
    options.setdefault("region_name", REGION)
    return boto3.session.Session().client(service, endpoint_url=endpoint_url, **options)


def environment(recording: Path) -> dict[str, str]:
    """Return the emulator's environment: no AWS settings of the person who starts it, and dummy keys."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))}
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_DEFAULT_REGION": REGION}
    return inherited | keys | {"MOTO_RECORDER_FILEPATH": str(recording)}


def recorded_request(entry: dict[str, Any]) -> RecordedRequest:
    """Return one line of moto's recording."""
    body = entry["body"] or ""
    content = base64.b64decode(body) if entry["body_encoded"] else str(body).encode()
    return RecordedRequest(entry["method"], urlsplit(entry["url"]).path, dict(entry["headers"]), content)
