# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks as AWX runs them: by ansible-runner, in a copy of the project, and no secret in what a job leaves."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from awx_job import RUNNER, SECRET_KEY, Event, Job, copy_of_the_project
from awx_server import KEY, AwxServer
from by_hand import passwords, remove
from cycle import is_due
from deaths import AFTER_APPLY
from leaks import leaks
from listed_fleet import Fleet
from machine import Machine
from managed import ROOT, MakeClient, ManagedClient, secrets_manager
from stock_collections import needs_awx
from world.aws import REGION
from world.databases import DatabaseServer

pytestmark = [pytest.mark.slow, pytest.mark.skipif(RUNNER is None, reason="ansible-runner comes with make setup-dev")]
VAULT_PASSWORD = "the-vault-password-of-the-runner-test"
TOKEN = "the-token-of-AWX-of-the-runner-test"
Step = tuple[str, tuple[str, ...], dict[str, Any]]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_the_project(tmp_path_factory.mktemp("awx") / "project")


@pytest.fixture
def job(mysql_client: ManagedClient, project: Path, tmp_path: Path) -> Job:
    return job_of(mysql_client, project, tmp_path)


def job_of(client: ManagedClient, project: Path, folder: Path) -> Job:
    """A job with one client, whose keys are in no variable."""
    variables = client.variables(rotation_access_key=None, rotation_secret_key=None)
    return Job(folder, project, {client.name: variables})


