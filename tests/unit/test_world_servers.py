# SPDX-License-Identifier: GPL-3.0-or-later
"""Which server a name stands for, in the local world and in a run of the tests on a server that is named."""

from __future__ import annotations

import pytest
from chosen_server import VARIABLE, standing_for
from world import installation
from world.debian import RECIPES, USUAL, remedy
from world.errors import WorldError
from world.installation import Installation


def test_the_set_up_fetches_the_newest_mysql_and_two_mariadb() -> None:
    assert [RECIPES[name].flavor for name in USUAL] == ["mysql", "mariadb", "mariadb"]


@pytest.mark.parametrize(
    ("asked", "mysql", "mariadb"),
    [
        ("", "mysql", "mariadb"),
        ("mysql", "mysql", "mariadb"),
        ("mariadb-10.5", "mysql", "mariadb-10.5"),
    ],
)
def test_a_server_that_is_asked_for_stands_for_its_kind(
    monkeypatch: pytest.MonkeyPatch, asked: str, mysql: str, mariadb: str
) -> None:
    monkeypatch.setenv(VARIABLE, asked)
    assert (standing_for("mysql"), standing_for("mariadb")) == (mysql, mariadb)
    assert standing_for("mariadb-sid") == "mariadb-sid"


def test_a_server_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "mariadb-9")
    with pytest.raises(WorldError, match="TEST_SERVER=mariadb-9 is none of: mysql, mariadb, "):
        standing_for("mariadb")


def test_a_server_of_one_version_is_never_the_one_that_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []

    def unpacked(recipe: object) -> Installation:
        fetched.append(RECIPES["mariadb-11.8"].name if recipe is RECIPES["mariadb-11.8"] else "another")
        raise WorldError("no server is run here")

    monkeypatch.setenv("MARIADBD", "/bin/true")
    monkeypatch.setattr(installation, "unpacked", unpacked)
    with pytest.raises(WorldError, match="no server is run here"):
        installation.find("mariadb-11.8")
    with pytest.raises(WorldError, match="MARIADBD=/bin/true is not a program of a mariadb server"):
        installation.find("mariadb")
    assert fetched == ["mariadb-11.8"]


def test_what_to_do_where_a_server_cannot_be_had() -> None:
    assert remedy(RECIPES["mariadb"]) == "install one or name its program with MARIADBD=/path/to/mariadbd"
    assert remedy(RECIPES["mariadb-10.5"]) == "it comes from Debian bullseye only; choose another server"
