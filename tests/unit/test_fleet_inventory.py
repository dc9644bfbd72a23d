# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory of the fleet: from a listing of moto's secrets, in this process, to hosts, variables and groups."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import botocore.client
import pytest
from ansible import constants, context
from ansible.cli.inventory import InventoryCLI
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from botocore.exceptions import ClientError
from fleet_in_moto import REGION, VALUE, create, documented, load, members, now, secrets, tag
from wire_check.findings import apart

from ansible_collections.dbops.rotation.plugins.filter.rotation_balance_load import today
from ansible_collections.dbops.rotation.plugins.inventory import fleet
from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import SecretStore, described
from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.policy import Policy
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.settings import parse_calendar
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.tags import started
from ansible_collections.dbops.rotation.plugins.module_utils._fleet.grouped import Outlook, grouped, standing
from ansible_collections.dbops.rotation.plugins.module_utils._fleet.listing import (
    Choice,
    Listed,
    list_entries,
    read_entries,
)
from ansible_collections.dbops.rotation.plugins.module_utils._fleet.names import DEFAULT_SECRET_ID, host_names
from ansible_collections.dbops.rotation.plugins.module_utils._module.cycle_info import read_state
from ansible_collections.dbops.rotation.plugins.module_utils._stamp import stamp

ROOT = Path(__file__).resolve().parents[2]
DAY = timedelta(days=1)
Make = Callable[..., InventoryData]


@pytest.fixture
def parsed(aws: None, tmp_path: Path) -> Make:
    """Parses a configuration as Ansible does, and gives the inventory."""
    constants.config.initialize_plugin_configuration_definitions(
        "inventory", fleet.InventoryModule.NAME, documented(fleet)
    )

    def make(*, flush: bool = False, beside: InventoryData | None = None, **options: Any) -> InventoryData:
        path = tmp_path / "test.fleet.yml"
        given = {"plugin": fleet.InventoryModule.NAME, "region": REGION, **options}
        path.write_text(json.dumps({name: value for name, value in given.items() if value is not None}))
        plugin, inventory = fleet.InventoryModule(), beside or InventoryData()
        plugin._load_name = plugin.ansible_name = fleet.InventoryModule.NAME
        plugin._redirected_names = []
        plugin.parse(inventory, DataLoader(), str(path), cache=not flush)
        if options.get("cache"):
            plugin.update_cache_if_changed()
        inventory.reconcile_inventory()
        return inventory

    return make


def variables(inventory: InventoryData, host: str) -> dict[str, Any]:
    found = inventory.hosts[host]
    shared = [group.get_vars() for group in found.get_groups()]
    return {name: value for given in (*shared, found.get_vars()) for name, value in given.items()}


def test_a_client_is_a_host_that_the_playbooks_can_work_on(parsed: Make, calls: list[str]) -> None:
    create("client_acme", now(), tier="gold")
    create("client_globex", now(), secret="clients/globex-prod/mysql/root")
    create("client_initech", None)
    calls.clear()
    inventory = parsed(endpoint_url="", assume_role_arn=None)
    assert calls == ["ListSecrets"]
    assert set(inventory.hosts) == members(inventory, "clients") == {"client_acme", "client_globex", "client_initech"}
    acme, globex = variables(inventory, "client_acme"), variables(inventory, "client_globex")
    assert "rotation_secret_id" not in acme and globex["rotation_secret_id"] == "clients/globex-prod/mysql/root"
    assert acme["rotation_tags"]["tier"] == "gold" and acme["rotation_region"] == REGION
    assert (acme["ansible_connection"], acme["ansible_python_interpreter"]) == ("local", sys.executable)
    assert (
        "rotation_windows" not in acme and "rotation_validate_certs" not in acme and "rotation_endpoint_url" not in acme
    )
    assert VALUE not in str(acme)


