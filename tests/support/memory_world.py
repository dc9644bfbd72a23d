# SPDX-License-Identifier: GPL-3.0-or-later
"""A server and a secret in memory, on which the whole engine runs, and dies wherever a test says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from memory_server import HOSTS, MYSQL, MemoryServer, MemorySession, hashed

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import SecretStore
from ansible_collections.dbops.rotation.plugins.module_utils._aws.write_limit import Writes
from ansible_collections.dbops.rotation.plugins.module_utils._context import context as context_module
from ansible_collections.dbops.rotation.plugins.module_utils._context import login as login_module
from ansible_collections.dbops.rotation.plugins.module_utils._context.request import RotationRequest
from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._db.hashes import NATIVE
from ansible_collections.dbops.rotation.plugins.module_utils._errors import (
    LoginRefused,
    RotationError,
    SecretNotFound,
    SwapLost,
)
from ansible_collections.dbops.rotation.plugins.module_utils._password import PasswordRules, generate
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.rotate import rotate
from ansible_collections.dbops.rotation.plugins.module_utils._secret_value import Login
from ansible_collections.dbops.rotation.plugins.module_utils._stamp import stamp

NOW = datetime.now(UTC)
# The ids of AWSCURRENT, AWSPENDING, AWSPREVIOUS and a version without a label.
C, P, V, U = (name * 32 for name in "CPVU")
AGES = {C: timedelta(hours=2), P: timedelta(hours=1), V: timedelta(days=40), U: timedelta(hours=3)}
WORDS = {name: generate(PasswordRules()) for name in (C, P, V, U, "foreign")}


class PowerCut(KeyboardInterrupt):
    """The machine is gone, at once."""


@dataclass
class Version:
    document: dict[str, Any]
    created: datetime


@dataclass
class World(MemoryServer):
    """One secret and one server with the rows of one account; the client is let in by the first row."""

    stages: dict[str, str]
    versions: dict[str, Version]
    tags: dict[str, str]
    promised: frozenset[str] = frozenset()
    before_effect: Callable[[str], None] = lambda _effect: None
    after_effect: Callable[[str], None] = lambda _effect: None
    effects: list[str] = field(default_factory=list)
    replicas: dict[str, str] = field(default_factory=dict)
    read_elsewhere: str = ""  # the password that a replica region gives out
    kept_by_proxy: str = ""  # the only password that a proxy before the server lets in
    refused: list[str] = field(default_factory=list)

    def connect(self, login: Login, *options: object) -> MemorySession:
        """Log in, through the proxy where there is one; what is refused is kept."""
        try:
            if self.kept_by_proxy not in ("", login.password):
                raise LoginRefused("no", code="login_refused")
            return super().connect(login, *options)
        except LoginRefused:
            self.refused.append(login.password)
            raise

    def perform(self, name: str, effect: Callable[[], Any]) -> Any:
        """Let one thing happen outside of the process, unless it dies before or after."""
        self.before_effect(name)
        self.effects.append(name)
        answer = effect()
        self.keep_promises()
        self.after_effect(name)
        return answer

    def current(self) -> str:
        return str(self.versions[self.stages["AWSCURRENT"]].document["password"])

    def keep_promises(self) -> None:
        """P1 and P2, on the rows that began with them kept."""
        stored = self.versions.keys() & set(self.stages.values())
        labelled = {str(self.versions[version].document["password"]) for version in stored}
        for host in self.promised:
            opened_by = {self.current()} if self.plugin == NATIVE else labelled
            assert any(hashed(self.plugin, password) in self.rows[host] for password in opened_by), self.effects
            if self.read_elsewhere and self.plugin == NATIVE:
                assert hashed(self.plugin, self.read_elsewhere) in self.rows[host], self.effects

    def at_rest(self) -> bool:
        """P3: AWSCURRENT alone opens every row."""
        return self.opened_alone_by(self.current())


class MemoryStore(SecretStore):
    """Secrets Manager in a dictionary; reading, checking and counting are the real class's."""

    def __init__(self, world: World, writes: Writes | None) -> None:
        super().__init__(None, "clients/acme/mysql/root", writes)
        self.world = world

    def _call(self, operation: str, doing: str, *, named: str = "SecretId", **arguments: Any) -> Any:
        self.calls[operation] += 1
        return getattr(self, f"_{operation}")(**arguments)

    def _get_secret_value(self, VersionStage: str = "", VersionId: str = "") -> dict[str, Any]:
        version_id = VersionId or self.world.stages.get(VersionStage, "")
        if version_id not in self.world.versions:
            raise SecretNotFound("missing", code="secret_not_found")
        if VersionStage and self.world.stages.get(VersionStage) != version_id:
            raise SwapLost("disagree", code="aws_state")
        version = self.world.versions[version_id]
        return {
            "VersionId": version_id,
            "CreatedDate": version.created,
            "SecretString": json.dumps(version.document),
        }

    def _describe_secret(self) -> dict[str, Any]:
        stages: dict[str, list[str]] = {}
        for stage, version in self.world.stages.items():
            stages.setdefault(version, []).append(stage)
        listed = [{"Key": key, "Value": value} for key, value in self.world.tags.items()]
        told = [{"Region": region, "Status": status} for region, status in self.world.replicas.items()]
        answer = {"ARN": "arn:x", "Name": self.secret_id, "VersionIdsToStages": stages, "Tags": listed}
        return answer | ({"ReplicationStatus": told} if told else {})

    def _list_secret_version_ids(self, IncludeDeprecated: bool) -> dict[str, Any]:
        labelled = self.world.stages.values()
        return {
            "Versions": [
                {"VersionId": key, "CreatedDate": version.created, "VersionStages": ["x"] if key in labelled else []}
                for key, version in self.world.versions.items()
            ]
        }

    def _put_secret_value(self, ClientRequestToken: str, SecretString: str, VersionStages: list[str]) -> None:
        def effect() -> None:
            self.world.versions[ClientRequestToken] = Version(json.loads(SecretString), datetime.now(UTC))
            self.world.stages["AWSPENDING"] = ClientRequestToken

        self.world.perform("put", effect)

    def _update_secret_version_stage(
        self, VersionStage: str, RemoveFromVersionId: str, MoveToVersionId: str = ""
    ) -> None:
        def effect() -> None:
            if self.world.stages[VersionStage] != RemoveFromVersionId:
                raise SwapLost("moved", code="aws_state")
            del self.world.stages[VersionStage]
            if MoveToVersionId:
                self.world.stages |= {VersionStage: MoveToVersionId, "AWSPREVIOUS": RemoveFromVersionId}

        self.world.perform("promote" if MoveToVersionId else "drop", effect)

    def _tag_resource(self, Tags: list[dict[str, str]]) -> None:
        self.world.perform("tag", lambda: self.world.tags.update({tag["Key"]: tag["Value"] for tag in Tags}))


