# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rotation has put around a secret, and the calls that take it away, each of which may be the last one.

The mark comes first: from then on no sweep visits the client, and a scheduled run knows why the secret is deleted. Our
resource policy denies the rest, so it goes next. The deletion comes last, for a deleted secret takes no other call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .._aws.leaving_store import LeavingStore
from .._aws.parameters import drop_parameter
from .._aws.secret_store import CURRENT, SecretDescription
from .._cycle import tags
from .._decision.decision import listed
from .._iam.policies import Document
from .._iam.secret_policy import normal, without_ours
from .._runners import ANSIBLE
from .._stamp import stamp
from .._steps.ownership import is_rotated_by_our_function

# What stays, so that people and scheduled runs know whose secret waits for its deletion, and why.
KEPT_TAGS = (tags.CLIENT, tags.OFFBOARDED)


@dataclass(frozen=True)
class Step:
    """One call; ``what`` names what it takes away, and is empty where it takes away nothing."""

    what: str
    do: Callable[[], None]


@dataclass(frozen=True)
class Surroundings:
    """What is around a secret now; ``parameter`` is the name of the client's parameter, if there is one."""

    store: LeavingStore
    secret: SecretDescription
    policy: Document | None
    parameters: Any
    parameter: str

    def steps(self, now: datetime) -> list[Step]:
        """Return the calls that are missing, in their order."""
        return [
            *self._mark(now),
            *self._policy(),
            *self._rotation(),
            *self._replicas(),
            *self.parameter_steps(),
            *self._tags(),
        ]

    def facts(self) -> dict[str, Any]:
        """Return all of it as a difference shows it."""
        return {
            "policy": self.policy or {},
            "rotation": self.secret.rotation_lambda if self.secret.rotation_enabled else None,
            "replicas": [replica.region for replica in self.secret.replicas],
            "parameter": self.parameter or None,
            "tags": {key: value for key, value in self.secret.tags.items() if key.startswith(tags.PREFIX)},
        }

    def facts_without(self, now: datetime) -> dict[str, Any]:
        """Return what is left of it."""
        kept = {key: value for key, value in self.secret.tags.items() if key == tags.CLIENT}
        mark = self._marked(now) or self.secret.tags[tags.OFFBOARDED]
        nothing: dict[str, Any] = {"rotation": None, "replicas": [], "parameter": None}
        return {**nothing, "policy": without_ours(self.policy) or {}, "tags": {**kept, tags.OFFBOARDED: mark}}

    def _mark(self, now: datetime) -> Iterator[Step]:
        marked = self._marked(now)
        mark = {tags.OFFBOARDED: marked} if marked else {}
        runner = {tags.RUNNER: ANSIBLE} if tags.runner_of(self.secret.tags) != ANSIBLE else {}
        if mark or runner:
            yield Step("", lambda: self.store.tag({**mark, **runner}))

    def _marked(self, now: datetime) -> str:
        """Return the mark that is to be written; empty where it is there."""
        current = self.secret.holder(CURRENT) or ""
        is_there = self.secret.tags.get(tags.OFFBOARDED) and tags.handed_over(self.secret.tags) == current
        return "" if is_there else tags.offboarding(stamp(now), current)

    def _policy(self) -> Iterator[Step]:
        rest = without_ours(self.policy)
        if normal(rest) != normal(self.policy):
            yield Step(
                "the resource policy", self.store.drop_policy if rest is None else lambda: self.store.put_policy(rest)
            )

    def _rotation(self) -> Iterator[Step]:
        if self.secret.rotation_enabled and is_rotated_by_our_function(self.secret):
            yield Step("Secrets Manager's own rotation", self.store.cancel_rotation)

    def _replicas(self) -> Iterator[Step]:
        regions = [replica.region for replica in self.secret.replicas]
        if regions:
            yield Step(f"the replicas in {listed(regions)}", lambda: self.store.drop_replicas(regions))

    def parameter_steps(self) -> Iterator[Step]:
        """Yield the call that takes the client's parameter away."""
        if self.parameter:
            yield Step(f"the parameter {self.parameter}", lambda: drop_parameter(self.parameters, self.parameter))

    def _tags(self) -> Iterator[Step]:
        ours = [key for key in self.secret.tags if key.startswith(tags.PREFIX) and key not in KEPT_TAGS]
        if ours:
            yield Step("the tags of the rotation", lambda: self.store.untag(ours))
