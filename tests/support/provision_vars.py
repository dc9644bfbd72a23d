# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role rotation_provision makes of its variables, without a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

ROLE = Path(__file__).resolve().parents[2] / "roles/rotation_provision"
IAM = "arn:aws:iam::123456789012"
READERS = (f"{IAM}:role/acme-shop", f"{IAM}:user/alice")
GIVEN = {
    "rotation_provision_caller": {"account": "123456789012", "arn": f"{IAM}:user/x"},
    "rotation_provision_readers": [*READERS],
}
LOADER = DataLoader()
OWN = LOADER.load_from_file(str(ROLE / "vars/main.yml"), trusted_as_template=True)
DEFAULTS = LOADER.load_from_file(str(ROLE / "defaults/main.yml"), trusted_as_template=True)
TEMPLAR = Templar(loader=LOADER, variables={**DEFAULTS, **OWN, **GIVEN})


def provided(name: str) -> Any:
    """Return the value of a variable of the role."""
    return TEMPLAR.template(OWN[name])
