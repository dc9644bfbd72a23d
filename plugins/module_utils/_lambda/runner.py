# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation rotation_runner: whose schedule visits a client, and what the functions have to know of it.

It lies in this room, because what a client's parameter may say is what the functions read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .. import _operations
from .._aws.parameters import OF_CLIENTS, STRING, Parameter, drop_parameter, put_parameter, read_named
from .._aws.secret_store import SecretDescription, SecretStore
from .._codes import Code
from .._cycle import tags
from .._errors import RotationError
from .._json_text import read_json
from .._module.operation import Operation
from .._module.options import AWS_SPEC, CLIENT_SPEC, DATABASE_SPEC, client_name, parameters_client, secret_store
from .._next_step import option, with_options
from .._runners import ANSIBLE, LAMBDA, RUNNERS, RUNS_AS_A_FUNCTION
from .._tag_text import tag_text
from .options import NOT_HERE, OF_A_CONTROLLER, OF_A_RUN, PREFIX, usual
from .settings import Place, checked

# What Parameter Store takes of a parameter without a price.
LARGEST_PARAMETER = 4096
TO_THE_PLAYBOOKS = with_options({"runner": ANSIBLE})
AGAIN = "Then run the same command again."
DOES = {
    LAMBDA: (RUNS_AS_A_FUNCTION, "would run as a function"),
    ANSIBLE: ("is left to the playbooks", "would be left to the playbooks"),
}


@dataclass(frozen=True)
class Wish:
    """Who is to run a client; ``settings`` is what its parameter has to say then."""

    client: str
    runner: str
    parameter: str
    settings: Mapping[str, Any]

    @property
    def text(self) -> str | None:
        """Return the parameter as it is to be; None where there is to be none."""
        return json.dumps(self.settings, ensure_ascii=False, sort_keys=True) if self.settings else None


@dataclass(frozen=True)
class Stored:
    """A client's parameter, if there is one; not asked for where the secret says that there never was one."""

    client: Any
    parameter: Parameter | None

    def says(self, wish: Wish) -> bool:
        """Return True if it says what it has to."""
        if self.parameter is None or wish.text is None:
            return self.parameter is None and wish.text is None
        return self.parameter.kind == STRING and self.settings() == wish.settings

    def settings(self) -> dict[str, Any]:
        """Return what it says; nothing where it cannot be read, or nobody may see it."""
        document = read_json(self.parameter.text) if self.parameter and self.parameter.kind == STRING else {}
        return document if isinstance(document, dict) else {}

    def write(self, wish: Wish) -> None:
        """Store what it has to say, or delete it; AWS gives no parameter another type."""
        if self.parameter and (wish.text is None or self.parameter.kind != STRING):
            drop_parameter(self.client, wish.parameter)
        if wish.text is not None:
            put_parameter(self.client, wish.parameter, wish.text)


