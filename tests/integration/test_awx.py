# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of AWX, made by AWX's own modules against a server that keeps what they send."""

from __future__ import annotations

import json
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from awx_server import AwxServer
from managed import ROOT, playbook
from test_playbooks import Run, said

COLLECTIONS = Path(sysconfig.get_path("purelib")) / "ansible_collections"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (COLLECTIONS / "awx/awx").is_dir(), reason="needs awx.awx: make setup-dev"),
]
KEY = "an-AWS-secret-key-for-AWX"
DEFAULTS: dict[str, Any] = DataLoader().load_from_file(str(ROOT / "roles/rotation_awx/defaults/main.yml"))


@pytest.fixture
def awx() -> Iterator[AwxServer]:
    with AwxServer() as server:
        yield server


def configure(awx: AwxServer, *arguments: str, **variables: Any) -> Run:
    environment = {
        "CONTROLLER_HOST": awx.url,
        "CONTROLLER_OAUTH_TOKEN": "token",
        "ROTATION_AWX_ACCESS_KEY": "AKIAEXAMPLE",
        "ROTATION_AWX_SECRET_KEY": KEY,
        "ANSIBLE_PIPELINING": "1",
    }
    given = {"rotation_awx_project": {**DEFAULTS["rotation_awx_project"], "fetch_now": False}, **variables}
    return playbook(
        "playbooks/awx.yml", "-i", "localhost,", "-e", json.dumps(given), *arguments, environment=environment
    )


def test_a_first_run_makes_everything_and_a_second_one_nothing(awx: AwxServer) -> None:
    checked = configure(awx, "--check")
    assert checked.returncode == 0 and awx.writes == [], said(checked)
    run = configure(awx, "-vvv")
    assert run.returncode == 0 and "[WARNING]" not in said(run), said(run)[-2500:]
    assert KEY not in run.stdout + run.stderr
    assert awx.names("job_templates") == sorted(one["name"] for one in DEFAULTS["rotation_awx_job_templates"])
    assert awx.names("schedules") == sorted(one["name"] for one in DEFAULTS["rotation_awx_schedules"])
    environment = awx.named("execution_environments", DEFAULTS["rotation_awx_environment"]["name"])["id"]
    for template in awx.lists["job_templates"].values():
        assert (template["execution_environment"], template["allow_simultaneous"], template["use_fact_cache"]) == (
            *(environment, False, False),
        )
    now = awx.named("job_templates", "Rotate a client now")
    assert now["ask_limit_on_launch"] and now["survey_enabled"]
    questions = awx.surveys[f"job_templates/{now['id']}"]["spec"]
    assert [question["variable"] for question in questions] == ["rotation_reason", "rotation_force"]
    (written, awx.writes) = (awx.writes, [])
    assert written
    again = configure(awx, "--check")
    assert again.returncode == 0 and "changed=0" in again.stdout, said(again)
    again = configure(awx)
    assert again.returncode == 0 and "changed=0" in again.stdout, said(again)
    # A project is fetched by every run.
    assert [path for _method, path in awx.writes if not path.endswith("/update")] == []


def test_a_key_reaches_a_job_as_a_file_only() -> None:
    """ansible-runner keeps the environment of a job, and AWX shows extra variables to everybody."""
    tasks = DataLoader().load_from_file(str(ROOT / "roles/rotation_awx/tasks/credentials.yml"))
    made = [task["awx.awx.credential_type"] for task in tasks if "awx.awx.credential_type" in task]
    secrets = [field["id"] for one in made for field in one["inputs"]["fields"] if field.get("secret")]
    assert sorted(secrets) == ["password", "secret_key"]
    for one in made:
        elsewhere = json.dumps([one["injectors"].get("env", {}), one["injectors"].get("extra_vars", {})])
        assert not [name for name in secrets if f"{{{{ {name} }}}}" in elsewhere]


def test_a_mistake_is_refused_before_awx_is_called(awx: AwxServer) -> None:
    schedule = {**DEFAULTS["rotation_awx_schedules"][0], "rrule": "DTSTART:20260101T001500Z RRULE:FREQ=HOURLY"}
    run = configure(awx, rotation_awx_schedules=[schedule])
    assert run.returncode == 2 and "RRULE:FREQ=HOURLY has no INTERVAL" in said(run), said(run)
    assert "AWX was not called." in said(run) and awx.lists == {} and awx.writes == []
