# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence of a year, and what it has to say by what was seen from outside and what was made to go wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
from filter_pattern import matches
from moto.logs.utils import UnsupportedFilterPattern
from provision_vars import READERS, provided

from ansible_collections.dbops.rotation.plugins.module_utils._cycle.tags import SKEW
from ansible_collections.dbops.rotation.plugins.module_utils._evidence.passwords import AFTER_ROLLBACK
from ansible_collections.dbops.rotation.plugins.module_utils._module.evidence import EVIDENCE
from ansible_collections.dbops.rotation.plugins.module_utils._stamp import stamp

from .cloud import ACCESS
from .history import Change, History
from .year import Year

TRAIL = "/cloudtrail"
STRANGER = "arn:aws:iam::123456789012:user/mallory"
# A stranger reads the secret of a client twice, a known program reads another.
READS = (("client_003", STRANGER), ("client_003", STRANGER), ("client_004", READERS[1]))
Document = dict[str, Any]
Exceptions = Counter[tuple[str, str]]


def collect(year: Year, folder: Path) -> Document:
    """Collect the evidence of a year at its end with the module, and return the document that it wrote."""
    with _cloudtrail():
        states = year.controller.states(year.fleet)
        asked = {"path": str(folder), "states": states, "trail_log_group": TRAIL, "names": "dbops-rotation"}
        result = year.controller.trail.look(EVIDENCE, **asked, **ACCESS)
    if result.get("failed"):
        raise AssertionError(result["msg"])
    document: Document = json.loads((folder / "evidence.json").read_text())
    return document


def told(document: Document, *kinds: str) -> Exceptions:
    """Return the exceptions of some kinds: each client, and since when it was late or how often it happened."""
    rows = [row for row in document["exceptions"] if row["kind"] in kinds]
    counted = Counter[tuple[str, str]]()
    for row in rows:
        late = row["kind"] in ("late", "overdue")
        counted[row["client"], row["since"] if late else row["kind"]] += row["times"]
    return counted


def late(history: History, now: datetime) -> Exceptions:
    """Return who was late, by the dates on the secrets and the moments at which others saw a new version."""
    last = {change.client: change for change in history.changes}
    ended = [*((begun, ended.at) for begun, ended in history.intervals()), *((one, now) for one in last.values())]
    return Counter((begun.client, begun.due) for begun, until in ended if until > _limit(begun))


def failed(history: History) -> Exceptions:
    """Return who failed, and in how many runs."""
    return Counter((failure.client, "failed") for failure in history.failures)


def unrecorded(history: History, lines: Iterable[bytes]) -> set[str]:
    """Return the versions of which no event tells that they became AWSCURRENT."""
    known = {json.loads(line).get("version_id") for line in lines}
    return {change.version for change in history.changes} - known


def differences(year: Year, document: Document) -> list[str]:
    """Return what the evidence has too much or too little of, by what was seen from outside."""
    lost = unrecorded(year.history, year.controller.trail.lines)
    gaps = {word for row in document["exceptions"] if row["kind"] == "unrecorded" for word in row["reason"].split()}
    # A rule refused something: nothing was late for it, so it is an action and no exception.
    refused = Counter((row["client"], "failed") for row in document["actions"] if row["what"] == "refused")
    compared = {
        "late": (told(document, "late", "overdue"), late(year.history, year.history.end)),
        "failed": (told(document, "failed") + refused, failed(year.history)),
        "unrecorded": (Counter((version, "") for version in gaps & lost), Counter((version, "") for version in lost)),
        "unexpected reader": (told(document, "unexpected reader"), Counter({("client_003", "unexpected reader"): 2})),
    }
    return [
        f"{kind}: {one} {told_of} times, and {seen} times in truth"
        for kind, (found, true) in compared.items()
        for one in sorted(found.keys() | true.keys())
        if (told_of := found[one]) != (seen := true[one])
    ]


def _limit(change: Change) -> datetime:
    return datetime.fromisoformat(change.due) + (AFTER_ROLLBACK if change.trigger == "rollback" else SKEW)


@contextmanager
def _cloudtrail() -> Iterator[None]:
    """Put reads into the log group of CloudTrail, with the metric filter that provision.yml makes.

    The emulator takes every pattern for JSON for one that matches.
    """
    access = {"region_name": ACCESS["region"], "aws_access_key_id": "x", "aws_secret_access_key": "x"}
    logs, pattern = boto3.client("logs", **access), provided("rotation_provision_trail_pattern")
    logs.create_log_group(logGroupName=TRAIL)
    logs.create_log_stream(logGroupName=TRAIL, logStreamName="trail")
    metric = {"metricNamespace": "DbopsRotation", "metricName": "ReadsByStrangers", "metricValue": "1"}
    about = {"logGroupName": TRAIL, "filterName": "dbops-rotation-ReadsByStrangers", "filterPattern": pattern}
    logs.put_metric_filter(**about, metricTransformations=[metric])
    now = int(datetime.now(UTC).timestamp() * 1000) - 60_000
    events = [{"timestamp": now, "message": json.dumps(_read(number, *one))} for number, one in enumerate(READS)]
    logs.put_log_events(logGroupName=TRAIL, logStreamName="trail", logEvents=events)

    def as_aws(self: UnsupportedFilterPattern, message: str) -> bool:
        return matches(pattern, json.loads(message))

    with patch.object(UnsupportedFilterPattern, "matches", as_aws):
        yield


def _read(number: int, client: str, who: str) -> dict[str, Any]:
    return {
        "eventID": str(number),
        "eventTime": stamp(datetime.now(UTC)),
        "eventSource": "secretsmanager.amazonaws.com",
        "eventName": "GetSecretValue",
        "sourceIPAddress": "192.0.2.7",
        "userIdentity": {"type": "IAMUser", "arn": who},
        "requestParameters": {"secretId": f"clients/{client}/mysql/root"},
    }
