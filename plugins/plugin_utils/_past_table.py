# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The past of a client as a table or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ._table import Layout

COLUMNS = ("time", "what", "outcome", "trigger", "by", "version", "about")
LAYOUT = Layout(COLUMNS, spare=("version", "by", "trigger"), prose=True)
FORMS = ("table", "json")
Events = Sequence[Mapping[str, Any]]


def history(events: Events, form: str = "table", width: int = 0) -> str:
    """Return the text."""
    if form not in FORMS:
        raise AnsibleFilterError(f"rotation_history_form is {form!r}; it can be {', '.join(FORMS)}.")
    return json.dumps(events) if form == "json" else LAYOUT.table(list(map(_row, events)), width)


def _row(event: Mapping[str, Any]) -> dict[str, str]:
    notice = event.get("notice", {}).get("event", "")
    cells = (
        f"{event['time'][:19]}Z",
        f"{event['kind']} {notice}".strip() + (" (check)" if event["check"] else ""),
        event["outcome"],
        event.get("trigger", ""),
        event.get("requested_by", ""),
        event.get("version_id", "")[:8],
        _about(event),
    )
    return dict(zip(COLUMNS, cells, strict=True))


def _about(event: Mapping[str, Any]) -> str:
    """Return the cause; for a failure also the step."""
    error = event.get("error")
    if error:
        return ": ".join(error[name] for name in ("step", "code", "cause") if name in error)
    states = [word for word in ("overdue", "unfinished") if event.get(word)]
    texts = [event.get("reason", ""), ", ".join(states or event.get("findings", [])), event.get("decision", "")]
    return next((text for text in texts if text), "")