PENDING = {tags.VERSION: "another"}
OVERLAP = {tags.OVERLAP_UNTIL: stamp(now() - DAY)}
FAILING = {tags.FAILURES: "count=2 at=2026-11-01T00:00:00Z step=open code=login_refused"}
TOLD_FAILING = {**FAILING, tags.NOTIFIED: "failed=2026-11-01T00:00:00Z"}
SPOILT = {tags.LAST: "yesterday"}
IMPOSSIBLE = {tags.DUE: "2090-01-01T00:00:00Z"}
AS_A_FUNCTION = {tags.RUNNER: "lambda"}
LATER = {tags.DUE: stamp(now() + 60 * DAY), tags.CYCLE_DAYS: "90"}


@pytest.mark.parametrize(
    ("age", "more", "expected"),
    [
        (2, {}, ""),
        (39.5, {}, "due brought_forward candidates"),
        (41, {}, "due overdue brought_forward candidates"),
        (2, PENDING, "pending candidates"),
        (2, OVERLAP, "overlap candidates"),
        (2, FAILING, "failing notice candidates"),
        (2, TOLD_FAILING, "failing"),
        (34, {}, "notice brought_forward candidates"),
        (2, {tags.NOTIFIED: "rotated=owed"}, "notice candidates"),
        (2, {tags.TRIGGER: "onboarding"}, "never_rotated"),
        (2, SPOILT, "candidates"),
        (2, IMPOSSIBLE, "candidates"),
        (30, LATER, ""),
        (45, LATER, "candidates"),
        (None, {}, "pending never_rotated candidates"),
        (41, {tags.RUNNER: "ansible"}, "due overdue brought_forward candidates"),
        (41, AS_A_FUNCTION, "due overdue"),
        (2, {**AS_A_FUNCTION, **PENDING, **OVERLAP}, "pending overlap"),
        (2, {**AS_A_FUNCTION, **SPOILT}, ""),
        (2, {**AS_A_FUNCTION, **IMPOSSIBLE}, ""),
        (45, {**AS_A_FUNCTION, **LATER}, ""),
        (None, AS_A_FUNCTION, "pending never_rotated"),
    ],
)
def test_the_state_of_a_client_puts_it_into_groups(
    parsed: Make, age: float | None, more: dict[str, str], expected: str
) -> None:
    create("client_acme", None if age is None else now() - age * DAY, **more)
    inventory = parsed(ahead_days=0)
    found = {group for group in inventory.groups if group.startswith("rotation_") and members(inventory, group)}
    found.remove("rotation_listed")
    # A fleet of one has no load to balance but its own, so that it is brought forward by itself.
    wanted = {f"rotation_{state}" for state in expected.split()}
    assert "candidates" in expected or "rotation_brought_forward" not in found
    assert found - {"rotation_brought_forward"} == wanted - {"rotation_brought_forward"}


def test_every_group_is_there_without_a_client(parsed: Make) -> None:
    create("client_acme", now())
    assert members(parsed(), "rotation_candidates") == set()
    assert {"rotation_due", "rotation_overdue", "rotation_brought_forward"} <= set(parsed().groups)


def test_the_groups_that_the_playbook_looks_for_have_something_to_export(parsed: Make) -> None:
    """AWX keeps what ansible-inventory --export prints, and that leaves out a group that has nothing."""
    groups = parsed().groups
    names = ("rotation_candidates", "rotation_brought_forward", "rotation_listed")
    assert all(groups[name].get_vars() for name in names)


def test_groups_may_have_other_names_except_for_those_that_the_playbook_looks_for(parsed: Make) -> None:
    create("client_acme", now() - 41 * DAY)
    inventory = parsed(group_prefix="", group="databases")
    assert members(inventory, "overdue") == members(inventory, "due") == members(inventory, "databases")
    assert {"rotation_candidates", "rotation_brought_forward", "never_rotated"} <= set(inventory.groups)
    assert "candidates" not in inventory.groups


def test_where_nobody_is_told_what_is_owed_is_no_work(parsed: Make) -> None:
    create("client_acme", now(), **{tags.NOTIFIED: "rotated=owed"})
    inventory = parsed(notices=False)
    assert members(inventory, "rotation_notice") == {"client_acme"}
    assert members(inventory, "rotation_candidates") == set()


