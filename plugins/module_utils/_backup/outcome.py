# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a restore: ids, labels and times, never a value."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from .._aws.secret_store import CURRENT
from .._context.context import RotationContext
from .._rotation.receipt import effort
from .request import RestoreRequest

CREATED, FINISHED, UNDELETED, KEPT, REPLACED = "created", "finished", "undeleted", "kept", "replaced"
RECONCILED = (
    *("changed", "msg", "client", "secret_id", "reason", "logins", "secretsmanager_calls", "warnings", "diff"),
)

Labels = Mapping[str, Collection[str]]


def outcome(
    request: RestoreRequest, context: RotationContext, action: str, before: Labels, after: Labels
) -> dict[str, Any]:
    """Return the result of a run as plain data."""
    versions = {stage: version for version, stages in after.items() for stage in sorted(stages)}
    return {
        "changed": action != KEPT,
        "msg": f"{request.rotation.client}: {_message(request, context, action, versions[CURRENT])}",
        "client": request.rotation.client,
        "secret_id": context.store.secret_id,
        "reason": request.rotation.reason,
        "action": action,
        "version_id": versions[CURRENT],
        "saved_at": request.saved_at,
        **effort(context.journal, context.store),
        "warnings": list(context.journal.warnings),
        "diff": {
            "before": {stage: version for version, stages in before.items() for stage in sorted(stages)},
            "after": versions,
        },
    }


def replaced(request: RestoreRequest, receipt: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result of a reconciliation with the backup's password as that of a restore."""
    result = {name: receipt[name] for name in RECONCILED}
    return {**result, "action": REPLACED, "version_id": receipt.get("version_id"), "saved_at": request.saved_at}


def _message(request: RestoreRequest, context: RotationContext, action: str, version: str) -> str:
    verb = "would be" if request.rotation.check else "is"
    if not context.journal.logins:
        return f"the deletion of the secret {verb} cancelled; its AWSCURRENT is then to be proven by a login"
    opens = f"version {version} opens {context.server.title} at {context.session.place}"
    return {
        CREATED: f"{opens}; the secret {verb} created with it, from the backup of {request.saved_at}",
        FINISHED: f"{opens}; what an earlier restore had left out {verb} added",
        UNDELETED: f"{opens}; the secret {verb} no longer scheduled for deletion",
        KEPT: f"the secret exists and its {opens}; it is left as it is",
    }[action]
