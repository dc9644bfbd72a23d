# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A log group of CloudWatch Logs. All that goes wrong there becomes one kind of error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .._aws.errors import DENIED, denied_action, error_code, translated
from .._aws.refusals import Refusal, describe_refusal, meaning_of
from .._aws.session import AwsOptions, make_client
from .._codes import Code
from .._errors import RotationError
from .._libraries import require_libraries
from .limits import Entry

# What is not shipped now is shipped by the next run; nobody waits a minute for it.
PATIENCE = {"connect_timeout": 5, "read_timeout": 10, "retries": {"mode": "standard", "total_max_attempts": 2}}
# The answer of PutLogEvents: key -> which entries it speaks of, and why they were not taken.
TOO_OLD, EXPIRED, TOO_NEW = "tooOldLogEventEndIndex", "expiredLogEventEndIndex", "tooNewLogEventStartIndex"


def log_group(name: str, options: AwsOptions) -> LogGroup:
    """Return a log group by the connection's options; raises RotationError where there is no access at all."""
    require_libraries()
    return LogGroup(make_client(options.with_settings(PATIENCE), "logs"), name)


class LogGroup:
    """The calls that the audit trail makes; each raises only RotationError. The group itself is never made here."""

    def __init__(self, client: Any, name: str) -> None:
        """Take a boto3 client of CloudWatch Logs."""
        self._client = client
        self.name = name

    def open_stream(self, stream: str) -> None:
        """Make a stream, unless it is there."""
        with self._calling("make a log stream"):
            try:
                self._client.create_log_stream(logGroupName=self.name, logStreamName=stream)
            except self._client.exceptions.ResourceAlreadyExistsException:
                return

    def put(self, stream: str, entries: list[Entry]) -> list[Entry]:
        """Send a batch, in the order of time, and give what CloudWatch Logs did not keep."""
        ordered = sorted(entries, key=lambda entry: entry.timestamp)
        events = [{"timestamp": entry.timestamp, "message": entry.message} for entry in ordered]
        with self._calling("ship events"):
            answer = self._client.put_log_events(logGroupName=self.name, logStreamName=stream, logEvents=events)
        rejected = answer.get("rejectedLogEventsInfo", {})
        old = max(rejected.get(TOO_OLD, 0), rejected.get(EXPIRED, 0))
        return ordered[:old] + ordered[max(old, rejected.get(TOO_NEW, len(ordered))) :]

    def find(self, pattern: str, since: int, until: int | None = None) -> Iterator[str]:
        """Return the messages that match a filter pattern, from a moment on (milliseconds), before another one."""
        end = {} if until is None else {"endTime": until - 1}
        pages = self._client.get_paginator("filter_log_events").paginate(
            logGroupName=self.name, filterPattern=pattern, startTime=since, **end
        )
        with self._calling("read events"):
            for page in pages:
                yield from (event["message"] for event in page["events"])

    def pattern_of(self, metric_filter: str) -> str:
        """Return the filter pattern of a metric filter by its name; empty where there is none."""
        with self._calling("read metric filters"):
            answer = self._client.describe_metric_filters(logGroupName=self.name, filterNamePrefix=metric_filter)
        found = [one["filterPattern"] for one in answer["metricFilters"] if one["filterName"] == metric_filter]
        return str(found[0]) if found else ""

    @contextmanager
    def _calling(self, doing: str) -> Iterator[None]:
        doing = f"{doing} in the log group {self.name}"
        try:
            with translated(doing, "logs", _refusal):
                yield
        except RotationError:
            raise
        except Exception as error:  # botocore also raises plain ValueErrors, as for an endpoint that is no URL
            raise RotationError(f"Could not {doing} ({type(error).__name__}).", code=Code.LOGS_ERROR) from None


def _refusal(error: Any, doing: str, service: str) -> RotationError:
    code = error_code(error)
    meaning = meaning_of(service, code)
    if code in DENIED:
        meaning = Refusal(f"{denied_action(error, service)} is denied", "Allow it on the log group.")
    return RotationError(
        f"Could not {doing}: {describe_refusal(error, meaning)}", code=Code.LOGS_REFUSED, next_step=meaning.next_step
    )
