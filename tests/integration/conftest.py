# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers and an AWS emulator, shared by a run: each test takes account and secret names of its own."""

from __future__ import annotations

import atexit
import ipaddress
import itertools
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import psutil
import pytest
from administration import loaded
from botocore.httpsession import URLLib3Session
from by_hand import remove
from chosen_server import split, standing_for
from estate import Accounts
from faulty_proxy import FaultyProxy
from managed import MakeClient, ManagedClient
from ministack import Ministack
from running import MakeServer, answering, running
from topic import Mailbox
from world.aws import NOWHERE, AwsEmulator
from world.certificates import Authority, Certificate
from world.databases import DatabaseServer
from world.layout import CACHE

COUNTER = itertools.count(1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what does not meet the server that is asked for, see `chosen_server`."""
    items[:], others = split(items)
    if others:
        config.hook.pytest_deselected(items=others)


@pytest.fixture(scope="session", autouse=True)
def no_real_aws() -> Iterator[None]:
    """Take away every AWS setting of the person who runs the tests, and refuse requests to any other machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        # For programs that the tests start: no profile, no instance role, and an address where nothing listens.
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("AWS_ENDPOINT_URL", NOWHERE)
        patch.setenv("NO_PROXY", "127.0.0.1,localhost")
        patch.setattr(URLLib3Session, "send", loopback_only(URLLib3Session.send))
        yield


@pytest.fixture(scope="session", autouse=True)
def own_audit_trail(workspace: Path) -> Iterator[None]:
    """Keep the audit trail of every run apart from that of the checkout."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROTATION_AUDIT_SPOOL", str(workspace / "audit"))
        yield


def loopback_only(send: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap the place through which every request of the AWS SDK passes."""

    def guarded(session: URLLib3Session, request: Any) -> Any:
        host = urlsplit(request.url).hostname or ""
        if host != "localhost" and not (host[:1].isdigit() and ipaddress.ip_address(host).is_loopback):
            pytest.fail(f"a test sent an AWS request to {host}, which is not this machine")
        return send(session, request)

    return guarded


@pytest.fixture(scope="session")
def workspace() -> Iterator[Path]:
    """The folder for everything that this run writes, removed at its end and, after a kill, by the next run."""
    for path in CACHE.glob("tests-*"):
        if not psutil.pid_exists(int(path.name.removeprefix("tests-"))):
            shutil.rmtree(path, ignore_errors=True)
    folder = CACHE / f"tests-{os.getpid()}"
    folder.mkdir(parents=True, mode=0o700)
    # For an exit that skips the fixtures' ends; the servers are tied to this process anyway.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def authority(workspace: Path) -> Authority:
    """The certificate authority that signed the servers' certificates."""
    return Authority(workspace / "tls")


@pytest.fixture(scope="session")
def server_certificate(authority: Authority) -> Certificate:
    """A certificate for localhost and 127.0.0.1."""
    return authority.issue("server")


@pytest.fixture(scope="session")
def mysql_server(workspace: Path, authority: Authority, server_certificate: Certificate) -> Iterator[DatabaseServer]:
    """A MySQL server with TLS, shared: leave its global settings as they are, or set them back."""
    yield from running(
        DatabaseServer(
            standing_for("mysql"), workspace / "mysql", ca_file=authority.ca_file, certificate=server_certificate
        )
    )


@pytest.fixture(scope="session")
def mariadb_server(workspace: Path, authority: Authority, server_certificate: Certificate) -> Iterator[DatabaseServer]:
    """A MariaDB server with TLS, shared: leave its global settings as they are, or set them back."""
    yield from running(
        DatabaseServer(
            standing_for("mariadb"), workspace / "mariadb", ca_file=authority.ca_file, certificate=server_certificate
        )
    )


@pytest.fixture(params=["mysql", "mariadb"])
def server(request: pytest.FixtureRequest) -> DatabaseServer:
    """Each of the two shared servers in turn."""
    shared: DatabaseServer = request.getfixturevalue(f"{request.param}_server")
    return shared


@pytest.fixture
def make_server(workspace: Path, authority: Authority, server_certificate: Certificate) -> Iterator[MakeServer]:
    """Starts a server for one test: make_server("mysql", options=["--log-raw"], certificate=None)."""
    yield from making(workspace, authority, server_certificate)


@pytest.fixture(scope="module")
def make_module_server(workspace: Path, authority: Authority, server_certificate: Certificate) -> Iterator[MakeServer]:
    """Starts a server for the tests of one file, in the same way."""
    yield from making(workspace, authority, server_certificate)


def making(workspace: Path, authority: Authority, server_certificate: Certificate) -> Iterator[MakeServer]:
    """Return what starts servers, and remove them whatever happens."""
    made: list[DatabaseServer] = []

    def make(name: str, **given: Any) -> DatabaseServer:
        settings: dict[str, Any] = {"ca_file": authority.ca_file, "certificate": server_certificate, **given}
        made.append(DatabaseServer(standing_for(name), workspace / f"{name}-{next(COUNTER)}", **settings))
        made[-1].start()
        return made[-1]

    yield make
    for server in made:
        server.remove()


@pytest.fixture(scope="session")
def aws(workspace: Path) -> Iterator[AwsEmulator]:
    """The AWS emulator, shared: give secrets names of their own instead of resetting it."""
    yield from answering(AwsEmulator(workspace / "aws"))


@pytest.fixture(scope="module")
def proxy(aws: AwsEmulator) -> Iterator[FaultyProxy]:
    """The way to AWS on which things go wrong where a test says so."""
    with FaultyProxy(aws.endpoint_url) as started:
        yield started


@pytest.fixture(scope="session")
def asking_aws(workspace: Path) -> Iterator[AwsEmulator]:
    """Another AWS emulator, for tests that let it ask for permissions, which it then does of everybody."""
    yield from answering(AwsEmulator(workspace / "aws-asking"))


@pytest.fixture(scope="session")
def accounts(workspace: Path, authority: Authority) -> Iterator[Accounts]:
    """Two provisioned AWS accounts, where everybody needs permission."""
    aws, folder = Ministack(workspace / "two-accounts", authority), workspace / "accounts"
    folder.mkdir()
    try:
        aws.start()
        yield Accounts(aws, folder)
    finally:
        aws.stop()


@pytest.fixture
def unmanaged(make_client: MakeClient, server: DatabaseServer) -> ManagedClient:
    """An account that has no secret yet, on each kind of server in turn."""
    return make_client(server).create_account()


@pytest.fixture
def newcomer(make_client: MakeClient, mysql_server: DatabaseServer) -> ManagedClient:
    """An account on MySQL that has no secret yet."""
    return make_client(mysql_server).create_account()


@pytest.fixture
def applicant(newcomer: ManagedClient, accounts: Accounts) -> ManagedClient:
    """An account on a server; its secret is made by who onboards it in one of the two accounts."""
    return replace(newcomer, aws=cast(Any, accounts.aws))


@pytest.fixture
def mailbox(aws: AwsEmulator, unique_name: str) -> Mailbox:
    """A topic of one test, and the queue of who reads it."""
    return Mailbox(aws, f"rotation-{unique_name}")


@pytest.fixture
def recording(aws: AwsEmulator) -> Iterator[AwsEmulator]:
    """The AWS emulator while it keeps every request of this test: see `recorded()`."""
    aws.start_recording()
    yield aws
    aws.stop_recording()


@pytest.fixture
def unique_name() -> str:
    """A name that no other test uses, short enough for an account."""
    return f"root_{next(COUNTER)}"


@pytest.fixture
def make_client(aws: AwsEmulator, authority: Authority) -> Iterator[MakeClient]:
    """Describes a client with a new account name on a server: make_client(server).create()."""
    made: list[ManagedClient] = []

    def make(server: DatabaseServer, **given: Any) -> ManagedClient:
        name = f"root_{next(COUNTER)}"
        settings: dict[str, Any] = {"user": name, "password": f"Old-{uuid.uuid4()}", **given}
        made.append(ManagedClient(server, aws, ca_file=authority.ca_file, **settings))
        return made[-1]

    yield make
    for client in made:
        client.server.drop_account(client.user)
        remove(client)


@pytest.fixture
def client(make_client: MakeClient, server: DatabaseServer) -> ManagedClient:
    """A client under management, on each kind of server in turn."""
    return make_client(server).create()


@pytest.fixture
def mysql_client(make_client: MakeClient, mysql_server: DatabaseServer) -> ManagedClient:
    """A client under management on MySQL."""
    return make_client(mysql_server).create()


@pytest.fixture
def rotated(client: ManagedClient) -> ManagedClient:
    """A client with two versions, on each kind of server in turn."""
    client.rotate()
    return client


@pytest.fixture
def clients(make_client: MakeClient, mysql_server: DatabaseServer) -> list[ManagedClient]:
    """Three clients of one MySQL server."""
    return [make_client(mysql_server).create() for _number in range(3)]


@pytest.fixture
def mariadb_client(make_client: MakeClient, mariadb_server: DatabaseServer) -> ManagedClient:
    """A client under management on MariaDB."""
    return make_client(mariadb_server).create()


@pytest.fixture(scope="module")
def ed25519_server(mariadb_server: DatabaseServer) -> Iterator[DatabaseServer]:
    """The MariaDB server while it has the ed25519 plugin."""
    pytest.importorskip("nacl")
    with loaded(mariadb_server, "SONAME 'auth_ed25519'"):
        yield mariadb_server
