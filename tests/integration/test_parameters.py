# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of Parameter Store in whole playbook runs: written, read back once, beneath whatever else is said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from awx_job import RUNNER, Job, copy_of_the_project
from cycle import is_due
from duties import topic
from leaks import files, keeping
from listed_fleet import Fleet
from managed import AT_ONCE, ROOT, MakeClient, ManagedClient, playbook
from playbook_runs import BASTION, PLUGINS, said
from stock_collections import needs_collections
from world.aws import ACCESS_KEY, NOWHERE, REGION, SECRET_KEY, AwsEmulator
from world.databases import DatabaseServer

pytestmark = pytest.mark.slow

KEYS = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
STRICT, LENIENT = ({"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": strict} for strict in ("True", "False"))
HIDDEN, HIDDEN_KEY = "Hidden-Value-1234", "Hidden-Key-5678"
ACCESS = ("rotation_access_key", "rotation_secret_key")
Run = subprocess.CompletedProcess[str]


class Parameters:
    """Parameters below a path of one test, and a folder whose inventory reads them."""

    def __init__(self, aws: AwsEmulator, name: str, folder: Path) -> None:
        self.aws, self.path, self.folder = aws, f"/{name}", folder
        self.client = aws.client("ssm")
        self.configure()

    def configure(self, **options: Any) -> None:
        access = {"region": REGION, "endpoint_urls": {"default": self.aws.endpoint_url}, "parameter_path": self.path}
        given = {"plugin": "dbops.rotation.parameters", **access, **options}
        (self.folder / "parameters.yml").write_text(json.dumps(given))

    def store(self, name: str, given: Any, kind: str = "String") -> None:
        text = given if isinstance(given, str) else json.dumps(given)
        self.client.put_parameter(Name=f"{self.path}/{name}", Value=text, Type=kind)

    def write(self, place: str, given: Any) -> None:
        """Write a file of the inventory, before or behind parameters.yml by its name."""
        path = self.folder / place
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(given))

    def hosts(self, client: ManagedClient, **variables: Any) -> None:
        """Write a client, in a group, without what is stored for all."""
        self.write("clients.json", {"clients": {"hosts": {client.name: client.variables()}, "vars": variables}})

    def host_without_keys(self, client: ManagedClient, jump_host: str | None) -> None:
        """Write a client whose access to AWS is stored, and a jump host."""
        given = {**client.variables(), "rotation_jump_host": jump_host}
        variables = {name: value for name, value in given.items() if name not in ACCESS}
        jump_hosts = {"hosts": {"bastion": BASTION}}
        self.write("clients.json", {"clients": {"hosts": {client.name: variables}}, "jump_hosts": jump_hosts})

    def run(self, name: str, *arguments: str, **environment: str) -> Run:
        given = {**KEYS, **STRICT, **environment}
        return playbook(name, "-i", str(self.folder), *arguments, environment=given)


@pytest.fixture
def parameters(aws: AwsEmulator, unique_name: str, tmp_path: Path) -> Iterator[Parameters]:
    stored = Parameters(aws, f"dbops-{unique_name}", tmp_path)
    yield stored
    client = stored.client
    for page in client.get_paginator("get_parameters_by_path").paginate(Path=stored.path, Recursive=True):
        client.delete_parameters(Names=[one["Name"] for one in page["Parameters"]] or ["none"])


def overlap(client: ManagedClient) -> bool:
    """Whether the old password stays valid beside the new one, which only a setting makes it do."""
    return bool(client.tags().get("rotation/overlap-until"))


def test_a_stored_setting_is_that_of_a_run(parameters: Parameters, mysql_client: ManagedClient) -> None:
    parameters.store("rotation_overlap", "3600")
    parameters.hosts(mysql_client)
    run = parameters.run("rotate.yml", "-l", mysql_client.name)
    assert run.returncode == 0 and "WARNING" not in said(run), said(run)
    assert overlap(mysql_client) and mysql_client.opens(mysql_client.password)


ZERO = {"rotation_overlap": 0}