def said(events: list[Event]) -> str:
    """All that the job printed, without line breaks and colours."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", " ".join(event["stdout"] for event in events)).split())


def succeed(job: Job, steps: list[Step]) -> None:
    for name, arguments, variables in steps:
        status, events = job.run(name, *arguments, **variables)
        assert status == 0, f"{name}: {said(events)}"
        # Evidence warns of each source that the account lacks.
        assert name == "playbooks/evidence.yml" or "[WARNING]" not in said(events), f"{name}: {said(events)}"


def assert_no_secret(job: Job, known: set[str], jobs: int) -> None:
    """Look into every file that the jobs left, and be sure that there were events to look into."""
    searched = list(job.files())
    assert len([path for path in searched if path.parent.name == "job_events"]) > jobs * 4
    assert leaks(searched, known) == set()


LIFE = (
    "playbooks/onboard.yml",
    "rotate.yml",
    "playbooks/rotate.yml",
    "playbooks/rotate_fleet.yml",
    "playbooks/rotate_due.yml",
    "playbooks/status.yml",
    "playbooks/verify.yml",
    "playbooks/rollback.yml",
    "playbooks/reconcile.yml",
)


def test_a_life_of_a_client_leaves_no_secret_in_the_artifacts(
    mysql_client: ManagedClient, job: Job, tmp_path: Path
) -> None:
    client = mysql_client
    password_file = tmp_path.with_name(f"{tmp_path.name}-password")
    password_file.write_text(client.password)
    limit, force = ("--limit", client.name), {"rotation_force": "true"}
    # The answers of a survey are text.
    given: dict[str, Any] = {
        "playbooks/onboard.yml": {
            "rotation_onboard_password_file": str(password_file),
            "rotation_onboard_rotate": "false",
        },
        "rotate.yml": {"rotation_reason": "CHG-1042", "rotation_force": "false"},
        "playbooks/rotate.yml": force,
        "playbooks/rotate_fleet.yml": {"rotation_canaries": client.name, **force},
        "playbooks/rollback.yml": force,
    }
    succeed(job, [(name, (*limit, "-vvv", "--diff"), given.get(name, {})) for name in LIFE])
    known = {SECRET_KEY, *passwords(client)}
    assert len(known) >= 5
    assert_no_secret(job, known, len(LIFE))
    # The spool is gone with the container.
    outputs = [path.read_text() for path in job.files() if path.name == "stdout"]
    assert [output.count('{"id":') > 0 for output in outputs] == [True] * len(LIFE)


AROUND = (
    "playbooks/doctor.yml",
    "playbooks/access.yml",
    "playbooks/runner.yml",
    "playbooks/backup.yml",
    "playbooks/restore.yml",
    "playbooks/history.yml",
    "playbooks/report.yml",
    "playbooks/evidence.yml",
    "playbooks/schedule_cron.yml",
    "playbooks/awx.yml",
    "playbooks/provision.yml",
    "playbooks/provision_lambda.yml",
    "playbooks/offboard.yml",
)


@pytest.mark.slow
@needs_awx
def test_what_stands_around_rotation_leaves_no_secret_in_the_artifacts(
    mysql_client: ManagedClient, job: Job, tmp_path: Path
) -> None:
    client = mysql_client
    client.rotate()
    outside = tmp_path.with_name(f"{tmp_path.name}-outside")
    outside.mkdir()
    job.besides = {
        "HOME": str(outside),
        "AWS_ENDPOINT_URL": client.aws.endpoint_url,
        "ROTATION_AUDIT_SPOOL": str(outside / "spool"),
        "ANSIBLE_CALLBACKS_ENABLED": "dbops.rotation.rotation_audit",
        # The collections that provision uses deprecate options that have to be given to be rid of their defaults.
        "ANSIBLE_DEPRECATION_WARNINGS": "False",
    }
    steps = Around(client, outside)
    with AwxServer(token=TOKEN) as awx:
        for name in AROUND:
            arguments, variables = steps.of(name, awx)
            job.answer(steps.prompts(name))
            succeed(job, [(name, arguments, variables)])
            if name == "playbooks/backup.yml":
                remove(client)
    assert b"$ANSIBLE_VAULT;1.2;AES256;backup" in steps.backup.read_bytes()
    secrets_manager(client.aws).restore_secret(SecretId=client.secret_id)  # which the last playbook deleted
    assert client.opens(client.stored()["password"])
    job.answer({})
    known = {SECRET_KEY, KEY, TOKEN, VAULT_PASSWORD, *passwords(client)}
    assert len(known) >= 6
    assert_no_secret(job, known, len(AROUND))


class Around:
    """What each playbook is given beside the client."""

    def __init__(self, client: ManagedClient, folder: Path) -> None:
        self.client, self.folder = client, folder
        self.backup = folder / "backups/secrets.vault"
        self.backup.parent.mkdir()
        self.machine = Machine(folder)

    def of(self, name: str, awx: AwxServer) -> tuple[tuple[str, ...], dict[str, Any]]:
        limit = ("--limit", self.client.name, "-vvv", "--diff")
        vault = ("--vault-id", "backup@prompt")
        kept = {"rotation_backup_file": str(self.backup)}
        given: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
            "playbooks/access.yml": (limit, {"rotation_readers": ["acme-shop"]}),
            "playbooks/backup.yml": ((*limit, *vault), {**kept, "rotation_backup_vault_id": "backup"}),
            "playbooks/restore.yml": ((*limit, *vault), kept),
            "playbooks/offboard.yml": (
                *((*limit, *vault),),
                {
                    "rotation_offboard_file": str(self.backup),
                    "rotation_offboard_vault_id": "backup",
                    "rotation_offboard_confirm": self.client.name,
                },
            ),
            "playbooks/report.yml": (limit, {"rotation_report_path": str(self.backup.with_name("fleet.html"))}),
            "playbooks/evidence.yml": (limit, {"rotation_evidence_path": str(self.backup.parent)}),
            "playbooks/schedule_cron.yml": (("--check", "-v"), self.machine.variables()),
            "playbooks/awx.yml": (("-v", "-e", f"@{self.controller(awx)}"), {}),
            "playbooks/provision.yml": (("--check", "-v"), self.account()),
            "playbooks/provision_lambda.yml": (("-v",), self.functions()),
        }
        return given.get(name, (limit, {}))

    def controller(self, awx: AwxServer) -> Path:
        """Write which AWX, where its modules look for it, and give a file with the keys that it is to have."""
        (self.folder / ".tower_cli.cfg").write_text(f"[general]\nhost = {awx.url}\noauth_token = {TOKEN}\n")
        given = {"access_key": "AKIAEXAMPLE", "secret_key": KEY}
        given = {f"rotation_awx_aws_{name}": value for name, value in given.items()}
        path = self.folder / "awx.json"
        path.write_text(json.dumps({**given, "rotation_awx_backup_password": VAULT_PASSWORD}))
        return path

    def account(self) -> dict[str, Any]:
        given = {"region": REGION, "endpoint_url": self.client.aws.endpoint_url, "duties": ["rotator"]}
        return {f"rotation_provision_{name}": value for name, value in given.items()}

    def functions(self) -> dict[str, Any]:
        topic, log_group = "arn:aws:sns:eu-central-1:123456789012:rotations", "/dbops/rotation"
        given = {"region": REGION, "endpoint_url": self.client.aws.endpoint_url, "topic_arn": topic}
        given |= {"log_group": log_group, "render": str(self.backup.with_name("functions.yml"))}
        return {f"rotation_functions_{name}": value for name, value in given.items()}

    def prompts(self, name: str) -> dict[str, str]:
        """What ansible-runner answers, as AWX has it do with a credential of the type Vault."""
        asked = name in ("playbooks/backup.yml", "playbooks/restore.yml", "playbooks/offboard.yml")
        return {r"Vault password \(backup\):\s*?$": VAULT_PASSWORD} if asked else {}


@pytest.mark.slow
def test_every_playbook_is_run() -> None:
    assert {*LIFE, *AROUND} == {
        "rotate.yml",
        *(f"playbooks/{path.name}" for path in (ROOT / "playbooks").glob("*.yml")),
    }


def test_a_scheduled_job_rotates_what_is_due_and_its_result_names_versions_only(
    mysql_client: ManagedClient, job: Job
) -> None:
    client = mysql_client
    client.rotate()
    is_due(client)
    before = client.stages()["AWSCURRENT"]
    status, events = job.run("playbooks/rotate_due.yml")
    assert status == 0, said(events)
    results = [event["event_data"]["res"] for event in events if event["event"] == "runner_on_ok"]
    rotated = [result for result in results if result.get("changed") and "version_id" in json.dumps(result)]
    assert rotated and not [result for result in results if "secret_key" in json.dumps(result)]
    assert client.stages()["AWSCURRENT"] != before


def test_the_fleet_is_listed_by_an_update_of_the_inventory_and_visited_by_a_job(
    make_client: MakeClient, mysql_server: DatabaseServer, project: Path, tmp_path: Path
) -> None:
    """An update has neither the working directory nor the collections path of ansible-core's own configuration."""
    idle, due = (make_client(mysql_server).create() for _number in range(2))
    folder = project / "inventories" / tmp_path.name
    folder.mkdir()
    fleet = Fleet(folder, [idle, due])
    fleet.configure(compose={"fleet_mark": "rotation_tags.fleet"})
    job = Job(tmp_path, project, {})
    source = str(fleet.folder.relative_to(project) / "fleet.yml")
    listed = job.list_inventory(source)
    assert "__ansible_unsafe" not in json.dumps(listed), "AWX would keep and show a tag as a dictionary"
    assert listed["_meta"]["hostvars"][idle.name]["rotation_tags"]["fleet"] == fleet.mark
    assert listed["_meta"]["hostvars"][idle.name]["fleet_mark"] == fleet.mark
    job.take(listed)
    before = idle.stages()
    status, events = job.run("playbooks/rotate_due.yml")
    assert status == 0 and "no hosts matched" in said(events), said(events)
    is_due(due)
    job.take(job.list_inventory(source))
    status, events = job.run("playbooks/rotate_due.yml")
    assert status == 0 and "[WARNING]" not in said(events), said(events)
    assert {event["event_data"].get("host") for event in events} - {None} == {due.name}
    assert due.tags()["rotation/trigger"] == "scheduled" and idle.stages() == before


