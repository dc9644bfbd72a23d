# SPDX-License-Identifier: GPL-3.0-or-later
"""One handler sends the notices of all clients of a wave, each with its own variables and its own result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from managed import playbook, write_inventory
from playbook_runs import Run, said
from topic import Mailbox
from world.aws import ACCESS_KEY, REGION, SECRET_KEY, AwsEmulator

ACME, GLOBEX, INITECH, HOOLI, UMBRELLA = NAMES = ("acme", "globex", "initech", "hooli", "umbrella")
# Receipts as of a wave, and the role's own handler. The first client fails, and is rescued by nobody.
PLAY = """
- hosts: all
  strategy: {strategy}
  connection: local
  gather_facts: false
  module_defaults: {{group/dbops.rotation.all: "{{{{ rotation_connection }}}}"}}
  tasks:
    - ansible.builtin.import_role: {{name: dbops.rotation.rotation, tasks_from: selected}}
    - ansible.builtin.set_fact:
        rotation_receipt:
          rotated: "{{{{ not (skipped | default(false)) }}}}"
          version_id: "{{{{ inventory_hostname }}}}-2"
          trigger: on_demand
          rotation: {{last: "2026-11-29T00:00:00Z", due: "2027-01-08T00:00:00Z"}}
      changed_when: true
      notify: Send the notices of the rotations
    - ansible.builtin.fail: {{msg: "its own task"}}
      when: fails | default(false)
"""


class Wave:
    """Clients that were rotated, most of them with the topic of one mailbox."""

    def __init__(self, aws: AwsEmulator, mailbox: Mailbox, folder: Path, prefix: str) -> None:
        self.folder, self.mailbox, self.prefix = folder, mailbox, prefix
        self.hosts = {f"{prefix}_{name}": self._variables(aws, mailbox.topic) for name in NAMES}
        for name in self.hosts:
            aws.client().create_secret(Name=f"clients/{name}/mysql/root", SecretString="x")

    @staticmethod
    def _variables(aws: AwsEmulator, topic: str) -> dict[str, Any]:
        url, keys = aws.endpoint_url, {"rotation_access_key": ACCESS_KEY, "rotation_secret_key": SECRET_KEY}
        access = {"rotation_endpoint_url": url, "rotation_endpoint_urls": {"default": url}, "rotation_region": REGION}
        return {**access, **keys, "rotation_topic_arn": topic}

    def set(self, name: str, **variables: Any) -> None:
        self.hosts[f"{self.prefix}_{name}"].update(variables)

    def run(self, *arguments: str, strategy: str = "linear") -> Run:
        (self.folder / "wave.yml").write_text(PLAY.format(strategy=strategy))
        inventory = str(write_inventory(self.folder, self.hosts))
        spool = {"ROTATION_AUDIT_SPOOL": str(self.folder / "audit"), "ROTATION_AUDIT_CHECK_MODE": "true"}
        return playbook(str(self.folder / "wave.yml"), "-i", inventory, *arguments, environment=spool)

    def short(self, client: object) -> str:
        return str(client).removeprefix(f"{self.prefix}_")

    def told(self, mailbox: Mailbox | None = None) -> list[str]:
        return sorted(self.short(notice["client"]) for notice in (mailbox or self.mailbox).read())

    def events(self) -> dict[str, Mapping[str, Any]]:
        lines = [line for path in (self.folder / "audit").iterdir() for line in path.read_text().splitlines()]
        notices = [event for event in map(json.loads, lines) if event["kind"] == "notice"]
        assert len({event["client"] for event in notices}) == len(notices)
        return {self.short(event["client"]): event for event in notices}


@pytest.fixture
def wave(aws: AwsEmulator, mailbox: Mailbox, tmp_path: Path, unique_name: str) -> Wave:
    return Wave(aws, mailbox, tmp_path, unique_name)


def test_each_client_has_its_own_topic_and_its_own_result(wave: Wave, aws: AwsEmulator, unique_name: str) -> None:
    another = Mailbox(aws, f"another-{unique_name}")
    wave.set(ACME, fails=True)
    wave.set(GLOBEX, rotation_topic_arn=another.topic, rotation_environment="staging")
    wave.set(INITECH, rotation_topic_arn=f"{another.topic}-gone")
    wave.set(HOOLI, rotation_topic_arn=another.topic, rotation_environment="{{ nothing.here }}")
    wave.set(UMBRELLA, skipped=True)
    run = wave.run("--force-handlers")
    assert (wave.told(), wave.told(another)) == ([ACME], [GLOBEX]), said(run)
    events = wave.events()
    outcomes = {client: event["outcome"] for client, event in events.items()}
    assert outcomes == {ACME: "succeeded", GLOBEX: "succeeded", INITECH: "failed", HOOLI: "failed"}
    assert events[GLOBEX]["version_id"].endswith(f"{GLOBEX}-2")
    assert f"{INITECH}: the notice 'rotated' was not delivered" in said(run) and "'nothing' is undefined" in said(run)


def test_who_failed_before_has_no_notice_and_the_others_have(wave: Wave) -> None:
    wave.set(ACME, fails=True)
    run = wave.run()
    assert run.returncode == 2 and wave.told() == sorted({*NAMES} - {ACME}) == sorted(wave.events()), said(run)
    assert run.stdout.partition("RUNNING HANDLER")[2].count("changed: [") == 1


def test_where_each_host_goes_its_own_way_each_sends_its_own_once(wave: Wave) -> None:
    wave.set(GLOBEX, skipped=True)
    run = wave.run(strategy="free")
    assert run.returncode == 0 and wave.told() == sorted({*NAMES} - {GLOBEX}) == sorted(wave.events()), said(run)


def test_check_mode_says_for_each_client_what_would_be_sent(wave: Wave) -> None:
    run = wave.run("--check", "-v", "-l", f"{wave.prefix}_{ACME},{wave.prefix}_{GLOBEX}")
    assert wave.told() == [] and {event["check"] for event in wave.events().values()} == {True}
    assert sorted(wave.events()) == [ACME, GLOBEX] and said(run).count("would be sent") == 2, said(run)
