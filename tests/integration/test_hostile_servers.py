# SPDX-License-Identifier: GPL-3.0-or-later
"""What a hostile server gets: no password, no stopped schedule, no memory without end, and nothing in our output."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql
import pytest
from attacks import ATTACKS, NO_LOGIN, NOTHING, PROOF, SESSION, floods_instead_of_a_greeting, greets, table
from cycle import is_due
from managed import AT_ONCE, HOST, ROOT, MakeClient, ManagedClient, playbook, secrets_manager, write_inventory
from mysql_packets import END, column, done, failure, greeting, packet
from playbook_runs import said
from strict_peer import Attack, Line, strict_peer
from telling import assert_silent
from trouble import account_rows
from world.certificates import Authority, Certificate
from world.databases import DatabaseServer

from ansible_collections.dbops.rotation.plugins.module_utils._db import wire
from ansible_collections.dbops.rotation.plugins.module_utils._db.connection import Session, connect
from ansible_collections.dbops.rotation.plugins.module_utils._db.errors import DIAGNOSES
from ansible_collections.dbops.rotation.plugins.module_utils._db.tls import TlsOptions
from ansible_collections.dbops.rotation.plugins.module_utils._deadline import Deadline
from ansible_collections.dbops.rotation.plugins.module_utils._secret_value import Login

Certificates = dict[str, Certificate]
# Without limits it is gigabytes within seconds.
MOST_MEBIBYTES = 128
STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@pytest.fixture(scope="session")
def certificates(workspace: Path, authority: Authority, server_certificate: Certificate) -> Certificates:
    return {
        "server": server_certificate,
        "stranger": Authority(workspace / "stranger", "Another authority").issue("server"),
        "other": authority.issue("other-name", hosts=["db.example.com"], addresses=[]),
    }


@contextmanager
def memory() -> Iterator[list[int]]:
    """Measure how many MiB this process takes more at its worst moment than at the beginning."""

    def mebibytes(name: str) -> int:
        (line,) = [line for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:")]
        return int(line.split()[1]) // 1024

    RESET.write_text("5")  # the highest so far becomes what is used now
    before, used = mebibytes("VmRSS"), list[int]()
    yield used
    used.append(mebibytes("VmHWM") - before)


def attacked(attack: Attack) -> str:
    return f"{attack.stage}: {attack.name}".replace(" ", "-")


@pytest.mark.parametrize("attack", ATTACKS, ids=attacked)
def test_an_attack_comes_to_nothing(
    make_client: MakeClient, mysql_server: DatabaseServer, certificates: Certificates, attack: Attack
) -> None:
    with strict_peer(mysql_server.port, certificates, attack) as peer:
        client = make_client(mysql_server).create(port=peer.port)
        stages, rows = client.stages(), account_rows(client)
        with memory() as used:
            error = client.refused(**attack.options)
    assert (error["code"], error["step"]) == (attack.code, attack.step), error["msg"]
    assert error["state"].startswith(attack.state), error["msg"]
    assert error["next_step"]
    assert_silent(client, error)
    assert used[0] < MOST_MEBIBYTES
    assert client.stages()["AWSCURRENT"] == stages["AWSCURRENT"] and account_rows(client) == rows
    assert client.opens(client.password)
    assert ("rotation/refused" in client.tags()) == attack.remembered
    assert_got(attack, client, peer.received)


def assert_got(attack: Attack, client: ManagedClient, received: bytes) -> None:
    """The server got what the table says; the password only where it had proven itself and took the whole login."""
    assert attack.gets == SESSION or client.password.encode() not in received
    if attack.gets == NOTHING:
        assert received == b""
    if attack.gets == NO_LOGIN:
        assert received and client.user.encode() not in received
    if attack.gets == PROOF:
        assert client.user.encode() in received


def lead(client: ManagedClient, port: int) -> None:
    """Let the secret lead to this port."""
    secrets_manager(client.aws).put_secret_value(
        SecretId=client.secret_id, SecretString=json.dumps(client.document(port=port))
    )


def judges_an_account(number: int) -> bool:
    return number not in wire.SAID_BEFORE_TLS and number not in wire.CLIENT_SIDE


def run_against(client: ManagedClient, certificates: Certificates, attack: Attack) -> tuple[dict[str, Any], bytes]:
    """Rotate against a hostile server, which has to fail; give the failure and what the server got."""
    with strict_peer(client.server.port, certificates, attack) as peer:
        lead(client, peer.port)
        return client.refused(), peer.received


@pytest.mark.parametrize("number", sorted(DIAGNOSES))
def test_an_error_before_tls_is_believed_only_where_it_judges_no_account(
    mysql_client: ManagedClient, certificates: Certificates, number: int
) -> None:
    error, received = run_against(mysql_client, certificates, greeter(failure(number)))
    assert error["code"] == ("untrusted_answer" if judges_an_account(number) else DIAGNOSES[number].code)
    assert error["step"] == "open" and received == b""
    assert "rotation/refused" not in mysql_client.tags()
    if judges_an_account(number):
        assert f"sent error {number} before TLS, so it was not believed" in error["cause"]
        assert error["next_step"].startswith("Check who answers at that address")


def greeter(*bodies: bytes) -> Attack:
    """An attack that is over with its greeting, whatever comes of it."""
    return Attack("", "", "", "", greets(*bodies))


@pytest.mark.parametrize("without_a_look", [False, True])
def test_a_driver_that_would_go_on_without_tls_sends_nothing(
    mysql_client: ManagedClient, certificates: Certificates, monkeypatch: pytest.MonkeyPatch, without_a_look: bool
) -> None:
    # As PyMySQL 1.1 does it.
    fallback = property(lambda _connection: False, lambda _connection, _value: None)
    monkeypatch.setattr(pymysql.connections.Connection, "_ssl_required", fallback, raising=False)
    if without_a_look:
        monkeypatch.delattr(wire.Wire, "_get_server_information")
    error, received = run_against(mysql_client, certificates, greeter(greeting(tls=False)))
    assert error["code"] == "tls_not_offered" and received == b""


def test_what_is_slipped_in_before_tls_is_no_part_of_the_conversation(
    mysql_client: ManagedClient, certificates: Certificates
) -> None:
    injecting = Attack("", "", "", "", alters=lambda greeted: greeted + packet(2, done()))
    with strict_peer(mysql_client.server.port, certificates, injecting) as peer:
        lead(mysql_client, peer.port)
        mysql_client.rotate()
    assert mysql_client.opens(mysql_client.stored()["password"]) and not mysql_client.opens(mysql_client.password)


def test_the_list_of_ten_thousand_connections_fits(mysql_client: ManagedClient, certificates: Certificates) -> None:
    def lists_them(line: Line, _statement: bytes) -> None:
        texts = (b"123456", b"u" * 32, b"h" * 60, b"d" * 64, b"Query", b"123456", b"s" * 40, b"i" * 100)
        row = b"".join(bytes([len(text)]) + text for text in texts)
        line.send(1, b"\x08", *[column(b"c")] * 8, END, *[row] * 10_000, END)

    crowded = Attack("", "", "", "", on=b"SHOW PROCESSLIST", forge=lists_them)
    with strict_peer(mysql_client.server.port, certificates, crowded) as peer:
        session = opened(mysql_client, peer.port)
        assert len(session.query("SHOW PROCESSLIST")) == 10_000
        session.close()


def opened(client: ManagedClient, port: int) -> Session:
    """A session of the engine on this port."""
    login = Login(HOST, port, client.user, client.password)
    return connect(login, TlsOptions(ca_file=str(client.ca_file)), Deadline(60))


def test_the_number_of_a_connection_is_not_the_one_in_the_greeting(
    client: ManagedClient, certificates: Certificates
) -> None:
    def renumbered(greeted: bytes) -> bytes:
        place = greeted.index(b"\0", 5) + 1
        return greeted[:place] + b"\xff\xff\xff\x7f" + greeted[place + 4 :]

    lying = Attack("", "", "", "", alters=renumbered)
    with strict_peer(client.server.port, certificates, lying) as peer:
        session = opened(client, peer.port)
        assert session.connection_id == session.value("SELECT CONNECTION_ID()") != 0x7FFFFFFF
        session.close()


def test_a_playbook_gives_a_man_in_the_middle_nothing(
    mysql_client: ManagedClient, certificates: Certificates, tmp_path: Path
) -> None:
    inventory = write_inventory(tmp_path, {mysql_client.name: mysql_client.variables()})
    with strict_peer(mysql_client.server.port, certificates, greeter(greeting(tls=False))) as peer:
        lead(mysql_client, peer.port)
        run = playbook("rotate.yml", "-i", str(inventory), "-l", mysql_client.name, "-vvv")
    assert run.returncode == 2 and "The server offers no TLS" in said(run), said(run)
    assert peer.lines and peer.received == b""
    assert mysql_client.password not in said(run) and mysql_client.opens(mysql_client.password)


def test_a_flood_ends_no_run_over_a_fleet(
    make_client: MakeClient, mysql_server: DatabaseServer, certificates: Certificates, tmp_path: Path
) -> None:
    flooded, well = (make_client(mysql_server).create() for _client in range(2))
    inventory = write_inventory(tmp_path, {client.name: client.variables() for client in (flooded, well)})
    flooding = Attack("", "", "", "", floods_instead_of_a_greeting)
    with strict_peer(mysql_server.port, certificates, flooding) as peer:
        lead(flooded, peer.port)
        run = playbook("rotate.yml", "-i", str(inventory), "-e", "rotation_everything=true", *AT_ONCE)
    assert run.returncode == 2 and "The server sent more than 64 KiB for the login" in said(run), said(run)
    assert f"{well.name}: rotated" in said(run) and well.opens(well.stored()["password"])
    assert flooded.opens(flooded.password)


def test_a_refusal_before_tls_stops_no_schedule(
    mysql_client: ManagedClient, certificates: Certificates, tmp_path: Path
) -> None:
    inventory = write_inventory(tmp_path, {mysql_client.name: mysql_client.variables()})
    with strict_peer(mysql_client.server.port, certificates, None) as peer:
        lead(mysql_client, peer.port)
        mysql_client.rotate()
        is_due(mysql_client)
        peer.attack = greeter(failure(1045))
        stopped = playbook("playbooks/rotate_due.yml", "-i", str(inventory))
        peer.attack = None
        assert stopped.returncode == 2 and "sent error 1045 before TLS" in said(stopped), said(stopped)
        assert "rotation/refused" not in mysql_client.tags() and peer.received == b""
        went_on = playbook("playbooks/rotate_due.yml", "-i", str(inventory))
    assert went_on.returncode == 0 and f"{mysql_client.name}: rotated" in said(went_on), said(went_on)
    assert mysql_client.opens(mysql_client.stored()["password"])


def test_the_table_of_attacks_is_that_of_the_tests() -> None:
    text = (ROOT / "docs/safety.md").read_text()
    assert text.split("<!-- hostile servers: begin -->\n")[1].split("\n<!-- hostile servers: end -->")[0] == table()
