# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which options of the role the parameters below a path stand for. Pure.

A parameter is called as the option, or holds several of them as a JSON dictionary, as rotation_provision writes it. No
message has a value in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..module_utils._aws.parameters import LIST, SECURE, Parameter
from ..module_utils._codes import Code
from ..module_utils._errors import RotationError
from ..module_utils._json_text import UNREADABLE, read_json
from ..module_utils._module.allowed import allowed
from ._run_options import Spec, faults, validated

PREFIX = "rotation_"
# What one run is asked for, or one client is: stored for all, it would do what nobody asked for.
NOT_FOR_ALL = {
    *("rotation_accept_server_id", "rotation_access", "rotation_adopt_rows", "rotation_before", "rotation_client"),
    *("rotation_everything", "rotation_force", "rotation_kill_sessions", "rotation_notice_details"),
    *("rotation_offboard_confirm", "rotation_offboard_prompt"),
    *("rotation_notice_event", "rotation_onboard_host", "rotation_onboard_password"),
    *("rotation_onboard_password_file", "rotation_onboard_prompt", "rotation_onboard_source_secret_id"),
    *("rotation_parameter_path", "rotation_bring_forward_days", "rotation_readers", "rotation_reason"),
    *("rotation_reconcile_admin_secret_id", "rotation_reconcile_password", "rotation_reconcile_password_file"),
    *("rotation_reconcile_prompt", "rotation_reconcile_version", "rotation_requested_by", "rotation_secret_id"),
    *("rotation_server_ids", "rotation_server_label", "rotation_trigger"),
}
# Otherwise everybody who may see the inventory would see them.
ONLY_SECURE = {"rotation_secret_key", "rotation_session_token"}
CORRECT = (
    "Correct them (aws ssm put-parameter --overwrite) or delete them, and run the same command again; ansible-doc -t"
    " role dbops.rotation.rotation describes every option."
)
MOST_TOLD = 20
OPTION = re.compile(r"rotation_[a-z_]+")
# What the functions read: docs/lambda.md. No run over an inventory takes anything from there.
OF_FUNCTIONS = re.compile(r"functions|clients/[^/]+")


@dataclass(frozen=True, slots=True)
class Stored:
    """Options with their values, and those of them that nobody may see."""

    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    secure: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Setting:
    """One option and what a parameter says of it."""

    option: str
    parameter: Parameter
    value: Any = field(repr=False)

    def location(self) -> str:
        """Name the parameter in full, and the option; what else a SecureString calls so may be its secret."""
        hidden = self.parameter.kind == SECURE and not OPTION.fullmatch(self.option)
        return f"{self.parameter.name} ({'a name that is not shown' if hidden else self.option})"


class WrongParameters(RotationError):
    """Some parameters are not what an option may be."""


class _Wrong(Exception):
    """What is wrong with a parameter, without its value."""


def options_of(parameters: Sequence[Parameter], path: str, spec: Spec) -> Stored:
    """Return the options with their types; raises WrongParameters, which names every wrong parameter at once."""
    settings: list[Setting] = []
    wrong: list[str] = []
    for parameter in sorted(parameters, key=lambda one: one.name):
        try:
            settings += _settings(parameter, path, spec)
        except _Wrong as error:
            wrong.append(f"{parameter.name} {error}.")
    by_option = {setting.option: setting for setting in settings}
    wrong += [*_wrong_names(settings, by_option, spec), *_wrong_values(by_option, spec)]
    if wrong:
        raise WrongParameters(
            f"Parameters below {path} cannot be used: {_some(wrong)}", code=Code.INVALID_OPTION, next_step=CORRECT
        )
    secure = frozenset(option for option, one in by_option.items() if one.parameter.kind == SECURE)
    return Stored({option: _to_type(spec[option], one.value) for option, one in by_option.items()}, secure)


def _settings(parameter: Parameter, path: str, spec: Spec) -> list[Setting]:
    place = parameter.name.removeprefix(f"{path}/")
    if OF_FUNCTIONS.fullmatch(place):
        return []
    if "/" in place:
        raise _Wrong(f"lies deeper than {path}, but nothing is stored for one client or group alone")
    if place.startswith(PREFIX):
        return [Setting(place, parameter, _value(parameter, spec.get(place, {})))]
    document = read_json(parameter.text)
    if not isinstance(document, dict):
        raise _Wrong(
            f"is neither called as an option, such as {path}/rotation_overlap, nor a JSON dictionary that says each"
            " option once"
        )
    return [Setting(option, parameter, value) for option, value in document.items()]


def _value(parameter: Parameter, option: Mapping[str, Any]) -> Any:
    """Return what the text says, before it is known to be allowed; a text is not guessed to be a list."""
    kind = option.get("type")
    if parameter.kind == LIST and option:
        if kind != "list":
            raise _Wrong("is a StringList, but the option is no list")
        return parameter.text.split(",")
    return read_json(parameter.text) if kind in ("list", "dict") else parameter.text


def _wrong_names(settings: Sequence[Setting], by_option: Mapping[str, Setting], spec: Spec) -> Iterator[str]:
    """Yield what is wrong with the names."""
    for setting in settings:
        place, option = setting.location(), setting.option
        if option not in spec:
            yield f"{place}: there is no such option."
        elif option in NOT_FOR_ALL:
            yield f"{place}: this is asked for in a run or said of one client, and not stored for all."
        elif option in ONLY_SECURE and setting.parameter.kind != SECURE:
            yield f"{place} has to be a {SECURE}."
        elif by_option[option] is not setting:
            yield f"{place}: {by_option[option].parameter.name} says it too. Leave one of them."


def _wrong_values(by_option: Mapping[str, Setting], spec: Spec) -> Iterator[str]:
    """Yield what is wrong with the values, and what is allowed."""
    values = {option: one.value for option, one in by_option.items() if option in spec and one.value not in (None, "")}
    unread = {option for option, value in values.items() if value is UNREADABLE}
    for option in sorted(unread):
        yield f"{by_option[option].location()}: {allowed(option, spec[option])} It has to be written as JSON."
    for fault in faults(spec, {option: one for option, one in values.items() if option not in unread}, here=False):
        if len(fault.options) == 1:  # whether options go together is seen where the inventory has had its say
            yield f"{by_option[fault.options[0]].location()}: {fault.without_value}"


def _to_type(option: Mapping[str, Any], value: Any) -> Any:
    """Return a value of the option's type; dictionaries, in which Ansible would fill in the rest, as written."""
    if value in (None, "") or isinstance(value, dict) or "options" in option:
        return value
    return validated(option, value)


def _some(wrong: Sequence[str]) -> str:
    more = len(wrong) - MOST_TOLD
    return " ".join(wrong[:MOST_TOLD]) + (f" And {more} more." if more > 0 else "")
