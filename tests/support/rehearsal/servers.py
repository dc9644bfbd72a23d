# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that are set up so that no rotation can be."""

from __future__ import annotations

from collections.abc import Iterator

from administration import loaded
from trouble import changed_globally, serving
from world import processes
from world.certificates import Authority

from rehearsal.accounts import granted_only
from rehearsal.acme import Acme


def with_an_init_connect_that_fails(acme: Acme) -> Iterator[None]:
    granted_only(acme, "SELECT, CREATE USER, SYSTEM_USER ON *.*")
    acme.rotate()
    with changed_globally(acme, init_connect="SELECT * FROM missing.thing"):
        yield


def with_a_narrow_policy_of_plugins(acme: Acme) -> Iterator[None]:
    acme.sql("REVOKE AUTHENTICATION_POLICY_ADMIN ON *.* FROM %s@%s", acme.user, acme.hosts[0])
    with changed_globally(acme, authentication_policy="sha256_password,,"):
        yield


def at_a_port_where_nobody_listens(acme: Acme) -> None:
    port = processes.free_port()
    acme.places["db.acme.example.com:3306"] = f"127.0.0.1:{port}"
    acme.edit(port=port)


def at_its_port(acme: Acme) -> None:
    acme.edit(port=acme.server.port)


def too_slow(acme: Acme) -> None:
    acme.set(rotation_deadline=0.001)


def with_a_certificate_for_another_name(acme: Acme) -> Iterator[None]:
    assert acme.authority
    certificate = acme.authority.issue("acme", hosts=["mysql.acme.example.com"], addresses=[])
    with serving(acme, certificate):
        yield


def with_another_authority(acme: Acme) -> None:
    stranger = Authority(acme.folder / "stranger", "Another authority")
    acme.set(rotation_tls_ca_file=str(stranger.ca_file))


def with_its_authority(acme: Acme) -> None:
    del acme.given["rotation_tls_ca_file"]


def time_enough(acme: Acme) -> None:
    del acme.given["rotation_deadline"]


def with_strict_validation(acme: Acme) -> Iterator[None]:
    with loaded(acme.server, "SONAME 'simple_password_check'"):
        yield
        acme.sql("SET GLOBAL strict_password_validation = ON")
