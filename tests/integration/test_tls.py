# SPDX-License-Identifier: GPL-3.0-or-later
"""How the line to the server is protected: what is refused, what is allowed by name and warns, who gets no password."""

from __future__ import annotations

from pathlib import Path

import pytest
from managed import HOST, MakeClient, ManagedClient
from running import MakeServer
from telling import assert_refused
from trouble import changed_globally, serving
from world.certificates import Authority
from world.databases import DatabaseServer

VERIFY_CA_WARNING = "TLS mode verify_ca: the certificate's issuer is checked, the server's name is not."
DISABLED_WARNING = "TLS is disabled by option: whoever sits on the network path can read the new password."


def test_an_untrusted_authority(client: ManagedClient, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "Another authority")
    assert_refused(
        client,
        f"The certificate of {HOST}:{client.server.port} is not trusted",
        code="tls_untrusted",
        step="open",
        next_step="Name the server's certificate authority in rotation_tls_ca_file.",
        tls_ca_file=str(stranger.ca_file),
    )


def test_a_certificate_for_another_name(mysql_client: ManagedClient, authority: Authority) -> None:
    with serving(mysql_client, authority.issue("other", hosts=["db.example.com"], addresses=[])):
        assert_refused(
            mysql_client,
            f"The certificate of {HOST}:{mysql_client.server.port} is trusted but was made for another name.",
            code="tls_name",
            step="open",
            next_step="name it in rotation_tls_server_name",
            opens=False,
        )
        assert mysql_client.rotate(tls_server_name="db.example.com")["warnings"] == []


def test_a_certificate_without_a_name(mysql_client: ManagedClient, authority: Authority) -> None:
    with serving(mysql_client, authority.issue("nameless", hosts=[], addresses=[])):
        assert_refused(
            mysql_client,
            "is trusted but was made for another name",
            code="tls_name",
            step="open",
            next_step="for a certificate without a usable name such as MySQL's self-made ones, set rotation_tls_mode"
            " to verify_ca with rotation_tls_ca_file",
            opens=False,
        )
        assert mysql_client.rotate(tls_mode="verify_ca")["warnings"] == [VERIFY_CA_WARNING]
        assert mysql_client.rotate(tls_server_name="nameless")["warnings"] == []


def test_the_certificate_that_mysql_makes_for_itself(make_server: MakeServer, make_client: MakeClient) -> None:
    server = make_server("mysql", certificate=None, ca_file=None)
    client = make_client(server).create()
    client.ca_file = server.folder / "data" / "ca.pem"
    assert_refused(
        client,
        "is trusted but was made for another name",
        code="tls_name",
        step="open",
        next_step="set rotation_tls_mode to verify_ca with rotation_tls_ca_file",
        opens=False,
    )
    assert client.rotate(tls_mode="verify_ca")["warnings"] == [VERIFY_CA_WARNING]
    ((version,),) = client.sql("SELECT VERSION()")
    own_name = f"MySQL_Server_{version.split('-')[0]}_Auto_Generated_Server_Certificate"
    assert client.rotate(tls_server_name=own_name)["warnings"] == []


@pytest.mark.parametrize("name", ["mariadb-11.8"])
def test_the_certificate_that_mariadb_makes_for_itself(
    make_server: MakeServer, make_client: MakeClient, name: str
) -> None:
    client = make_client(make_server(name, certificate=None, ca_file=None)).create()
    assert_refused(
        client,
        "is not trusted (self-signed certificate)",
        code="tls_untrusted",
        step="open",
        next_step="set ssl_cert and ssl_key there.",
        opens=False,
    )


