# SPDX-License-Identifier: GPL-3.0-or-later
"""One client of a test: an account on a real server, its secret, and the ways to rotate it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pymysql
from administration import sql
from botocore.exceptions import ClientError
from world.aws import ACCESS_KEY, REGION, SECRET_KEY, AwsEmulator
from world.databases import DatabaseServer

from ansible_collections.dbops.rotation.plugins.module_utils._module.operation import Operation
from ansible_collections.dbops.rotation.plugins.module_utils._module.rotate import ROTATE

ROOT = Path(__file__).resolve().parents[2]
ANSIBLE_PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))
HOST = "127.0.0.1"
# For a run over clients that have nothing to do with each other.
AT_ONCE = ("-e", "rotation_waves=100% rotation_failure_budget=100")


@cache
def secrets_manager(aws: AwsEmulator) -> Any:
    """Return a client of the emulator, made once: making one takes longer than a rotation."""
    return aws.client()


@dataclass
class ManagedClient:
    """An account and its secret; `options` are module options that every run of this client uses."""

    server: DatabaseServer
    aws: AwsEmulator
    user: str
    password: str
    ca_file: Path
    hosts: Sequence[str] = ("localhost", "%")
    options: dict[str, Any] = field(default_factory=dict)
    secret_name: str = ""  # where it is not that of the account

    @property
    def name(self) -> str:
        return f"client_{self.user}"

    @property
    def secret_id(self) -> str:
        return self.secret_name or f"clients/{self.name}/mysql/root"

    def create_account(self) -> ManagedClient:
        """Make the account on the server, without a secret."""
        self.server.create_account(self.user, self.hosts, self.password)
        return self

    def create(self, **keys: Any) -> ManagedClient:
        """Make the account on the server and the secret on AWS."""
        self.create_account()
        self.create_secret(**keys)
        return self

    def document(self, **keys: Any) -> dict[str, Any]:
        """The secret's document, with keys replaced; a key that is None is left out."""
        given = {
            "engine": self.server.flavor,
            "host": HOST,
            "port": self.server.port,
            "username": self.user,
            "password": self.password,
            **keys,
        }
        return {key: value for key, value in given.items() if value is not None}

    def create_secret(self, **keys: Any) -> None:
        secrets_manager(self.aws).create_secret(Name=self.secret_id, SecretString=json.dumps(self.document(**keys)))

    def run(self, operation: Operation = ROTATE, *, check: bool = False, diff: bool = False, **options: Any) -> Any:
        """Run the engine in this process, as the action plugin does, and give the result."""
        given = {
            "client": self.name,
            "secret_id": self.secret_id,
            "endpoint_url": self.aws.endpoint_url,
            "endpoint_urls": {"default": self.aws.endpoint_url},
            "region": REGION,
            "access_key": ACCESS_KEY,
            "secret_key": SECRET_KEY,
            "tls_ca_file": str(self.ca_file),
            **self.options,
            **options,
        }
        params = {name: given.get(name, spec.get("default")) for name, spec in operation.spec.items()}
        return operation.outcome(params, check=check, diff=diff)

    def rotate(self, **options: Any) -> dict[str, Any]:
        """Rotate, which has to succeed."""
        result: dict[str, Any] = self.run(**options)
        assert not result.get("failed"), result["msg"]
        return result

    def refused(self, **options: Any) -> dict[str, Any]:
        """Rotate, which has to fail; give the parts of the failure."""
        result = self.run(**options)
        assert result.get("failed"), result["msg"]
        assert not result["changed"]
        error: dict[str, Any] = {**result["error"], "msg": result["msg"]}
        return error

    def stored(self, stage: str = "AWSCURRENT") -> dict[str, Any]:
        """The document under a stage."""
        answer = secrets_manager(self.aws).get_secret_value(SecretId=self.secret_id, VersionStage=stage)
        document: dict[str, Any] = json.loads(answer["SecretString"])
        return document

    def told(self) -> dict[str, Any]:
        """What AWS tells of the secret; empty for one that does not exist."""
        try:
            answer: dict[str, Any] = secrets_manager(self.aws).describe_secret(SecretId=self.secret_id)
        except ClientError:
            return {}
        return answer

    def stages(self) -> dict[str, str]:
        """Which version each stage is on; empty for a secret that does not exist."""
        versions = self.told().get("VersionIdsToStages", {})
        return {stage: version for version, stages in versions.items() for stage in stages}

    def tags(self) -> dict[str, str]:
        """The secret's tags; empty for a secret that does not exist."""
        return {tag["Key"]: tag["Value"] for tag in self.told().get("Tags", [])}

    def log_in(self, password: str, address: str | None = None) -> None:
        """Log in over TCP, from one of this machine's addresses, and out again; raises what the driver raises."""
        pymysql.connect(
            host=HOST,
            port=self.server.port,
            user=self.user,
            password=password.encode(),
            bind_address=address,
            ssl_ca=str(self.ca_file),
            ssl_verify_identity=True,
        ).close()

    def opens(self, password: str) -> bool:
        """Whether a password opens the account over TCP."""
        try:
            self.log_in(password)
        except pymysql.err.OperationalError as error:
            assert error.args[0] in (1045, 1698), error
            return False
        return True

    def sql(self, statement: str, *arguments: object) -> list[Any]:
        """Run a statement as the server's administrator."""
        return sql(self.server, statement, *arguments)

    def variables(self, **given: Any) -> dict[str, Any]:
        """The inventory variables of this client."""
        return {
            "rotation_endpoint_url": self.aws.endpoint_url,
            "rotation_endpoint_urls": {"default": self.aws.endpoint_url},
            "rotation_region": REGION,
            "rotation_access_key": ACCESS_KEY,
            "rotation_secret_key": SECRET_KEY,
            "rotation_tls_ca_file": str(self.ca_file),
            "rotation_onboard_host": HOST,
            "rotation_onboard_port": self.server.port,
            "rotation_onboard_user": self.user,
            **given,
        }


def write_inventory(folder: Path, hosts: dict[str, dict[str, Any]]) -> Path:
    """Write an inventory of these hosts and their variables."""
    path = folder / "inventory.json"
    path.write_text(json.dumps({"all": {"hosts": hosts}}))
    return path


def playbook(
    name: str, *arguments: str, environment: dict[str, str] | None = None, timeout: float = 180
) -> subprocess.CompletedProcess[str]:
    """Run a playbook of the checkout as a user does."""
    command = [ANSIBLE_PLAYBOOK, name, *arguments]
    given = {**os.environ, "ANSIBLE_NOCOLOR": "1", **(environment or {})}
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, timeout=timeout, check=False)


MakeClient = Callable[..., ManagedClient]
