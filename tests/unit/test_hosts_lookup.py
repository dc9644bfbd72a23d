# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a play: Ansible renders the lookup, and Ansible's own inventory reads what it returns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from by_ansible import Case, rendered

from ansible_collections.dbops.rotation.plugins.plugin_utils._selection import undivided

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = ("client_acme", "client_globex", "client_initech", "client_hooli", "client_umbrella")
GOLD = ("client_acme", "client_globex")
# Names that an inventory takes, and a pattern divides, counts by or leaves out.
ODD = ("eu:client_acme", "client acme", "!client_hooli", "&all", "~client", "client[1]", "::1", "gold")
FORMS = ("client_acme,client_globex", "client_acme:client_globex", "gold", "gold:!client_hooli", "client_[ag]*")
HOSTS = ("all", *FORMS, "all:!client_hooli", "client_acme,client_hooli")
CANARIES = (*FORMS, "client_acme", "gold:!client_acme", "all", "rotation_canaries")


def inventory(*hosts: str) -> InventoryManager:
    manager = InventoryManager(DataLoader(), parse=False)
    for group in ("gold", "rotation_canaries"):
        manager.add_group(group)
    for host in hosts:
        manager.add_host(host)
    for host in GOLD:
        manager.add_host(host, group="gold")
    manager.reconcile_inventory()
    return manager


def case(manager: InventoryManager, template: str, **variables: Any) -> Case:
    known = {"groups": manager.get_groups_dict(), "rotation_without_callbacks": True}
    return Case(template, {**known, **variables})


def selected(manager: InventoryManager, pattern: str) -> set[str]:
    return {host.name for host in manager.get_hosts(pattern)}


def test_a_second_pattern_adds_its_hosts_or_takes_them_whatever_form_the_two_have() -> None:
    manager, pairs = inventory(*CLIENTS), list(product(HOSTS, CANARIES))
    templates = [
        "{{ lookup('dbops.rotation.hosts', hosts, OPTION=canaries) }}".replace("OPTION", option)
        for option in ("also", "without")
    ]
    cases = [
        case(manager, template, hosts=hosts, canaries=canaries) for hosts, canaries in pairs for template in templates
    ]
    answers = iter(rendered(cases))
    for hosts, canaries in pairs:
        these, those = selected(manager, hosts), selected(manager, canaries)
        found = [selected(manager, next(answers)) for _option in templates]
        assert found == [these | those, these - those], (hosts, canaries)


@pytest.mark.parametrize(
    ("pattern", "lost"),
    [
        ("gold:client_hooli,client_umbrella", ["gold:client_hooli"]),
        ("client_umbrella, all:!gold", ["all:!gold"]),
        *((pattern, []) for pattern in (*HOSTS, *CANARIES, "gold[0:1],client_hooli", "::1,gold", "~cl.*:x,gold")),
    ],
)
def test_what_ansible_would_not_divide_is_found(pattern: str, lost: list[str]) -> None:
    assert undivided(pattern, {*CLIENTS, *ODD}) == lost


def test_what_ansible_would_not_divide_is_refused() -> None:
    template = "{{ lookup('dbops.rotation.hosts', 'gold:client_hooli,client_umbrella') }}"
    with pytest.raises(AssertionError, match="and so finds no host 'gold:client_hooli'"):
        rendered([case(inventory(*CLIENTS), template)])


def test_canaries_and_others_of_a_fleet_are_all_of_it() -> None:
    plays = DataLoader().load_from_file(str(ROOT / "playbooks/rotate_fleet.yml"))
    manager, named = inventory(*CLIENTS), ("client_acme,client_globex", "gold", "client_initech")
    cases = [case(manager, str(play["hosts"]), rotation_canaries=canaries) for canaries in named for play in plays]
    answers = iter(rendered(cases))
    for canaries in named:
        guarded, first, others = (selected(manager, next(answers)) for _play in plays)
        assert guarded == set(CLIENTS) and first == selected(manager, canaries)
        assert others == set(CLIENTS) - first, canaries


def test_who_has_work_is_in_the_play_whatever_he_is_called() -> None:
    manager = inventory(*CLIENTS, *ODD)
    chosen: list[Sequence[str]] = [*((name,) for name in ODD), ODD, ("client_acme", *ODD), ()]
    template = "{{ lookup('dbops.rotation.hosts', 'all', listing='told') }}"
    cases = [
        case(manager, template, hostvars={host: {"told": {"visit": visit}} for host in (*CLIENTS, *ODD)})
        for visit in chosen
    ]
    for visit, answer in zip(chosen, rendered(cases), strict=True):
        found = selected(manager, answer)
        assert found >= set(visit) and bool(found) == bool(visit), visit
