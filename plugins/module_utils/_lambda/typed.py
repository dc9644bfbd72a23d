# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of options with their types, where Ansible is not there to check them. Pure.

What is taken here is taken by Ansible too, and becomes the same; Ansible takes more. Environment variables are texts,
parameters are JSON.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from .._json_text import read_json

TRUE = {"y", "yes", "on", "1", "true", "t"}
FALSE = {"n", "no", "off", "0", "false", "f"}


def from_text(spec: Mapping[str, Any], text: str) -> Any:
    """Return the value that a text stands for; ValueError where it stands for none."""
    return typed(spec, read_json(text) if spec.get("type") in ("list", "dict") else text)


def typed(spec: Mapping[str, Any], raw: Any) -> Any:
    """Return a value of the option's type; ValueError where it is none."""
    value = TYPES[spec.get("type", "str")](spec, raw)
    if value not in spec.get("choices", [value]):
        raise ValueError
    return value


def _str(_spec: Mapping[str, Any], raw: Any) -> str:
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        raise ValueError
    return str(raw)


def _bool(_spec: Mapping[str, Any], raw: Any) -> bool:
    word = raw.strip().lower() if isinstance(raw, str) else ""
    if not isinstance(raw, bool) and word not in TRUE | FALSE:
        raise ValueError
    return raw if isinstance(raw, bool) else word in TRUE


def _int(_spec: Mapping[str, Any], raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        raise ValueError
    return int(raw)


def _float(_spec: Mapping[str, Any], raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise ValueError
    number = float(raw)
    if not math.isfinite(number):
        raise ValueError
    return number


def _list(spec: Mapping[str, Any], raw: Any) -> list[Any]:
    if not isinstance(raw, list):
        raise ValueError
    element = {"type": spec.get("elements", "raw"), "options": spec.get("options")}
    return [typed(element, one) for one in raw]


def _dict(spec: Mapping[str, Any], raw: Any) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        raise ValueError
    parts = spec.get("options")
    if parts is None:
        return dict(raw)
    required = {name for name, part in parts.items() if part.get("required")}
    if raw.keys() - parts.keys() or any(raw.get(name) is None for name in required):
        raise ValueError
    return {name: _part(part, raw.get(name)) for name, part in parts.items()}


def _part(spec: Mapping[str, Any], raw: Any) -> Any:
    return spec.get("default") if raw is None else typed(spec, raw)


TYPES: Mapping[str, Callable[[Mapping[str, Any], Any], Any]] = {
    "str": _str,
    "path": _str,
    "bool": _bool,
    "int": _int,
    "float": _float,
    "list": _list,
    "dict": _dict,
    "raw": lambda _spec, raw: raw,
}
