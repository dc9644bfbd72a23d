# SPDX-License-Identifier: GPL-3.0-or-later
"""Something that happens before the n-th statement of a run on a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._context.journal import Journal
from ansible_collections.dbops.rotation.plugins.module_utils._db.connection import Session


@dataclass
class Moment:
    """The statement before which it happens, counted from 1, and where the run was then."""

    number: int
    act: Callable[[], Any]
    statements: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=lambda: [""])
    step: str = ""

    @property
    def came(self) -> bool:
        """Whether the run got that far."""
        return len(self.statements) >= self.number

    def before(self, statement: str) -> None:
        self.statements.append(statement)
        if len(self.statements) == self.number:
            self.step = self.steps[-1]
            self.act()


@contextmanager
def at_statement(number: int, act: Callable[[], Any]) -> Iterator[Moment]:
    """Let something happen before the n-th statement of the runs within."""
    moment = Moment(number, act)
    query, step = Session.query, Journal.step

    def asked(session: Session, statement: str, *arguments: object) -> Any:
        moment.before(statement)
        return query(session, statement, *arguments)

    @contextmanager
    def stepped(journal: Journal, name: str) -> Iterator[None]:
        with step(journal, name):
            moment.steps.append(name)
            try:
                yield
            finally:
                moment.steps.pop()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "query", asked)
        patch.setattr(Journal, "step", stepped)
        yield moment
