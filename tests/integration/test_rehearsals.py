# SPDX-License-Identifier: GPL-3.0-or-later
"""The runbook is followed as written, out of real trouble: each day another sample; with REHEARSE=all, all of it."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rehearsal.acme import Acme, acting
from rehearsal.rehearsal import Rehearsal
from rehearsal.table import TABLE
from world.aws import AwsEmulator
from world.certificates import Authority

pytestmark = pytest.mark.slow
SAMPLE, SEED = 5, int(os.environ.get("REHEARSE_SEED", datetime.now(UTC).toordinal()))
# What needs an account of its own has a file of its own.
EVERY = [(one, server) for one in TABLE for server in one.servers if not one.needs]
CHOSEN = EVERY if os.environ.get("REHEARSE") == "all" else random.Random(SEED).sample(EVERY, SAMPLE)


@pytest.fixture
def acme(
    request: pytest.FixtureRequest,
    rehearsal: Rehearsal,
    server: str,
    aws: AwsEmulator,
    authority: Authority,
    tmp_path: Path,
) -> Iterator[Acme]:
    """The client, on a server of the kind that the rehearsal is for."""
    started = request.getfixturevalue(f"{server}_server")
    with acting(started, aws, authority, rehearsal.hosts, tmp_path) as client:
        yield client


@pytest.mark.parametrize(
    ("rehearsal", "server"), [pytest.param(one, server, id=f"{one.name}-{server}") for one, server in CHOSEN]
)
def test_the_page_leads_to_the_end_that_it_states(rehearsal: Rehearsal, acme: Acme) -> None:
    rehearsal.rehearse(acme)
