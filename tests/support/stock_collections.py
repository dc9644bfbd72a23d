# SPDX-License-Identifier: GPL-3.0-or-later
"""Collections of others, which only what stands around rotation needs."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

COLLECTIONS = Path(sysconfig.get_path("purelib")) / "ansible_collections"
needs_collections = pytest.mark.skipif(
    not (COLLECTIONS / "community/aws").is_dir(), reason="needs the collections of requirements.yml: make setup-dev"
)
needs_awx = pytest.mark.skipif(not (COLLECTIONS / "awx/awx").is_dir(), reason="needs awx.awx: make setup-dev")
