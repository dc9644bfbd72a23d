# SPDX-License-Identifier: GPL-3.0-or-later
"""What a schedule does and what people hear of it: whole playbooks, a real topic with a queue behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cycle import in_days, is_due, set_tags
from deaths import AFTER_APPLY
from drift import change_by_hand
from faulty_proxy import Fault, FaultyProxy
from managed import ManagedClient, playbook, write_inventory
from playbook_runs import said
from settled import assert_settled
from telling import without_inventory
from topic import Mailbox
from world.aws import AwsEmulator

REASON = "CHG-1042: contractor left"


@pytest.fixture
def client(mysql_client: ManagedClient) -> ManagedClient:
    """One kind of server: what is told, and when, has nothing to do with the other."""
    return mysql_client


@pytest.fixture
def scheduled(client: ManagedClient, mailbox: Mailbox, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Runs a playbook for one client that was rotated before."""
    client.rotate()
    set_tags(client, {"rotation/notified": ""})

    def run(name: str = "playbooks/rotate_due.yml", *arguments: str, **variables: Any) -> Any:
        given = {"rotation_topic_arn": mailbox.topic, "rotation_environment": "production", **variables}
        inventory = str(write_inventory(tmp_path, {client.name: client.variables(**given)}))
        return playbook(name, "-i", inventory, *arguments)

    yield run


def test_a_client_that_is_due_is_rotated_told_and_left_alone(
    client: ManagedClient, scheduled: Callable[..., Any], mailbox: Mailbox
) -> None:
    is_due(client)
    old = client.stages()["AWSCURRENT"]
    run = scheduled()
    assert run.returncode == 0 and "WARNING" not in said(run), said(run)
    (notice,) = mailbox.read()
    assert (notice["event"], notice["version_id"], notice["previous_version_id"]) == (
        *("rotated", client.stages()["AWSCURRENT"], old),
    )
    assert notice["due"] == client.tags()["rotation/due"] and notice["trigger"] == "scheduled"
    assert notice["attributes"] == {
        "client": client.name,
        "event": "rotated",
        "environment": "production",
        "trigger": "scheduled",
        "severity": "info",
        "notice_id": notice["id"],
    }
    assert client.tags()["rotation/notified"] == f"rotated={client.stages()['AWSCURRENT']}"
    before = (client.stages(), client.tags())
    again = scheduled()
    assert again.returncode == 0 and "changed=0" in again.stdout, said(again)
    assert (client.stages(), client.tags()) == before and mailbox.read() == []
    assert_settled(client)


def test_a_client_that_is_not_due_costs_one_call(
    client: ManagedClient, scheduled: Callable[..., Any], recording: AwsEmulator
) -> None:
    recording.start_recording()
    assert scheduled().returncode == 0
    assert [request.operation for request in recording.recorded() if request.operation] == ["DescribeSecret"]


