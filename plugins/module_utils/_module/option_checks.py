# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults of options that have the right types: all at once, and before any request.

The engine refuses the same options by the same functions, for whoever calls a module by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any

from .._aws.session import refuse_unknown_settings
from .._aws.write_limit import Writes
from .._context.identity import refuse_invalid_label
from .._context.request import refuse_invalid_overlap, refuse_invalid_per_server, refuse_invalid_wait
from .._cycle.policy import Policy
from .._cycle.settings import parse_calendar, parse_pause
from .._db.tls import VERIFY_IDENTITY, TlsOptions, ssl_context
from .._deadline import Deadline
from .._errors import RotationError
from .._next_step import option
from .._password import PasswordRules, refuse_impossible
from .._reason import refuse_invalid_reason
from .._rotation.onboard_request import refuse_our_tags
from .moment import moment
from .onboard import regions_of
from .options import MUTUALLY_EXCLUSIVE, REQUIRED_TOGETHER, refuse_unknown_services

# A check of each of these, by itself.
OF_ONE: Mapping[str, Callable[[Any], object]] = {
    "aws_config": lambda value: refuse_unknown_settings(json.dumps(value)),
    "before": lambda value: moment(option("before"), value),
    "cycle_days": lambda value: Policy(cycle_days=value),
    "deadline": Deadline,
    "endpoint_urls": refuse_unknown_services,
    "freezes": lambda value: parse_calendar([], value),
    "lead": lambda value: Policy(lead=value),
    "notice_days": lambda value: Policy(notice_days=tuple(value)),
    "onboard.tags": refuse_our_tags,
    "overlap": refuse_invalid_overlap,
    "password_exclude_characters": lambda value: refuse_impossible(PasswordRules(exclude=value)),
    "password_length": lambda value: refuse_impossible(PasswordRules(value)),
    "paused": parse_pause,
    "per_server": refuse_invalid_per_server,
    "reason": refuse_invalid_reason,
    "onboard.replica": regions_of,
    "replica_wait": refuse_invalid_wait,
    "server_label": refuse_invalid_label,
    "windows": lambda value: parse_calendar(value, []),
    "write_share": Writes,
}
TLS_FILES = ("tls_ca_file", "tls_client_cert", "tls_client_key")
CHECKED = frozenset(
    (*OF_ONE, *TLS_FILES, "tls_mode", "unix_socket", *chain.from_iterable((*MUTUALLY_EXCLUSIVE, *REQUIRED_TOGETHER)))
)


@dataclass(frozen=True)
class Fault:
    """What is wrong, and with which options; ``value`` distinguishes two wrong values and is shown to nobody.

    ``allowed`` is what is allowed where the text repeats a value.
    """

    text: str
    options: tuple[str, ...]
    value: str = field(repr=False)
    allowed: str = ""

    @property
    def without_value(self) -> str:
        """Return the text for a value that nobody may see."""
        return self.allowed or self.text


def faults_of_values(values: Mapping[str, Any], *, here: bool) -> Iterator[Fault]:
    """Yield what is wrong with options, by their names in CHECKED; empty ones are left out of ``values``.

    The files that they name are looked at where they are ``here``.
    """
    for name, refuse in OF_ONE.items():
        if name in values:
            yield from _faults_of_check(values, (name,), partial(refuse, values[name]))
    if here:
        yield from _faults_of_check(values, TLS_FILES, lambda: _refuse_tls_files(values))
    yield from _faults_of_combinations(values)


def _faults_of_check(
    values: Mapping[str, Any], options: tuple[str, ...], check: Callable[[], object]
) -> Iterator[Fault]:
    try:
        check()
    except RotationError as error:
        yield _fault(f"{error.cause} {error.next_step}", values, options, error.next_step)


def _refuse_tls_files(values: Mapping[str, Any]) -> None:
    files = {name.removeprefix("tls_"): values.get(name) for name in TLS_FILES}
    options = TlsOptions(values.get("tls_mode", VERIFY_IDENTITY), unix_socket=values.get("unix_socket"), **files)
    if options.encrypted:
        ssl_context(options)


def _faults_of_combinations(values: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield the options that exclude each other, or that lack one which belongs to them."""
    for names in MUTUALLY_EXCLUSIVE:
        if values.keys() >= set(names):
            yield _fault(f"Only one of {_join(names)} may be set.", values, names)
    for names in REQUIRED_TOGETHER:
        if values.keys() & set(names) and not values.keys() >= set(names):
            yield _fault(f"{_join(names)} have to be set together, or neither.", values, names)


def _join(names: tuple[str, ...]) -> str:
    return " and ".join(map(option, names))


def _fault(text: str, values: Mapping[str, Any], options: tuple[str, ...], allowed: str = "") -> Fault:
    return Fault(text, options, repr([values.get(name) for name in options]), allowed)