def test_a_failed_verification_is_its_findings(mysql_client: ManagedClient, job: Job) -> None:
    """AWX shows the message of the task that failed, and nobody reads a line of JSON for it."""
    client = mysql_client
    client.rotate()
    client.sql("REVOKE SHUTDOWN ON *.* FROM %s@localhost", client.user)
    AFTER_APPLY.interrupt(client)
    status, events = job.run("playbooks/verify.yml", "--limit", client.name)
    (failed,) = [event["event_data"]["res"] for event in events if event["event"] == "runner_on_failed"]
    assert status == 2 and isinstance(failed["msg"], list), failed
    assert failed["msg"][0] == f"{client.name} needs repair:"
    assert any("An earlier run had set the new password" in line for line in failed["msg"][1:])
    assert any("grants" in line.lower() for line in failed["msg"][1:]), failed
    finish = f"launch the template 'Finish what was begun' with limit {client.name}"
    assert any(line.endswith(finish) for line in failed["msg"][1:]), failed


def test_a_failed_job_says_what_to_do_and_shows_no_secret(mysql_client: ManagedClient, job: Job) -> None:
    client = mysql_client
    client.rotate()
    client.sql(f"DROP USER `{client.user}`@`localhost`, `{client.user}`@`%`")
    status, events = job.run("rotate.yml", "--limit", client.name, "-vvv", rotation_force=True)
    assert status == 2 and f"{client.name}: stopped at step 'open'" in said(events)
    assert f"launch the template 'Reconcile a client' with limit {client.name}" in said(events)
    assert_no_secret(job, {SECRET_KEY, *passwords(client)}, 1)


