# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates as Ansible renders them, with the filters of the collection: python by_ansible.py < cases.json.

In a process of its own: Ansible finds the collection only where nobody has imported it before.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Case:
    """A template with its variables."""

    template: str
    variables: Mapping[str, Any]


def rendered(cases: Sequence[Case]) -> list[Any]:
    """Return what Ansible makes of each."""
    run = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps([asdict(case) for case in cases]),
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found: list[Any] = json.loads(run.stdout)
    return found


def main() -> None:
    """Render what stands at the input."""
    from ansible.parsing.dataloader import DataLoader
    from ansible.plugins.loader import init_plugin_loader
    from ansible.template import Templar, trust_as_template

    init_plugin_loader([str(ROOT / "collections")])
    results = []
    for case in json.load(sys.stdin):
        templar = Templar(loader=DataLoader(), variables=case["variables"])
        results.append(templar.template(trust_as_template(case["template"])))
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
