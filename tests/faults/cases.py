# SPDX-License-Identifier: GPL-3.0-or-later
"""One case: a client of its own, the proxies before its two services, and what is to happen to it."""

from __future__ import annotations

import itertools
import json
import secrets
import string
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from by_hand import description, move, password_of, remove
from listener import Listener
from managed import ManagedClient, secrets_manager
from rotation_service import FUNCTION_ARN
from world.aws import ACCESS_KEY, REGION, SECRET_KEY

from .aws_proxy import AwsProxy
from .database_proxy import DatabaseProxy
from .history import History, state_of
from .region import Region
from .reserved import Reserved, variables_of
from .rows import opens, rows_of
from .steps import Course, Disturbance, Step, Undisturbed

if TYPE_CHECKING:
    from .faults import Fault
    from .paths import Path
    from .setting import Server, Setting

COUNTER = itertools.count(1)
ALPHABET = string.ascii_letters + string.digits
PATIENT = {"read_timeout": 60}
# Long enough for a region to catch up twice, as in a run that finishes another and rotates.
REPLICA_WAIT = 8
# All cases of a batch come to their steps on one server at the same time.
NO_TURNS = 0
LOCKOUT, WINDOW, UNSETTLED, SILENT, LEAK, GUESS = "lock-out", "window", "unsettled", "silent", "leak", "guess"
# Not a broken promise, but a case that tested nothing.
MISSED = "missed"
PROMISES = (LOCKOUT, WINDOW, UNSETTLED, SILENT, LEAK, GUESS, MISSED)


@dataclass
class Finding:
    """A promise that was broken: which one of `PROMISES`, and what was seen."""

    promise: str
    seen: str


