# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/modules.md from the documentation of modules and other plugins.

Without an argument it rewrites the page; with --check it only says whether the page is up to date.
"""

from __future__ import annotations

import ast
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from generated import replaced, write
from options_page import MARKUP, ROOT, Options, rows

PLUGINS = ROOT / "plugins"
PAGE = ROOT / "docs" / "modules.md"
BEGIN, END = "<!-- modules: begin -->", "<!-- modules: end -->"
HEAD = ("| option | type | default | meaning |", "|---|---|---|---|")
OTHERS = ("filter", "lookup", "inventory", "callback")
# So many modules have a shared option, word for word.
SHARED = 3


def load(text: str) -> Any:
    """Return YAML as plain data, without the tags that Ansible puts on it."""
    return json.loads(json.dumps(DataLoader().load(text)))


def texts(path: Path) -> dict[str, str]:
    """Return the texts that a plugin's file sets, such as DOCUMENTATION, without running it."""
    assigned = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Assign)]
    named = [(ast.unparse(node.targets[0]), node.value) for node in assigned]
    return {name: value.value for name, value in named if isinstance(value, ast.Constant) and type(value.value) is str}


def documented(path: Path) -> dict[str, Any]:
    """Return the documentation of a plugin, without that of its fragments, and what it returns."""
    own = texts(path)
    return {"options": {}, **load(own["DOCUMENTATION"]), "return": load(own.get("RETURN", "{}"))}


def options_of(module: dict[str, Any]) -> Options:
    """Return the options of a module with those of its fragments, which all are of this collection."""
    options: Options = module["options"]
    for fragment in module.get("extends_documentation_fragment", []):
        shared = documented(PLUGINS / "doc_fragments" / f"{fragment.rpartition('.')[2]}.py")["options"]
        options = {**options, **shared, **module["options"]}
    return options


def plugins(folder: str) -> dict[str, dict[str, Any]]:
    """Return the documentation of all plugins of a kind, by their names."""
    return {path.stem: documented(path) for path in sorted((PLUGINS / folder).glob("*.py"))}


def lines() -> Iterator[str]:
    """Yield what stands between the two marks."""
    modules = plugins("modules")
    tables = {name: list(rows(options_of(doc), {})) for name, doc in modules.items()}
    counted = Counter(row for table in tables.values() for row in table)
    shared = sorted(row for row, number in counted.items() if number >= SHARED)
    yield from ("", "## Modules", "", "| module | what it does |", "|---|---|")
    yield from (f"| [`{name}`](#{name}) | {brief(doc)} |" for name, doc in modules.items())
    yield from ("", "### Shared options", "", *HEAD, *shared)
    for name, doc in modules.items():
        yield from module(name, doc, tables[name], shared)
    for kind in OTHERS:
        yield from ("", f"## Plugins: {kind}", "", f"| {kind} | what it does |", "|---|---|")
        yield from (f"| `{name}` | {brief(doc)} |" for name, doc in plugins(kind).items())
    yield ""


def module(name: str, doc: dict[str, Any], table: list[str], shared: list[str]) -> Iterator[str]:
    """Yield the section of one module."""
    yield from ("", f"### {name}", "", f"{brief(doc)}.")
    common = ", ".join(row.split(" | ")[0].removeprefix("| ") for row in table if row in shared)
    if common:
        yield from ("", f"Shared options: {common}.")
    own = [row for row in table if row not in shared]
    if own:
        yield from ("", *HEAD, *own)
    if doc["return"]:
        yield from ("", "| it returns | type | meaning |", "|---|---|---|", *returned(doc["return"]))


def returned(values: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Yield a row for each value that a module returns."""
    for name, value in values.items():
        yield f"| `{name}` | {value['type']} | {plain(value['description'])} |"


def brief(doc: dict[str, Any]) -> str:
    """Return what a plugin does, in a few words."""
    return plain(doc["short_description"]).rstrip(".")


def plain(described: str | list[str]) -> str:
    """Return a description as a cell."""
    text = " ".join(described) if isinstance(described, list) else described
    return MARKUP.sub(r"`\1`", text).replace("|", r"\|")


def page(text: str) -> str:
    """Return the page with fresh tables."""
    return replaced(text, BEGIN, END, lines())


if __name__ == "__main__":
    sys.exit(write(PAGE, BEGIN, END, lines()))