# In files that are read before the parameters and after them, for a group and a host, and as an extra variable.
@pytest.mark.parametrize(
    ("place", "given"),
    [
        *(("a.json", {"all": {"vars": ZERO}}), ("z.json", {"all": {"vars": ZERO}})),
        *(("z.json", {"clients": {"vars": ZERO}}), ("z.json", {"clients": {"hosts": {"CLIENT": ZERO}}})),
        *(("group_vars/all.json", ZERO), ("group_vars/clients.json", ZERO), ("host_vars/CLIENT.json", ZERO)),
        ("", ZERO),
    ],
    ids=str,
)
def test_whatever_else_says_it_is_preferred(
    parameters: Parameters, mysql_client: ManagedClient, place: str, given: dict[str, Any]
) -> None:
    parameters.store("rotation_overlap", "3600")
    parameters.hosts(mysql_client)
    text = json.dumps(given).replace("CLIENT", mysql_client.name)
    if place:
        parameters.write(place.replace("CLIENT", mysql_client.name), json.loads(text))
    run = parameters.run("rotate.yml", "-l", mysql_client.name, *(() if place else ("-e", text)))
    assert run.returncode == 0, said(run)
    assert not overlap(mysql_client) and not mysql_client.opens(mysql_client.password)


@needs_collections
def test_what_provisioning_writes_a_rotation_reads_back(parameters: Parameters, mysql_client: ManagedClient) -> None:
    parameters.configure()
    provisioned = {
        "rotation_provision_region": REGION,
        "rotation_provision_endpoint_url": parameters.aws.endpoint_url,
        "rotation_provision_name": parameters.path.strip("/"),
        "rotation_provision_log_group": parameters.path,
        "rotation_provision_duties": [],
        "rotation_provision_parameter": f"{parameters.path}/settings",
        "rotation_provision_secret_tags": {"environment": "production"},
    }
    quiet = {**KEYS, "ANSIBLE_DEPRECATION_WARNINGS": "False"}
    made = playbook("playbooks/provision.yml", "-e", json.dumps(provisioned), environment=quiet, timeout=600)
    assert made.returncode == 0, said(made)
    sent = parameters.aws.client("sqs")
    queue = sent.create_queue(QueueName=parameters.path.strip("/"))["QueueUrl"]
    arn = sent.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    told = f"arn:aws:sns:{REGION}:123456789012:{parameters.path.strip('/')}"
    parameters.aws.client("sns").subscribe(TopicArn=told, Protocol="sqs", Endpoint=arn)
    hosts = {mysql_client.name: {**mysql_client.variables(), "rotation_region": REGION}}
    parameters.write("clients.json", {"clients": {"hosts": hosts}})
    run = parameters.run("rotate.yml", "-l", mysql_client.name)
    assert run.returncode == 0 and "WARNING" not in said(run), said(run)
    assert "rotated" in sent.receive_message(QueueUrl=queue)["Messages"][0]["Body"]


@pytest.mark.parametrize("jump_host", [None, "bastion"], ids=["in the controller", "shipped"])
def test_a_secure_value_is_used_and_in_no_output(
    parameters: Parameters,
    mysql_client: ManagedClient,
    recording: AwsEmulator,
    tmp_path_factory: pytest.TempPathFactory,
    jump_host: str | None,
) -> None:
    """Of all values of a document, too, whether they are of an option that others may see or not."""
    secret = (HIDDEN, HIDDEN_KEY, "3571")
    folder = tmp_path_factory.mktemp("shown")
    parameters.store("rotation_secret_key", HIDDEN_KEY, "SecureString")
    settings = {"rotation_access_key": ACCESS_KEY, "rotation_external_id": HIDDEN, "rotation_overlap": 3571}
    parameters.store("settings", settings, "SecureString")
    parameters.host_without_keys(mysql_client, jump_host)
    recording.start_recording()
    runs = [
        parameters.run("rotate.yml", "-l", mysql_client.name, "-vvvv", "--diff", *arguments, **keeping(folder))
        for arguments in (["--check"], [])
    ]
    assert [run.returncode for run in runs] == [0, 0] and overlap(mysql_client), said(runs[-1])
    (folder / "printed").write_text("".join(run.stdout + run.stderr for run in runs))
    shown = {path.name: path.read_bytes() for path in files(folder)}
    assert b"SPY dbops.rotation.secretsmanager_mysql_rotate" in shown["printed"] and "ansible.log" in shown
    assert [(name, word) for name, text in shown.items() for word in secret if word.encode() in text] == []
    asked = [request.operation for request in recording.recorded()]
    assert asked.count("GetParametersByPath") == 2, "once for each run, in check mode too"


