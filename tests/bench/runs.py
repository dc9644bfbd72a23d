# SPDX-License-Identifier: GPL-3.0-or-later
"""The runs of the benchmark: one that all are compared with, and others in which one thing differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from metadata_service import MetadataService
from world.aws import ACCESS_KEY, SECRET_KEY
from world.layout import CACHE

from .fleet import KEYS, Fleet, write_fleet_inventory, write_inventory
from .latency import distant
from .measure import Measured, run
from .trouble import NO_PORT, throttling, unreachable

STOCK = str(Path(__file__).with_name("stock.yml"))
FOLDER = CACHE / "bench"
DUE = "playbooks/rotate_due.yml"
MANY_FORKS = 25
ROLE = "arn:aws:iam::123456789012:role/dbops-rotation-rotator"
KEYS_OF_ENVIRONMENT = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
# As users have it who set nothing; every other run has neither limit.
LIMITED = {"rotation_write_share": 0.8, "rotation_per_server": 1}


@dataclass(frozen=True)
class Asked:
    """The sizes of the runs, and the forks of those that do not say another number."""

    stock: int = 0
    growth: tuple[int, ...] = ()
    each: int = 0
    own: int = 0
    crowd: int = 0
    scan: int = 0
    trouble: int = 0
    forks: int = 5


@dataclass(frozen=True)
class Bench:
    """What runs, and how a run of it begins."""

    fleet: Fleet
    forks: int

    def rotate(self, name: str, clients: list[str], playbook: str = "rotate.yml", **options: Any) -> Measured:
        """Rotate some clients of a static inventory."""
        variables = {**self.fleet.variables(), **options.pop("variables", {})}
        variables = {name: value for name, value in variables.items() if value is not None}
        inventory = write_inventory(FOLDER / "inventory.json", clients, variables)
        return self.start(f"{name} {len(clients)}", len(clients), playbook, inventory, **options)

    def start(
        self, name: str, clients: int, playbook: str, inventory: Path, *, limit: Sequence[str] = (), **options: Any
    ) -> Measured:
        """Run a playbook, and say how it went."""
        forks, before = options.pop("forks", self.forks), self.fleet.notices.taken()
        arguments = [playbook, "-i", str(inventory), "-f", str(forks), *(["-l", ",".join(limit)] if limit else [])]
        found = run(name, clients, self.fleet.aws, arguments, **options)
        return told(replace(found, notices=self.fleet.notices.taken() - before))


def measured(fleet: Fleet, asked: Asked) -> Iterator[Measured]:
    """Yield the runs."""
    bench = Bench(fleet, asked.forks)
    names = [f"client_{number:05}" for number in range(max((asked.each, asked.trouble, *asked.growth)))]
    print(f"Making {len(names)} clients ...", flush=True)
    fleet.add(names)
    for size in asked.growth:
        yield bench.rotate("ours", names[:size])
    if asked.stock:
        yield by_stock_collections(bench, asked.stock)
    if asked.each:
        yield from variants(bench, names[: asked.each])
    if asked.own:
        yield from on_servers_of_their_own(bench, asked.own)
    if asked.crowd:
        yield from in_a_crowd(bench, asked.crowd, asked.each)
    if asked.scan:
        yield from none_due(bench, asked.scan)
    if asked.trouble:
        yield bad_day(bench, names[: asked.trouble])


def by_stock_collections(bench: Bench, clients: int) -> Measured:
    """Rotate clients of its own: after a password that others store, the emulator has AWSCURRENT on two versions."""
    names = [f"stock_{number:05}" for number in range(clients)]
    bench.fleet.add(names)
    return bench.rotate("stock", names, STOCK)


def variants(bench: Bench, names: list[str]) -> Iterator[Measured]:
    """Rotate the same clients with one thing changed at a time."""
    yield bench.rotate("25 forks", names, forks=MANY_FORKS)
    yield bench.rotate("limits", names, variables=LIMITED)
    listed = write_fleet_inventory(FOLDER / "listed", "client_", bench.fleet.variables())
    yield bench.start(
        f"fleet inventory {len(names)}", len(names), "rotate.yml", listed, limit=names, **KEYS_OF_ENVIRONMENT
    )
    with distant(bench.fleet.aws) as endpoint:
        far = {"rotation_endpoint_url": endpoint, "rotation_endpoint_urls": {"default": endpoint}}
        yield bench.rotate("30 ms", names, variables=far)
        # Not one rotation at a time on a server: here all clients share two.
        limited = {**far, "rotation_write_share": LIMITED["rotation_write_share"]}
        yield bench.rotate("30 ms, 25 forks, write limit", names, forks=MANY_FORKS, variables=limited)
    yield counted(bench, names)


def counted(bench: Bench, names: list[str]) -> Measured:
    """Rotate with the role of an instance that assumes another, and count all requests; recording costs time."""
    variables = {**dict.fromkeys(KEYS), "rotation_assume_role_arn": ROLE}
    with MetadataService() as service:
        found = bench.rotate("requests", names, record=True, variables=variables, **service.environment)
        found.calls["instance metadata"] = service.seen.total()
    return found


def on_servers_of_their_own(bench: Bench, clients: int) -> Iterator[Measured]:
    """Rotate clients that share a server with nobody, and as many that share two."""
    names = [f"single_{number:02}" for number in range(clients)]
    with bench.fleet.guests(names, servers=bench.fleet.own):
        yield bench.rotate("own servers", names)
    with bench.fleet.guests(names):
        yield bench.rotate("shared servers", names)


def in_a_crowd(bench: Bench, accounts: int, clients: int) -> Iterator[Measured]:
    """Rotate some of the many clients of one server, known ones and such as were never under management."""
    names = [f"crowd_{number:05}" for number in range(accounts)]
    print(f"Making {accounts} clients of one server ...", flush=True)
    one = bench.fleet.servers[:1]
    with bench.fleet.guests(names[clients:], servers=one):
        for word, managed in (("crowd", True), ("first rotation", False)):
            with bench.fleet.guests(names[:clients], servers=one, managed=managed):
                yield bench.rotate(word, names[:clients])


def none_due(bench: Bench, clients: int) -> Iterator[Measured]:
    """Let a schedule find that nobody is due, by what Secrets Manager lists."""
    names = [f"scan{number:05}" for number in range(clients)]
    print(f"Making {clients} secrets ...", flush=True)
    bench.fleet.add_secrets(names)
    listed = write_fleet_inventory(FOLDER / "listed", "scan", bench.fleet.variables())
    yield bench.start(f"none due, fleet inventory {clients}", clients, DUE, listed, record=True, **KEYS_OF_ENVIRONMENT)
    static = write_inventory(FOLDER / "static.json", names, bench.fleet.variables())
    yield bench.start(f"none due, static inventory {clients}", clients, DUE, static, record=True)


def bad_day(bench: Bench, clients: list[str]) -> Measured:
    """Rotate clients of which some have no server, through an AWS that throttles; the others have to be done."""
    down = unreachable(clients)
    bench.fleet.move(down, NO_PORT)
    with throttling(bench.fleet.aws) as endpoint:
        found = bench.rotate("trouble", clients, variables={"rotation_endpoint_url": endpoint})
    others = [client for client in clients if client not in down]
    print(f"{len(down)} servers were down; half done: {bench.fleet.half_done(others) or 'nobody'}", flush=True)
    return found


def told(one: Measured) -> Measured:
    """Return how it went."""
    print(f"{one.name}: {one.wall:.1f} s, {one.changed} changed, {one.failed} failed, {one.notices} told", flush=True)
    return one
