# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a result of one of our modules comes to: the kind of an event, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.dbops.rotation.plugins.module_utils import _results
from ansible_collections.dbops.rotation.plugins.module_utils._clean import one_line
from ansible_collections.dbops.rotation.plugins.module_utils._results import (
    IDLE_ACTIONS,
    is_rollback,
    mapping,
    mappings,
    results_of,
    text,
)

ROTATION, ROLLBACK, RECONCILIATION, ONBOARDING = "rotation", "rollback", "reconciliation", "onboarding"
BACKUP, RESTORE, HOOKS, NOTICE, VERIFICATION = "backup", "restore", "hooks", "notice", "verification"
CYCLE, STATUS, RUN = "cycle", "status", "run"
CHANGES = (ROTATION, ROLLBACK, RECONCILIATION, ONBOARDING, RESTORE)
KINDS = (*CHANGES, BACKUP, HOOKS, NOTICE, VERIFICATION, CYCLE, STATUS, RUN)

SUCCEEDED, LEFT_ALONE, REFUSED, FAILED = "succeeded", "left_alone", "refused", "failed"
OUTCOMES = (SUCCEEDED, LEFT_ALONE, REFUSED, FAILED)

KIND_OF = {
    _results.ROTATE: ROTATION,
    _results.RECONCILE: RECONCILIATION,
    _results.ONBOARD: ONBOARDING,
    _results.BACKUP: BACKUP,
    _results.RESTORE: RESTORE,
    _results.INFO: VERIFICATION,
    _results.NOTICE: NOTICE,
    _results.CYCLE: CYCLE,
    _results.CYCLE_INFO: STATUS,
}
# Before these are over, nothing has been stored or changed.
HARMLESS_STEPS = ("prepare", "read", "open", "fence", "look", "decide")
# Error codes of rules by which the engine keeps its hands off; any other code is a failure.
RULES = frozenset(
    [
        *("account_limits", "anonymous_account", "cannot_commit", "credentials_missing", "drift", "fence_busy"),
        *("foreign_primary", "foreign_secondary", "grants_off", "impossible_due", "invalid_option", "known_refused"),
        *("label_moved_back", "login_unproven", "new_password_refused", "no_password_row", "nothing_covered"),
        *("nothing_to_reconcile", "nothing_to_restore", "other_password_newer", "other_server", "plaintext_needed"),
        *("listing_behind", "plaintext_not_enough", "privilege_missing", "read_only"),
        *("reason_holds_password", "replica", "replica_lags", "row_problem", "secret_deleted", "secret_exists"),
        *("secret_owned", "secret_rotation_enabled", "several_servers", "several_writers", "shared_account"),
        *("tls_required", "unsupported_server", "version_undecryptable"),
        *("invalid_event", "unknown_client"),  # of the functions
    ]
)
CODE_LENGTH = 100
# What says that whoever reads AWSCURRENT cannot log in with it.
LOCKED_OUT = frozenset(
    [
        *("account_expired", "account_locked", "account_locked_out", "changed_meanwhile", "drift", "known_refused"),
        "login_refused",
    ]
)
# The code by which the role tells of such a task.
TASK_FAILED = "task_failed"
# The action of a restore that found the secret in order.
KEPT = "kept"


@dataclass(frozen=True)
class Report:
    """The result of one task of ours; ``client`` is the name to use where the result has none."""

    module: str
    client: str
    result: Mapping[str, Any]
    failed: bool
    check: bool

    @property
    def error(self) -> Mapping[str, Any]:
        """Give the parts of a failure; empty where there was none, or where the engine was not reached."""
        return mapping(self.result, "error")

    @property
    def kind(self) -> str:
        """Give what was worked on."""
        kind = KIND_OF[self.module]
        if kind == ROTATION and is_rollback(self.result):
            return ROLLBACK
        return HOOKS if kind == CYCLE and self.result.get("code") == "hook_failed" else kind

    @property
    def of_a_task(self) -> bool:
        """Tell whether it counts the failure of a task of the play that is none of ours, and so has no event."""
        return self.kind == CYCLE and self.result.get("code") == TASK_FAILED

    @property
    def outcome(self) -> str:
        """Give how it ended."""
        if self.kind == HOOKS or self.of_a_task or self._fell_short():
            return FAILED
        if not self.failed:
            return LEFT_ALONE if self._left_alone() else SUCCEEDED
        harmless = self.error.get("step") in HARMLESS_STEPS
        return REFUSED if harmless and self.error.get("code") in RULES else FAILED

    @property
    def locked_out(self) -> bool:
        """Tell whether a client's programs cannot log in with AWSCURRENT."""
        if self.kind not in (ROTATION, ROLLBACK, VERIFICATION):
            return False
        return not LOCKED_OUT.isdisjoint({self.error.get("code"), *self.findings})

    @property
    def findings(self) -> list[str]:
        """Give the codes of what a verification found."""
        return [one_line(str(one.get("code")), CODE_LENGTH) for one in mappings(self.result, "findings")]

    @property
    def worth_telling(self) -> bool:
        """Tell whether it makes an event of its own; everything is counted in the event of the run."""
        if self.kind == CYCLE:
            return (
                self.failed
                or self.of_a_task
                or (bool(self.result.get("changed")) and self.result.get("state") != "failed")
            )
        if self.kind == STATUS:
            return self.failed or bool(self.result.get("overdue") or self.result.get("unfinished"))
        return True

    def _fell_short(self) -> bool:
        undelivered = self.kind == NOTICE and not self.check and self.result.get("delivered") is False
        return undelivered or (self.kind == VERIFICATION and self.result.get("healthy") is False)

    def _left_alone(self) -> bool:
        if self.kind in (ROTATION, ROLLBACK, RECONCILIATION):
            return self.result.get("action") in IDLE_ACTIONS
        if self.kind == RESTORE:
            return self.result.get("action") == KEPT
        return self.kind in (ONBOARDING, NOTICE) and not self.result.get("changed")


def reports_of(module: str, host: str, result: Mapping[str, Any], *, failed: bool, check: bool) -> Iterator[Report]:
    """Give what the result of a task reports: also of each item of a loop, and of each client of a backup."""
    for part, broken in results_of(result, failed=failed):
        if module == _results.BACKUP and mapping(part, "clients"):
            yield from _of_a_backup(part, check=check)
        else:
            yield Report(module, host, part, failed=broken, check=check)


def _of_a_backup(result: Mapping[str, Any], *, check: bool) -> Iterator[Report]:
    """One task reads the secrets of all clients; an event of each says that it was read, or why it could not be."""
    clients, failures = mapping(result, "clients"), mapping(result, "failures")
    for client in clients:
        told = mapping(clients, client)
        current = text(mapping(told, "versions"), "AWSCURRENT")
        read = {"secret_id": told.get("secret_id"), "version_id": current, "changed": result.get("changed")}
        yield Report(_results.BACKUP, str(client), read, failed=False, check=check)
    for host in failures:
        error = {"step": "read", "code": "not_backed_up", "cause": text(failures, host)}
        yield Report(_results.BACKUP, str(host), {"error": error}, failed=True, check=check)
