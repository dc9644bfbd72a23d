# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a result of one of our modules comes to: the kind of an event, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .._clean import one_line
from .._codes import Code
from .._meaning import End, Meaning, is_rollback
from .._operations import BACKUP, CYCLE, CYCLE_INFO, LISTING, OPERATIONS, ROTATE, VERIFY, Declaration
from .._results import left_out, mapping, mappings, results_of, text

OF_A_KIND = tuple(declared.name for declared in OPERATIONS.values() if declared.kind)
RECORDED = (*OF_A_KIND, LISTING)
# Kinds that are not those of an operation.
ROLLBACK, HOOKS, RUN = "rollback", "hooks", "run"
KINDS = (*(OPERATIONS[name].kind for name in OF_A_KIND), ROLLBACK, HOOKS, RUN)

SUCCEEDED, LEFT_ALONE, REFUSED, FAILED, UNKNOWN = "succeeded", "left_alone", "refused", "failed", "unknown"
OUTCOMES = (SUCCEEDED, LEFT_ALONE, REFUSED, FAILED, UNKNOWN)
CODE_LENGTH = 100
# What says that whoever reads AWSCURRENT cannot log in with it.
LOCKED_OUT = frozenset(
    [
        *(
            Code.ACCOUNT_EXPIRED,
            Code.ACCOUNT_LOCKED,
            Code.ACCOUNT_LOCKED_OUT,
            Code.CHANGED_MEANWHILE,
            Code.DRIFT,
            Code.KNOWN_REFUSED,
        ),
        Code.LOGIN_REFUSED,
    ]
)


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
        """Return the parts of a failure; empty where there was none, or where the engine was not reached."""
        return mapping(self.result, "error")

    @property
    def declared(self) -> Declaration:
        """Return the operation whose result it is."""
        return OPERATIONS[self.module]

    @cached_property
    def meaning(self) -> Meaning:
        """Return what the result means."""
        return self.declared.meaning(self.result, failed=self.failed, check=self.check)

    @property
    def kind(self) -> str:
        """Return what was worked on."""
        if self.declared is ROTATE and is_rollback(self.result):
            return ROLLBACK
        return HOOKS if self._counts(Code.HOOK_FAILED) else self.declared.kind

    @property
    def of_a_task(self) -> bool:
        """Return True if it counts the failure of a task of the play that is none of ours, and so has no event."""
        return self._counts(Code.TASK_FAILED)

    @property
    def outcome(self) -> str:
        """Return how it ended."""
        end = self.meaning.end
        if end is End.FAILED:
            return REFUSED if self.meaning.refused else FAILED
        return {End.LEFT_ALONE: LEFT_ALONE, End.UNREADABLE: UNKNOWN}.get(end, SUCCEEDED)

    @property
    def locked_out(self) -> bool:
        """Return True if a client's programs cannot log in with AWSCURRENT."""
        if self.declared not in (ROTATE, VERIFY):
            return False
        return not LOCKED_OUT.isdisjoint({self.error.get("code"), *self.findings})

    @property
    def findings(self) -> list[str]:
        """Return the codes of the findings of a verification."""
        return [one_line(str(one.get("code")), CODE_LENGTH) for one in mappings(self.result, "findings")]

    @property
    def worth_telling(self) -> bool:
        """Return True if it makes an event of its own; everything is counted in the event of the run."""
        if self.kind == CYCLE.kind:
            return (
                self.failed
                or self.of_a_task
                or (bool(self.result.get("changed")) and self.result.get("state") != "failed")
            )
        if self.kind == CYCLE_INFO.kind:
            return self.failed or any(self.result.get(name) for name in ("overdue", "unfinished", "too_late"))
        return True

    def _counts(self, code: str) -> bool:
        return self.declared is CYCLE and self.result.get("code") == code


def reports_of(module: str, host: str, result: Mapping[str, Any], *, failed: bool, check: bool) -> Iterator[Report]:
    """Return what the result of a task reports: of each item of a loop, each client of a backup or of a listing."""
    if module == LISTING:
        yield from (
            Report(CYCLE_INFO.name, client, state, failed=False, check=check) for client, state in left_out(result)
        )
        return
    for part, broken in results_of(result, failed=failed):
        if module == BACKUP.name and mapping(part, "clients"):
            yield from _of_a_backup(part, check=check)
        else:
            yield Report(module, host, part, failed=broken, check=check)


def _of_a_backup(result: Mapping[str, Any], *, check: bool) -> Iterator[Report]:
    """Yield a report for each client of a backup: its secret was read, or the reason why not."""
    clients, failures = mapping(result, "clients"), mapping(result, "failures")
    for client in clients:
        entry = mapping(clients, client)
        current = text(mapping(entry, "versions"), "AWSCURRENT")
        values = {"secret_id": entry.get("secret_id"), "version_id": current, "changed": result.get("changed")}
        yield Report(BACKUP.name, str(client), values, failed=False, check=check)
    for host in failures:
        error = {"step": "read", "code": Code.NOT_BACKED_UP, "cause": text(failures, host)}
        yield Report(BACKUP.name, str(host), {"error": error}, failed=True, check=check)