def test_names_and_tags_choose_and_what_is_deleted_is_left_out(parsed: Make) -> None:
    create("client_acme", now(), environment="production")
    create("client_globex", now(), environment="production-old")
    create("client_initech", now(), secret="legacy/initech", environment="production")
    create("client_umbrella", now(), secret="clients/{}/api-key")
    create("client_gone", now())
    secrets().delete_secret(SecretId="clients/client_gone/mysql/root")
    assert set(parsed().hosts) == {"client_acme", "client_globex"}
    assert set(parsed(tags={"environment": "production"}).hosts) == {"client_acme"}
    assert set(parsed(name_prefix="legacy/", name_suffix="").hosts) == {"client_initech"}
    everywhere = parsed(name_prefix="", name_suffix="", tags={"environment": None})
    assert set(everywhere.hosts) == {"client_acme", "client_globex", "client_initech"}


def test_a_replica_is_left_out() -> None:
    entry = {"Name": "clients/a/mysql/root", "ARN": "arn:aws:secretsmanager:eu-west-1:1:secret:a", "CreatedDate": now()}
    pages = [{"SecretList": [{**entry, "PrimaryRegion": region}]} for region in ("eu-central-1", "eu-west-1")]
    assert [len(list_entries(Pages([page]), Choice())) for page in pages] == [0, 1]


class Pages:
    """A listing that costs nothing, to count the calls and to time the rest."""

    def __init__(self, pages: list[dict[str, Any]]) -> None:
        self.pages, self.calls = pages, 0

    def get_paginator(self, operation: str) -> Pages:
        assert operation == "list_secrets"
        return self

    def paginate(self, MaxResults: int, Filters: Any) -> Iterator[dict[str, Any]]:
        for page in self.pages:
            self.calls += 1
            yield page


def listed(
    name: str, last: datetime, *, client: str | None = None, due: datetime | None = None, days: int = 40
) -> dict[str, Any]:
    made = tags.rotated_tags(
        version="v1", trigger="scheduled", server_id="s", client=client or name, cycle=started(last, days)
    )
    made |= {tags.NOTIFIED: "rotated=v1", **({tags.DUE: stamp(due)} if due else {})}
    return {
        "Name": f"clients/{name}/mysql/root",
        "ARN": f"arn:aws:secretsmanager:{REGION}:123456789012:secret:clients/{name}/mysql/root-AbCdEf",
        "CreatedDate": last - DAY,
        "Tags": [{"Key": key, "Value": value} for key, value in made.items()],
        "SecretVersionsToStages": {"v1": ["AWSCURRENT", "AWSPENDING"]},
    }


CHOICE = Choice("clients/", "/mysql/root")


def read(*entries: dict[str, Any]) -> dict[str, Listed]:
    return host_names(read_entries(list_entries(Pages([{"SecretList": list(entries)}]), CHOICE), CHOICE), CHOICE)


def test_a_name_that_two_secrets_claim_goes_to_the_one_that_is_called_so() -> None:
    named = read(listed("acme_copy", now(), client="acme"), listed("acme", now()), listed("b", now(), client="c/d e"))
    assert {name: one.secret.name.split("/")[1] for name, one in named.items()} == {
        "acme": "acme",
        "acme_copy": "acme_copy",
        "c_d_e": "b",
    }
    shifted = read(
        *(listed(name, now(), client=client) for name, client in [("a", "foo"), ("bar", "bar"), ("foo", "bar")])
    )
    assert len(shifted) == 3 and shifted["bar"].secret.name == "clients/bar/mysql/root"


