# SPDX-License-Identifier: GPL-3.0-or-later
"""client_acme as the runbook knows it: its account is called root, and its administrator has a terminal."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from by_hand import put, remove
from cycle import in_days, set_tags
from managed import HOST, ManagedClient, secrets_manager, write_inventory
from world.aws import ACCESS_KEY, REGION, SECRET_KEY, AwsEmulator
from world.certificates import Authority
from world.databases import DatabaseServer

from rehearsal.page import is_sql
from rehearsal.terminal import Answer, Terminal

NAME, ADMINISTRATOR = "client_acme", "break-glass/client_acme"


@dataclass
class Acme(ManagedClient):
    """The client, its inventory, and what stands in the place of the page's VERSION, ID, FILE and so on."""

    authority: Authority | None = None
    folder: Path = Path()
    places: dict[str, str] = field(default_factory=dict)
    typed: list[str] = field(default_factory=list)
    given: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    others: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)
    after: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.places |= {f"db.acme.example.com{sep}3306": f"{HOST}{sep}{self.server.port}" for sep in (" ", ":")}
        self.places["db.acme.example.com"] = HOST
        self.session = self.after.enter_context(self.server.admin())

    @property
    def name(self) -> str:
        return NAME

    def manage(self) -> None:
        """Bring it under management, with a rotation behind it."""
        self.create()
        self.rotate()
        set_tags(self, {"rotation/last": in_days(-10), "rotation/due": in_days(30)})

    def set(self, **variables: Any) -> None:
        """Set variables of its inventory."""
        self.given |= variables

    def follow(self, command: str, *, after: str = "") -> Answer:
        """Run a command of the page as it stands there, SQL as the server's administrator."""
        command = self.filled(f"{after} {command}".strip())
        if is_sql(command):
            return Answer(command, 0, self._ask(command))
        self.answers.append(self.terminal().run(command, self.typed))
        return self.answers[-1]

    def reads(self, word: str, pattern: str) -> None:
        """Take what stands for a word of the page from what was printed last."""
        found = re.search(pattern, self.answers[-1].words)
        assert found, self.answers[-1].printed
        self.places[word] = found[1]

    def terminal(self) -> Terminal:
        """Return a terminal with the world's inventory, endpoint and keys."""
        inventory = write_inventory(self.folder, {self.name: self.variables(**self.given), **self.others})
        world = {
            "ANSIBLE_INVENTORY": str(inventory),
            "AWS_ENDPOINT_URL": self.aws.endpoint_url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": REGION,
        }
        shell: Terminal = self.kept.setdefault("terminal", Terminal(self.folder / "checkout", {}))
        shell.environment = {name: text for name, text in {**world, **self.environment}.items() if text}
        return shell

    def filled(self, command: str) -> str:
        """Put what only this world knows in the place of the page's words for it."""
        for word, value in self.places.items():
            command = re.sub(rf"(?<![\w-]){re.escape(word)}(?![\w-])", value.replace("\\", r"\\"), command)
        return command

    def on_rows(self, clause: str) -> None:
        """Change every row as an administrator."""
        for host in self.hosts:
            self.sql(f"ALTER USER %s@%s {clause}", self.user, host)

    def edit(self, **keys: Any) -> None:
        """Edit the document in the console: another version, with the password of before."""
        put(self, "AWSCURRENT", json.dumps({**self.stored(), **keys}))

    @property
    def secrets(self) -> Any:
        return secrets_manager(self.aws)

    def leave(self) -> None:
        """Take everything away."""
        self.after.close()
        self.server.drop_account(self.user)
        with suppress(ClientError):
            remove(self)
        with suppress(ClientError):
            secrets_manager(self.aws).delete_secret(SecretId=ADMINISTRATOR, ForceDeleteWithoutRecovery=True)

    def _ask(self, statement: str) -> str:
        with self.session.cursor() as cursor:
            cursor.execute(statement)
            rows: Sequence[Any] = cursor.fetchall()
        return "\n".join("\t".join(map(str, row)) for row in rows)


@contextmanager
def acting(
    server: DatabaseServer, aws: AwsEmulator, authority: Authority, hosts: Sequence[str], folder: Path
) -> Iterator[Acme]:
    """The client under management on a server, taken away at the end."""
    client = Acme(server, aws, "root", "Old-password-1", authority.ca_file, hosts)
    client.authority, client.folder = authority, folder
    try:
        client.manage()
        yield client
    finally:
        client.leave()
        shutil.rmtree(folder / "checkout", ignore_errors=True)
