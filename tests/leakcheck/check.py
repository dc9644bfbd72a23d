# SPDX-License-Identifier: GPL-3.0-or-later
"""One mode from beginning to end: run everything, then search every sink."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from canaries import HASH, ROLLBACK_HASH, Canary, Search
from faults.paths import PATHS

from ansible_collections.dbops.rotation.plugins.module_utils._db.hashes import CACHING_SHA2, StoredPassword

from .course import Course
from .failures import Sample, stopped_at_each_step
from .functions import FunctionsAtWork
from .inherent import is_inherent
from .modes import ASYNC, FUNCTIONS, Mode
from .players import asynchronous, environment_of, player_of
from .scene import Scene
from .sink import Place, Sink
from .sinks import sinks_of
from .sinks_of_files import core_files_allowed
from .watch import Watch

PLANTED = "planted"


@dataclass
class Cell:
    """What was searched in one sink in one mode, and what was found that may not be there."""

    searched: int = 0
    leaks: list[str] = field(default_factory=list)
    inherent: int = 0


@dataclass
class Outcome:
    """A column of the table."""

    mode: str
    cells: dict[str, Cell]
    secrets: int
    troubles: list[str]
    playbooks: list[str] = field(default_factory=list)


@dataclass
class Learned:
    """What the runs of a mode have taught: passwords, those that were brought back, playbooks, and what went wrong."""

    known: set[str] = field(default_factory=set)
    brought_back: set[str] = field(default_factory=set)
    playbooks: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


def check(scene: Scene, mode: Mode, sample: Sample | None = None) -> Outcome:
    """Run a mode, or a sample of it, and search for all that it knew."""
    place = Place(scene.folder("mode")).make()
    watch = Watch(place.temporary, scene.servers)
    sinks = begun(sinks_of(scene, place, watch))
    with core_files_allowed(), watch:
        learned = run(scene, place, mode, sample)
    canaries = {*map(Canary, learned.known), *hashes(watch.rows, learned.brought_back)}
    return Outcome(mode.name, searched(sinks, canaries), len(canaries), learned.troubles, learned.playbooks)


def run(scene: Scene, place: Place, mode: Mode, sample: Sample | None) -> Learned:
    """Run all that a mode runs."""
    if mode.name == FUNCTIONS:
        functions = FunctionsAtWork(scene, place, mode, sample)
        functions.run()
        return Learned(functions.known, troubles=functions.troubles)
    with player_of(scene, place, mode) as player:
        course = Course(scene, place, mode, player)
        course.run(everything=mode.everything)
    learned = Learned(course.known, course.brought_back, course.playbooks, course.troubles)
    if mode.faults:
        stop_at_each_step(scene, place, mode, sample, learned)
    return learned


def stop_at_each_step(scene: Scene, place: Place, mode: Mode, sample: Sample | None, learned: Learned) -> None:
    """Stop a change of the password at each of its steps, in the way of the mode."""
    path = PATHS[mode.path]
    if mode.name == ASYNC:
        path = replace(path, playbook=asynchronous(place)["rotate.yml"])
    environment = environment_of(scene, place, mode)
    for batch in stopped_at_each_step(scene, place, mode, environment, path, sample):
        learned.known |= batch.known
        learned.brought_back |= batch.brought_back
        learned.troubles += batch.troubles


def begun(sinks: list[Sink]) -> list[Sink]:
    """Let every sink forget what is there."""
    for sink in sinks:
        sink.begin()
    return sinks


def hashes(rows: Mapping[str, Iterable[str]], brought_back: Iterable[str]) -> Iterator[Canary]:
    """Every hash that was seen on a row; those of passwords that were brought back are known as such."""
    back = list(brought_back)
    for text in rows["mysql"]:
        if text.startswith("$A$"):
            stored = StoredPassword(CACHING_SHA2, text.encode("latin-1", "replace"))
            yield Canary(text[27:70], ROLLBACK_HASH if any(map(stored.matches, back)) else HASH)
    for digest in {digest for text in rows["mariadb"] for digest in re.findall(r"\*([0-9A-F]{40})", text)}:
        yield Canary(digest, HASH)


def searched(sinks: Iterable[Sink], canaries: Iterable[Canary]) -> dict[str, Cell]:
    """Search every sink."""
    search = Search(canaries)
    return {sink.name: searched_one(sink, search) for sink in sinks}


def searched_one(sink: Sink, search: Search) -> Cell:
    """Search what a sink has collected."""
    cell = Cell()
    for name, data in sink.collect():
        cell.searched += len(data)
        found = {hit.canary: hit.form for hit in search.hits(data)}
        for canary, form in found.items():
            if is_inherent(sink.name, canary.kind):
                cell.inherent += 1
            else:
                cell.leaks.append(f"{sink.name}, {name}: a {canary.kind} ({form})")
    return cell


def check_plants(scene: Scene) -> Outcome:
    """Plant a secret of its own in each sink, and look for it there with the same collectors."""
    place = Place(scene.folder("plants")).make()
    watch = Watch(place.temporary, scene.servers)
    sinks = begun(sinks_of(scene, place, watch))
    planted = {sink.name: f"Planted-{secrets.token_hex(10)}" for sink in sinks}
    with core_files_allowed(), watch:
        for sink in sinks:
            sink.plant(planted[sink.name])
    cells = {sink.name: searched_one(sink, Search([Canary(planted[sink.name])])) for sink in sinks}
    missed = [f"{PLANTED}: the plant in {name} was not found" for name, cell in cells.items() if not cell.leaks]
    return Outcome(PLANTED, cells, len(planted), missed)
