# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that the cases need, started once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .cases import Case
from .matrix import Matrix
from .setting import Setting, running


@pytest.fixture(scope="session")
def setting() -> Iterator[Setting]:
    """The emulator and the servers."""
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def matrix(setting: Setting) -> Matrix:
    """What runs cases."""
    return Matrix(setting, print)


@pytest.fixture(params=["mysql", "mariadb"])
def case(request: pytest.FixtureRequest, setting: Setting, matrix: Matrix) -> Iterator[Case]:
    """A client that nothing happens to, on each kind of server in turn."""
    made = matrix.case("fresh", request.param)
    made.prepare(setting)
    yield made
    made.remove(setting)
