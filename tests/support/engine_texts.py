# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts that the engine may give, read from its source: codes, states and next steps."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from ansible_collections.dbops.rotation.plugins.module_utils._codes import Code
from ansible_collections.dbops.rotation.plugins.module_utils._next_step import Kind, command, option, with_options

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "plugins/module_utils"
MODULES = [ast.parse(path.read_text()) for path in sorted(ENGINE.rglob("*.py"))]
NODES = [(node, module) for module in MODULES for node in ast.walk(module)]
# What stands in the place of a part that only a run knows.
UNKNOWN = "\0"
Function = ast.FunctionDef | ast.AsyncFunctionDef
Takers = list[tuple[str, ast.Module, int]]


@dataclass(frozen=True)
class Place:
    """An expression that is handed over somewhere, and the module it stands in."""

    value: ast.expr
    module: ast.Module

    def texts(self) -> set[str]:
        """Return the texts that the expression may have."""
        return texts(self.value, self.module)


def texts(value: ast.expr, module: ast.Module) -> set[str]:
    if isinstance(value, ast.Constant):
        return {str(value.value)}
    if isinstance(value, ast.Attribute) and ast.unparse(value.value) == "Code":
        return {getattr(Code, value.attr)}
    if isinstance(value, ast.IfExp):
        return texts(value.body, module) | texts(value.orelse, module)
    if isinstance(value, ast.FormattedValue):
        return texts(value.value, module)
    if isinstance(value, ast.JoinedStr):
        return {"".join(parts) for parts in product(*(texts(part, module) for part in value.values))}
    if (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id in ("command", "with_options", "option")
    ):
        return {placeholder(value)}
    if isinstance(value, ast.Name):
        return {text for place in assigned(value.id, module) for text in place.texts()} or {UNKNOWN}
    return {UNKNOWN}


def placeholder(call: ast.Call) -> str:
    """Return the placeholder that a call makes; what only a run knows of its options has any word."""
    if ast.unparse(call.func) == "option":
        return option("word")
    if ast.unparse(call.func) == "with_options":
        return with_options({"option": "word"})
    kind = Kind[ast.unparse(call.args[0]).removeprefix("Kind.")]
    return command(kind, {"option": "word"} if call.args[1:] else None)


def assigned(name: str, module: ast.Module) -> list[Place]:
    """Return what a name is set to in its module, or at the top of the module that it comes from."""
    here = [Place(node.value, module) for node in ast.walk(module) if sets(node, name)]  # type: ignore[attr-defined]
    tops = [(node, other) for other in MODULES for node in other.body if sets(node, name)]
    return here or [Place(node.value, other) for node, other in tops]  # type: ignore[attr-defined]


def sets(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == name for target in node.targets
    )


def fields(node: ast.ClassDef) -> list[str]:
    return [
        item.target.id for item in node.body if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
    ]


def takers(parameter: str) -> Takers:
    """Return every function and dataclass with this parameter, by name and module, and its place in the order."""
    found: Takers = []
    for node, module in NODES:
        if isinstance(node, Function | ast.ClassDef):
            names = fields(node) if isinstance(node, ast.ClassDef) else [argument.arg for argument in node.args.args]
            found += [(node.name, module, names.index(parameter))] if parameter in names else []
    return found


def handed_over(call: ast.Call, module: ast.Module, parameter: str, known: Takers) -> Iterator[ast.expr]:
    """Return what a call hands over as this parameter, by its name or its place."""
    yield from (keyword.value for keyword in call.keywords if keyword.arg == parameter)
    called = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    for name, other, place in known:
        # Helpers of several modules may have one name.
        if name == called and (other is module or not name.startswith("_")):
            yield from call.args[place : place + 1]


def given(parameter: str) -> Iterator[Place]:
    """Return every expression that is handed over as this parameter or set as this attribute."""
    known = takers(parameter)
    for node, module in NODES:
        if isinstance(node, ast.Call):
            yield from (Place(value, module) for value in handed_over(node, module, parameter, known))
        elif isinstance(node, ast.Assign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Attribute) and target.attr == parameter for target in targets):
                yield Place(node.value, module)


def codes() -> set[str]:
    return {text for place in given("code") for text in place.texts()} - {"", UNKNOWN}


def sets_states(node: ast.Assign) -> bool:
    return ast.unparse(node.targets[0]).startswith("STATES")


def left() -> Iterator[Place]:
    """Return what is said of the state that is left."""
    for node, module in NODES:
        if isinstance(node, Function) and node.name == "state_left":
            found = [inner.value for inner in ast.walk(node) if isinstance(inner, ast.Return)]
            yield from (Place(value, module) for value in found if value)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict) and sets_states(node):
            yield from (Place(value, module) for value in node.value.values)


def states() -> set[str]:
    """Return the sentences about the state that is left: the journals', and those that a message brings along."""
    told = {text for place in [*left(), *given("state")] for text in place.texts()}
    return {re.sub(r"\{\w+\}", UNKNOWN, text) for text in told if re.search("[a-z]", text)}


def next_steps() -> list[str]:
    """Return what the engine advises, for every failure, refusal and finding, before a reader is known."""
    return sorted(
        {text for name in ("next_step", "remedy") for place in given(name) for text in place.texts()} - {UNKNOWN}
    )
