# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with options that have the right types, found before any client is asked, and all at once.

The engine refuses the same options by the same functions, for whoever calls a module by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any

from ansible_collections.dbops.rotation.plugins.module_utils._aws.session import refuse_unknown_settings
from ansible_collections.dbops.rotation.plugins.module_utils._aws.write_limit import Writes
from ansible_collections.dbops.rotation.plugins.module_utils._context.identity import refuse_invalid_label
from ansible_collections.dbops.rotation.plugins.module_utils._context.request import (
    refuse_invalid_overlap,
    refuse_invalid_per_server,
    refuse_invalid_wait,
)
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.policy import Policy
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.settings import parse_calendar, parse_pause
from ansible_collections.dbops.rotation.plugins.module_utils._db.tls import VERIFY_IDENTITY, TlsOptions, ssl_context
from ansible_collections.dbops.rotation.plugins.module_utils._deadline import Deadline
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._module.moment import moment
from ansible_collections.dbops.rotation.plugins.module_utils._module.onboard import regions_of
from ansible_collections.dbops.rotation.plugins.module_utils._module.options import (
    MUTUALLY_EXCLUSIVE,
    REQUIRED_TOGETHER,
    refuse_unknown_services,
)
from ansible_collections.dbops.rotation.plugins.module_utils._next_step import option
from ansible_collections.dbops.rotation.plugins.module_utils._password import PasswordRules, refuse_impossible
from ansible_collections.dbops.rotation.plugins.module_utils._reason import refuse_invalid_reason
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.onboard_request import refuse_our_tags

# A check of each of these, by itself.
OF_ONE: Mapping[str, Callable[[Any], object]] = {
    "aws_config": lambda given: refuse_unknown_settings(json.dumps(given)),
    "before": lambda given: moment(option("before"), given),
    "cycle_days": lambda given: Policy(cycle_days=given),
    "deadline": Deadline,
    "endpoint_urls": refuse_unknown_services,
    "freezes": lambda given: parse_calendar([], given),
    "lead": lambda given: Policy(lead=given),
    "notice_days": lambda given: Policy(notice_days=tuple(given)),
    "onboard.tags": refuse_our_tags,
    "overlap": refuse_invalid_overlap,
    "password_exclude_characters": lambda given: refuse_impossible(PasswordRules(exclude=given)),
    "password_length": lambda given: refuse_impossible(PasswordRules(given)),
    "paused": parse_pause,
    "per_server": refuse_invalid_per_server,
    "reason": refuse_invalid_reason,
    "onboard.replica": regions_of,
    "replica_wait": refuse_invalid_wait,
    "server_label": refuse_invalid_label,
    "windows": lambda given: parse_calendar(given, []),
    "write_share": Writes,
}
TLS_FILES = ("tls_ca_file", "tls_client_cert", "tls_client_key")
CHECKED = frozenset(
    (*OF_ONE, *TLS_FILES, "tls_mode", "unix_socket", *chain.from_iterable((*MUTUALLY_EXCLUSIVE, *REQUIRED_TOGETHER)))
)


@dataclass(frozen=True)
class Fault:
    """What is wrong, and with which options; ``given`` tells two wrong values apart and is shown to nobody.

    ``allowed`` is what is allowed where the text repeats a value.
    """

    text: str
    options: tuple[str, ...]
    given: str = field(repr=False)
    allowed: str = ""

    @property
    def without_value(self) -> str:
        """Return the text for a value that nobody may see."""
        return self.allowed or self.text


def faults_of_values(given: Mapping[str, Any], *, here: bool) -> Iterator[Fault]:
    """Yield what is wrong with options, by their names in CHECKED; empty ones are left out of ``given``.

    The files that they name are looked at where they are ``here``.
    """
    for name, refuse in OF_ONE.items():
        if name in given:
            yield from _refused(given, (name,), partial(refuse, given[name]))
    if here:
        yield from _refused(given, TLS_FILES, lambda: _refuse_tls_files(given))
    yield from _combined(given)


def _refused(given: Mapping[str, Any], options: tuple[str, ...], check: Callable[[], object]) -> Iterator[Fault]:
    try:
        check()
    except RotationError as error:
        yield _fault(f"{error.cause} {error.next_step}", given, options, error.next_step)


def _refuse_tls_files(given: Mapping[str, Any]) -> None:
    named = {name.removeprefix("tls_"): given.get(name) for name in TLS_FILES}
    options = TlsOptions(given.get("tls_mode", VERIFY_IDENTITY), unix_socket=given.get("unix_socket"), **named)
    if options.encrypted:
        ssl_context(options)


def _combined(given: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield the options that exclude each other, or that lack one which belongs to them."""
    for names in MUTUALLY_EXCLUSIVE:
        if given.keys() >= set(names):
            yield _fault(f"Only one of {_listed(names)} may be set.", given, names)
    for names in REQUIRED_TOGETHER:
        if given.keys() & set(names) and not given.keys() >= set(names):
            yield _fault(f"{_listed(names)} have to be set together, or neither.", given, names)


def _listed(names: tuple[str, ...]) -> str:
    return " and ".join(map(option, names))


def _fault(text: str, given: Mapping[str, Any], options: tuple[str, ...], allowed: str = "") -> Fault:
    return Fault(text, options, repr([given.get(name) for name in options]), allowed)
