# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of AWX, made by AWX's own modules against a server that keeps what they send."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from awx_server import KEY, AwxServer
from managed import ROOT, playbook
from playbook_runs import Run, said
from stock_collections import needs_awx

pytestmark = [pytest.mark.slow, needs_awx]
VAULT_PASSWORD = "the-vault-password-for-AWX"
DEFAULTS: dict[str, Any] = DataLoader().load_from_file(str(ROOT / "roles/rotation_awx/defaults/main.yml"))


@pytest.fixture
def awx() -> Iterator[AwxServer]:
    with AwxServer() as server:
        yield server


MAIL_PASSWORD = "the-password-of-a-mail-account"
NOTIFICATION: dict[str, Any] = DEFAULTS["rotation_awx_notification"]
WITH_PASSWORD = {
    **NOTIFICATION,
    "configuration": {**NOTIFICATION["configuration"], "password": MAIL_PASSWORD},
    # The templates of AWX would be filled in as extra variables of this run.
    "messages": {name: {"message": "See AWX", "body": ""} for name in NOTIFICATION["messages"]},
}
# What an operator has in the environment the first time.
SECRETS = {
    "ROTATION_AWX_ACCESS_KEY": "AKIAEXAMPLE",
    "ROTATION_AWX_SECRET_KEY": KEY,
    "ROTATION_AWX_BACKUP_PASSWORD": VAULT_PASSWORD,
}


def configure(awx: AwxServer, *arguments: str, secrets: bool = True, **variables: Any) -> Run:
    environment = {
        "CONTROLLER_HOST": awx.url,
        "CONTROLLER_OAUTH_TOKEN": "token",
        "ANSIBLE_PIPELINING": "1",
        **(SECRETS if secrets else {}),
    }
    command = ("playbooks/awx.yml", "-i", "localhost,", "-e", json.dumps(variables), *arguments)
    # Some fifty modules, each in a Python of its own.
    return playbook(*command, environment=environment, timeout=600)


def changes(run: Run) -> int:
    assert run.returncode == 0 and "[WARNING]" not in said(run), said(run)[-2500:]
    found = re.search(r"changed=(\d+)", run.stdout)
    assert found
    return int(found.group(1))


def test_a_first_run_makes_everything_and_a_second_one_nothing(awx: AwxServer) -> None:
    assert changes(configure(awx, "--check")) == 1 and awx.writes == []
    run = configure(awx, "-vvv", rotation_awx_notification=WITH_PASSWORD)
    assert changes(run)
    assert [word for word in (KEY, VAULT_PASSWORD, MAIL_PASSWORD) if word in run.stdout + run.stderr] == []
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
    assert [question["variable"] for question in questions] == [
        *("rotation_reason", "rotation_force", "rotation_adopt_rows", "rotation_accept_server_id"),
        *("rotation_before", "rotation_server_label", "rotation_everything"),
    ]
    assert_backup_has_its_password(awx)
    awx.requests.clear()
    moved = {**WITH_PASSWORD, "configuration": {**WITH_PASSWORD["configuration"], "port": 465}}
    assert changes(configure(awx, "--check", rotation_awx_notification=moved)) == 1 and awx.writes == []
    # The secrets are needed once; without them a run finds everything as it should be.
    assert changes(configure(awx, rotation_awx_notification=WITH_PASSWORD, secrets=False)) == 0
    # A project is fetched by every run.
    assert [path for _method, path in awx.writes if not path.endswith("/update")] == []


# What a person may add to a list of an object.
LISTS = {
    "inventories": ["instance_groups"],
    "projects": [f"notification_templates_{when}" for when in ("started", "success", "error")],
    "inventory_sources": [f"notification_templates_{when}" for when in ("started", "success", "error")],
    "job_templates": [
        *("credentials", "instance_groups", "labels"),
        *(f"notification_templates_{when}" for when in ("started", "success", "error")),
    ],
    "schedules": ["credentials", "instance_groups", "labels"],
}
CHOICES = {
    ("job_templates", "job_type"): "check",
    ("job_templates", "webhook_service"): "github",
    ("job_templates", "extra_vars"): '{"rotation_tls_mode": "disabled"}',
    ("schedules", "job_type"): "check",
    ("schedules", "rrule"): "DTSTART:20260101T001500Z RRULE:FREQ=YEARLY;INTERVAL=9",
    ("inventory_sources", "source"): "ec2",
    ("projects", "scm_type"): "svn",
    ("notification_templates", "notification_type"): "slack",
    ("credential_types", "kind"): "net",
}
# Not an option of the object, or what its modules find it by; and a playbook or a type cannot be another one.
IDENTITY = {"id", "url", "type", "related", "summary_fields", "name", "scm_revision", "playbook_files", "managed"}
FOUND_BY = {"organization", "inventory", "unified_job_template", "credential_type"}
# AWX's modules cannot take these off again, or they are secrets or have a test of their own.
OTHERWISE = {
    *(("projects", name) for name in ("credential", "signature_validation_credential")),
    ("execution_environments", "credential"),
    ("job_templates", "webhook_credential"),
    # A smart inventory cannot be made an ordinary one.
    *(("inventories", name) for name in ("kind", "host_filter")),
    ("credentials", "inputs"),
    ("notification_templates", "notification_configuration"),
}


UNTOUCHED = ("labels", "project_updates")


def another(kind: str, name: str, value: Any) -> Any:
    """Another value for an option, as a person may set it."""
    if (kind, name) in CHOICES:
        return CHOICES[kind, name]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return {"by": "hand"} if isinstance(value, dict) else "by hand"


