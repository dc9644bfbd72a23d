# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of the right authority that are not accepted all the same, and methods that the driver does not know."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest
from attacks import LOGIN, PROOF, switches
from http_service import HttpService
from managed import MakeClient, ManagedClient
from strict_peer import Attack, strict_peer
from trouble import serving
from world.certificates import Authority, Certificate
from world.databases import DatabaseServer

OVER, BRIEF = timedelta(hours=-1), timedelta(seconds=4)


@pytest.fixture
def expired(authority: Authority) -> Certificate:
    return authority.issue("expired", life=OVER)


@pytest.fixture
def https(expired: Certificate) -> Iterator[str]:
    """An endpoint of AWS whose certificate has expired."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(expired.certificate, expired.key)
    with HttpService(BaseHTTPRequestHandler, context) as service:
        yield service.endpoint_url


def test_an_expired_certificate_of_the_database_is_to_be_renewed(
    mysql_client: ManagedClient, authority: Authority
) -> None:
    # MySQL takes none that has expired already; one that it has may expire.
    ends = time.monotonic() + BRIEF.total_seconds() + 1
    with serving(mysql_client, authority.issue("brief", life=BRIEF)):
        time.sleep(max(0.0, ends - time.monotonic()))
        error = mysql_client.refused()
    assert (error["code"], error["step"]) == ("tls_untrusted", "open")
    assert "certificate has expired" in error["cause"]
    assert "Have it renewed" in error["next_step"] and "ALTER INSTANCE RELOAD TLS" in error["next_step"]
    assert "rotation_tls_ca_file" not in error["next_step"]


def test_an_expired_certificate_of_the_aws_endpoint_is_told(
    mysql_client: ManagedClient, https: str, authority: Authority
) -> None:
    error = mysql_client.refused(endpoint_url=https, aws_ca_bundle=str(authority.ca_file))
    assert error["code"] == "aws_unreachable"
    assert "the certificate of the AWS endpoint has expired (SSLError)" in error["cause"]
    assert "Have it renewed" in error["next_step"] and "clock" in error["next_step"]


def test_an_authority_of_the_aws_endpoint_that_is_not_trusted_is_told(mysql_client: ManagedClient, https: str) -> None:
    error = mysql_client.refused(endpoint_url=https)
    assert "the certificate of the AWS endpoint is not trusted" in error["cause"]
    assert "rotation_aws_ca_bundle" in error["next_step"]


def test_a_bundle_of_the_aws_endpoint_that_is_not_there_is_told(mysql_client: ManagedClient, https: str) -> None:
    error = mysql_client.refused(endpoint_url=https, aws_ca_bundle="/nowhere/ca.pem")
    assert "the file of the CA bundle is not there" in error["cause"]
    assert "rotation_aws_ca_bundle" in error["next_step"]


@pytest.mark.parametrize("plugin", [b"parsec", b"auth_gssapi_client"])
def test_a_method_that_the_driver_does_not_know_is_told(
    make_client: MakeClient,
    mysql_server: DatabaseServer,
    server_certificate: Certificate,
    plugin: bytes,
) -> None:
    asking = Attack("asks for a plugin", LOGIN, "method_unknown", PROOF, switches(plugin))
    with strict_peer(mysql_server.port, {"server": server_certificate}, asking) as peer:
        error = make_client(mysql_server).create(port=peer.port).refused()
    assert (error["code"], error["step"]) == ("method_unknown", "open")
    assert "PyMySQL" in error["next_step"] and "ed25519" in error["next_step"]
