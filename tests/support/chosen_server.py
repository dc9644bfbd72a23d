# SPDX-License-Identifier: GPL-3.0-or-later
"""The server that the tests run on where one is named: TEST_SERVER=mariadb-11.8 pytest tests/integration."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest
from world.debian import RECIPES
from world.errors import WorldError

VARIABLE = "TEST_SERVER"
# Kinds of accounts that tests are parametrized with, by the kind of server that has them.
ACCOUNTS = {"ed25519": "mariadb"}
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
    fixtures = set(getattr(item, "fixturenames", ()))
    kinds = {kind_of(value) for value in parameters_of(item).values()} - {""}
    kinds = kinds or {recipe.flavor for recipe in RECIPES.values() if f"{recipe.flavor}_server" in fixtures}
    return flavor in kinds if kinds else bool(fixtures & ANY)


def kind_of(parameter: object) -> str:
    """The kind of server that a parameter of a test speaks of, or nothing."""
    text = parameter if isinstance(parameter, str) else ""
    return RECIPES[text].flavor if text in RECIPES else ACCOUNTS.get(text, "")


def parameters_of(item: pytest.Item) -> dict[str, object]:
    """What a test is parametrized with, by its fixtures too."""
    call = getattr(item, "callspec", None)
    return dict(call.params) if call else {}
