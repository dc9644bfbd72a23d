# SPDX-License-Identifier: GPL-3.0-or-later
"""Which variable the role hands over as which option, in the mappings of its vars/main.yml."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader

ROLE = Path(__file__).resolve().parents[2] / "roles/rotation"
VARIABLES: dict[str, Any] = DataLoader().load_from_file(str(ROLE / "vars/main.yml"))
TEMPLATES: dict[str, str | dict[str, str]] = {name: one for name, one in VARIABLES.items() if not isinstance(one, bool)}


def mapping(name: str) -> dict[str, str]:
    """Return the options of a mapping, with those of the mappings that it is made of."""
    found: dict[str, str] = {}
    template = TEMPLATES[name]
    if isinstance(template, dict):
        return {option: value.strip("{ }") for option, value in template.items()}
    for other in re.findall(r"\brotation_\w+_options\b", template):
        found |= mapping(other)
    return {**found, **dict(re.findall(r"'(\w+)': ('?[\w\[]+)", template))}


MAPPINGS = {name: mapping(name) for name in TEMPLATES}
