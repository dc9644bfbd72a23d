# SPDX-License-Identifier: GPL-3.0-or-later
"""The matcher of filter patterns, on the examples of the user guide of CloudWatch Logs and on what it must refuse."""

from __future__ import annotations

from typing import Any

import pytest
from filter_pattern import matches, metric_data

EVENT = {
    "eventType": "UpdateTrail",
    "sourceIPAddress": "111.111.111.111",
    "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
    "SomeObject": None,
    "ThisFlag": True,
    "bandwidth": 75,
}
PEOPLE = {
    "user": {"id": 1, "email": "John.Stiles@example.com"},
    "users": [{"id": 2, "email": "John.Doe@example.com"}, {"id": 3, "email": "Jane.Doe@example.com"}],
    "actions": ["GET", "PUT", "DELETE"],
    "coordinates": [[0, 1, 2], [4, 5, 6], [7, 8, 9]],
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ $.eventType = "UpdateTrail" }', True),
        ('{ $.eventType = "updatetrail" }', False),
        ('{ $.sourceIPAddress != "123.123.*" }', True),
        ('{ $.sourceIPAddress = "111.111.*" }', True),
        ('{ $.arrayKey[0] = "value" }', True),
        ("{ $.objectList[1].id = 2 }", True),
        ("{ $.SomeObject IS NULL }", True),
        ("{ $.SomeObject NOT EXISTS }", False),
        ("{ $.SomeOtherObject NOT EXISTS }", True),
        ("{ $.SomeOtherObject IS NULL }", False),
        ("{ $.ThisFlag IS TRUE }", True),
        ("{ $.ThisFlag IS FALSE }", False),
        ("{ $.bandwidth > 75 }", False),
        ("{ $.bandwidth >= 75 }", True),
        ('{ $.missing != "x" }', False),
        ("{ $.ThisFlag = 1 }", False),
    ],
)
def test_one_comparison(pattern: str, expected: bool) -> None:
    assert matches(pattern, EVENT) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }', True),
        ('{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }', False),
        ('{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = 9 && $.actions[2] = "nonmatch" }', True),
        (
            '{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = 9) && $.actions[2] = "nonmatch" }',
            False,
        ),
    ],
)
def test_and_binds_more_tightly_than_or(pattern: str, expected: bool) -> None:
    assert matches(pattern, PEOPLE) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        "ERROR",
        '{ $.a = "x" ',
        '{ ($.a = "x" }',
        '{ $.a = "x" $.b = "y" }',
        '{ $.a == "x" }',
        '{ $.a < "x" }',
        "{ $.a IS MAYBE }",
        '{ $.a && "x" }',
        "{ $.a || 1 }",
        "{ $.a = %x% }",
        '{ $.a = "' + 1024 * "x" + '" }',
    ],
)
def test_what_is_no_pattern_or_not_known_here_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"not|expected|left over|closed"):
        matches(pattern, {"a": "x"})


def test_a_filter_publishes_one_or_the_number_in_a_field_with_the_dimensions_that_are_there() -> None:
    def published(value: str, event: dict[str, Any], **more: Any) -> list[tuple[float, list[dict[str, str]]]]:
        given = {"metricNamespace": "N", "metricName": "M", "metricValue": value, **more}
        found = metric_data({"filterPattern": "{ $.ok IS TRUE }", "metricTransformations": [given]}, event)
        return [(data["MetricData"][0]["Value"], data["MetricData"][0]["Dimensions"]) for data in found]

    by_client = {"dimensions": {"Client": "$.client"}}
    assert published("1", {"ok": True}) == [(1.0, [])]
    assert published("1", {"ok": False}) == []
    assert published("$.counts.overdue", {"ok": True, "counts": {"overdue": 2}}) == [(2.0, [])]
    assert published("$.counts.overdue", {"ok": True}) == published("$.text", {"ok": True, "text": "2"}) == []
    assert published("1", {"ok": True, "client": "client_acme"}, **by_client) == [
        (1.0, [{"Name": "Client", "Value": "client_acme"}])
    ]
