# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters of Parameter Store: all below a path, those of some names, and one that is written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from .._batches import batches
from .._codes import Code
from .._errors import RotationError
from .errors import translated

# https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
PATH = re.compile(r"(/[A-Za-z0-9_.-]+)+")
# What it takes as one part of a name.
NAME = re.compile(r"[A-Za-z0-9_.-]+")
SECURE, LIST, STRING = "SecureString", "StringList", "String"
# Where the functions look for what holds for one client alone, unless their environment says otherwise.
OF_CLIENTS = "/dbops/rotation/clients/"
# So many names GetParameters takes.
MOST_NAMES = 10


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter, decrypted."""

    name: str
    kind: str
    text: str = field(repr=False)


def name_of_client(path: str, client: str) -> str:
    """Return the name of a client's parameter below a path; empty where Parameter Store has none of such a name."""
    return f"{path.rstrip('/')}/{client}" if NAME.fullmatch(client) else ""


def read_parameters(client: Any, path: str) -> list[Parameter]:
    """Read all parameters below a path, however deep; raises RotationError where there are none."""
    if not PATH.fullmatch(path):
        raise RotationError(
            f"{{option|parameter_path}} is {path!r}, which is no path of Parameter Store.",
            code=Code.INVALID_OPTION,
            next_step="Write it like /dbops/rotation, without a slash at its end.",
        )
    arguments = {"Path": path, "Recursive": True, "WithDecryption": True}
    with translated(f"read the parameters below {path}", "ssm"):
        pages = list(client.get_paginator("get_parameters_by_path").paginate(**arguments))
    parameters = [Parameter(one["Name"], one["Type"], one["Value"]) for page in pages for one in page["Parameters"]]
    if not parameters:
        raise RotationError(
            f"Parameter Store has no parameter below {path} in the region that was asked.",
            code=Code.NO_PARAMETERS,
            next_step="Correct {option|parameter_path} or the region; {playbook|provision} writes"
            " /dbops/rotation/settings, which is below /dbops/rotation.",
        )
    return parameters


def read_named(client: Any, names: Sequence[str]) -> dict[str, Parameter]:
    """Read the parameters of these names, as far as there are any; a SecureString stays encrypted."""
    parameters: dict[str, Parameter] = {}
    for batch in batches(names, MOST_NAMES):
        with translated("read the parameters of the functions", "ssm"):
            answer = client.get_parameters(Names=list(batch))
        parameters |= {one["Name"]: Parameter(one["Name"], one["Type"], one["Value"]) for one in answer["Parameters"]}
    return parameters


def put_parameter(client: Any, name: str, text: str) -> None:
    """Store a text, in the place of whatever was there."""
    with translated(f"store the parameter {name}", "ssm"):
        client.put_parameter(Name=name, Value=text, Type=STRING, Overwrite=True)


def drop_parameter(client: Any, name: str) -> None:
    """Delete a parameter, if it is still there."""
    with translated(f"delete the parameter {name}", "ssm"), suppress(client.exceptions.ParameterNotFound):
        client.delete_parameter(Name=name)
