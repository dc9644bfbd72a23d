# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every suite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._readers import CommandLine, reading

pytest_plugins = ["wire_check.plugin"]


@pytest.fixture(autouse=True, scope="session")
def in_a_checkout() -> Iterator[None]:
    """Speak to somebody who runs a playbook in a checkout, unless a test says who else reads."""
    with reading(CommandLine()):
        yield