@dataclass(eq=False)
class Case:
    """A path on a server, with a fault at a step; a case without one is undisturbed."""

    path: Path
    server: Server
    fault: Fault | None = None
    step: int = 0
    reached: str = ""
    human_broke: bool = False
    human_locked_out: bool = False
    keys_added: bool = False
    refusal: str = ""
    settled_by: str = ""
    result: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    seen_steps: list[Step] = field(default_factory=list)
    farewells: frozenset[str] = frozenset()
    region: Region | None = None
    reserved: Reserved | None = None
    direct_url: str = ""
    _proxies: Sequence[Listener] = ()
    _passwords: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As it is written on the command line to run it alone."""
        parts = [self.path.name, self.server.name, *([self.fault.name, str(self.step)] if self.fault else ["steps"])]
        return "/".join(parts)

    def prepare(self, setting: Setting) -> None:
        """Make the account and its secret, as an earlier rotation left them, and begin to listen."""
        user = f"root_{next(COUNTER)}_{secrets.token_hex(3)}"
        self.client = ManagedClient(
            self.server.process, setting.aws, user, new_password(), setting.authority.ca_file, self.server.rows
        )
        self.course = Course()
        aws = secrets_manager(setting.aws)
        self.history = History(lambda: state_of(aws, self.client.secret_id))
        self.region = Region() if self.path.replicated else None
        self.reserved = Reserved() if self.path.native else None
        self.direct_url = setting.aws.endpoint_url
        self.aws_proxy = AwsProxy(self.course, setting.aws_port, self.history, self.region, self.reserved)
        self.database_proxy = DatabaseProxy(self.course, self.server.process.port)
        self._proxies = [self.aws_proxy, self.database_proxy]
        for proxy in self._proxies:
            setting.background.run(proxy.start())
        self.server.process.create_account(user, self.server.rows, self.client.password, self.server.plugin)
        self._make_secret(setting.server_id(self.server))
        self.client.options["per_server"] = NO_TURNS
        if self.region:
            self.region.version = self.stages()["AWSCURRENT"]
            self.client.options["replica_wait"] = REPLICA_WAIT
        if self.region or self.reserved:
            # Only the proxy knows of it, so every run asks there.
            self.client.options["endpoint_url"] = self.aws_proxy.endpoint_url
        self.path.prepare(self)

    def _make_secret(self, server_id: str) -> None:
        """Two versions, as after a rotation; the proxies are where the secret says that the server is."""
        client, port = self.client, self.database_proxy.port
        aws = secrets_manager(client.aws)
        tags = {"rotation/server-id": server_id, "rotation/client": client.name}
        tags |= {"rotation/function": FUNCTION_ARN} if self.reserved else {}
        client.create_secret(port=port, password=new_password())
        text = json.dumps(client.document(port=port))
        answer = aws.put_secret_value(SecretId=client.secret_id, SecretString=text, VersionStages=["AWSPENDING"])
        tags["rotation/version"] = version = answer["VersionId"]
        if self.fault and self.fault.reads_late:
            self.history.remember_now()
        move(client, "AWSCURRENT", version)
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        aws.tag_resource(SecretId=client.secret_id, Tags=listed)

    def remove(self, setting: Setting) -> None:
        """Take everything away again."""
        for proxy in self._proxies:
            setting.background.run(proxy.stop())
        if self._proxies:
            self.server.process.drop_account(self.client.user)
            with suppress(ClientError):
                remove(self.client)

    def variables(self) -> dict[str, Any]:
        """The inventory variables of this client: AWS is where its proxy is."""
        alone = {"rotation_min_age": 0, "rotation_per_server": NO_TURNS, "rotation_replica_wait": REPLICA_WAIT}
        url = self.aws_proxy.endpoint_url
        urls = {"rotation_endpoint_url": url, "rotation_endpoint_urls": {"default": url}}
        return self.client.variables(**urls, **alone)

    def faulty_variables(self) -> dict[str, Any]:
        """The variables of the run that is disturbed."""
        process = self.fault.process if self.fault else None
        # While all clients come to their steps, none may lose patience.
        waiting = {"rotation_aws_config": PATIENT} if process else {}
        native = variables_of(self.events(), self.function_environment()) if self.reserved else {}
        return {**self.variables(), **self.path.variables, **waiting, **native}

    def events(self) -> list[dict[str, str]]:
        """The calls of Secrets Manager's own rotation, where there is one."""
        return self.reserved.events(self.client.secret_id) if self.reserved else []

    def function_environment(self) -> dict[str, str]:
        """The environment of the rotation function; Parameter Store is no part of the protocol."""
        return {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "ROTATION_REGION": REGION,
            "ROTATION_ENDPOINT_URL": self.aws_proxy.endpoint_url,
            "ROTATION_ENDPOINT_URLS": json.dumps({"ssm": self.direct_url, "default": self.aws_proxy.endpoint_url}),
            "ROTATION_TLS_CA_FILE": str(self.client.ca_file),
            "ROTATION_PER_SERVER": str(NO_TURNS),
            "ROTATION_WRITE_SHARE": "0",
        }

    def disturbance(self) -> Disturbance:
        """What happens in the run."""
        return self.fault.disturb(self, self.step) if self.fault else Undisturbed()

    def overtake(self) -> None:
        """Let another run rotate, as from another machine."""
        result = self.client.run()
        if result.get("failed"):
            self.found(UNSETTLED, f"a run that overtakes was refused: {result['msg']}")

    @property
    def added_key(self) -> dict[str, str]:
        """The key that a person adds."""
        return {"added": "by hand"}

    def sessions(self) -> list[int]:
        """The account's open connections."""
        statement = "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = %s"
        return [row[0] for row in self.client.sql(statement, self.client.user)]

    def labels(self) -> dict[str, frozenset[str]]:
        """The labels of every version that has any."""
        return self.described()[0]

    def described(self) -> tuple[dict[str, frozenset[str]], dict[str, str]]:
        """The labels of the versions, and the tags."""
        told = description(self.client)
        versions = {version: frozenset(labels) for version, labels in told["VersionIdsToStages"].items() if labels}
        return versions, {tag["Key"]: tag["Value"] for tag in told.get("Tags", [])}

    def stages(self) -> dict[str, str]:
        """Which version each stage is on."""
        return {label: version for version, labels in self.labels().items() for label in labels}

    def password_of(self, version: str) -> str:
        """The password of a version, read once, for no version ever changes."""
        if version not in self._passwords:
            self._passwords[version] = password_of(self.client, version) or ""
        return self._passwords[version]

    def known_passwords(self) -> set[str]:
        """Every password of this client, whichever version it is in."""
        aws = secrets_manager(self.client.aws)
        listed = aws.list_secret_version_ids(SecretId=self.client.secret_id, IncludeDeprecated=True)["Versions"]
        return {self.client.password, *(self.password_of(version["VersionId"]) for version in listed)} - {""}

    def password_on_all_rows(self) -> str | None:
        """A password that is the primary one on every row."""
        rows = rows_of(self.client)
        found = (text for text in self.known_passwords() if all(opens(row[:1], text) for row in rows.values()))
        return next(found, None)

    def note_what_a_person_broke(self) -> None:
        """Remember that it was a person who made AWSCURRENT useless, or every label, if that is so now."""
        rows = rows_of(self.client).values()
        self.human_broke = not all(opens(row, self.client.stored()["password"]) for row in rows)
        labelled = [self.password_of(version) for version in self.labels()]
        self.human_locked_out = not all(any(opens(row, text) for text in labelled) for row in rows)

    def passes_over(self, step: Step) -> bool:
        """Whether the fault needs a run that waits, which it does at no farewell."""
        return bool(self.fault and self.fault.needs_an_answer and step.what in self.farewells)

    @property
    def may_be_refused(self) -> bool:
        """Whether a person broke what only a person can put right."""
        fault = self.fault
        return bool(fault and (fault.breaks or (fault.breaks_single and not self.server.holds_two)))

    def found(self, promise: str, seen: str) -> None:
        """Note a broken promise."""
        self.findings.append(Finding(promise, seen))


def new_password() -> str:
    """A password such as the rotation makes."""
    return "Aa1-" + "".join(secrets.choice(ALPHABET) for _number in range(28))
