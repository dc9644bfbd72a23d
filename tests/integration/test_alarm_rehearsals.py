# SPDX-License-Identifier: GPL-3.0-or-later
"""The alarms of the runbook, of an account and of its functions: with REHEARSE=all only, for they take long."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from deployed import Deployment
from localstack import LocalStack, needs_localstack
from ministack import Ministack, needs_ministack
from rehearsal.acme import Acme, acting
from rehearsal.rehearsal import Rehearsal
from rehearsal.table import TABLE
from stock_collections import needs_collections
from watched import Watched
from world.aws import AwsEmulator
from world.certificates import Authority
from world.databases import DatabaseServer

in_full = pytest.mark.skipif(os.environ.get("REHEARSE") != "all", reason="make rehearse")
pytestmark = [pytest.mark.slow, in_full, needs_collections, needs_localstack, needs_ministack]
ALARMS = [pytest.param(one, id=one.name) for one in TABLE if one.needs]


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
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
    mysql_server: DatabaseServer,
    aws: AwsEmulator,
    authority: Authority,
    tmp_path: Path,
) -> Iterator[Acme]:
    """The client, with what the rehearsal needs beside it."""
    needed = request.getfixturevalue(rehearsal.needs)
    with acting(mysql_server, aws, authority, rehearsal.hosts, tmp_path) as client:
        client.kept[rehearsal.needs] = needed
        yield client


@pytest.mark.parametrize("rehearsal", ALARMS)
def test_the_page_leads_to_the_end_that_it_states(rehearsal: Rehearsal, acme: Acme) -> None:
    rehearsal.rehearse(acme)
