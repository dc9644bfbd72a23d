# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What evidence reads of the account; a part that cannot be read says so, and does not fail the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from .._audit.logs import log_group
from .._aws import account
from .._aws.session import make_client
from .._codes import Code
from .._errors import RotationError
from .._evidence.document import READ
from .._evidence.period import Period
from .._evidence.readers import reads
from .._iam.grants import GRANTS
from .._report.events import moment
from .._results import mapping, text
from .options import aws_options

# As {playbook|provision} names the metric filter of the alarm "stranger".
STRANGERS = "ReadsByStrangers"
# How late CloudTrail may write to a log group. https://docs.aws.amazon.com/awscloudtrail/latest/userguide/
DELIVERY = timedelta(hours=1)
Rows = list[dict[str, Any]]


@dataclass
class Account:
    """The account of the alarms and roles; ``sources`` says which parts were read, and why not."""

    params: Mapping[str, Any]
    period: Period
    sources: dict[str, str] = field(default_factory=dict)

    def read(self) -> dict[str, Rows]:
        """Return the rows of each part."""
        prefix = f"{self.params['names']}-"
        alarms = self._part("alarms", lambda: {"alarms": account.alarms(self._client("cloudwatch"), prefix)})
        roles = self._part("roles", lambda: account.roles(self._client("iam"), prefix, GRANTS))
        readers = self._part("unexpected readers", lambda: {"readers": self._readers()})
        policies = [*self._of_secrets(), *roles.get("policies", [account.policy_unread(account.OF_A_ROLE, "")])]
        return {**alarms, **roles, **readers, "policies": policies}

    def _part(self, source: str, work: Callable[[], dict[str, Rows]]) -> dict[str, Rows]:
        try:
            rows = work()
        except RotationError as error:
            self.sources[source] = f"not read: {error.told()}"
            return {}
        self.sources[source] = READ
        return rows

    def _client(self, service: str) -> Any:
        return make_client(aws_options(self.params), service)

    def _readers(self) -> Rows:
        """Return the reads that the alarm "stranger" counts, by the pattern that it has now."""
        name = self.params["trail_log_group"]
        if not name:
            raise _missing("The log group of CloudTrail is not named ({option|evidence.trail_log_group}).")
        group = log_group(name, aws_options(self.params))
        pattern = group.pattern_of(f"{self.params['names']}-{STRANGERS}")
        if not pattern:
            raise _missing(f"The log group {name} has no metric filter of reads by strangers ({{playbook|provision}}).")
        start, end = (int(moment.timestamp() * 1000) for moment in (self.period.start, self.period.end + DELIVERY))
        return [row for row in reads(group.find(pattern, start, end)) if self.period.has_day_of(moment(row["time"]))]

    def _of_secrets(self) -> Rows:
        """Return the resource policies of the secrets, which were read with each client's own access."""
        results: Mapping[str, Any] = {host: self.params["policies"].get(host, {}) for host in self.params["states"]}
        failed = {host: one for host, one in sorted(results.items()) if "policy" not in one}
        causes = [
            f"{host}: {text(mapping(one, 'error'), 'cause') or 'there is no result'}" for host, one in failed.items()
        ]
        self.sources["policies of secrets"] = f"not read: {' '.join(causes)}" if causes else READ
        return [_of_secret(host, one.get("policy"), read=host not in failed) for host, one in sorted(results.items())]


def _of_secret(host: str, policy: Mapping[str, Any] | None, *, read: bool) -> dict[str, Any]:
    if not read:
        return account.policy_unread(account.OF_A_SECRET, host)
    return account.policy_row(
        account.OF_A_SECRET, host, "resource policy" if policy else "no resource policy", policy or {}
    )


def _missing(cause: str) -> RotationError:
    return RotationError(cause, code=Code.EVIDENCE_INCOMPLETE)
