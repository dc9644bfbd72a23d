# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a notice is about, from the results of the operations before it: options of rotation_notice, and its template's.

The role's handlers and the functions take it from here. Pure.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from .._events import ROTATED

DECISIVE = ("event", "topic_arn", "details")


def of_rotation(receipt: Mapping[str, Any]) -> dict[str, Any]:
    """Return what there is to tell of a rotation; details that are no receipt stay as they are."""
    rotation = receipt.get("rotation")
    return {**receipt, **(rotation if isinstance(rotation, Mapping) else {})}


def is_told(options: Mapping[str, Any]) -> bool:
    """Return whether there is a notice to send, by those of its options that decide it.

    An empty topic is none. Of a rotation there is nothing to tell where the receipt has no new password.
    """
    receipt = options.get("details") or {}
    has_news = receipt.get("rotated", True) and not receipt.get("failed") and not receipt.get("skipped")
    return bool(options and options.get("topic_arn", True) and (has_news or options.get("event") != ROTATED))


def of_failure(error: Mapping[str, Any], counted: Mapping[str, Any], trigger: str, requested_by: str) -> dict[str, Any]:
    """Return what there is to tell of a failure: its parts, and what the secret says once it was counted there."""
    return {
        "trigger": trigger,
        "requested_by": requested_by,
        **{name: error[name] for name in ("step", "code", "cause", "next_step")},
        "state_left": error["state"],
        "due": counted.get("due", ""),
        "failures": counted.get("failures", 0),
        "failed_at": counted.get("failed_at", ""),
    }


def as_options(details: Mapping[str, Any], known: Container[str]) -> dict[str, Any]:
    """Return what details say in options of the notice; ``known`` are their names, and what is empty says nothing."""
    return {name: value for name, value in details.items() if name in known and value not in (None, "")}
