# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of one client: the last of default, environment, parameter of all, parameter of the client, and event.

A value is checked where it is written, and no message repeats one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .._aws.parameters import OF_CLIENTS, SECURE, Parameter, name_of_client, read_named
from .._aws.session import AwsOptions, make_client
from .._codes import Code
from .._errors import RotationError
from .._json_text import read_json
from .._module.allowed import allowed
from .._module.option_checks import faults_of_values
from .._module.options import Spec, aws_options
from .options import PREFIX, SPEC, defaults, refused
from .typed import from_text, typed

VARIABLE = "ROTATION_"
ALL = "/dbops/rotation/functions"
MOST_NAMED = 10
# Names of secrets may begin or end with nothing but the client's.
MAY_BE_EMPTY = ("secret_prefix", "secret_suffix")


@dataclass(frozen=True)
class Place:
    """What the environment says of the functions themselves; nobody's option."""

    queue_url: str = ""
    parameter: str = ALL
    client_parameters: str = OF_CLIENTS
    secret_prefix: str = "clients/"
    secret_suffix: str = "/mysql/root"

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Place:
        """Return what an environment says; what is empty is as if it were not there, but of a secret's name."""
        texts = {name: environment.get(f"{VARIABLE}{name.upper()}") for name in cls.__dataclass_fields__}
        return cls(**{name: text for name, text in texts.items() if text or (text == "" and name in MAY_BE_EMPTY)})

    def secret_id(self, client: str) -> str:
        """Return the name of a client's secret."""
        return f"{self.secret_prefix}{client}{self.secret_suffix}"

    def parameter_of(self, client: str) -> str:
        """Return the name of a client's parameter; empty where Parameter Store has none of such a name."""
        return name_of_client(self.client_parameters, client)


@dataclass(frozen=True)
class Settings:
    """The options that somebody set. ``faults`` tells of those that cannot be used, which do not count.

    ``trouble`` is why they could not all be read.
    """

    values: Mapping[str, Any]
    faults: tuple[str, ...] = ()
    trouble: RotationError | None = None

    def params(self, spec: Spec, names: Sequence[str] | set[str] | None = None, **options: Any) -> dict[str, Any]:
        """Return the parameters of an operation: these options, and what is set of these names, or else of all."""
        taken = spec.keys() if names is None else spec.keys() & set(names)
        set_here = {name: self.values[name] for name in taken if name in self.values}
        return {name: one.get("default") for name, one in spec.items()} | set_here | options

    def refuse_faults(self) -> None:
        """Raise a RotationError (invalid_option) that names every parameter and option that cannot be used."""
        if self.trouble:
            raise self.trouble
        if self.faults:
            more = len(self.faults) - MOST_NAMED
            text = " ".join(self.faults[:MOST_NAMED]) + (f" And {more} more." if more > 0 else "")
            raise RotationError(
                f"Settings of the functions cannot be used: {text}",
                code=Code.INVALID_OPTION,
                next_step="Correct them (aws ssm put-parameter --overwrite, or the environment of the function);"
                " docs/lambda.md describes them.",
            )


@dataclass(frozen=True)
class Source:
    """One place that says something: how it is named, what it says, and how a value is read."""

    label: Callable[[str], str]
    values: Mapping[str, Any] = field(repr=False)
    read: Callable[[Mapping[str, Any], Any], Any]
    for_one_client: bool = False


def environment_settings(environment: Mapping[str, str]) -> Settings:
    """Return what the environment of the function says."""
    own = {f"{VARIABLE}{name.upper()}" for name in Place.__dataclass_fields__}
    values = {
        name.removeprefix(VARIABLE).lower(): text
        for name, text in environment.items()
        if name.startswith(VARIABLE) and name not in own and text
    }
    return _with(Settings(defaults()), Source(lambda option: f"{VARIABLE}{option.upper()}", values, from_text))


def own_access(settings: Settings) -> AwsOptions:
    """Return access to what belongs to the functions, as the queue does: never in a client's own role."""
    return aws_options(settings.params(SPEC, assume_role_arn=None, external_id=None))


def settings_of(environment: Mapping[str, str], client: str = "") -> Settings:
    """Return the settings of one client, or of all; where Parameter Store does not answer, that is their fault."""
    try:
        return read_settings(environment, [client] if client else [])[client]
    except RotationError as error:
        base = environment_settings(environment)
        return replace(base, trouble=error)


def read_settings(environment: Mapping[str, str], clients: Sequence[str]) -> dict[str, Settings]:
    """Return the settings of these clients, and under an empty name those of all.

    Raises RotationError where Parameter Store does not answer.
    """
    place, base = Place.of(environment), environment_settings(environment)
    names = {client: place.parameter_of(client) for client in clients}
    parameter_names = [name for name in (place.parameter, *dict.fromkeys(names.values())) if name]
    parameters = read_named(make_client(own_access(base), "ssm"), parameter_names)
    common = _stored(base, parameters.get(place.parameter))
    return {"": common} | {client: _stored(common, parameters.get(name), True) for client, name in names.items()}


def checked(values: Mapping[str, Any], label: Callable[[str], str]) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """Return options of one client with their types, and what is wrong with the others."""
    settings = _with(Settings({}), Source(label, values, typed, for_one_client=True))
    return settings.values, settings.faults


def _stored(settings: Settings, parameter: Parameter | None, for_one_client: bool = False) -> Settings:
    if parameter is None:
        return settings
    document = None if parameter.kind == SECURE else read_json(parameter.text)
    if not isinstance(document, Mapping):
        fault = f"{parameter.name} is no JSON dictionary that says each option once, in a parameter of the type String."
        return replace(settings, faults=(*settings.faults, fault))
    odd = [name for name in document if not name.startswith(PREFIX)]
    faults = [f"{parameter.name}: an option is called {PREFIX}<option>, and {len(odd)} are not."] if odd else []
    values = {name.removeprefix(PREFIX): document[name] for name in document if name not in odd}
    source = Source(lambda option: f"{parameter.name} ({PREFIX}{option})", values, typed, for_one_client)
    return _with(replace(settings, faults=(*settings.faults, *faults)), source)


def _with(settings: Settings, source: Source) -> Settings:
    """Return the settings with what one more source says, as far as it can be used."""
    entries = {option: value for option, value in source.values.items() if value not in (None, "")}
    values, faults = dict[str, Any](), list[str]()
    for option, value in entries.items():
        why = refused(option, for_one_client=source.for_one_client)
        if why:
            faults.append(f"{_named(source, option)}: {why}.")
            continue
        try:
            values[option] = source.read(SPEC[option], value)
        except (ValueError, OverflowError):
            faults.append(f"{source.label(option)}: {allowed(f'{PREFIX}{option}', SPEC[option])}")
    wrong = dict(_wrong(values, settings.values))
    faults += [f"{source.label(option)}: {text}" for option, text in wrong.items()]
    usable = {option: value for option, value in values.items() if option not in wrong}
    return Settings({**settings.values, **usable}, (*settings.faults, *faults))


def _wrong(values: Mapping[str, Any], below: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the options of one source that make no sense, by themselves or with what holds besides."""
    named = {**below, **values}
    # To read certificates takes long, and a sweep has many clients.
    for fault in faults_of_values(named, here=any(option.startswith("tls_") for option in values)):
        for option in fault.options:
            if option in values:
                yield option, fault.without_value


def _named(source: Source, option: str) -> str:
    """Name what is set; a name that is no option's may be anything."""
    known = re.fullmatch(r"[a-z_]{1,40}", option)
    return source.label(option) if known else source.label("...")