def document(flavor: str, password: str) -> dict[str, Any]:
    return {"engine": flavor, "host": "memory", "port": 3306, "username": "root", "password": password}


def make_world(
    flavor: str = MYSQL,
    plugin: str = NATIVE,
    rows: tuple[tuple[str, ...], ...] = ((C,), (C,)),
    pending: str | None = None,
    recorded: str = C,
    other_keys: bool = False,
) -> World:
    versions = {name: Version(document(flavor, WORDS[name]), NOW - age) for name, age in AGES.items()}
    if other_keys:
        versions[P].document["dbname"] = "changed meanwhile"
    stages = {"AWSCURRENT": C, "AWSPREVIOUS": V} | ({"AWSPENDING": pending} if pending else {})
    due = stamp(NOW + timedelta(days=9))
    return World(
        flavor=flavor,
        plugin=plugin,
        rows={host: [hashed(plugin, WORDS[name]) for name in names] for host, names in zip(HOSTS, rows, strict=False)},
        stages=stages,
        versions=versions,
        tags={tags.VERSION: recorded, tags.DUE: due, tags.SERVER_ID: "here"},
    )


def rotate_in(
    world: World,
    trigger: str = "recovery",
    adopt: tuple[str, ...] = (),
    overlap: int = 0,
    writes: Writes | None = None,
    **more: Any,
) -> dict[str, Any]:
    request = RotationRequest(
        client="acme",
        secret_id="clients/acme/mysql/root",
        trigger=trigger,
        adopt_rows=frozenset(adopt),
        overlap=overlap,
        replica_wait=0.0,
        **more,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(login_module, "connect", world.connect)
        patch.setattr(context_module, "CONSISTENCY_SECONDS", 0.0)  # this store never contradicts itself
        return rotate(request, MemoryStore(world, writes))


def come_to_rest(world: World, most: int = 4) -> list[str]:
    """Run recovery until it finds nothing to do; give what was done."""
    done: list[str] = []
    while len(done) < most:
        done.append(rotate_in(world)["action"])
        if done[-1] == "nothing":
            return done
    raise AssertionError(f"still at work after {done}")


def results_of_runs(world: World, *triggers: str) -> list[Any]:
    results: list[Any] = []
    for trigger in triggers:
        try:
            results.append(rotate_in(world, trigger))
        except RotationError as error:
            results.append(error)
    return results