def _work(params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    wish = _wish(params)
    store = secret_store(params)
    store.expect_new()  # onboarding has just created it
    secret = store.describe()
    stored = _stored(params, wish, secret)
    new_tags = {key: value for key, value in _tags(wish, secret).items() if secret.tags.get(key) != value}
    if not check:
        _write(store, secret, stored, wish, new_tags)
    return _result(wish, secret, stored, new_tags, check)


def _wish(params: Mapping[str, Any]) -> Wish:
    client = client_name(params)
    place = Place(client_parameters=params["client_parameters"])
    wish = Wish(client, params["runner"], place.parameter_of(client), {})
    if wish.runner == ANSIBLE:
        return wish
    wish = replace(wish, settings=_settings(params["settings"]))
    _refuse_unfit_parameter(wish)
    return wish


def _settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a parameter has to say: the client's options that differ from what holds without them."""
    impossible = sorted(name for name in settings if name in NOT_HERE and settings[name])
    if impossible:
        raise RotationError(
            f"No Lambda function can rotate this client, for it cannot use {' and '.join(map(option, impossible))}.",
            code=Code.INVALID_OPTION,
            next_step=f"Leave the client to the playbooks ({TO_THE_PLAYBOOKS}), or empty what is named. {AGAIN}",
        )
    elsewhere = NOT_HERE | OF_A_RUN | OF_A_CONTROLLER
    values, faults = checked({name: settings[name] for name in settings if name not in elsewhere}, option)
    if faults:
        raise RotationError(
            f"What the functions have to know of this client cannot be stored: {' '.join(faults)}",
            code=Code.INVALID_OPTION,
            next_step=f"Correct it. {AGAIN}",
        )
    return {f"{PREFIX}{name}": value for name, value in values.items() if (value or None) != usual(name)}


def _refuse_unfit_parameter(wish: Wish) -> None:
    """Raise a RotationError (invalid_option) where Parameter Store cannot hold what the functions have to know."""
    if wish.settings and not wish.parameter:
        raise RotationError(
            f"No parameter can be called after the client {wish.client!r}, and the functions have to know of it:"
            f" {', '.join(wish.settings)}.",
            code=Code.INVALID_OPTION,
            next_step="Store that for all clients or leave it away, or give the client a name of letters, digits and"
            f" _.- in {{option|client}}. {AGAIN}",
        )
    size = len((wish.text or "").encode())
    if size > LARGEST_PARAMETER:
        raise RotationError(
            f"What the functions have to know of this client takes {size} bytes, and a parameter {LARGEST_PARAMETER}.",
            code=Code.INVALID_OPTION,
            next_step="Store what many clients share in the parameter for all (docs/lambda.md), and leave it out here."
            f" {AGAIN}",
        )


def _stored(params: Mapping[str, Any], wish: Wish, secret: SecretDescription) -> Stored:
    client = parameters_client(params)
    may_exist = wish.parameter and (wish.runner == LAMBDA or tags.RUNNER in secret.tags)
    return Stored(client, read_named(client, [wish.parameter]).get(wish.parameter) if may_exist else None)


def _tags(wish: Wish, secret: SecretDescription) -> dict[str, str]:
    if wish.runner == LAMBDA:  # a sweep calls the client as its tag does
        return {tags.RUNNER: LAMBDA, tags.CLIENT: tag_text(wish.client)}
    return {tags.RUNNER: ANSIBLE} if tags.RUNNER in secret.tags else {}


def _write(
    store: SecretStore, secret: SecretDescription, stored: Stored, wish: Wish, new_tags: Mapping[str, str]
) -> None:
    """Let no sweep meet a client without its parameter, whenever this run dies."""
    if wish.runner == ANSIBLE and new_tags:
        store.tag(new_tags)
    if not stored.says(wish):
        if tags.RUNNER not in secret.tags:  # which says to later runs that there may be a parameter
            store.tag({tags.RUNNER: ANSIBLE})
        stored.write(wish)
    if wish.runner == LAMBDA and new_tags:
        store.tag(new_tags)


def _result(
    wish: Wish, secret: SecretDescription, stored: Stored, new_tags: Mapping[str, str], check: bool
) -> dict[str, Any]:
    changed = bool(new_tags) or not stored.says(wish)
    does, would = DOES[wish.runner]
    own = f", with {', '.join(wish.settings)} in {wish.parameter}" if wish.settings else ""
    keys = sorted(new_tags)
    return {
        "changed": changed,
        "msg": f"{wish.client}: {would if check and changed else does}{own}",
        "client": wish.client,
        "secret_id": secret.name,
        "runner": wish.runner,
        "parameter": wish.parameter if wish.settings else "",
        "settings": dict(wish.settings),
        "warnings": list(_warnings(wish, secret)),
        "diff": {
            "before": {**{key: secret.tags.get(key) for key in keys}, "settings": stored.settings()},
            "after": {**new_tags, "settings": dict(wish.settings)},
        },
    }


def _warnings(wish: Wish, secret: SecretDescription) -> Iterator[str]:
    """Yield what may hide the client from every sweep, which the functions' environment decides."""
    if wish.runner == ANSIBLE:
        return
    if f"{PREFIX}assume_role_arn" in wish.settings:
        yield (
            f"{wish.client}: a sweep lists the secrets of one account, that of the functions unless"
            " ROTATION_ASSUME_ROLE_ARN in their environment leads to another; no schedule visits a client elsewhere."
        )
    place = Place()
    if not secret.name.startswith(place.secret_prefix) or not secret.name.endswith(place.secret_suffix):
        yield (
            f"{wish.client}: a sweep lists the secrets {place.secret_prefix}*{place.secret_suffix} unless"
            f" ROTATION_SECRET_PREFIX and ROTATION_SECRET_SUFFIX in the functions' environment say otherwise; no"
            f" schedule visits a client whose secret is called {secret.name!r} until they do."
        )


RUNNER = Operation(
    declared=_operations.RUNNER,
    spec={
        **CLIENT_SPEC,
        "runner": {"type": "str", "choices": list(RUNNERS), "default": ANSIBLE},
        "settings": {"type": "dict", "default": {}},
        "client_parameters": {"type": "str", "default": OF_CLIENTS},
        **DATABASE_SPEC,
        **AWS_SPEC,
    },
    work=_work,
)
