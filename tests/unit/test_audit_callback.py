# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback itself, and how a history is shown: nothing that comes may make it raise."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.dbops.rotation.plugins.callback.rotation_audit import CallbackModule
from ansible_collections.dbops.rotation.plugins.plugin_utils._past_table import history

ROOT = Path(__file__).resolve().parents[2]
RESULT = {"client": "client_acme", "version_id": "0b7c5d0e-2f61", "rotated": True, "action": "rotate"}
STATS = SimpleNamespace(failures={}, dark={})
EVENT = {
    "time": "2026-11-23T03:00:00.125Z",
    "kind": "rotation",
    "outcome": "succeeded",
    "check": False,
    "trigger": "scheduled",
    "requested_by": "alice",
    "version_id": "0b7c5d0e-2f61-4d0c-8f35-4c1f0a9e8d7b",
    "reason": "CHG-1042",
}
FAILURE = {
    "time": "2026-11-24T03:00:00.000Z",
    "kind": "rotation",
    "outcome": "failed",
    "check": True,
    "error": {"step": "open", "code": "login_refused", "cause": "Refused."},
}


class Callback(CallbackModule):
    """The callback with options that are given here, and what it shows kept."""

    def __init__(self, **options: Any) -> None:
        self.warned: list[str] = []
        self.shown: list[str] = []
        display = SimpleNamespace(warning=self.warned.append, display=self.shown.append, verbosity=0)
        self.given = {"keep_days": 90, "check_mode": False, **options}
        super().__init__(display=display)

    def get_option(self, k: str, hostvars: Any = None) -> Any:
        return self.given.get(k)


def task_result(action: str, result: dict[str, Any]) -> Any:
    task = SimpleNamespace(action=action, check_mode=False)
    return SimpleNamespace(host=SimpleNamespace(get_name=lambda: "acme_host"), task=task, result=result)


def began(folder: Path, **options: Any) -> Callback:
    callback = Callback(spool=str(folder), validate_certs=True, **options)
    callback.v2_playbook_on_start(SimpleNamespace(_file_name="/playbooks/rotate.yml"))
    return callback


