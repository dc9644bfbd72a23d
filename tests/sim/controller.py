# SPDX-License-Identifier: GPL-3.0-or-later
"""What the playbooks do with the operations of the engine, task by task over all clients; see roles/rotation/tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.dbops.rotation.plugins.filter.rotation_balance_load import today
from ansible_collections.dbops.rotation.plugins.module_utils._module.cycle import CYCLE
from ansible_collections.dbops.rotation.plugins.module_utils._module.cycle_info import CYCLE_INFO
from ansible_collections.dbops.rotation.plugins.module_utils._module.notice import NOTICE
from ansible_collections.dbops.rotation.plugins.module_utils._module.onboard import ONBOARD
from ansible_collections.dbops.rotation.plugins.module_utils._module.operation import Operation
from ansible_collections.dbops.rotation.plugins.module_utils._module.rotate import ROTATE

from .cloud import ACCESS
from .fleet import Client, first_password
from .trail import Trail

Result = dict[str, Any]
MIN_AGE = 600
VALIDATORS = {
    id(operation): ArgumentSpecValidator(**operation.validation())
    for operation in (ONBOARD, CYCLE_INFO, CYCLE, ROTATE, NOTICE)
}


@dataclass
class Controller:
    """A machine that runs the playbooks; ``failed`` are the clients of the last run that failed in it."""

    topic: str
    freezes: list[dict[str, str]]
    failed: list[str] = field(default_factory=list)
    trail: Trail = field(default_factory=Trail)

    def onboard(self, client: Client) -> None:
        """`playbooks/onboard.yml`."""
        given = {"host": client.name, "password": first_password(client.name), "cycle_days": client.cycle_days}
        result = self._ask(ONBOARD, client, given)
        if result.get("failed"):
            raise AssertionError(result["msg"])

    def rotate_due(self, clients: Iterable[Client]) -> list[Result]:
        """`playbooks/rotate_due.yml`: give the receipts."""
        self._begin("rotate_due")
        named = {client.name: client for client in clients}
        states = {name: self._state(client) for name, client in named.items()}
        states = {name: state for name, state in states.items() if not self._has_failed(named[name], state)}
        for name, state in states.items():
            for owed in state["pending_notices"]:
                self._tell(named[name], owed)
        early = today(states)
        work = {name: state for name, state in states.items() if state["candidate"] or name in early}
        receipts = {
            name: self._scheduled(named[name], state["lookahead_days"] if name in early else 0)
            for name, state in work.items()
        }
        for name, receipt in receipts.items():
            if not self._has_failed(named[name], receipt):
                self._tell_rotated(named[name], receipt)
        self.trail.end(failed=bool(self.failed))
        return list(receipts.values())

    def states(self, clients: Iterable[Client]) -> dict[str, Result]:
        """`playbooks/report.yml`: give the states."""
        return {client.name: self._state(client) for client in clients}

    def _begin(self, playbook: str) -> None:
        self.failed = []
        self.trail.begin(playbook)

    def rotate(self, client: Client, reason: str) -> Result:
        """`rotate.yml -l client`."""
        return self._on_demand(client, {"trigger": "on_demand", "reason": reason, "min_age": MIN_AGE})

    def rollback(self, client: Client) -> Result:
        """`playbooks/rollback.yml -l client`."""
        return self._on_demand(client, {"trigger": "rollback"})

    def _on_demand(self, client: Client, asked: Mapping[str, Any]) -> Result:
        self._begin("rotate")
        receipt = self._ask(ROTATE, client, {**asked, **self._calendar(client), "requested_by": "alice"})
        if not self._has_failed(client, receipt):
            self._tell_rotated(client, receipt)
        return receipt

    def _state(self, client: Client) -> Result:
        return self._ask(CYCLE_INFO, client, self._calendar(client))

    def _scheduled(self, client: Client, bring_forward_days: int) -> Result:
        asked = {"trigger": "scheduled", "min_age": MIN_AGE, "bring_forward_days": bring_forward_days}
        return self._ask(ROTATE, client, {**asked, **self._calendar(client)})

    def _calendar(self, client: Client) -> dict[str, Any]:
        own = {"cycle_days": client.cycle_days, "windows": client.windows, "paused": client.paused}
        return {**own, "freezes": self.freezes}

    def _tell_rotated(self, client: Client, receipt: Result) -> None:
        if receipt.get("rotated"):
            about = {name: receipt[name] for name in ("trigger", "reason", "requested_by", "version_id")}
            dates = {name: receipt["rotation"][name] for name in ("last", "due")}
            self._tell(client, {"event": "rotated", **about, **dates})

    def _has_failed(self, client: Client, result: Result) -> bool:
        """Count a failure and tell people, as the rescue of the role does."""
        if not result.get("failed"):
            return False
        self.failed.append(client.name)
        error = result["error"]
        counted = self._ask(CYCLE, client, {"state": "failed", "step": error["step"], "code": error["code"]})
        told = {name: counted.get(name, "") for name in ("failures", "failed_at", "due")}
        self._tell(client, {"event": "failed", "step": error["step"], "code": error["code"], **told})
        return True

    def _tell(self, client: Client, notice: Mapping[str, Any]) -> None:
        result = self._ask(NOTICE, client, {"topic_arn": self.topic, **notice})
        if result.get("failed"):
            raise AssertionError(f"a notice failed its task: {result['msg']}")

    def _ask(self, operation: Operation, client: Client, given: Mapping[str, Any]) -> Result:
        everything = {"client": client.name, "secret_id": client.secret_id, **ACCESS, **given}
        named = {name: value for name, value in everything.items() if value not in (None, "")}
        validated = VALIDATORS[id(operation)].validate(named)
        if validated.error_messages:
            raise AssertionError(validated.error_messages)
        result = operation.outcome(validated.validated_parameters, check=False, diff=False)
        self.trail.add(operation.declared, client.name, result)
        return result
