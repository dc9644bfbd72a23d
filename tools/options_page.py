# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the tables of docs/options.md from the roles' argument specifications and defaults.

Without an argument it rewrites the page; with --check it only says whether the page is up to date.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from generated import replaced, write

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "options.md"
BEGIN, END = "<!-- options: begin -->", "<!-- options: end -->"
HEAD = ("| variable | type | default | meaning |", "|---|---|---|---|")
# Ansible's markup for values, options, modules and the like.
MARKUP = re.compile(r"\b(?:RV|[CEIMOPV])\(([^)#]*)(?:#[^)]*)?\)")

Options = dict[str, dict[str, Any]]


def load(path: Path) -> Any:
    """Return the content of a YAML file, without the tags that Ansible puts on it."""
    return json.loads(json.dumps(DataLoader().load_from_file(str(path))))


def lines() -> Iterator[str]:
    """Yield what stands between the two marks."""
    for role in sorted((ROOT / "roles").iterdir()):
        entries = load(role / "meta" / "argument_specs.yml")["argument_specs"]
        defaults = load(role / "defaults" / "main.yml")
        yield from ("", f"## The role {role.name}")
        yield from single(entries["main"], defaults) if set(entries) == {"main"} else several(entries, defaults)
    yield ""


def single(entry: dict[str, Any], defaults: dict[str, Any]) -> Iterator[str]:
    """Yield the table of a role with one entry point."""
    yield from ("", f"{entry['short_description']}.", "", *HEAD, *rows(entry["options"], defaults))


def several(entries: dict[str, Any], defaults: dict[str, Any]) -> Iterator[str]:
    """Yield one table with the options of all entry points, and one for each entry point with options of its own."""
    shared = set.intersection(*(set(entry["options"]) for entry in entries.values()))
    yield from ("", "| entry point | what it does |", "|---|---|")
    yield from (f"| `{name}` | {entry['short_description']} |" for name, entry in entries.items())
    if shared:
        first = next(iter(entries.values()))["options"]
        common = {name: option for name, option in first.items() if name in shared}
        yield from ("", "### All entry points", "", *HEAD, *rows(common, defaults))
    for name, entry in entries.items():
        own = {option: spec for option, spec in entry["options"].items() if option not in shared}
        if own:
            yield from ("", f"### Only `{name}`", "", *HEAD, *rows(own, defaults))


def rows(options: Options, defaults: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield a row for each option, and below it those of its own options."""
    for name, option in options.items():
        kind = f"{option['type']} of {option['elements']}" if "elements" in option else option["type"]
        default = shown_default(option, defaults.get(name))
        yield f"| `{prefix}{name}` | {kind} | {default} | {meaning(option)} |"
        inside = f"{prefix}{name}{'[]' if option['type'] == 'list' else ''}."
        yield from rows(option.get("options", {}), {}, inside)


def shown_default(option: dict[str, Any], default: Any) -> str:
    """Return the default as a cell; empty where an option has none."""
    if option.get("required"):
        return "required"
    value = option.get("default", default)
    if value in (None, "", [], {}):
        return ""
    text = value if isinstance(value, str) else json.dumps(value)
    return f"`{text}`".replace("|", r"\|")


def meaning(option: dict[str, Any]) -> str:
    """Return the description as a cell, with the choices."""
    described = option["description"]
    text = " ".join(described) if isinstance(described, list) else described
    choices = ", ".join(f"`{choice}`" for choice in option.get("choices", ()))
    return MARKUP.sub(r"`\1`", f"{text} One of {choices}." if choices else text)


def page(text: str) -> str:
    """Return the page with fresh tables."""
    return replaced(text, BEGIN, END, lines())


if __name__ == "__main__":
    sys.exit(write(PAGE, BEGIN, END, lines()))
