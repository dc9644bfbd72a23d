# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every operation of the collection: its name, the playbook that runs it, what its results mean, its kind in the audit.

An Operation of the engine joins its declaration with options and work. Callbacks read the declarations in every run, so
nothing here imports a library or a room.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ._meaning import (
    End,
    Meaning,
    Reader,
    by_change,
    done,
    failure,
    of_a_cycle,
    of_a_notice,
    of_a_rotation,
    of_a_verification,
)


@dataclass(frozen=True)
class Declaration:
    """One operation.

    ``name`` is that of its module and its action, ``playbook`` that of the playbook for people, if there is one.
    ``means`` reads a result that did not fail. ``kind`` is the kind of its audit events, empty where it makes none.
    ``changes`` says that it changes a secret or a password, ``shown`` that progress and summary count its clients.
    """

    name: str
    means: Reader = done
    playbook: str = ""
    kind: str = ""
    changes: bool = False
    shown: bool = False

    def meaning(self, result: Mapping[str, Any], *, failed: bool, check: bool) -> Meaning:
        """Return what a result means for its client."""
        return replace(failure(result) if failed else self.means(result), check=check)


ROTATE = Declaration(
    "secretsmanager_mysql_rotate",
    of_a_rotation,
    playbook="rotate",
    kind="rotation",
    changes=True,
    shown=True,
)
ONBOARD = Declaration(
    "secretsmanager_mysql_onboard",
    by_change(End.ONBOARDED, "under management already"),
    playbook="onboard",
    kind="onboarding",
    changes=True,
    shown=True,
)
OFFBOARD = Declaration(
    "secretsmanager_mysql_offboard",
    by_change(End.OFFBOARDED, "offboarded already"),
    playbook="offboard",
    kind="offboarding",
    changes=True,
    shown=True,
)
RECONCILE = Declaration(
    "secretsmanager_mysql_reconcile",
    by_change(End.RECONCILED, "nothing to mend"),
    playbook="reconcile",
    kind="reconciliation",
    changes=True,
    shown=True,
)
RESTORE = Declaration(
    "secretsmanager_mysql_restore",
    by_change(End.RESTORED, "the secret is there"),
    playbook="restore",
    kind="restore",
    changes=True,
)
BACKUP = Declaration("secretsmanager_mysql_backup", playbook="backup", kind="backup")
VERIFY = Declaration("secretsmanager_mysql_verify", of_a_verification, playbook="verify", kind="verification")
CYCLE = Declaration("rotation_cycle", of_a_cycle, kind="cycle")
CYCLE_INFO = Declaration("rotation_cycle_info", playbook="status", kind="status")
NOTICE = Declaration("rotation_notice", of_a_notice, kind="notice")
DOCTOR = Declaration("rotation_doctor_info", playbook="doctor")
HISTORY = Declaration("rotation_history_info", playbook="history")
REPORT = Declaration("rotation_report", playbook="report")
EVIDENCE = Declaration("rotation_evidence", playbook="evidence")
DASHBOARD = Declaration("cloudwatch_dashboard")
ENCRYPTION = Declaration("sns_logs_encryption")
NATIVE = Declaration("rotation_native")
RUNNER = Declaration("rotation_runner", playbook="runner")
SECRET_POLICY = Declaration("secretsmanager_policy", playbook="access")
SECRET_POLICY_INFO = Declaration("secretsmanager_policy_info")

OPERATIONS = {
    declared.name: declared
    for declared in (
        *(CYCLE, CYCLE_INFO, DASHBOARD, DOCTOR, ENCRYPTION, EVIDENCE, HISTORY, NATIVE, NOTICE, REPORT, RUNNER),
        *(BACKUP, OFFBOARD, ONBOARD, RECONCILE, RESTORE, ROTATE, SECRET_POLICY, SECRET_POLICY_INFO, VERIFY),
    )
}
# The action that reads the cycles of all clients at once. It is no operation, for it works on none of them.
LISTING = "rotation_candidates_info"
SHOWN = tuple(declared.name for declared in OPERATIONS.values() if declared.shown)
