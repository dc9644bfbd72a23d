# SPDX-License-Identifier: GPL-3.0-or-later
"""A scheduled run over a static inventory: one listing instead of a worker for each, with the same outcome."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from cycle import in_days, is_due, set_tags
from deaths import AFTER_APPLY
from faulty_proxy import Fault, FaultyProxy
from managed import MakeClient, ManagedClient, playbook, write_inventory
from playbook_runs import Run, said
from settled import assert_settled
from topic import Mailbox
from world.aws import AwsEmulator
from world.databases import DatabaseServer

FREEZE = [{"from": in_days(-3), "to": in_days(3), "reason": "year end"}]
PAUSE = {"until": in_days(2), "reason": "migration"}
LAMBDA = {"rotation/runner": "lambda"}
YESTERDAY = in_days(-1)
FAILED = {
    "rotation/failures": f"count=2 at={YESTERDAY} step=open code=login_refused",
    "rotation/notified": f"failed={YESTERDAY}",
}


def is_due_and_told(client: ManagedClient) -> None:
    """Let it be due tomorrow, as people know."""
    is_due(client)
    set_tags(client, {"rotation/notified": f"due={client.tags()['rotation/due']} sent=1+7"})


# What each client is, by a word: what happened to it, and what the inventory says of it alone.
KINDS: dict[str, tuple[Callable[[ManagedClient], Any], dict[str, Any]]] = {
    "idle": (lambda client: None, {}),
    "due": (is_due, {}),
    "begun": (AFTER_APPLY.interrupt, {}),
    "paused": (is_due_and_told, {"rotation_paused": PAUSE}),
    "frozen": (is_due_and_told, {"rotation_freezes": FREEZE}),
    "late": (lambda client: is_due(client, -2), {"rotation_freezes": FREEZE}),
    "theirs": (lambda client: set_tags(client, LAMBDA), {}),
    "spoilt": (lambda client: set_tags(client, {**LAMBDA, "rotation/due": in_days(900)}), {}),
    "impossible": (lambda client: set_tags(client, {"rotation/due": in_days(900)}), {}),
    "odd": (lambda client: set_tags(client, {"rotation/due": "soon"}), {}),
    "owed": (lambda client: set_tags(client, {"rotation/notified": "rotated=owed"}), {}),
    "failing": (lambda client: set_tags(client, FAILED), {}),
    "shorter": (lambda client: set_tags(client, {"rotation/last": in_days(-9)}), {"rotation_cycle_days": 9}),
    "wrong": (lambda client: None, {"rotation_windows": [{"from": "25:00", "to": "26:00"}]}),
    "gone": (lambda client: None, {"rotation_secret_id": "clients/nobody/mysql/root"}),
    "computed": (is_due, {"rotation_freezes": "{{ [] if inventory_hostname else [] }}"}),
}
LEFT_OUT = {"idle", "theirs", "failing"}


class Mixture:
    """One client of each kind, and the inventory that has them all."""

    def __init__(self, folder: Path, make: Callable[[], ManagedClient], topic: str, kinds: Iterable[str]) -> None:
        self.clients, self.folder, self.topic = {kind: make() for kind in kinds}, folder, topic
        folder.mkdir()
        for kind, client in self.clients.items():
            client.rotate()
            set_tags(client, {"rotation/notified": ""})
            KINDS[kind][0](client)
        self.names = {client.name: kind for kind, client in self.clients.items()}

    def run(self, *arguments: str, **variables: Any) -> Run:
        """Run the schedule, with the callbacks and a limit that names all."""
        given = {"rotation_topic_arn": self.topic, **variables}
        hosts = {one.name: one.variables(**{**given, **KINDS[kind][1]}) for kind, one in self.clients.items()}
        inventory = str(write_inventory(self.folder, hosts))
        enabled = "dbops.rotation.rotation_audit,dbops.rotation.rotation_progress"
        environment = {"ANSIBLE_CALLBACKS_ENABLED": enabled, "ROTATION_AUDIT_SPOOL": str(self.folder / "spool")}
        return playbook("playbooks/rotate_due.yml", "-i", inventory, *arguments, environment=environment)

    def visited(self, run: Run) -> set[str]:
        """Return the kinds for which a worker was started, by their tasks."""
        found = re.findall(r"^(?:ok|changed|fatal): \[(client_\w+)\]", run.stdout.partition("PLAY [Rotate")[2], re.M)
        return {self.names[name] for name in found}

    def table(self, run: Run) -> list[str]:
        """Return the lines of the table, with kinds for names, and without how long it took."""
        after = run.stdout.partition("ROTATION SUMMARY")[2]
        lines = [" ".join(self.by_kind(line).split()) for line in after.splitlines()[1:]]
        return [line for line in lines if not line.startswith("slowest")]

    def events(self) -> Counter[tuple[str, str, str, str]]:
        """Return what the audit trail says: kind, outcome, of whom, and the counts of the run."""
        lines = [line for path in (self.folder / "spool").glob("*.jsonl") for line in path.read_text().splitlines()]
        events = [json.loads(line) for line in lines]
        return Counter(
            (one["kind"], one["outcome"], self.by_kind(one.get("client", "")), json.dumps(one.get("counts")))
            for one in events
        )

    def by_kind(self, text: str) -> str:
        """Return a text without what differs from one mixture to another."""
        return re.sub(
            r"client_\w+", lambda match: self.names.get(match[0], match[0]), text.replace(str(self.folder), "")
        )


@pytest.fixture
def mixtures(
    make_client: MakeClient, mysql_server: DatabaseServer, mailbox: Mailbox, tmp_path: Path
) -> Callable[..., Mixture]:
    def mix(name: str, *kinds: str) -> Mixture:
        return Mixture(tmp_path / name, lambda: make_client(mysql_server).create(), mailbox.topic, kinds or KINDS)

    return mix


def failed(mixture: Mixture, run: Run) -> set[str]:
    """Return the kinds that the recap calls failed."""
    return {mixture.names[name] for name in re.findall(r"^(client_\w+) +:.*failed=[1-9]", run.stdout, re.M)}


@pytest.mark.slow
def test_a_listing_leaves_out_only_who_has_nothing_to_do_and_says_the_same(
    mixtures: Callable[..., Mixture], mailbox: Mailbox, recording: AwsEmulator
) -> None:
    listed, visited = mixtures("listed"), mixtures("visited")
    recording.start_recording()
    run = listed.run(rotation_list_from=1)
    assert Counter(request.operation for request in recording.recorded())["ListSecrets"] == 1
    told = [notice["event"] for notice in mailbox.read()]
    before = visited.run(rotation_list_from=0)
    assert run.returncode == before.returncode, said(run)
    assert listed.table(run) == visited.table(before)
    assert listed.events() == visited.events()
    assert sorted(told) == sorted(notice["event"] for notice in mailbox.read())
    assert visited.visited(before) == set(KINDS)
    assert listed.visited(run) == set(KINDS) - LEFT_OUT
    for kind in ("due", "begun", "computed"):
        assert_settled(listed.clients[kind])
    assert failed(listed, run) == failed(visited, before) == {"impossible", "wrong", "gone"}


def test_without_the_permission_to_list_a_worker_visits_each_and_the_run_says_what_to_grant(
    mixtures: Callable[..., Mixture], aws: AwsEmulator
) -> None:
    mixture = mixtures("denied", "idle", "due")
    denied = Fault("ListSecrets", "AccessDeniedException")
    with FaultyProxy(aws.endpoint_url) as proxy, proxy.faulty(None, denied):
        run = mixture.run(rotation_list_from=1, rotation_endpoint_url=proxy.endpoint_url)
    assert run.returncode == 0 and mixture.visited(run) == {"idle", "due"}, said(run)
    assert "secretsmanager:ListSecrets is denied. Allow that action on the resource *" in said(run)
    assert "slow, but complete: it starts a worker for each of 2 clients" in said(run)
    assert_settled(mixture.clients["due"])


def test_where_nobody_has_work_no_worker_visits_a_client(mixtures: Callable[..., Mixture]) -> None:
    mixture = mixtures("quiet", "idle", "spoilt")
    run = mixture.run("-l", "all", rotation_list_from=2)
    assert run.returncode == 0 and mixture.visited(run) == {"spoilt"}, said(run)
    set_tags(mixture.clients["spoilt"], {"rotation/due": in_days(20)})
    run = mixture.run(rotation_list_from=2)
    assert run.returncode == 0 and "no hosts matched" in said(run) and "WARNING" not in said(run), said(run)
    assert [json.loads(counts)["clients"] for _kind, _outcome, _client, counts in mixture.events()] == [2]
