# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be said of the value of a variable without Jinja, which takes 1 ms or more to compile a template."""

from __future__ import annotations

import json
from typing import Any

from ansible.template import is_trusted_as_template

# What makes a text a template: an expression, a statement, a comment, or a line that sets other signs.
SIGNS = ("{{", "{%", "{#", "#jinja2:")
# The one template that every client has.
HOST = "{{ inventory_hostname }}"


def with_name(value: Any, host: str) -> Any:
    """Return a text with the name of the host in it, where that is all that is to be evaluated; else the value."""
    if not (isinstance(value, str) and HOST in value and is_trusted_as_template(value)):
        return value
    named = value.replace(HOST, host)
    return named if is_literal(named) else value


def is_literal(value: Any) -> bool:
    """Return True where nothing in a value has a sign of a template, and nothing is encrypted."""
    try:
        text = json.dumps(value)
    except (TypeError, ValueError):
        return False
    return not any(sign in text for sign in SIGNS)
