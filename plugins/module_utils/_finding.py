# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look at a client found, and the verdict over all of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from ansible_collections.dbops.rotation.plugins.module_utils._next_step import present


@dataclass(frozen=True)
class Finding:
    """One thing that somebody has to know; a ``problem`` is also to be mended."""

    code: str
    text: str
    next_step: str = ""
    problem: bool = True


@dataclass(frozen=True)
class Check:
    """One thing that was asked; a ``problem`` would stop or hamper a rotation."""

    name: str
    text: str
    next_step: str = ""
    problem: bool = False


def with_next_step(one: Finding | Check) -> str:
    """Return the text with its next step."""
    return f"{one.text} {one.next_step}".rstrip()


Seen = TypeVar("Seen", Finding, Check)


@dataclass(frozen=True)
class Verdict(Generic[Seen]):
    """What was found of a client, in the words of its reader."""

    seen: tuple[Seen, ...]
    healthy: bool
    text: str


def judge(client: str, found: Iterable[Seen], *, well: str, notes: bool) -> Verdict[Seen]:
    """Return the verdict: the problems, or ``well`` where there are none, and then the rest if ``notes``."""
    seen = tuple(replace(one, next_step=present(one.next_step, client)) for one in found)
    problems = [one for one in seen if one.problem]
    told: list[Seen] = problems or (list(seen) if notes else [])
    count = f"{len(problems)} problem{'s'[: len(problems) != 1]}" if problems else well
    text = " ".join([count + (":" if told else ""), *map(with_next_step, told)])
    return Verdict(seen, not problems, f"{client}: {text}")