def test_a_client_of_another_region_that_is_called_the_same_is_a_host_of_its_own(
    parsed: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    """Two files in one folder: neither of the two clients may be lost."""
    create("client_acme", now())
    there = boto3.client("secretsmanager", region_name="eu-west-1")
    for name in ("client_acme", "client_globex"):
        there.create_secret(Name=f"clients/{name}/mysql/root", SecretString=VALUE)
    both = parsed(group="here")
    assert "WARNING" not in capfd.readouterr().err
    parsed(beside=both, group="there", region="eu-west-1")
    said = " ".join(capfd.readouterr().err.split())
    assert "these hosts are called after their secrets: clients_client_acme_mysql_root. Give each" in said
    second = variables(both, "clients_client_acme_mysql_root")
    assert (second["rotation_region"], second["rotation_secret_id"]) == ("eu-west-1", "clients/client_acme/mysql/root")
    assert variables(both, "client_acme")["rotation_region"] == REGION
    assert members(both, "there") == {"clients_client_acme_mysql_root", "client_globex"}
    assert members(both, "here") == {"client_acme"}
    parsed(beside=both, group="again")
    assert members(both, "again") == {"client_acme"}  # the same secret
    assert members(both, "rotation_listed") == {"client_acme", "clients_client_acme_mysql_root", "client_globex"}


def test_no_client_is_called_as_a_group_is(parsed: Make) -> None:
    create("clients", now(), secret="clients/acme/mysql/root")
    create("rotation_due", now() - 39.5 * DAY)
    create("all", None)
    inventory = parsed()
    assert set(inventory.hosts) == {"acme", "clients_rotation_due_mysql_root", "clients_all_mysql_root"}
    assert "rotation_secret_id" not in inventory.groups["clients"].get_vars()
    assert members(inventory, "rotation_due") == {"clients_rotation_due_mysql_root"}


def test_a_thousand_secrets_are_ten_calls_and_no_value(parsed: Make, calls: list[str]) -> None:
    client = secrets()
    for number in range(1000):
        client.create_secret(Name=f"clients/client_{number}/mysql/root", SecretString=VALUE)
    calls.clear()
    assert len(parsed().hosts) == 1000
    assert calls == ["ListSecrets"] * 10


def test_ten_thousand_clients_are_a_hundred_calls_and_a_few_seconds() -> None:
    entries = [listed(f"client_{number}", now() - number % 39 * DAY) for number in range(10_000)]
    pages = Pages([{"SecretList": entries[first : first + 100]} for first in range(0, 10_000, 100)])
    begun = time.process_time()
    named = host_names(read_entries(list_entries(pages, CHOICE), CHOICE), CHOICE)
    outlook = Outlook(Policy(40), 7 * DAY)
    grouped({name: standing(name, one, outlook, now()) for name, one in named.items()}, now())
    assert (pages.calls, len(named)) == (100, 10_000)
    assert time.process_time() - begun < 6


def test_a_cache_spares_the_calls_and_holds_no_value(parsed: Make, calls: list[str], tmp_path: Path) -> None:
    create("client_acme", now() - 41 * DAY)
    kept = {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(tmp_path / "cache")}
    first = parsed(**kept)
    calls.clear()
    again = parsed(**kept)
    assert calls == [] and members(again, "rotation_overdue") == members(first, "rotation_overdue") == {"client_acme"}
    assert variables(again, "client_acme")["rotation_tags"] == variables(first, "client_acme")["rotation_tags"]
    (written,) = (tmp_path / "cache").iterdir()
    assert "client_acme" in written.read_text() and VALUE not in written.read_text()
    create("client_globex", now())
    calls.clear()
    assert set(parsed(flush=True, **kept).hosts) == set(parsed(**kept).hosts) == {"client_acme", "client_globex"}
    assert calls == ["ListSecrets"]


def test_tags_make_groups_and_variables(parsed: Make) -> None:
    create("client_acme", now(), tier="gold", overlap="600")
    create("client_globex", now())
    options: dict[str, Any] = {
        "keyed_groups": [{"key": "rotation_tags.tier", "prefix": "tier"}],
        "groups": {
            "asked_for": "rotation_tags['rotation/trigger'] == 'on_demand'",
            "rich": "rotation_tags.tier == 'gold'",
        },
        "compose": {"rotation_overlap": "rotation_tags.overlap | default(0)"},
    }
    inventory = parsed(**options)
    assert members(inventory, "tier_gold") == members(inventory, "rich") == {"client_acme"}
    assert "asked_for" not in inventory.groups
    assert variables(inventory, "client_acme")["rotation_overlap"] == "600"
    with pytest.raises(AnsibleError, match="client_globex"):
        parsed(strict=True, **options)


def test_what_is_exported_is_plain_text_and_no_template_of_a_stranger(
    parsed: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """AWX would keep a dictionary for each text that Ansible holds for unsafe; whoever sets a tag runs nothing here.

    AWS itself takes no such tag.
    """
    monkeypatch.setattr(context, "CLIARGS", {"yaml": False, "toml": False})
    create("client_acme", now(), tier="gold")
    odd = {"team": "{{ 7 * 7 }}", "odd": "#jinja2: variable_start_string:'['"}
    with apart(tmp_path / "requests"):
        tag("clients/client_acme/mysql/root", odd)
    inventory = parsed(compose={"rotation_tier": "rotation_tags.tier"})
    given = inventory.hosts["client_acme"].get_vars()
    exported = json.loads(InventoryCLI.dump({"_meta": {"hostvars": {"client_acme": given}}}))
    kept = exported["_meta"]["hostvars"]["client_acme"]
    strange = {name for name, value in kept["rotation_tags"].items() if isinstance(value, dict)}
    assert strange == {"team", "odd"} and kept["rotation_tags"]["tier"] == kept["rotation_tier"] == "gold"
    shared = InventoryCLI.dump({"clients": {"vars": inventory.groups["clients"].get_vars()}})
    assert "__ansible_unsafe" not in shared and REGION in shared
    rendered = Templar(loader=DataLoader(), variables=given).template(trust_as_template("{{ rotation_tags.team }}"))
    assert rendered == "{{ 7 * 7 }}"


def test_the_calendar_of_the_file_is_that_of_the_playbooks(parsed: Make) -> None:
    freeze = [{"from": stamp(now() - DAY), "to": stamp(now() + 20 * DAY), "reason": "year end"}]
    create("client_acme", now() - 39.5 * DAY)
    inventory = parsed(freezes=freeze, lead=3600, notice_days=[3], assume_role_arn=None)
    told = variables(inventory, "client_acme")
    assert (told["rotation_lead"], told["rotation_notice_days"], told["rotation_freezes"][0]["reason"]) == (
        *(3600, [3], "year end"),
    )
    assert members(inventory, "rotation_candidates") == {"client_acme"}


def test_keys_are_no_variables(parsed: Make) -> None:
    create("client_acme", now())
    told = str(variables(parsed(access_key="testing", secret_key="Key-To-Hide-1"), "client_acme"))
    assert "Key-To-Hide-1" not in told and "rotation_access_key" not in told


def test_options_may_be_templates(parsed: Make) -> None:
    create("client_acme", now())
    create("other", now())
    assert set(parsed(name_prefix="{{ 'clients/' ~ 'client_' }}").hosts) == {"client_acme"}


def test_options_have_the_other_names_of_amazon_aws_too(parsed: Make, calls: list[str]) -> None:
    role = "arn:aws:iam::210987654321:role/rotation"
    inventory = parsed(region=None, aws_region=REGION, iam_role_arn=role)
    assert calls == ["AssumeRole", "ListSecrets"] and inventory.hosts == {}
    told = inventory.groups["clients"].get_vars()
    assert (told["rotation_region"], told["rotation_assume_role_arn"]) == (REGION, role)


def test_the_region_may_come_from_the_environment(parsed: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    create("client_acme", now())
    monkeypatch.setenv("AWS_REGION", REGION)
    assert set(parsed(region=None).hosts) == {"client_acme"}


def test_strange_tags_are_one_warning(parsed: Make, capfd: pytest.CaptureFixture[str]) -> None:
    for number in range(7):
        create(f"client_{number}", now(), **SPOILT)
    inventory = parsed()
    assert len(members(inventory, "rotation_candidates")) == 7
    said = capfd.readouterr().err
    assert said.count("WARNING") == 1 and "and 2 more" in " ".join(said.split())


NOWHERE = {"endpoint_url": "http://127.0.0.1:9", "aws_config": {"retries": {"total_max_attempts": 1}}}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (NOWHERE, "test.fleet.yml: Could not list the secrets: the AWS endpoint does not answer"),
        ({"region": ""}, "no AWS region is set (NoRegionError). Next: Set region, AWS_REGION"),
        ({"profile": "nope"}, "the AWS profile 'nope' does not exist here"),
        ({"cycle_days": 0}, "cycle_days is 0, which is not a number from 1 to 999"),
        ({"ahead_days": -1}, "ahead_days is -1, which is not a number from 0 to 999"),
        ({"windows": [{"from": "22:00"}]}, "missing required arguments: to found in windows"),
        ({"windows": [{"from": "22:00", "to": "x"}]}, "windows"),
        ({"name_prefx": "x"}, "there is no option name_prefx. Next: Correct the file; ansible-doc"),
        ({"access_key": "x"}, "parameters are required together: access_key, secret_key"),
        ({"profile": "x", "access_key": "x", "secret_key": "Hide-Me"}, "parameters are mutually exclusive"),
        ({"endpoint_url": "nourl"}, "endpoint_url is not a URL"),
    ],
)
def test_what_is_wrong_is_one_sentence(parsed: Make, options: dict[str, Any], told: str) -> None:
    with pytest.raises(AnsibleParserError) as failure:
        parsed(**options)
    text = str(failure.value)
    assert told in text and " Next: " in text and "rotation_" not in text
    assert "Traceback" not in text and "Hide-Me" not in text


def test_a_file_that_could_not_be_read_is_remembered_where_another_could(parsed: Make) -> None:
    """Ansible goes on unless its configuration says otherwise, and a schedule must not lose a region in silence."""
    create("client_acme", now())
    both = parsed(group="here")
    assert "rotation_unread" not in both.groups
    with pytest.raises(AnsibleParserError):
        parsed(beside=both, group="there", **NOWHERE)
    assert both.groups["rotation_unread"].get_vars()  # otherwise an export would lose it


def test_no_credentials_are_told(parsed: Make) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_") and name != "AWS_EC2_METADATA_DISABLED"]:
            patch.delenv(name)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        with pytest.raises(AnsibleParserError, match="no AWS credentials were found"):
            parsed()


def test_a_listing_that_is_denied_names_the_permission(parsed: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_client: Any, operation: str, _arguments: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": f"{VALUE} may not"}}, operation)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", denied)
    with pytest.raises(AnsibleParserError) as failure:
        parsed()
    assert "secretsmanager:ListSecrets is denied. Next: Allow that action on the resource *" in str(failure.value)
    assert VALUE not in str(failure.value)


def test_an_error_that_nobody_foresaw_is_a_sentence_too(parsed: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: Any) -> Any:
        raise KeyError(VALUE)

    monkeypatch.setattr(fleet, "list_entries", broken)
    with pytest.raises(AnsibleParserError, match="An unexpected KeyError in test_fleet_inventory") as failure:
        parsed()
    assert VALUE not in str(failure.value)


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        *((name, True) for name in ("fleet.yml", "fleet.yaml", "a.fleet.yml", "a.b.fleet.yaml")),
        *((name, False) for name in ("myfleet.yml", "fleet.json", "clients.yml")),
    ],
)
def test_files_are_taken_by_their_names(tmp_path: Path, name: str, taken: bool) -> None:
    (tmp_path / name).touch()
    assert fleet.InventoryModule().verify_file(str(tmp_path / name)) is taken
    assert not fleet.InventoryModule().verify_file(str(tmp_path / "missing.fleet.yml"))


