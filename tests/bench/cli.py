# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the benchmark."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from world.layout import CACHE, ROOT

from .fleet import Fleet, running, write_inventory
from .measure import Measured, run
from .report import report
from .trouble import NO_PORT, throttling, unreachable

STOCK = str(Path(__file__).with_name("stock.yml"))
REPORT = CACHE / "bench" / "report.md"
SCAN = """
plugin: dbops.rotation.fleet
region: {rotation_region}
endpoint_url: {rotation_endpoint_url}
access_key: {rotation_access_key}
secret_key: {rotation_secret_key}
name_prefix: clients/scan
"""


@dataclass(frozen=True)
class Asked:
    """The sizes of the runs, and the forks of each."""

    stock: int
    growth: tuple[int, ...]
    scan: int
    visit: int
    trouble: int
    forks: int


def main(arguments: Sequence[str]) -> int:
    """Measure, write the page and print it; 1 where a run did not do its work."""
    parser = argparse.ArgumentParser(prog="tools/bench.sh", description="Measure a fleet against a stock playbook.")
    parser.add_argument("--stock", type=int, default=200, help="clients rotated by both playbooks (default 200)")
    parser.add_argument(
        "--growth", type=int, nargs="*", default=[10, 100, 1000], help="clients of runs with our playbook only"
    )
    parser.add_argument(
        "--scan", type=int, default=10000, help="clients of a run in which none is due (0: no such run)"
    )
    parser.add_argument("--visit", type=int, default=300, help="the same with a static inventory (0: no such run)")
    parser.add_argument(
        "--trouble", type=int, default=1000, help="clients of a run with servers down and calls throttled"
    )
    parser.add_argument("--forks", type=int, default=5, help="forks of every run (default 5, as Ansible's)")
    given = parser.parse_args(arguments)
    asked = Asked(given.stock, tuple(given.growth), given.scan, given.visit, given.trouble, given.forks)
    with running() as fleet:
        found = list(measured(fleet, asked))
    page = report(found, asked.forks)
    REPORT.write_text(page, encoding="utf-8")
    print(f"\n{page}\nWritten to {REPORT.relative_to(ROOT)}")
    return 1 if any(one.failed for one in found if not one.name.startswith("trouble")) else 0


def measured(fleet: Fleet, asked: Asked) -> Iterator[Measured]:
    """Yield the runs."""
    names = [f"client_{number:05}" for number in range(max((asked.stock, asked.trouble, *asked.growth)))]
    print(f"Making {len(names)} clients ...", flush=True)
    fleet.add(names)
    if asked.growth:
        yield told(rotate(fleet, "calls", names[: min(asked.growth)], asked, record=True))
    for size in asked.growth:
        yield told(rotate(fleet, "ours", names[:size], asked))
    if asked.stock:
        if asked.stock not in asked.growth:
            yield told(rotate(fleet, "ours", names[: asked.stock], asked))
        yield told(rotate(fleet, "stock", names[: asked.stock], asked, playbook=STOCK))
    if asked.scan or asked.visit:
        known = [f"scan{number:05}" for number in range(max(asked.scan, asked.visit))]
        print(f"Making {len(known)} secrets ...", flush=True)
        fleet.add_secrets(known)
    if asked.visit:
        yield told(visit(fleet, known[: asked.visit], asked))
    if asked.scan:
        yield told(scan(fleet, asked))
    if asked.trouble:
        yield told(bad_day(fleet, names[: asked.trouble], asked))


def rotate(
    fleet: Fleet, name: str, clients: list[str], asked: Asked, playbook: str = "rotate.yml", record: bool = False
) -> Measured:
    """Rotate some clients."""
    inventory = write_inventory(CACHE / "bench/inventory.json", fleet.hosts(clients), fleet.variables())
    arguments = [playbook, "-i", str(inventory), "-f", str(asked.forks)]
    before = fleet.notices()
    found = run(f"{name} {len(clients)}", len(clients), fleet.aws, arguments, record=record)
    return replace(found, notices=fleet.notices() - before)


def scan(fleet: Fleet, asked: Asked) -> Measured:
    """Let a schedule find that nobody is due, by what Secrets Manager lists."""
    inventory = CACHE / "bench/scan.fleet.yml"
    inventory.write_text(SCAN.format(**fleet.variables()))
    return find_none_due(fleet, "scan", asked.scan, inventory, asked)


def visit(fleet: Fleet, clients: list[str], asked: Asked) -> Measured:
    """Let a schedule find that nobody is due, by asking for one client after the other."""
    inventory = write_inventory(CACHE / "bench/visit.json", fleet.hosts(clients), fleet.variables())
    return find_none_due(fleet, "visit", len(clients), inventory, asked)


def find_none_due(fleet: Fleet, name: str, clients: int, inventory: Path, asked: Asked) -> Measured:
    """Run the scheduled playbook."""
    arguments = ["playbooks/rotate_due.yml", "-i", str(inventory), "-f", str(asked.forks)]
    return run(f"{name} {clients}", clients, fleet.aws, arguments, record=True)


def bad_day(fleet: Fleet, clients: list[str], asked: Asked) -> Measured:
    """Rotate clients of which some have no server, through an AWS that throttles; the others have to be done."""
    down = unreachable(clients)
    fleet.move(down, NO_PORT)
    with throttling(fleet.aws) as endpoint:
        variables = {**fleet.variables(), "rotation_endpoint_url": endpoint}
        inventory = write_inventory(CACHE / "bench/trouble.json", fleet.hosts(clients), variables)
        before = fleet.notices()
        arguments = ["rotate.yml", "-i", str(inventory), "-f", str(asked.forks)]
        found = run(f"trouble {len(clients)}", len(clients), fleet.aws, arguments)
    others = [client for client in clients if client not in down]
    print(f"{len(down)} servers were down; half done: {fleet.half_done(others) or 'nobody'}", flush=True)
    return replace(found, notices=fleet.notices() - before)


def told(one: Measured) -> Measured:
    """Return how it went."""
    print(f"{one.name}: {one.wall:.1f} s, {one.changed} changed, {one.failed} failed, {one.notices} told", flush=True)
    return one