def test_a_job_without_a_limit_is_refused(job: Job) -> None:
    job.take({"all": {"hosts": ["client_acme", "client_globex"]}, "_meta": {"hostvars": {}}})
    status, events = job.run("rotate.yml")
    assert status == 2 and "Name the clients with --limit" in said(events)


@pytest.mark.parametrize("name", ["onboard", "reconcile"])
def test_a_job_without_the_password_does_not_wait_for_one(mysql_client: ManagedClient, job: Job, name: str) -> None:
    """AWX gives every job a terminal, and a question there would keep the template busy until somebody looks."""
    asked = {f"rotation_{name}_prompt": True, "rotation_prompt_timeout": 20}
    status, events = job.run(f"playbooks/{name}.yml", "--limit", mysql_client.name, **asked)
    assert status == 2 and "a job of AWX has nobody to ask" in said(events), said(events)
    assert 'a credential of the type "Root password of a client to onboard"' in said(events).replace("\\", "")


UNTOUCHED = {"playbooks/rotate_due.yml": {}, "playbooks/backup.yml": {"rotation_backup_file": "/nowhere/secrets.vault"}}


@pytest.mark.parametrize("name", UNTOUCHED)
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--check",), 'The job template has the job type "Check"'),
        (("--tags", "none"), "The tags of this run select nothing of the rotation (--tags none, --skip-tags none)"),
        (("--skip-tags", "all"), "The tags of this run select nothing of the rotation (--tags all, --skip-tags all)"),
    ],
    ids=["check", "tags", "skip-tags"],
)
def test_a_scheduled_job_that_would_do_nothing_is_no_success(
    mysql_client: ManagedClient, job: Job, name: str, arguments: tuple[str, ...], told: str
) -> None:
    """Somebody set the template so by hand: nobody would miss what is not done."""
    mysql_client.rotate()
    is_due(mysql_client)
    before = mysql_client.stages()
    status, events = job.run(name, *arguments, **UNTOUCHED[name])
    assert status == 2 and told in said(events).replace("\\", ""), said(events)
    assert mysql_client.stages() == before


def test_tags_of_a_playbook_around_the_role_select_it(
    mysql_client: ManagedClient, project: Path, tmp_path: Path
) -> None:
    """Whoever takes the role in may give it tags, and select it by them."""
    mysql_client.rotate()
    play = (project / "playbooks/rotate_due.yml").read_text()
    own = project / "playbooks/own.yml"
    own.write_text(play.replace("    - name: Process due clients\n", "    - name: Work\n      tags: [passwords]\n"))
    assert own.read_text() != play
    job = job_of(mysql_client, project, tmp_path)
    assert job.run("playbooks/own.yml", "--tags", "passwords")[0] == 0
    status, events = job.run("playbooks/own.yml", "--tags", "shops")
    assert status == 2 and "The tags of this run select nothing" in said(events)
