# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who read a secret, from events of CloudTrail. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .._results import mapping, text

Row = dict[str, Any]


def reads(messages: Iterable[str]) -> list[Row]:
    """Return a row for each event, the oldest first; one that was delivered twice is there once."""
    found = {row["event_id"]: row for row in _rows(messages)}
    return sorted(found.values(), key=lambda row: (row["time"], row["event_id"]))


def _rows(messages: Iterable[str]) -> Iterator[Row]:
    for message in messages:
        event = json.loads(message)
        identity = mapping(event, "userIdentity")
        code = text(event, "errorCode")
        yield {
            "time": text(event, "eventTime"),
            "who": _role(identity) or text(identity, "arn") or text(identity, "type"),
            "from": text(event, "sourceIPAddress"),
            "outcome": f"refused ({code})" if code else "read",
            "secret_id": text(mapping(event, "requestParameters"), "secretId"),
            "event_id": text(event, "eventID"),
        }


def _role(identity: Mapping[str, Any]) -> str:
    return text(mapping(mapping(identity, "sessionContext"), "sessionIssuer"), "arn")
