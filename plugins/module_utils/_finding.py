# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The findings about a client, and the verdict over all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar


@dataclass(frozen=True)
class Finding:
    """One thing that somebody has to know; a ``problem`` is also to be mended."""

    code: str
    text: str
    next_step: str = ""
    problem: bool = True


@dataclass(frozen=True)
class Check:
    """The answer to one question; a ``problem`` would stop or hamper a rotation."""

    name: str
    text: str
    next_step: str = ""
    problem: bool = False


def with_next_step(one: Finding | Check) -> str:
    """Return the text with its next step."""
    return f"{one.text} {one.next_step}".rstrip()


Result = TypeVar("Result", Finding, Check)


@dataclass(frozen=True)
class Verdict(Generic[Result]):
    """The findings about a client."""

    results: tuple[Result, ...]
    healthy: bool
    text: str


def judge(client: str, results: Iterable[Result], *, well: str, notes: bool) -> Verdict[Result]:
    """Return the verdict: the problems, or ``well`` where there are none, and then the rest if ``notes``."""
    found = tuple(results)
    problems = [one for one in found if one.problem]
    visible: list[Result] = problems or (list(found) if notes else [])
    count = f"{len(problems)} problem{'s'[: len(problems) != 1]}" if problems else well
    text = " ".join([count + (":" if visible else ""), *map(with_next_step, visible)])
    return Verdict(found, not problems, f"{client}: {text}")