def test_a_client_of_the_functions_is_left_alone_and_counted_as_what_it_is(
    client: ManagedClient,
    scheduled: Callable[..., Any],
    mailbox: Mailbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ROTATION_AUDIT_SPOOL", str(tmp_path / "audit"))
    is_due(client, -2)
    set_tags(client, {"rotation/runner": "lambda", "rotation/notified": "rotated=owed"})
    before = (client.stages(), client.tags())
    run = scheduled(rotation_force=True)
    assert run.returncode == 0 and "changed=0" in run.stdout, said(run)
    assert (client.stages(), client.tags()) == before and mailbox.read() == []
    counts = audited(tmp_path / "audit")[-1]["counts"]
    assert {name for name, count in counts.items() if count} == {"clients", "overdue"}
    assert "runs as a function" in said(scheduled("playbooks/status.yml"))
    set_tags(client, {"rotation/runner": "ansible"})
    assert scheduled().returncode == 0 and client.stages() != before[0]
    assert_settled(client)


def test_an_upcoming_rotation_is_announced_once_for_each_day(
    client: ManagedClient, scheduled: Callable[..., Any], mailbox: Mailbox
) -> None:
    is_due(client, 6)
    current = client.stages()["AWSCURRENT"]
    for _run in range(2):
        assert scheduled().returncode == 0
    (notice,) = mailbox.read()
    assert (notice["event"], notice["notice_days"]) == ("upcoming", 7)
    assert client.stages()["AWSCURRENT"] == current


def test_a_failure_is_counted_and_grows_louder(
    client: ManagedClient, scheduled: Callable[..., Any], mailbox: Mailbox
) -> None:
    only_failures = mailbox.subscribe(f"failed-{client.user}", {"event": ["failed"], "client": [client.name]})
    is_due(client)
    change_by_hand(client)
    for _run in range(3):
        run = scheduled()
        assert run.returncode == 2
        assert f"{client.name}: stopped at step 'open': " in said(run)
    notices = mailbox.read(only_failures)
    assert [notice["failures"] for notice in notices] == [1, 2, 3]
    assert [notice["code"] for notice in notices] == ["login_refused", "known_refused", "known_refused"]
    assert [notice["severity"] for notice in notices] == ["warning", "warning", "critical"]
    assert "playbooks/reconcile.yml" in notices[0]["next_step"] and notices[0]["state_left"]
    assert "3 times in a row" in notices[-1]["subject"]


def test_an_overdue_client_outside_its_window_is_told_once(
    client: ManagedClient, scheduled: Callable[..., Any], mailbox: Mailbox
) -> None:
    is_due(client, -2)
    freeze = [{"from": in_days(-3), "to": in_days(3), "reason": "year end"}]
    for _run in range(2):
        assert scheduled(rotation_freezes=freeze).returncode == 0
    (notice,) = mailbox.read()
    assert (notice["event"], notice["severity"]) == ("overdue", "critical")
    assert scheduled(rotation_freezes=freeze, rotation_force=True).returncode == 0
    assert [notice["event"] for notice in mailbox.read()] == ["rotated"]


def test_a_pause_holds_against_a_force_too(
    client: ManagedClient, scheduled: Callable[..., Any], mailbox: Mailbox
) -> None:
    is_due(client)
    current = client.stages()["AWSCURRENT"]
    pause = {"until": in_days(2), "reason": "migration"}
    assert scheduled(rotation_paused=pause, rotation_force=True).returncode == 0
    assert client.stages()["AWSCURRENT"] == current
    assert "rotated" not in [notice["event"] for notice in mailbox.read()]


def test_a_notice_that_could_not_be_sent_is_sent_by_the_next_run(
    client: ManagedClient, scheduled: Callable[..., Any], mailbox: Mailbox
) -> None:
    is_due(client)
    run = scheduled(rotation_topic_arn=f"{mailbox.topic}-gone")
    assert run.returncode == 0 and "was not delivered" in said(run)
    assert mailbox.read() == []
    assert scheduled().returncode == 0
    (notice,) = mailbox.read()
    assert (notice["event"], notice["version_id"]) == ("rotated", client.stages()["AWSCURRENT"])
    assert scheduled().returncode == 0 and mailbox.read() == []


def test_an_unfinished_rotation_is_finished_and_told(
    client: ManagedClient, scheduled: Callable[..., Any], mailbox: Mailbox
) -> None:
    AFTER_APPLY.interrupt(client)
    assert scheduled().returncode == 0
    assert [notice["event"] for notice in mailbox.read()] == ["rotated"]
    assert_settled(client)


def test_on_demand_people_are_told_why_and_by_whom(
    client: ManagedClient, scheduled: Callable[..., Any], mailbox: Mailbox
) -> None:
    set_tags(client, {"rotation/last": in_days(-3)})
    asked = ["-l", client.name, "-e", json.dumps({"rotation_reason": REASON, "rotation_requested_by": "alice"})]
    run = scheduled("rotate.yml", *asked)
    assert run.returncode == 0, said(run)
    (notice,) = mailbox.read()
    assert (notice["trigger"], notice["reason"], notice["requested_by"]) == ("on_demand", REASON, "alice")
    assert REASON not in json.dumps(client.tags()) and client.tags()["rotation/by"] == "alice"
    again = scheduled("rotate.yml", *asked)
    assert again.returncode == 0 and "seconds ago, at 20" in said(again), said(again)
    assert mailbox.read() == []


def test_a_reason_that_holds_a_password_is_refused(client: ManagedClient, scheduled: Callable[..., Any]) -> None:
    told = client.refused(reason=f"it was {client.stored()['password']} until now")
    assert (told["code"], told["step"]) == ("reason_holds_password", "read")
    assert client.stored()["password"] not in told["msg"]


def test_hooks_run_while_both_passwords_work_and_again_after_a_failure(
    client: ManagedClient, scheduled: Callable[..., Any], mailbox: Mailbox, tmp_path: Path
) -> None:
    ran, hook = tmp_path / "ran", tmp_path / "hook.yml"
    hook.write_text(
        "- ansible.builtin.shell: test ! -e broken && date >> ran\n  args: {chdir: '{{ playbook_hooks }}'}\n"
    )
    (tmp_path / "broken").touch()
    hooked: dict[str, Any] = {"rotation_hooks": [str(hook)], "playbook_hooks": str(tmp_path)}
    hooked["ansible_python_interpreter"] = "{{ ansible_playbook_python }}"
    is_due(client)
    old = client.stored()["password"]
    run = scheduled(**hooked)
    assert run.returncode == 2 and client.opens(old) and client.opens(client.stored()["password"])
    (notice,) = mailbox.read()
    assert (notice["event"], notice["step"]) == ("failed", "hooks")
    (tmp_path / "broken").unlink()
    run = scheduled(**hooked)
    assert run.returncode == 0, said(run)
    assert len(ran.read_text().splitlines()) == 1 and not client.opens(old)
    assert [notice["event"] for notice in mailbox.read()] == ["rotated"]
    assert_settled(client)


def audited(folder: Path) -> list[dict[str, Any]]:
    """The events of the audit trail."""
    lines = [line for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines()]
    return [json.loads(line) for line in lines]


def test_a_rotation_whose_tags_are_denied_is_told_once_and_every_later_run_fails(
    client: ManagedClient,
    scheduled: Callable[..., Any],
    mailbox: Mailbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ROTATION_AUDIT_SPOOL", str(tmp_path / "audit"))
    is_due(client)
    tags_denied = Fault("TagResource", "AccessDeniedException")
    with FaultyProxy(client.aws.endpoint_url) as proxy, proxy.faulty(client.secret_id, tags_denied):
        denied = {"rotation_endpoint_url": proxy.endpoint_url}
        first, *later = (scheduled(**denied) for _run in range(3))
    assert first.returncode == 0 and "The tags could not be written" in said(first), said(first)
    for run in later:
        assert run.returncode == 2 and f"{client.name}: stopped at step 'record': " in said(run), said(run)
        assert "rotated" not in said(run).rpartition("ROTATION SUMMARY")[2]
        assert "State: The new password is AWSCURRENT and the only one." in said(run)
    rotated, *failed = mailbox.read()
    assert (rotated["event"], rotated["version_id"]) == ("rotated", client.stages()["AWSCURRENT"])
    assert [(notice["event"], notice["step"]) for notice in failed] == [("failed", "record")] * 2
    written, again = scheduled(), scheduled()
    assert (written.returncode, again.returncode) == (0, 0) and "only the tags were written" in said(written)
    assert {notice["id"] for notice in mailbox.read()} == {rotated["id"]}, "whether it went out was not known"
    assert scheduled().returncode == 0 and mailbox.read() == []
    events = audited(tmp_path / "audit")
    assert [event["rotated"] for event in events if event["kind"] == "rotation" and "rotated" in event].count(True) == 1
    assert sum(event["counts"]["rotated"] for event in events if event["kind"] == "run") == 1
    assert_settled(client)


def test_a_wrong_variable_is_told_as_what_it_is(
    client: ManagedClient, scheduled: Callable[..., Any], mailbox: Mailbox
) -> None:
    is_due(client)
    current = client.stages()["AWSCURRENT"]
    run = scheduled(rotation_password_length="{{ nowhere }}")
    assert run.returncode == 2 and client.stages()["AWSCURRENT"] == current
    (notice,) = mailbox.read()
    assert (notice["event"], notice["step"], notice["code"]) == ("failed", "task", "task_failed")
    assert "The task 'Rotate the root password' failed" in notice["cause"]
    assert notice["state_left"].startswith("Unknown: no step of a rotation has reported to this run")
    assert notice["next_step"].count(" -i ") == 2
    advice = without_inventory(notice["next_step"])
    assert f"playbooks/verify.yml -l {client.name}" in advice
    assert f"rotate.yml -l {client.name} -e rotation_trigger=recovery" in advice
    assert "The new password is AWSCURRENT" not in json.dumps(notice) and notice["failures"] == 1
    assert client.tags()["rotation/failures"].startswith("count=1 ")


@pytest.mark.parametrize(
    ("playbook", "hook", "cause"),
    [
        ("playbooks/rotate_due.yml", None, "There is no such file."),
        ("rotate.yml", "- ansible.builtin.comand: ls", "couldn't resolve module/action 'ansible.builtin.comand'."),
        ("rotate.yml", "- ansible.builtin.import_tasks: gone.yml", "Unable to retrieve file contents."),
    ],
)
def test_a_hook_that_cannot_be_loaded_is_told_as_a_hook(
    client: ManagedClient,
    scheduled: Callable[..., Any],
    mailbox: Mailbox,
    tmp_path: Path,
    playbook: str,
    hook: str | None,
    cause: str,
) -> None:
    """By itself include_tasks would end the play, or take the client out of it without the rescue."""
    is_due(client)
    path = tmp_path / "hook.yml"
    if hook:
        path.write_text(f"{hook}\n")
    assert scheduled(playbook, rotation_hooks=[str(path)]).returncode == 2
    (notice,) = mailbox.read()
    assert (notice["step"], notice["code"]) == ("hooks", "hook_failed")
    assert notice["cause"].startswith(f"The task 'Load the hooks' failed: The hook {path} cannot be run: {cause}")
    assert notice["state_left"].startswith("The new password is AWSCURRENT; the old one stays valid until the hooks")
    assert client.opens(client.stored("AWSPREVIOUS")["password"]) and client.opens(client.stored()["password"])


def test_the_fleet_at_a_glance(client: ManagedClient, scheduled: Callable[..., Any], tmp_path: Path) -> None:
    run = scheduled("playbooks/status.yml", rotation_status_form="json", rotation_status_file=str(tmp_path / "fleet"))
    assert run.returncode == 0, said(run)
    (line,) = json.loads((tmp_path / "fleet").read_text())
    assert (line["client"], line["state"], line["days_left"]) == (client.name, "ok", 39)
    is_due(client, -1)
    run = scheduled("playbooks/status.yml")
    assert run.returncode == 2 and "overdue" in said(run)


def test_a_secret_that_cannot_be_read_is_shown_as_unknown(mysql_client: ManagedClient, tmp_path: Path) -> None:
    hosts = {mysql_client.name: mysql_client.variables(rotation_secret_id="clients/typo/mysql/root")}
    run = playbook("playbooks/status.yml", "-i", str(write_inventory(tmp_path, hosts)))
    assert run.returncode == 2 and "unknown" in said(run) and "no such secret" in said(run)
