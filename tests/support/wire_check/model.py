# SPDX-License-Identifier: GPL-3.0-or-later
"""A request against botocore's description of the operation: patterns, lengths, enums and what is required.

The SDK itself checks types, what is required and the least lengths; it leaves the rest to AWS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import regex

from .violation import Violation, length

SOURCE = "the SDK's model of the service"
# What each service answers where a parameter does not fit its model.
CODES = {
    "iam": "ValidationError",
    "logs": "InvalidParameterException",
    "sns": "InvalidParameter",
    "sqs": "InvalidParameterValue",
    "sts": "ValidationError",
}
OTHER_CODE = "ValidationException"
# To Java these mean ASCII alone, to Python letters of every script.
ASCII_CLASSES = regex.compile(
    r"\\[wWdDsSbB]|\\[pP]\{(Lower|Upper|ASCII|Alpha|Digit|Alnum|Punct|Graph|Print|Blank|Space)\}"
)
# A key of a map is shown so far.
SHOWN_KEY = 40


def violations(operation: Any, params: dict[str, Any]) -> Iterator[Violation]:
    """Return what the model does not allow."""
    service = operation.service_model.service_name
    if operation.input_shape is not None:
        for parameter, wrong in _structure(operation.input_shape, params, ""):
            yield Violation(parameter, wrong, SOURCE, code(service))


def code(service: str) -> str:
    """Return the code with which a service refuses a parameter."""
    return CODES.get(service, OTHER_CODE)


Wrong = Iterator[tuple[str, str]]


def _any(shape: Any, value: Any, path: str) -> Wrong:
    known = KINDS.get(shape.type_name)
    return known(shape, value, path) if known else iter(())


def _structure(shape: Any, value: Any, path: str) -> Wrong:
    if not isinstance(value, dict):
        yield path, "is no structure"
        return
    for name in shape.required_members:
        if name not in value:
            yield _member(path, name), "is required"
    for name, given in value.items():
        if name not in shape.members:
            yield _member(path, name), "is not in the model"
        else:
            yield from _any(shape.members[name], given, _member(path, name))


def _list(shape: Any, value: Any, path: str) -> Wrong:
    if not isinstance(value, list | tuple):
        yield path, "is no list"
        return
    yield from _sized(shape, len(value), path, "has {} entries")
    for number, entry in enumerate(value):
        yield from _any(shape.member, entry, f"{path}[{number}]")


def _map(shape: Any, value: Any, path: str) -> Wrong:
    if not isinstance(value, dict):
        yield path, "is no map"
        return
    yield from _sized(shape, len(value), path, "has {} entries")
    for key, entry in value.items():
        shown = f"{path}[{str(key)[:SHOWN_KEY]!a}]"
        yield from _any(shape.key, key, f"the key of {shown}")
        yield from _any(shape.value, entry, shown)


def _string(shape: Any, value: Any, path: str) -> Wrong:
    if not isinstance(value, str):
        yield path, "is no text"
        return
    if shape.enum and value not in shape.enum:
        yield path, f"is none of {', '.join(shape.enum)}"
    yield from _sized(shape, length(value), path, "has {} characters")
    pattern = shape.metadata.get("pattern")
    if pattern and not compiled(pattern).fullmatch(value):
        yield path, f"does not match {pattern}"


def _blob(shape: Any, value: Any, path: str) -> Wrong:
    if isinstance(value, str | bytes | bytearray):
        size = len(value.encode() if isinstance(value, str) else value)
        yield from _sized(shape, size, path, "has {} bytes")


def _number(shape: Any, value: Any, path: str) -> Wrong:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield path, "is no number"
    else:
        yield from _sized(shape, value, path, "is {}")


def _sized(shape: Any, size: float, path: str, what: str) -> Wrong:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield path, f"{what.format(size)}, at least {least} are asked for"
    if most is not None and size > most:
        yield path, f"{what.format(size)}, at most {most} are taken"


@cache
def compiled(pattern: str) -> Any:
    """Return a pattern of a model, read as Java reads it."""
    flags = regex.ASCII if ASCII_CLASSES.search(pattern) else 0
    return regex.compile(pattern, flags | regex.VERSION1)


def _member(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


KINDS: dict[str, Callable[[Any, Any, str], Wrong]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "blob": _blob,
    **dict.fromkeys(("integer", "long", "float", "double"), _number),
}
