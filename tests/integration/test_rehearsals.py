# SPDX-License-Identifier: GPL-3.0-or-later
"""The runbook is followed, as it is written, out of real trouble: a seeded sample, or with REHEARSE=all every entry."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from deployed import Deployment
from localstack import LocalStack
from ministack import Ministack
from rehearsal.acme import Acme
from rehearsal.rehearsal import Rehearsal
from rehearsal.table import TABLE
from watched import Watched
from world.aws import AwsEmulator
from world.certificates import Authority

pytestmark = pytest.mark.slow
SAMPLE, SEED = 5, int(os.environ.get("REHEARSE_SEED", "1"))
EVERY = [(rehearsal, server) for rehearsal in TABLE for server in rehearsal.servers]
# What needs an account of its own takes long to begin.
QUICK = [(rehearsal, server) for rehearsal, server in EVERY if not rehearsal.needs]
CHOSEN = EVERY if os.environ.get("REHEARSE") == "all" else random.Random(SEED).sample(QUICK, SAMPLE)


def together(rehearsal: Rehearsal) -> list[pytest.MarkDecorator]:
    """Rehearsals that need the same account run in one process."""
    return [pytest.mark.xdist_group(rehearsal.needs)] if rehearsal.needs else []


@pytest.fixture(scope="session")
def watched(aws: AwsEmulator, workspace: Path) -> Iterator[Watched]:
    """A provisioned account whose alarms are evaluated."""
    alarms = LocalStack(workspace / "localstack")
    (workspace / "rehearsed").mkdir()
    try:
        alarms.start()
        found = Watched(aws, alarms, workspace / "rehearsed")
        found.provision()
        yield found
    finally:
        alarms.stop()


@pytest.fixture(scope="session")
def deployed(workspace: Path, authority: Authority) -> Iterator[Deployment]:
    """An account with the functions."""
    aws, folder = Ministack(workspace / "functions", authority), workspace / "package"
    try:
        aws.start()
        account = Deployment(aws, folder)
        account.deploy()
        yield account
    finally:
        aws.stop()


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
    client = Acme(started, aws, "root", "Old-password-1", authority.ca_file, rehearsal.hosts)
    client.authority, client.folder = authority, tmp_path
    if rehearsal.needs:
        client.kept[rehearsal.needs] = request.getfixturevalue(rehearsal.needs)
    try:
        client.manage()
        yield client
    finally:
        client.leave()
        shutil.rmtree(tmp_path / "checkout", ignore_errors=True)


@pytest.mark.parametrize(
    ("rehearsal", "server"),
    [
        pytest.param(rehearsal, server, id=f"{rehearsal.name}-{server}", marks=together(rehearsal))
        for rehearsal, server in CHOSEN
    ],
)
def test_the_page_leads_to_the_end_that_it_states(rehearsal: Rehearsal, acme: Acme) -> None:
    rehearsal.rehearse(acme)