def change_everything(awx: AwxServer) -> list[tuple[str, str]]:
    """Change every option of every object; give their kinds and names."""
    touched = []
    for kind, items in awx.lists.items():
        for item in (
            one for one in items.values() if kind not in ("labels", "project_updates") and "managed" not in one
        ):
            found_by = FOUND_BY - ({"inventory"} if kind in ("job_templates", "schedules") else set())
            fields = [name for name in item if name not in IDENTITY | found_by and (kind, name) not in OTHERWISE]
            assert fields
            item |= {name: another(kind, name, item[name]) for name in fields}
            touched.append((kind, item["name"]))
            for listed in LISTS.get(kind, []):
                awx.associations[f"{kind}/{item['id']}/{listed}"].append(4711)
    awx.named("credentials", DEFAULTS["rotation_awx_aws_credential"])["inputs"]["region"] = "us-east-1"
    for survey in awx.surveys.values():
        survey["spec"] = survey["spec"][:-1]
    return touched


def state(awx: AwxServer) -> Any:
    lists = {kind: items for kind, items in awx.lists.items() if kind != "project_updates"}
    return deepcopy((lists, {place: sorted(ids) for place, ids in awx.associations.items() if ids}, awx.surveys))


# Made one by one, each with its name in the output.
PER_ITEM = ("inventories", "inventory_sources", "job_templates", "schedules")
ADDED = [
    *(("projects", "credential"), ("projects", "signature_validation_credential")),
    *(("execution_environments", "credential"), ("job_templates", "webhook_credential")),
]


def grant_by_hand(awx: AwxServer) -> None:
    """Let the team start what it may not, and nothing of what it may."""
    for place in [place for place in awx.associations if place.startswith("roles/1")]:
        awx.associations[place].clear()
    forbidden = awx.named("job_templates", "Rotate due clients")["id"]
    team = awx.named("teams", DEFAULTS["rotation_awx_team"])["id"]
    awx.associations[f"roles/{1000 + forbidden}/teams"].append(team)


def test_what_is_changed_by_hand_is_named_by_a_check_and_restored_by_a_run(awx: AwxServer) -> None:
    """A template that was set to check, or to ask for variables, rotates nothing or without TLS, and is successful."""
    assert changes(configure(awx))
    assert_operators_read_what_they_are_told_of(awx)
    right = state(awx)
    touched = change_everything(awx)
    grant_by_hand(awx)
    wrong = state(awx)
    checked = configure(awx, "--check", secrets=False)
    assert changes(checked) >= len({kind for kind, _name in touched}) and state(awx) == wrong
    named = [name for kind, name in touched if kind in PER_ITEM]
    assert [name for name in named if f"changed: [localhost] => (item={name})" not in said(checked)] == []
    assert checked.stdout.count("changed: [localhost]") > len(touched)
    assert changes(configure(awx, secrets=False))
    assert state(awx) == right
    for kind, option in ADDED:
        next(iter(awx.lists[kind].values()))[option] = 4711
    run = configure(awx, "--check", secrets=False)
    assert run.returncode == 2 and "changed=0" in run.stdout, said(run)
    for kind, option in ADDED:
        added = next(iter(awx.lists[kind].values()))["name"]
        assert f"AWX has a {option} on {added} ({kind}) that is not configured here." in said(run)


def assert_operators_read_what_they_are_told_of(awx: AwxServer) -> None:
    team = awx.named("teams", DEFAULTS["rotation_awx_team"])["id"]
    for kind in ("job_templates", "inventories", "projects"):
        for item in awx.lists[kind].values():
            assert awx.associations[f"roles/{2000 + item['id']}/teams"] == [team]


def assert_backup_has_its_password(awx: AwxServer) -> None:
    """As a credential of AWX's own type, and nothing of it in the variables."""
    backup = awx.named("job_templates", "Backup")
    used = awx.associations[f"job_templates/{backup['id']}/credentials"]
    vault = awx.named("credentials", "Vault of the backups")
    assert vault["id"] in used and len(used) == 2
    assert awx.lists["credential_types"][vault["credential_type"]]["name"] == "Vault"
    assert vault["inputs"] == {"vault_id": "backup", "vault_password": VAULT_PASSWORD}
    assert json.loads(backup["extra_vars"]) == {
        "rotation_backup_file": "/var/backups/rotation/secrets.vault",
        "rotation_backup_vault_id": "backup",
    }
    # It is off until somebody has seen that the file stays.
    assert awx.named("schedules", "Backup every morning")["enabled"] is False


def test_what_is_not_there_is_named_and_ends_a_check(awx: AwxServer) -> None:
    run = configure(awx, secrets=False)
    assert run.returncode == 2 and "AWX has no credential 'AWS for the rotation', and jobs use it." in said(run)
    assert awx.lists["projects"] == awx.lists["job_templates"] == {}
    # Nodes with a role of their own need no key.
    few: dict[str, Any] = {"rotation_awx_aws_credential": "", "rotation_awx_operators_execute": []}
    few["rotation_awx_job_templates"] = DEFAULTS["rotation_awx_job_templates"][:1]
    few["rotation_awx_schedules"] = DEFAULTS["rotation_awx_schedules"][:1]
    assert changes(configure(awx, secrets=False, **few))
    assert awx.lists["credentials"] == {} and awx.names("job_templates") == ["Rotate due clients"]
    # An upgrade brings what the rest of a check would ask for by name.
    awx.requests.clear()
    assert changes(configure(awx, "--check")) == 2  # both credentials
    more = [*DEFAULTS["rotation_awx_inventories"], {"name": "Others", "source_path": "inventories/fleet/fleet.yml"}]
    assert changes(configure(awx, "--check", rotation_awx_inventories=more, **few)) == 1
    assert awx.writes == []


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
    assert "AWX was not called." in said(run) and awx.requests == []
