# SPDX-License-Identifier: GPL-3.0-or-later
"""The local world itself: what the other tests take for granted."""

from __future__ import annotations

import ssl
import subprocess
import sys
from pathlib import Path

import boto3
import pymysql
import pytest
from administration import sql
from world import processes
from world.aws import REGION, AwsEmulator
from world.certificates import Authority
from world.databases import DatabaseServer
from world.layout import ROOT
from world.service import HOST

PASSWORD = "a-password-of-this-test"


def log_in(server: DatabaseServer, user: str, ca_file: Path) -> str:
    """The account that a verified TLS login from loopback ends up as."""
    context = ssl.create_default_context(cafile=str(ca_file))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    connection = pymysql.connect(host=HOST, port=server.port, user=user, password=PASSWORD, ssl=context)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER()")
        row = cursor.fetchone()
    assert row is not None
    return str(row[0])


def test_a_server_has_verified_tls_and_the_rows_that_were_asked_for(server, authority, unique_name):
    server.create_account(unique_name, ["localhost", "%"], PASSWORD)
    assert log_in(server, unique_name, authority.ca_file) == f"{unique_name}@localhost"
    assert not sql(server, "SELECT Host FROM mysql.user WHERE User = 'root' OR User = ''")
    assert PASSWORD not in server.general_log.read_text()
    assert unique_name in server.general_log.read_text()
    server.drop_account(unique_name)


def test_another_authority_is_not_trusted(server, tmp_path):
    with pytest.raises(pymysql.err.OperationalError, match="CERTIFICATE_VERIFY_FAILED"):
        log_in(server, "root", Authority(tmp_path, "Another authority").ca_file)


@pytest.mark.parametrize("flavor", ["mysql", "mariadb"])
def test_a_taken_port_is_replaced(make_server, monkeypatch, mysql_server, flavor):
    ports = iter([mysql_server.port, processes.free_port()])
    monkeypatch.setattr(processes, "free_port", lambda: next(ports))
    assert make_server(flavor).port != mysql_server.port


@pytest.mark.parametrize("flavor", ["mysql", "mariadb"])
def test_a_server_keeps_its_accounts_over_a_restart(make_server, authority, flavor):
    server = make_server(flavor, options=["--skip-name-resolve"])
    server.create_account("root", [HOST], PASSWORD)
    server.stop()
    server.start()
    assert log_in(server, "root", authority.ca_file) == f"root@{HOST}"


@pytest.mark.parametrize("flavor", ["mysql", "mariadb"])
def test_a_long_path_gets_its_socket_elsewhere(workspace, flavor):
    server = DatabaseServer(flavor, workspace / ("long-" + "x" * 90))
    server.start()
    assert server.temporary and server.socket.parent == server.temporary
    server.remove()
    assert not server.temporary.exists() and not server.folder.exists()


def test_requests_are_recorded_with_their_bodies(recording, unique_name):
    recording.client().create_secret(Name=unique_name, SecretString=PASSWORD)
    (request,) = recording.recorded()
    assert request.operation == "CreateSecret"
    assert unique_name.encode() in request.body


def test_a_taken_port_of_the_emulator_is_replaced(workspace, aws, monkeypatch):
    ports = iter([aws.port, processes.free_port()])
    monkeypatch.setattr(processes, "free_port", lambda: next(ports))
    emulator = AwsEmulator(workspace / "aws-2")
    emulator.start()
    assert emulator.port != aws.port
    emulator.stop()


def test_requests_to_other_machines_are_refused():
    client = boto3.client(
        "secretsmanager",
        region_name=REGION,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        endpoint_url="http://secrets.invalid",
    )
    with pytest.raises(pytest.fail.Exception, match="not this machine"):
        client.list_secrets()


def test_a_tied_server_ends_with_a_killed_program(workspace):
    program = (
        "import os, pathlib; from world.databases import DatabaseServer\n"
        f"server = DatabaseServer('mariadb', pathlib.Path({str(workspace / 'tied')!r})); server.start()\n"
        "print(server.process.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(ROOT / "tools")}, capture_output=True, check=False
    )
    left = processes.Process(int(done.stdout), str(workspace / "tied"))
    for _index in range(200):
        if not left.alive:
            break
        subprocess.run(["sleep", "0.01"], check=True)
    assert not left.alive
