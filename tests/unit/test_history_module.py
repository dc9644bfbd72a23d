# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation rotation_history_info: where it reads, what it does without, and what it refuses."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from emulated import done

from ansible_collections.dbops.rotation.plugins.module_utils._audit.event import Origin, encoded, event_of
from ansible_collections.dbops.rotation.plugins.module_utils._audit.outcome import Report
from ansible_collections.dbops.rotation.plugins.module_utils._audit.spool import RunSpool
from ansible_collections.dbops.rotation.plugins.module_utils._module.history import HISTORY

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
DEAD = {"region": "eu-central-1", "access_key": "x", "secret_key": "x", "endpoint_url": "http://127.0.0.1:9"}


@pytest.fixture(autouse=True)
def no_real_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    run = RunSpool(tmp_path, "run", NOW)
    for day in range(4):
        result = {"version_id": f"v{day}"}
        report = Report("secretsmanager_mysql_rotate", "client_acme", result, failed=False, check=False)
        run.append(encoded(event_of(report, Origin("run", "controller", "rotate"), NOW + timedelta(days=day))))
    run.close()
    return tmp_path


def read(spool: Path, **given: Any) -> dict[str, Any]:
    return done(HISTORY, client="client_acme", secret_id="clients/client_acme/mysql/root", spool=str(spool), **given)


def versions(result: dict[str, Any]) -> list[str]:
    return [event["version_id"] for event in result["events"]]


def test_all_of_it(spool: Path) -> None:
    result = read(spool)
    assert versions(result) == ["v0", "v1", "v2", "v3"] and not result["changed"] and not result["warnings"]
    assert result["msg"] == "client_acme: 4 events"


@pytest.mark.parametrize("since", ["2026-11-25", "2026-11-24T03:00:01Z", "2026-11-25T04:00:00+01:00"])
def test_a_part_of_it(spool: Path, since: str) -> None:
    assert versions(read(spool, since=since)) == ["v2", "v3"]


def test_the_latest_of_it(spool: Path) -> None:
    result = read(spool, limit=1)
    assert versions(result) == ["v3"] and result["msg"] == "client_acme: 4 events, the last 1 shown"
    assert len(versions(read(spool, limit=0))) == 4


def test_a_spool_that_is_not_there_is_an_empty_one(tmp_path: Path) -> None:
    assert read(tmp_path / "nowhere")["msg"] == "client_acme: 0 events"


def test_one_source_that_cannot_be_read_is_a_warning(spool: Path) -> None:
    result = read(spool, log_group="/dbops/rotation", **DEAD)
    assert len(versions(result)) == 4
    (told,) = result["warnings"]
    assert told.startswith("client_acme: the history is not complete. Could not read events in the log group")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"source": "logs"}, "invalid_option"),
        ({"source": "logs", "log_group": "/dbops/rotation", **DEAD}, "aws_unreachable"),
        ({"since": "yesterday"}, "invalid_option"),
    ],
)
def test_a_source_that_was_named_has_to_be_read(spool: Path, given: dict[str, Any], code: str) -> None:
    result = read(spool, **given)
    assert result["failed"] and result["error"]["code"] == code and result["error"]["next_step"]


def test_a_spool_that_is_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert read(tmp_path / "file", source="spool")["error"]["code"] == "spool_unreadable"
