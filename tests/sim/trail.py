# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit trail of the year, as the callback would write it, and the page that is made of it in the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from ansible_collections.dbops.rotation.plugins.module_utils._audit.counts import Counts
from ansible_collections.dbops.rotation.plugins.module_utils._audit.event import Origin, encoded, event_of, run_event
from ansible_collections.dbops.rotation.plugins.module_utils._audit.outcome import Report
from ansible_collections.dbops.rotation.plugins.module_utils._audit.spool import RunSpool
from ansible_collections.dbops.rotation.plugins.module_utils._module.operation import Operation
from ansible_collections.dbops.rotation.plugins.module_utils._module.report import REPORT
from ansible_collections.dbops.rotation.plugins.module_utils._operations import Declaration

from .fleet import Client


@dataclass
class Trail:
    """Events as lines. The clock stands still while a run works, so dice say how long a rotation took."""

    lines: list[bytes] = field(default_factory=list)
    dice: Random = field(default_factory=lambda: Random(1))
    origin: Origin = field(default_factory=lambda: Origin("run", "controller", "onboard"))
    counts: Counts = field(default_factory=Counts)

    def begin(self, playbook: str) -> None:
        """Begin a run."""
        self.origin, self.counts = Origin(f"run-{len(self.lines)}", "controller", playbook), Counts()

    def add(self, declared: Declaration, client: str, result: Mapping[str, Any]) -> None:
        """Take the result of an operation."""
        if not declared.kind:
            return
        took = {"seconds": round(self.dice.lognormvariate(0, 0.4), 3)} if "seconds" in result else {}
        failed = bool(result.get("failed"))
        report = Report(declared.name, client, {**result, **took}, failed=failed, check=False)
        self.counts.add(report)
        if report.worth_telling:
            self.lines.append(encoded(event_of(report, self.origin, datetime.now(UTC))))

    def end(self, *, failed: bool) -> None:
        """End a run that came to its end."""
        about: dict[str, Any] = {"outcome": "failed" if failed else "succeeded", "check": False, "seconds": 60.0}
        self.lines.append(encoded(run_event(self.counts.numbers(), self.origin, datetime.now(UTC), **about)))

    def write_page(self, path: Path, clients: Sequence[Client], states: Mapping[str, Any]) -> str:
        """Write the report of the year with the module, and return what it says."""
        path.parent.mkdir(parents=True, exist_ok=True)
        groups = {"windows": [client.name for client in clients if client.windows]}
        for client in clients:
            groups.setdefault(client.server.flavor, []).append(client.name)
        evidence = path.parent / "evidence/evidence.json"
        found = {"evidence": str(evidence)} if evidence.is_file() else {}
        return str(self.look(REPORT, path=str(path), states=states, groups=groups, **found)["msg"])

    def look(self, operation: Operation, **given: Any) -> dict[str, Any]:
        """Return what an operation makes of the events of the year."""
        params = {name: spec.get("default") for name, spec in operation.spec.items()}
        with TemporaryDirectory() as spool:
            run = RunSpool(Path(spool), "year", datetime.now(UTC))
            run.append(b"".join(self.lines))
            run.close()
            return operation.outcome({**params, "spool": spool, "secret_id": "fleet", **given}, check=False, diff=False)