def events(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in sorted(folder.iterdir()) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("prefix", ["", "dbops.rotation."])
def test_our_modules_leave_events_and_others_do_not(tmp_path: Path, prefix: str) -> None:
    callback = began(tmp_path)
    callback.v2_runner_on_ok(task_result("ansible.builtin.debug", {"msg": "x"}))
    callback.v2_runner_on_ok(task_result(f"{prefix}secretsmanager_mysql_rotate", RESULT))
    callback.v2_runner_on_failed(task_result("ansible.builtin.fail", {"msg": "x"}), ignore_errors=True)
    callback.v2_playbook_on_stats(STATS)
    assert [(event["kind"], event["playbook"]) for event in events(tmp_path)] == [
        ("rotation", "rotate"),
        ("run", "rotate"),
    ]
    assert callback.warned == callback.shown == []


def test_a_playbook_that_has_nothing_to_do_with_us_leaves_nothing(tmp_path: Path) -> None:
    callback = began(tmp_path)
    callback.v2_runner_on_ok(task_result("ansible.builtin.debug", {"msg": "x"}))
    callback.v2_playbook_on_stats(STATS)
    assert events(tmp_path) == []


def test_each_item_of_a_loop_is_an_event(tmp_path: Path) -> None:
    callback = began(tmp_path)
    items = [RESULT, {"failed": True, "error": {"code": "login_refused", "step": "open", "client": "client_globex"}}]
    callback.v2_runner_on_failed(task_result("dbops.rotation.secretsmanager_mysql_rotate", {"results": items}))
    assert [(event["client"], event["outcome"]) for event in events(tmp_path)] == [
        ("client_acme", "succeeded"),
        ("client_globex", "failed"),
    ]


def test_each_client_of_a_backup_is_an_event(tmp_path: Path) -> None:
    callback = began(tmp_path)
    versions = {"AWSCURRENT": "v2", "AWSPREVIOUS": "v1"}
    saved = {"client_acme": {"secret_id": "clients/client_acme/mysql/root", "versions": versions}}
    result = {"changed": True, "clients": saved, "failures": {"client_globex": "client_globex: it is denied."}}
    callback.v2_runner_on_ok(task_result("dbops.rotation.secretsmanager_mysql_backup", result))
    callback.v2_playbook_on_stats(STATS)
    good, lost, run = events(tmp_path)
    assert [event["kind"] for event in (good, lost, run)] == ["backup", "backup", "run"]
    assert (good["client"], good["outcome"], good["version_id"]) == ("client_acme", "succeeded", "v2")
    assert (lost["client"], lost["outcome"]) == ("client_globex", "failed")
    assert lost["error"] == {"step": "read", "code": "not_backed_up", "cause": "client_globex: it is denied."}


def test_a_backup_that_could_not_be_written_is_one_failure(tmp_path: Path) -> None:
    callback = began(tmp_path)
    error = {"code": "backup_file", "step": "write", "cause": "It is full."}
    callback.v2_runner_on_failed(task_result("secretsmanager_mysql_backup", {"failed": True, "error": error}))
    (event,) = events(tmp_path)
    assert (event["kind"], event["outcome"], event["error"]["code"]) == ("backup", "failed", "backup_file")


def test_what_is_spooled_only_does_without_the_sdk(tmp_path: Path) -> None:
    """A run of any other playbook would wait for it too."""
    code = f"import sys; import {CallbackModule.__module__}; sys.exit('botocore' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "collections")}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0


def test_each_playbook_of_a_command_is_a_run_of_its_own(tmp_path: Path) -> None:
    callback = began(tmp_path)
    for _playbook in range(2):
        callback.v2_playbook_on_start(SimpleNamespace(_file_name="verify.yml"))
        callback.v2_runner_on_ok(task_result("dbops.rotation.secretsmanager_mysql_verify", {"healthy": True}))
        callback.v2_playbook_on_stats(STATS)
    assert len({event["run_id"] for event in events(tmp_path)}) == 2 and len(events(tmp_path)) == 4


def test_whatever_goes_wrong_is_one_warning_without_its_text(tmp_path: Path) -> None:
    callback = began(tmp_path)
    for _result in range(3):
        callback.v2_runner_on_ok(SimpleNamespace(task=SimpleNamespace(action="dbops.rotation.rotation_notice")))
    callback.v2_runner_on_unreachable(None)
    callback.v2_playbook_on_stats(None)
    (told,) = callback.warned
    assert "Audit event lost: AttributeError" in told and "result" not in told


def test_trouble_of_the_trail_is_one_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    callback = began(tmp_path / "file", log_group="/dbops/rotation", endpoint_url="no URL", region="eu-central-1")
    for _task in range(2):
        callback.v2_runner_on_ok(task_result("dbops.rotation.secretsmanager_mysql_rotate", RESULT))
    callback.v2_playbook_on_stats(STATS)
    (told,) = callback.warned
    assert "could not be written to the spool" in told and "Not all events were shipped" in told
    assert [json.loads(line)["kind"] for line in callback.shown] == ["rotation", "rotation", "run"]


def test_events_can_be_lines_of_the_output(tmp_path: Path) -> None:
    callback = began(tmp_path, stdout=True)
    callback.v2_runner_on_ok(task_result("dbops.rotation.secretsmanager_mysql_rotate", RESULT))
    callback.v2_playbook_on_stats(STATS)
    assert [json.loads(line) for line in callback.shown] == events(tmp_path)


@pytest.mark.parametrize(
    ("options", "lines"),
    [({}, 2), ({"stdout": False}, 0), ({"log_group": "/dbops/rotation", "endpoint_url": "no URL", "region": "x"}, 0)],
)
def test_of_a_job_of_awx_the_output_is_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], lines: int
) -> None:
    monkeypatch.setenv("AWX_HOST", "https://awx.example.com")
    callback = began(tmp_path, **options)
    callback.v2_runner_on_ok(task_result("dbops.rotation.secretsmanager_mysql_rotate", RESULT))
    callback.v2_playbook_on_stats(STATS)
    assert len(callback.shown) == lines


def test_the_past_as_a_table() -> None:
    assert history([EVENT, FAILURE]).splitlines() == [
        "time                  what              outcome    trigger    by     version   about",
        "2026-11-23T03:00:00Z  rotation          succeeded  scheduled  alice  0b7c5d0e  CHG-1042",
        "2026-11-24T03:00:00Z  rotation (check)  failed                                 open: login_refused: Refused.",
    ]


def test_the_past_as_json_and_in_no_other_form() -> None:
    assert json.loads(history([EVENT], "json")) == [EVENT]
    with pytest.raises(AnsibleFilterError, match="it can be table, json"):
        history([], "xml")