WEEKLY = [{"days": ["sun"], "from": "02:00", "to": "06:00"}]


@pytest.mark.parametrize("seed", range(20))
def test_candidates_hold_everybody_whose_own_window_would_want_it(seed: int) -> None:
    """A scheduled run decides by windows that the listing does not know; none of its work may be missing."""
    chance = random.Random(seed)
    moment = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(minutes=chance.randrange(10 * 1440))
    entries = [
        listed(f"c{number}", moment - timedelta(minutes=chance.randrange(60, 42 * 1440))) for number in range(60)
    ]
    own = Policy(40, calendar=parse_calendar(WEEKLY, []))
    fleet_of = read(*entries)
    standings = {name: standing(name, one, Outlook(Policy(40), 7 * DAY), moment) for name, one in fleet_of.items()}
    candidates = set(grouped(standings, moment)["candidates"])
    for name, one in fleet_of.items():
        state = read_state(name, own, store_of(one), moment)
        assert name in candidates or not (state["candidate"] or state["pending_notices"]), (state["due"], stamp(moment))


def store_of(one: Listed) -> SecretStore:
    store = SecretStore(None, one.secret.name)
    store.describe = lambda: one.secret  # type: ignore[method-assign]
    return store


def test_the_load_is_balanced_as_the_role_balances_it() -> None:
    moment = now()
    fleet_of = read(*(listed(f"c{number}", moment - 36 * DAY) for number in range(60)))
    states = {name: read_state(name, Policy(40), store_of(one), moment) for name, one in fleet_of.items()}
    standings = {
        name: standing(name, one, Outlook(Policy(40), notices=False), moment) for name, one in fleet_of.items()
    }
    found = grouped(standings, moment)
    early = found["brought_forward"]
    assert found["candidates"] == [name for name in fleet_of if name in early]
    assert sorted(early) == sorted(today(states)) and 10 <= len(early) <= 30


