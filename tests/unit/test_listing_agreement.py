# SPDX-License-Identifier: GPL-3.0-or-later
"""A listing leaves out nobody with whom the worker of a client would have work: random secrets, options and times.

Both halves are compared: what tags and options come to, and what the variables of a client come to.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from trusted import trusted

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import SecretStore, described
from ansible_collections.dbops.rotation.plugins.module_utils._aws.session import AwsOptions
from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.policy import Pause, Policy
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.settings import parse_calendar
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.spread import Turn, brought_forward
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._fleet.grouped import Outlook, Standing, standing
from ansible_collections.dbops.rotation.plugins.module_utils._fleet.listing import Choice, read_entries
from ansible_collections.dbops.rotation.plugins.module_utils._fleet.selection import Described
from ansible_collections.dbops.rotation.plugins.module_utils._module import candidates as engine
from ansible_collections.dbops.rotation.plugins.module_utils._module.candidates import Settings, settings_of
from ansible_collections.dbops.rotation.plugins.module_utils._module.cycle_info import CYCLE_INFO, read_state
from ansible_collections.dbops.rotation.plugins.module_utils._stamp import stamp
from ansible_collections.dbops.rotation.plugins.plugin_utils._action import EngineAction
from ansible_collections.dbops.rotation.plugins.plugin_utils._candidates import CandidatesAction
from ansible_collections.dbops.rotation.plugins.plugin_utils._from_variables import with_variables

ROOT = Path(__file__).resolve().parents[2]
DAY = timedelta(days=1)
START = datetime(2026, 3, 2, tzinfo=UTC)
ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:clients/client/mysql/root-AbCdEf"
HERE = AwsOptions(region="eu-central-1")
CURRENT, OTHER = "v1", "v2"
SAID = ("runner", "candidate", "waiting", "paused", "failures")


@dataclass(frozen=True)
class Case:
    """One client: its secret as AWS tells of it, and what the inventory says."""

    entry: dict[str, Any]
    policy: Policy
    notices: bool
    created: datetime

    def listed(self) -> dict[str, Any]:
        stages = self.entry["stages"]
        return {**_without_stages(self.entry), "SecretVersionsToStages": stages, "CreatedDate": self.created - DAY}

    def runs_as_a_function(self) -> bool:
        return {"Key": tags.RUNNER, "Value": "lambda"} in self.entry["Tags"]

    def store(self) -> SecretStore:
        """Return the store of a worker, which describes the secret and knows the age of its version."""
        answer = {**_without_stages(self.entry), "VersionIdsToStages": self.entry["stages"]}
        store = SecretStore(None, answer["Name"])
        store.describe = lambda: described(answer)  # type: ignore[method-assign]
        store.created = lambda version_id: self.created  # type: ignore[method-assign]
        return store


def _without_stages(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != "stages"}


class Chance:
    """Draws clients of which many are at the edge of being work, and some have tags that make no sense."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.now = START + timedelta(minutes=self.draw.randrange(400 * 1440))

    def case(self, number: int) -> Case:
        name = f"clients/c{number}/mysql/root"
        written = {key: value for key, value in self._tags().items() if value is not None}
        listed = [{"Key": key, "Value": value} for key, value in written.items()]
        entry = {"Name": name, "ARN": f"{ARN}-{number}", "Tags": listed, "stages": self._stages()}
        return Case(entry, self._policy(), self.draw.random() < 0.7, self._ago(0, 80))

    def _ago(self, least: float, most: float) -> datetime:
        return self.now - timedelta(minutes=round(self.draw.uniform(least, most) * 1440))

    def _often(self, usual: Any, *others: Any) -> Any:
        """Return what is usual in nine of ten cases."""
        return usual if self.draw.random() < 0.9 else self.draw.choice(others)

    def _stages(self) -> dict[str, list[str]]:
        both = {CURRENT: ["AWSCURRENT", "AWSPENDING"]}
        apart = {CURRENT: ["AWSCURRENT"], OTHER: ["AWSPENDING"]}
        return dict(self._often({CURRENT: ["AWSCURRENT"]}, both, apart, {OTHER: ["AWSPREVIOUS"]}, {}))

    def _tags(self) -> dict[str, str | None]:
        days = self.draw.choice((1, 7, 20, 40, 90))
        last = self._ago(-0.01, self.draw.choice((1, 1, 1, 1.2)) * days)
        due = stamp(last + days * DAY)
        failed = stamp(self._ago(0, 9))
        return {
            tags.LAST: self._often(stamp(last), None, "yesterday", stamp(self._ago(-9, -1))),
            tags.DUE: self._often(due, None, "", "soon", stamp(self._ago(-60, 9)), "2090-01-01T00:00:00Z"),
            tags.CYCLE_DAYS: self._often(str(days), None, "many", "0", f"0{days}", "33"),
            tags.VERSION: self._often(CURRENT, OTHER, None),
            tags.TRIGGER: self._often("scheduled", "on_demand", "rollback", "onboarding", None),
            tags.ROLLBACK: self._often(None, CURRENT, OTHER),
            tags.RUNNER: self.draw.choice((None, None, None, "lambda", "ansible", "")),
            tags.OVERLAP_UNTIL: self._often(None, "", "over", stamp(self._ago(-9, 9)), stamp(self._ago(-99, -40))),
            tags.FAILURES: self._often("count=0", None, f"count=2 at={failed} step=open code=login_refused", "much"),
            tags.NOTIFIED: self._notified(due, failed),
        }

    def _notified(self, due: str, failed: str) -> str | None:
        sent = self.draw.choice(("7", "1+7", "1+7+overdue", "3", ""))
        told = f"rotated={CURRENT} failed={failed} due={due} sent={sent}"
        return str(self._often(told, "rotated=owed", f"rotated={CURRENT}", "rubbish")) or None

    def _policy(self) -> Policy:
        pause = Pause(self._ago(-20, 5), "migration")
        return Policy(
            cycle_days=self._often(None, 1, 20, 40, 90),
            lead=self.draw.choice((3600, 86400, 86400, 7 * 86400)),
            notice_days=self.draw.choice(((7, 1), (30, 3), ())),
            calendar=parse_calendar(self._windows(), self._freezes()),
            pause=self._often(None, pause),
        )

    def _windows(self) -> list[dict[str, Any]]:
        window = {"days": ["sun"], "from": "22:00", "to": "04:00", "timezone": "Europe/Berlin"}
        return self.draw.choice(([], [], [window], [{"from": "08:00", "to": "20:00", "timezone": "UTC"}]))

    def _freezes(self) -> list[dict[str, Any]]:
        begin = self._ago(-30, 10)
        freeze = {"from": stamp(begin), "to": stamp(begin + self.draw.choice((2, 14)) * DAY), "reason": "year end"}
        return self.draw.choice(([], [], [freeze]))


