# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: history
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Write the past of a client as a table or as JSON
description:
  - Takes the events that M(dbops.rotation.rotation_history) returns, and gives one text with a line for each.
options:
  _input:
    description:
      - The events.
    type: list
    elements: dict
    required: true
  form:
    description:
      - V(table) is for people, V(json) is for programs and has the whole events.
    type: str
    choices: [table, json]
    default: table
seealso:
  - module: dbops.rotation.rotation_history
"""

EXAMPLES = r"""
- name: Show what happened
  ansible.builtin.debug:
    msg: "{{ past.events | dbops.rotation.history(form='json') }}"
"""

RETURN = r"""
_value:
  description: The text.
  type: str
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.dbops.rotation.plugins.module_utils._clean import one_line

COLUMNS = ("time", "what", "outcome", "trigger", "by", "version", "about")
Events = Sequence[Mapping[str, Any]]


def history(events: Events, form: str = "table") -> str:
    """Give the text."""
    if form not in FORMS:
        raise AnsibleFilterError(f"rotation_history_form is {form!r}; it can be {', '.join(FORMS)}.")
    return FORMS[form](events)


def _table(events: Events) -> str:
    rows = [COLUMNS, *(tuple(map(one_line, _row(event))) for event in events)]
    widths = [max(len(row[index]) for row in rows) for index in range(len(COLUMNS))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _row(event: Mapping[str, Any]) -> tuple[str, ...]:
    notice = event.get("notice", {}).get("event", "")
    return (
        f"{event['time'][:19]}Z",
        f"{event['kind']} {notice}".strip() + (" (check)" if event["check"] else ""),
        event["outcome"],
        event.get("trigger", ""),
        event.get("requested_by", ""),
        event.get("version_id", "")[:8],
        _about(event),
    )


def _about(event: Mapping[str, Any]) -> str:
    """Say why; a failure also how far it came."""
    error = event.get("error")
    if error:
        return ": ".join(error[name] for name in ("step", "code", "cause") if name in error)
    states = [word for word in ("overdue", "unfinished") if event.get(word)]
    told = [event.get("reason", ""), ", ".join(states or event.get("findings", [])), event.get("decision", "")]
    return next((text for text in told if text), "")


FORMS: dict[str, Callable[[Events], str]] = {"table": _table, "json": json.dumps}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"history": history}