@pytest.mark.parametrize("runner", ["ansible", "lambda"])
def test_each_runner_balances_its_own_load(runner: str) -> None:
    moment = now()
    entries = [listed(f"c{number}", moment - 36 * DAY) for number in range(120)]
    for entry in entries[::2]:
        entry["Tags"].append({"Key": tags.RUNNER, "Value": "lambda"})
    outlook = Outlook(Policy(40), notices=False, runner=runner)
    standings = {name: standing(name, one, outlook, moment) for name, one in read(*entries).items()}
    own = {entry["Name"].split("/")[1] for entry in entries[runner == "ansible" :: 2]}
    alone = grouped({name: one for name, one in standings.items() if name in own}, moment)
    both = grouped(standings, moment)
    assert both["candidates"] == alone["candidates"] and set(both["candidates"]) <= own
    assert both["brought_forward"] == alone["brought_forward"] and 10 <= len(both["brought_forward"]) <= 30


def test_the_options_are_those_of_the_modules_and_the_role() -> None:
    told = documented(fleet)
    defaults = DataLoader().load_from_file(str(ROOT / "roles/rotation/defaults/main.yml"))
    assert set(fleet.CHECKED) <= set(told)
    for name, spec in fleet.CHECKED.items():
        assert told[name].get("type") == spec["type"] and set(spec.get("aliases", [])) <= set(
            told[name].get("aliases", [])
        )
    for name in ("cycle_days", "lead", "notice_days", "windows", "freezes"):
        assert told[name]["default"] == defaults[f"rotation_{name}"]
    assert DEFAULT_SECRET_ID.format("{{ inventory_hostname }}") == defaults["rotation_secret_id"]


def test_the_examples_use_options_that_exist() -> None:
    known = set(documented(fleet))
    documents = [load(part) for part in fleet.EXAMPLES.split("\n---\n")]
    assert len(documents) == 4 and [set(document) - known for document in documents] == [set()] * 4


def test_what_describe_and_list_answer_is_read_alike() -> None:
    entry = listed("client_acme", now())
    of_one = {**entry, "VersionIdsToStages": entry["SecretVersionsToStages"]}
    del of_one["SecretVersionsToStages"]
    assert described(entry) == described(of_one)