@pytest.mark.parametrize(
    ("flavor", "settings"),
    [("mysql", {"options": ["--tls-version="]}), ("mariadb", {"options": ["--skip-ssl"]})],
)
def test_a_server_without_tls(
    make_server: MakeServer, make_client: MakeClient, flavor: str, settings: dict[str, object]
) -> None:
    client = make_client(make_server(flavor, **settings)).create()
    assert_refused(
        client,
        f"The server offers no TLS ({HOST}:{client.server.port}); nothing was sent to it.",
        code="tls_not_offered",
        step="open",
        next_step="Turn TLS on at the server, use rotation_unix_socket, or set rotation_tls_mode to disabled by name.",
        opens=False,
    )
    assert client.rotate(tls_mode="disabled")["warnings"] == [DISABLED_WARNING]
    assert client.rotate(unix_socket=str(client.server.socket))["warnings"] == []


def test_without_tls_where_the_server_demands_it(client: ManagedClient) -> None:
    texts = {
        "mysql": (
            "tls_required",
            "The server demands TLS and rotation_tls_mode is disabled",
            "Set rotation_tls_mode to",
        ),
        # An older MariaDB does not say why.
        "mariadb": ("login_refused", "or without TLS", "Find out whether"),
    }
    code, says, next_step = texts["mysql" if names_tls(client) else "mariadb"]
    with changed_globally(client, require_secure_transport=1):
        assert_refused(client, says, code=code, step="open", next_step=next_step, tls_mode="disabled")


def names_tls(client: ManagedClient) -> bool:
    """Whether the server says that TLS is what it misses: MariaDB 10.11 does not yet, 11.8 does."""
    ((version,),) = client.sql("SELECT VERSION()")
    return client.server.flavor == "mysql" or not version.startswith("10.")


@pytest.mark.parametrize("plugin", [None, "sha256_password"])
def test_without_tls_only_hashes_are_sent(make_client: MakeClient, server: DatabaseServer, plugin: str | None) -> None:
    if plugin and server.flavor == "mariadb":
        pytest.skip("MariaDB has no sha256_password")
    client = make_client(server)
    server.create_account(client.user, client.hosts, client.password, plugin)
    client.create_secret()
    result = client.rotate(tls_mode="disabled")
    new = client.stored()["password"]
    assert result["warnings"] == [DISABLED_WARNING]
    assert result["server"]["tls"] == "none"
    assert client.opens(new) and not client.opens(client.password)
    log = server.general_log.read_text(errors="replace")
    assert client.user in log and new not in log and client.password not in log


def test_a_server_that_logs_statements_as_they_come_gets_hashes(mysql_client: ManagedClient) -> None:
    with changed_globally(mysql_client, log_raw=1):
        result = mysql_client.rotate()
    new = mysql_client.stored()["password"]
    assert result["server"]["tls"].startswith("TLS")
    assert mysql_client.opens(new) and not mysql_client.opens(mysql_client.password)
    log = mysql_client.server.general_log.read_text(errors="replace")
    assert mysql_client.user in log and new not in log and mysql_client.password not in log


def test_a_local_socket(client: ManagedClient) -> None:
    result = client.rotate(unix_socket=str(client.server.socket))
    assert result["warnings"] == []
    assert result["server"]["tls"] == "none"
    assert result["server"]["address"] == str(client.server.socket)
    assert client.opens(client.stored()["password"]) and not client.opens(client.password)


@pytest.mark.parametrize(
    ("option", "code", "says", "next_step"),
    [
        ("tls_ca_file", "tls_files", "The TLS files cannot be used ({}): FileNotFoundError.", "rotation_tls_ca_file"),
        ("unix_socket", "server_unreachable", "The server at {} cannot be reached: No such file", "server runs"),
    ],
)
def test_a_file_that_is_not_there(
    client: ManagedClient, tmp_path: Path, option: str, code: str, says: str, next_step: str
) -> None:
    missing = str(tmp_path / "missing")
    client.options[option] = missing
    assert_refused(client, says.format(missing), code=code, step="open", next_step=next_step)


def test_a_file_that_is_no_certificate(client: ManagedClient, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    assert_refused(
        client,
        f"The TLS files cannot be used ({tmp_path / 'ca.pem'}): SSLError.",
        code="tls_files",
        step="open",
        next_step="rotation_tls_ca_file",
        tls_ca_file=str(tmp_path / "ca.pem"),
    )