def test_a_secure_value_lies_in_no_file_of_a_jump_host(parameters: Parameters, mysql_client: ManagedClient) -> None:
    parameters.store("rotation_external_id", HIDDEN, "SecureString")
    parameters.host_without_keys(mysql_client, "bastion")
    environment = {**PLUGINS, "ANSIBLE_KEEP_REMOTE_FILES": "1"}
    run = parameters.run("rotate.yml", "-l", mysql_client.name, **environment)
    assert run.returncode == 2 and mysql_client.stored()["password"] == mysql_client.password
    assert "The option external_id would be written to a file on the host that runs the task" in said(run)


def test_what_is_stored_is_rendered_nowhere(
    parameters: Parameters, mysql_client: ManagedClient, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whoever may write parameters runs nothing on the controller."""
    folder = tmp_path_factory.mktemp("rendered")
    for option, kind in (("rotation_environment", "String"), ("rotation_external_id", "SecureString")):
        touch = f"lookup('ansible.builtin.pipe', 'touch {folder}/{kind}')"
        parameters.store(option, f"{{% if {touch} %}}x{{% endif %}}", kind)
    parameters.hosts(mysql_client, rotation_topic_arn=topic(mysql_client))
    run = parameters.run("rotate.yml", "-l", mysql_client.name)
    assert run.returncode == 0 and list(folder.iterdir()) == [], said(run)


def test_a_secure_value_is_in_no_inventory_that_is_printed(parameters: Parameters) -> None:
    parameters.store("rotation_external_id", HIDDEN, "SecureString")
    parameters.store("settings", {"rotation_overlap": 3571}, "SecureString")
    command = [
        str(Path(sys.executable).with_name("ansible-inventory")),
        "-i",
        str(parameters.folder),
        "--list",
        "-vvvv",
    ]
    for export in ([], ["--export"]):
        printed = subprocess.run(
            [*command, *export], cwd=ROOT, env={**os.environ, **KEYS}, capture_output=True, text=True, check=False
        )
        told = printed.stdout + printed.stderr
        assert printed.returncode == 0 and HIDDEN not in told and "3571" not in told, told
    assert "lookup('dbops.rotation.parameter', 'rotation_external_id'" in printed.stdout


def test_fifty_clients_and_their_workers_cost_one_call(parameters: Parameters, recording: AwsEmulator) -> None:
    aws, name = recording.client(), parameters.path.strip("/")
    ids = [f"{name}/{number}" for number in range(50)]
    for secret in ids:
        aws.create_secret(Name=secret, SecretString="x")
    parameters.store("rotation_secret_key", SECRET_KEY, "SecureString")
    parameters.store("rotation_access_key", ACCESS_KEY)
    parameters.store("settings", {"rotation_region": REGION, "rotation_endpoint_url": recording.endpoint_url})
    hosts = {f"client_{number}": {"rotation_secret_id": secret} for number, secret in enumerate(ids)}
    parameters.write("clients.json", {"clients": {"hosts": hosts}})
    recording.start_recording()
    run = parameters.run("playbooks/status.yml")
    asked = [request.operation for request in recording.recorded()]
    for secret in ids:
        aws.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
    assert run.returncode == 0, said(run)
    assert (asked.count("GetParametersByPath"), asked.count("DescribeSecret")) == (1, 50)


def test_a_thousand_parameters_are_read_once(
    parameters: Parameters, mysql_client: ManagedClient, recording: AwsEmulator
) -> None:
    for number in range(1000):
        parameters.store(f"document-{number}", {})
    parameters.store("rotation_overlap", "3600")
    parameters.hosts(mysql_client)
    recording.start_recording()
    run = parameters.run("rotate.yml", "-l", mysql_client.name)
    assert run.returncode == 0 and overlap(mysql_client), said(run)
    asked = [request.operation for request in recording.recorded()]
    assert asked.count("GetParametersByPath") == 101, "each page once, and a page holds ten"


def nothing_listens(stored: Parameters) -> str:
    stored.configure(
        endpoint_urls={"ssm": NOWHERE, "default": stored.aws.endpoint_url},
        aws_config={"retries": {"total_max_attempts": 1}},
    )
    return f"Could not read the parameters below {stored.path}: the AWS endpoint does not answer"


def nothing_is_stored(stored: Parameters) -> str:
    stored.configure(parameter_path=f"{stored.path}/empty")
    return f"Parameter Store has no parameter below {stored.path}/empty in the region that was asked."


def a_parameter_is_wrong(stored: Parameters) -> str:
    stored.store("rotation_lead", HIDDEN, "SecureString")
    return f"{stored.path}/rotation_lead (rotation_lead): rotation_lead must be a whole number."


@pytest.mark.parametrize("lenient", [False, True], ids=["any_unparsed_is_failed", "as_ansible_is"])
@pytest.mark.parametrize("go_wrong", [nothing_listens, nothing_is_stored, a_parameter_is_wrong])
def test_what_cannot_be_read_ends_the_run_before_any_client(
    parameters: Parameters, mysql_client: ManagedClient, go_wrong: Callable[[Parameters], str], lenient: bool
) -> None:
    parameters.store("rotation_overlap", "3600")
    parameters.hosts(mysql_client)
    told, before = go_wrong(parameters), (mysql_client.stages(), mysql_client.tags())
    run = parameters.run("rotate.yml", "-l", mysql_client.name, "-vvvv", **(LENIENT if lenient else STRICT))
    assert run.returncode != 0 and told in said(run), said(run)
    assert "Traceback" not in said(run) and HIDDEN not in said(run)
    assert (mysql_client.stages(), mysql_client.tags()) == before
    assert not lenient or "the parameters that this run has are none. Nothing was changed. Next: " in said(run)


def test_a_run_may_name_another_path_or_do_without(parameters: Parameters, mysql_client: ManagedClient) -> None:
    parameters.store("rotation_overlap", "3600")
    parameters.store("other/rotation_overlap", "0")
    parameters.hosts(mysql_client)
    for path in (f"{parameters.path}/other", ""):
        run = parameters.run(
            "rotate.yml", "-l", mysql_client.name, "-e", f"rotation_parameter_path={path} rotation_min_age=0"
        )
        assert run.returncode == 0 and not overlap(mysql_client), said(run)


@pytest.mark.parametrize("name", ["rotate.yml", "playbooks/status.yml", "playbooks/rotate_due.yml"])
def test_a_path_that_no_file_reads_is_refused(parameters: Parameters, mysql_client: ManagedClient, name: str) -> None:
    parameters.hosts(mysql_client)
    (parameters.folder / "parameters.yml").unlink()
    run = parameters.run(name, "-e", f"rotation_parameter_path={parameters.path}")
    assert run.returncode == 2 and mysql_client.stored()["password"] == mysql_client.password
    told = said(run)
    assert f"rotation_parameter_path is '{parameters.path}', but the parameters that this run has are none." in told
    assert "say parameter_path in a file of dbops.rotation.parameters or dbops.rotation.fleet" in told


def test_the_inventory_of_the_fleet_reads_it_once_and_its_own_file_is_preferred(
    parameters: Parameters, make_client: MakeClient, mysql_server: DatabaseServer, recording: AwsEmulator
) -> None:
    (parameters.folder / "parameters.yml").unlink()
    fleet = Fleet(parameters.folder, [make_client(mysql_server).create() for _number in range(2)])
    parameters.store("settings", {"rotation_overlap": 3600, "rotation_lead": 7200}, "SecureString")
    access = {"endpoint_urls": {"default": parameters.aws.endpoint_url}, "parameter_path": parameters.path}
    fleet.configure(**access)
    for client in fleet.clients:
        is_due(client)
    recording.start_recording()
    run = fleet.run(*AT_ONCE)
    assert run.returncode == 0 and "WARNING" not in said(run), said(run)
    assert [overlap(client) for client in fleet.clients] == [True, True]
    assert [one.operation for one in recording.recorded()].count("GetParametersByPath") == 1


@pytest.mark.skipif(RUNNER is None, reason="ansible-runner comes with make setup-dev")
def test_a_job_of_awx_has_the_settings_of_its_inventory(
    parameters: Parameters,
    mysql_client: ManagedClient,
    recording: AwsEmulator,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """AWX keeps what the update printed, so that a secure value is read by the job."""
    folder = tmp_path_factory.mktemp("awx")
    project = copy_of_the_project(folder / "project")
    parameters.store("rotation_external_id", HIDDEN, "SecureString")
    parameters.store("settings", {"rotation_overlap": 3600})
    (folder / "job").mkdir()
    job = Job(folder / "job", project, {})
    parameters.folder = project / "inventories/stored"
    parameters.folder.mkdir()
    parameters.configure()
    variables = mysql_client.variables(rotation_access_key=None, rotation_secret_key=None)
    parameters.write("clients.json", {"clients": {"hosts": {mysql_client.name: variables}}})
    listed = job.list_inventory("inventories/stored")
    assert HIDDEN not in json.dumps(listed) and "__ansible_unsafe" not in json.dumps(listed)
    job.take(listed)
    recording.start_recording()
    status, events = job.run("rotate.yml", "--limit", mysql_client.name)
    told = " ".join(event["stdout"] for event in events)
    assert status == 0 and overlap(mysql_client), told
    assert [one.operation for one in recording.recorded()].count("GetParametersByPath") == 1
    assert [path for path in job.files() if HIDDEN.encode() in path.read_bytes()] == []
    status, events = job.run("rotate.yml", "--limit", mysql_client.name, rotation_parameter_path="/other")
    assert status == 2 and "in AWX, update the inventory" in " ".join(event["stdout"] for event in events)
    parameters.client.delete_parameter(Name=f"{parameters.path}/rotation_external_id")
    before = mysql_client.stages()
    status, events = job.run("rotate.yml", "--limit", mysql_client.name)
    told = " ".join(" ".join(event["stdout"] for event in events).split())
    assert status == 2 and mysql_client.stages() == before
    assert f"No rotation_external_id is a SecureString below {parameters.path} any more. Nothing was changed." in told
    assert "rotation : Rotate the root password" not in told, "the guard has ended the run"


def test_what_is_a_secure_string_is_not_stored_in_a_clients_parameter(
    parameters: Parameters, mysql_client: ManagedClient
) -> None:
    """It may be read by who may not see it; the environment of the functions is the place for it."""
    parameters.store("rotation_external_id", HIDDEN, "SecureString")
    parameters.store("rotation_overlap", "3600")
    parameters.hosts(mysql_client, rotation_client_parameters=f"{parameters.path}/clients")
    left = ("-e", "rotation_runner=lambda", "-l", mysql_client.name)
    for arguments in (["--check", "--diff", "-vvv"], ["--diff", "-vvv"], ["-vvv"]):
        run = parameters.run("playbooks/runner.yml", *left, *arguments)
        assert run.returncode == 0 and HIDDEN not in run.stdout + run.stderr, said(run)
        assert f"{mysql_client.name}: what comes from a SecureString" in said(run)
        assert "set it in their environment: ROTATION_EXTERNAL_ID." in said(run)
    assert "changed=0" in run.stdout
    name = f"{parameters.path}/clients/{mysql_client.name}"
    (stored,) = parameters.client.get_parameters(Names=[name])["Parameters"]
    assert json.loads(stored["Value"]) == {"rotation_overlap": 3600}
    assert parameters.run("rotate.yml", "-l", mysql_client.name).returncode == 0, "no run over an inventory reads it"
