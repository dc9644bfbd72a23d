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
from ansible_collections.dbops.rotation.plugins.module_utils._password import PasswordRules, refuse_impossible
from ansible_collections.dbops.rotation.plugins.module_utils._reason import refuse_invalid_reason
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.onboard import refuse_our_tags

PREFIX = "rotation_"
# A check of each of these, by itself.
OF_ONE: Mapping[str, Callable[[Any], object]] = {
    "rotation_aws_config": lambda given: refuse_unknown_settings(json.dumps(given)),
    "rotation_before": lambda given: moment("rotation_before", given),
    "rotation_cycle_days": lambda given: Policy(cycle_days=given),
    "rotation_deadline": Deadline,
    "rotation_endpoint_urls": refuse_unknown_services,
    "rotation_freezes": lambda given: parse_calendar([], given),
    "rotation_lead": lambda given: Policy(lead=given),
    "rotation_notice_days": lambda given: Policy(notice_days=tuple(given)),
    "rotation_onboard_tags": refuse_our_tags,
    "rotation_overlap": refuse_invalid_overlap,
    "rotation_password_exclude_characters": lambda given: refuse_impossible(PasswordRules(exclude=given)),
    "rotation_password_length": lambda given: refuse_impossible(PasswordRules(given)),
    "rotation_paused": parse_pause,
    "rotation_per_server": refuse_invalid_per_server,
    "rotation_reason": refuse_invalid_reason,
    "rotation_replica_regions": regions_of,
    "rotation_replica_wait": refuse_invalid_wait,
    "rotation_server_label": refuse_invalid_label,
    "rotation_windows": lambda given: parse_calendar(given, []),
    "rotation_write_share": Writes,
}
TLS_FILES = ("rotation_tls_ca_file", "rotation_tls_client_cert", "rotation_tls_client_key")


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
        """Give the text for a value that nobody may see."""
        return self.allowed or self.text


def faults_of_values(given: Mapping[str, Any], *, here: bool) -> Iterator[Fault]:
    """Yield what is wrong with options, named as the role's variables; empty ones are left out of ``given``.

    The files that they name are looked at where they are ``here``.
    """
    for option, refuse in OF_ONE.items():
        if option in given:
            yield from _refused(given, (option,), partial(refuse, given[option]))
    if here:
        yield from _refused(given, TLS_FILES, lambda: _refuse_tls_files(given))
    yield from _combined(given)


def _refused(given: Mapping[str, Any], options: tuple[str, ...], check: Callable[[], object]) -> Iterator[Fault]:
    try:
        check()
    except RotationError as error:
        yield _fault(f"{error.cause} {error.next_step}", given, options, error.next_step)


def _refuse_tls_files(given: Mapping[str, Any]) -> None:
    named = {name.removeprefix(f"{PREFIX}tls_"): given.get(name) for name in TLS_FILES}
    options = TlsOptions(
        given.get("rotation_tls_mode", VERIFY_IDENTITY), unix_socket=given.get("rotation_unix_socket"), **named
    )
    if options.encrypted:
        ssl_context(options)


def _combined(given: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield the options that exclude each other, or that lack one which belongs to them."""
    for names in MUTUALLY_EXCLUSIVE:
        options = _variables(names)
        if given.keys() >= set(options):
            yield _fault(f"Only one of {' and '.join(options)} may be set.", given, options)
    for names in REQUIRED_TOGETHER:
        options = _variables(names)
        if given.keys() & set(options) and not given.keys() >= set(options):
            yield _fault(f"{' and '.join(options)} have to be set together, or neither.", given, options)


def _variables(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{PREFIX}{name}" for name in names)


def _fault(text: str, given: Mapping[str, Any], options: tuple[str, ...], allowed: str = "") -> Fault:
    return Fault(text, options, repr([given.get(option) for option in options]), allowed)
