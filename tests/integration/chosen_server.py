# SPDX-License-Identifier: GPL-3.0-or-later
"""The server that the tests run on where one is named: TEST_SERVER=mariadb-11.8 pytest tests/integration."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest
from world.debian import RECIPES
from world.errors import WorldError

VARIABLE = "TEST_SERVER"
# What a test says of the accounts that it needs, by the kind of server that has them.
KINDS = {"mysql": {"mysql"}, "mariadb": {"mariadb", "ed25519"}}
# Fixtures by which a test meets a server without naming its kind.
ANY = {"server", "make_server", "make_client"}


def named() -> str:
    """The server that is asked for, or nothing."""
    name = os.environ.get(VARIABLE, "")
    if name and name not in RECIPES:
        raise WorldError(f"{VARIABLE}={name} is none of: {', '.join(RECIPES)}")
    return name


def standing_for(name: str) -> str:
    """The server to start for a kind of server, or for one that a test names itself."""
    chosen = named()
    return chosen if chosen and RECIPES[chosen].flavor == name else name


def split(items: Sequence[pytest.Item]) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """The tests that meet the server that is asked for, and the others."""
    chosen = named()
    if not chosen:
        return list(items), []
    flavor = RECIPES[chosen].flavor
    met = [item for item in items if meets(item, flavor)]
    return met, [item for item in items if item not in met]


def meets(item: pytest.Item, flavor: str) -> bool:
    """Whether a test runs on this kind of server, by its parameters and its fixtures."""
    parameters = {value for value in parameters_of(item).values() if isinstance(value, str)}
    fixtures = set(getattr(item, "fixturenames", ()))
    named_kinds = [kind for kind, accounts in KINDS.items() if parameters & accounts]
    named_kinds = named_kinds or [kind for kind in KINDS if f"{kind}_server" in fixtures]
    return flavor in named_kinds if named_kinds else bool(fixtures & ANY)


def parameters_of(item: pytest.Item) -> dict[str, object]:
    """What a test is parametrized with, by its fixtures too."""
    call = getattr(item, "callspec", None)
    return dict(call.params) if call else {}
