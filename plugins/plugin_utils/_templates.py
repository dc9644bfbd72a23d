# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be said of the value of a variable without Jinja, which takes 1 ms or more to compile a template."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ansible.template import Templar, is_trusted_as_template

# What makes a text a template: an expression, a statement, a comment, or a line that sets other signs.
SIGNS = ("{{", "{%", "{#", "#jinja2:")
# An expression that is the name of a variable, such as {{ inventory_hostname }}; some names are Jinja's own.
NAME = re.compile(r"(?<!\{)\{\{ *(?!(?:true|false|none|self)\b)([a-z_]\w*) *\}\}", re.ASCII | re.IGNORECASE)
# Jinja changes them.
LINE_ENDS = re.compile(r"[\r\n]")
# Ansible says what is wrong with names that lead nowhere.
DEEPEST = 10


def evaluated(values: Mapping[str, Any], templar: Templar) -> dict[str, Any]:
    """Return the values as Ansible evaluates them; Jinja gets those in which there is more than names of variables.

    Raises AnsibleError.
    """
    variables = templar.available_variables
    found = {name: looked_up(value, variables) for name, value in values.items()}
    left = {name: value for name, value in found.items() if not is_literal(value)}
    if not left:
        return found
    rest = {name: value for name, value in found.items() if name not in left}
    return {**rest, **templar.template(left)}


def looked_up(value: Any, variables: Mapping[str, Any], deepest: int = DEEPEST) -> Any:
    """Return a text with variables in the place of their names, where that is all that is to be evaluated.

    What is a name and nothing else becomes the value of that variable, whatever its type. Otherwise return the value.
    """
    if not (deepest and isinstance(value, str) and is_trusted_as_template(value)) or LINE_ENDS.search(value):
        return value

    def of(match: re.Match[str]) -> Any:
        return looked_up(variables.get(match[1], match[0]), variables, deepest - 1)

    def text_of(match: re.Match[str]) -> str:
        found = of(match)
        return found if isinstance(found, str) else match[0]

    whole = NAME.fullmatch(value)
    found = of(whole) if whole else NAME.sub(text_of, value)
    return found if is_literal(found) else value


def is_literal(value: Any) -> bool:
    """Return True where nothing in a value has a sign of a template, and nothing is encrypted."""
    if isinstance(value, tuple):  # Ansible makes a list of it
        return False
    try:
        text = json.dumps(value)
    except (TypeError, ValueError):
        return False
    return not any(sign in text for sign in SIGNS)