class Listing:
    """ListSecrets, with the one filter that is used; a filter compares beginnings."""

    def __init__(self, entries: list[dict[str, Any]]) -> None:
        self.entries = entries

    def get_paginator(self, operation: str) -> Listing:
        assert operation == "list_secrets"
        return self

    def paginate(self, MaxResults: int, Filters: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        ((kind, values),) = [(one["Key"], one["Values"]) for one in Filters]
        assert (kind, len(values)) == ("tag-key", 1)
        found = [entry for entry in self.entries if any(tag["Key"].startswith(values[0]) for tag in entry["Tags"])]
        for first in range(0, len(found), MaxResults):
            yield {"SecretList": found[first : first + MaxResults]}


def has_work(state: Mapping[str, Any], *, notices: bool) -> bool:
    """Return True if the worker of tasks/due.yml changes something, tells somebody or has something to warn of."""
    owed = notices and state["pending_notices"]
    told = state["warnings"] or state["overdue"] or state["too_late"] or state["unfinished"]
    return bool(state["candidate"] or owed or told)


@pytest.mark.parametrize("seed", range(12))
def test_nobody_with_whom_a_worker_has_work_is_left_out(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = Chance(seed)
    cases = {f"host{number}": chance.case(number) for number in range(150)}
    clients = [
        Described(host, f"client of {host}", case.entry["Name"], case.policy, case.notices)
        for host, case in cases.items()
    ]
    listing = Listing([case.listed() for case in cases.values()])
    monkeypatch.setattr(engine, "make_client", lambda *_arguments: listing)
    found = engine.candidates(list(cases), {HERE: clients}, 1, chance.now)
    idle = {host: state for state in found["idle"] for host in state["clients"]}
    states: dict[str, dict[str, Any]] = {}
    for host, case in cases.items():
        try:
            states[host] = read_state(f"client of {host}", case.policy, case.store(), chance.now)
        except RotationError:  # the worker fails, and the client is told of
            assert host in found["visit"]
    for host, said in idle.items():
        assert not has_work(states[host], notices=cases[host].notices), (host, states[host], cases[host])
        assert {name: said[name] for name in SAID} == {name: states[host][name] for name in SAID}
    assert found["visit"] == [host for host in cases if host not in idle] and 10 < len(idle) < 140
    assert set(found["brought_forward"]) <= set(found["visit"])
    counted = {host: state for host, state in states.items() if host not in found["unread"]}
    turns = {
        host: Turn(datetime.fromisoformat(state["last"]), tuple(state["possible_days"]))
        for host, state in counted.items()
        if state["runner"] == "ansible"
    }
    assert found["brought_forward"] == brought_forward(
        turns, {host: states[host]["cycle_days"] for host in turns}, chance.now
    )


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_nobody_with_whom_a_worker_has_work_is_missing_in_the_fleet(seed: int, paused: bool) -> None:
    """A client has the calendar of all; only its pause is its own."""
    chance = Chance(seed)
    pause = Pause(chance._ago(-9, 5), "migration") if paused else None
    days, calendar = chance.draw.choice((None, 20, 40)), parse_calendar(chance._windows(), chance._freezes())
    for number in range(100):
        case = chance.case(number)
        found = in_the_fleet(case, Outlook(Policy(days, calendar=calendar)), chance.now)
        try:
            state = read_state("client", Policy(days, calendar=calendar, pause=pause), case.store(), chance.now)
        except RotationError:  # the worker fails, and the client is told of
            assert found.visited or case.runs_as_a_function()
        else:
            assert found.visited or not (state["candidate"] or state["pending_notices"]), state


def in_the_fleet(case: Case, outlook: Outlook, now: datetime) -> Standing:
    (listed,) = read_entries([{**case.listed(), "CreatedDate": stamp(case.created - DAY)}], Choice())
    return standing("client", listed, outlook, now)


WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@pytest.mark.parametrize("own", ["windows", "freeze"])
@pytest.mark.parametrize("seed", range(3))
def test_who_has_a_calendar_of_its_own_is_not_missing_beside_one_of_all(seed: int, own: str) -> None:
    """Its own window, in which each run comes, is the last one before a freeze of all, or its own freeze keeps it."""
    chance, missed = Chance(seed), []
    for number in range(150):
        now, begin = chance.now + number * DAY, chance._ago(-20 - number, -number)
        freeze = {"from": stamp(begin), "to": stamp(begin + chance.draw.choice((2, 6, 14)) * DAY), "reason": "year end"}
        window = {"days": [WEEK[now.weekday()]], "from": f"{now.hour:02}:00", "to": "24:00"}
        windows, of_all = ([window], []) if own == "windows" else ([], [window])
        short = {**freeze, "to": stamp(begin + chance.draw.choice((2, 6.5)) * DAY)}
        case = healthy(now + timedelta(hours=chance.draw.randrange(24 * 40)), now)
        outlook = Outlook(Policy(calendar=parse_calendar(of_all, [freeze] if own == "windows" else [])), 7 * DAY)
        calendar = parse_calendar(windows or of_all, [freeze] if own == "windows" else [short])
        state = read_state("client", Policy(calendar=calendar), case.store(), now)
        if state["candidate"] or state["pending_notices"]:
            missed += [state] if not in_the_fleet(case, outlook, now).visited else []
    assert missed == []


def healthy(due: datetime, now: datetime) -> Case:
    """Return a client of which all that is to be told is told, except for the next rotation."""
    cycle = tags.started(due - 40 * DAY, 40)
    told = tags.rotated_tags(version=CURRENT, trigger="scheduled", server_id="s", client="client", cycle=cycle)
    listed = [{"Key": key, "Value": value} for key, value in {**told, tags.NOTIFIED: f"rotated={CURRENT}"}.items()]
    entry = {"Name": "clients/client/mysql/root", "ARN": ARN, "Tags": listed, "stages": {CURRENT: ["AWSCURRENT"]}}
    return Case(entry, Policy(), True, now - 90 * DAY)


# What a client's variables may be, the usual first; a template is one that Ansible trusts.
VALUES: dict[str, tuple[Any, ...]] = {
    "rotation_secret_id": (
        "clients/{{ inventory_hostname }}/mysql/root",
        "{{ missing }}",
        "",
        "db/{{ tier }}",
        "{{ tier }}/{{ inventory_hostname }}",
    ),
    "rotation_client": ("{{ inventory_hostname }}", "", "{{ inventory_hostname | upper }}", 7),
    "rotation_region": (None, "eu-west-1", "{{ tier }}", ""),
    "rotation_profile": (None, "other", "{{ '' }}"),
    "rotation_access_key": (None, "AKIA"),
    "rotation_secret_key": (None, "hidden"),
    "rotation_assume_role_arn": (None, "arn:aws:iam::210987654321:role/{{ tier }}", "arn:aws:iam::1:role/r"),
    "rotation_external_id": (None, "x"),
    "rotation_endpoint_url": (None, "http://127.0.0.1:9"),
    "rotation_endpoint_urls": ({}, {"default": "http://127.0.0.1:{{ 4 + 5 }}"}, {"nowhere": "x"}),
    "rotation_aws_config": (None, {"read_timeout": 3}, '{"read_timeout": 3}', "much"),
    "rotation_validate_certs": (True, "no", "{{ false }}"),
    "rotation_cycle_days": (40, "20", "{{ 10 + 20 }}", 0, "many", None, float("inf")),
    "rotation_lead": (86400, "{{ 3600 }}", 1, "inf"),
    "rotation_notice_days": ([7, 1], [], "14,2", ["{{ 3 }}"], ["x"]),
    "rotation_windows": ([], [{"from": "08:00", "to": "{{ '20:00' }}"}], [{"from": "25:00", "to": "26:00"}], ""),
    "rotation_freezes": ([], [{"from": "2026-12-20", "to": "2027-01-02", "reason": "{{ tier }}"}], [{"from": "x"}]),
    "rotation_paused": (None, {"until": "2030-01-01", "reason": "{{ tier }}"}, {"until": "soon", "reason": "x"}, ""),
    "rotation_force": (False, "yes", "{{ true }}", "no", ""),
    "rotation_topic_arn": (None, "arn:aws:sns:eu-central-1:1:t", "{{ '' }}", "{{ 'a' ~ 'b' }}"),
    "rotation_tls_mode": ("verify_identity", "verify_ca", "maybe"),
    "rotation_deadline": (120, "60", "long"),
    "rotation_onboard_tags": ({}, {"team": "{{ tier }}"}),
}


def loaded(path: str) -> dict[str, Any]:
    read = DataLoader().load_from_file(str(ROOT / path), trusted_as_template=True)
    return dict(read)


ROLE = {**loaded("roles/rotation/defaults/main.yml"), **loaded("roles/rotation/vars/main.yml")}


def variables(draw: random.Random, host: str) -> dict[str, Any]:
    """Return the variables of a client of which a few are unusual."""
    often = {"rotation_windows", "rotation_force", "rotation_topic_arn"}
    odd = {
        name: draw.choice(values[1:])
        for name, values in VALUES.items()
        if draw.random() < (0.4 if name in often else 0.05)
    }
    return {**ROLE, **trusted(odd), "inventory_hostname": host, "tier": "gold"}


def of_a_worker(given: Mapping[str, Any], host: str) -> tuple[str, str, bool, Settings] | None:
    """Return client, secret, whether people are told, and settings of tasks/cycle.yml; None where the task fails."""
    templar = Templar(loader=DataLoader(), variables=dict(given))
    try:
        own = {"from_variables": "connection", **templar.template(given["rotation_cycle_options"])}
        told = templar.template(trust_as_template("{{ rotation_topic_arn | default('', true) | length > 0 }}"))
        taken = with_variables(own, CYCLE_INFO.spec, templar)
        arguments = EngineAction.without_empty({"client": host, **taken})
        result = ArgumentSpecValidator(**CYCLE_INFO.validation()).validate(arguments)
        params = result.validated_parameters
        if result.error_messages:
            return None
        return str(params["client"] or params["secret_id"]), params["secret_id"], bool(told), settings_of(params)
    except Exception:
        return None


class Known(CandidatesAction):
    """The action without a task: the variables of a host are those of the test."""

    def __init__(self, given: Mapping[str, Mapping[str, Any]]) -> None:
        self.given, self._known, self._loader = given, {}, DataLoader()

    def _variables(self, host: str) -> dict[str, Any]:
        return dict(self.given[host])


@pytest.mark.parametrize("seed", range(5))
def test_the_variables_of_a_client_come_to_what_its_worker_is_told(seed: int) -> None:
    draw = random.Random(seed)
    given = {f"host{number}": variables(draw, f"host{number}") for number in range(60)}
    clients: dict[AwsOptions, list[Described]] = defaultdict(list)
    action = Known(given)
    for host in given:
        action._add(clients, host)
    of_listing = {
        one.host: (one.client, one.secret_id, one.notices, Settings(access, one.policy))
        for access, group in clients.items()
        for one in group
    }
    for host, found in of_listing.items():
        assert found == of_a_worker(given[host], host), {name: given[host][name] for name in VALUES}
    assert 5 < len(of_listing) < 60
