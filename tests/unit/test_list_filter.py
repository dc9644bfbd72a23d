# SPDX-License-Identifier: GPL-3.0-or-later
"""Every filter of ListSecrets is one that AWS takes; what none takes is sorted out here."""

from __future__ import annotations

import re
from typing import Any

import botocore.session
import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._aws.list_filter import list_filter
from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import described
from ansible_collections.dbops.rotation.plugins.module_utils._fleet.listing import Choice

SERVICE = botocore.session.get_session().get_service_model("secretsmanager")
FILTER = SERVICE.operation_model("ListSecrets").input_shape.members["Filters"].member
VALUES = FILTER.members["Values"]
FIT = ["Berlin", "a b", "x:y_z@w/v+u=t.s-r", "m" * 512]
UNFIT = ["Zürich", "", "a" * 513, "!negated", "new\nline", "100%", "東京"]


def is_taken(wanted: dict[str, Any]) -> bool:
    texts = VALUES.member.metadata
    fits = all(len(one) <= texts["max"] and re.fullmatch(texts["pattern"], one) for one in wanted["Values"])
    return fits and 0 < len(wanted["Values"]) <= VALUES.metadata["max"] and wanted["Key"] in FILTER.members["Key"].enum


@pytest.mark.parametrize("text", FIT)
def test_what_aws_takes_is_filtered_there(text: str) -> None:
    (wanted,) = list_filter("tag-value", text)
    assert is_taken(wanted)


@pytest.mark.parametrize("text", UNFIT)
def test_what_aws_refuses_or_reads_otherwise_is_left_out(text: str) -> None:
    assert list_filter("tag-value", text) == [] and list_filter("tag-value", "Berlin", text) == []


def test_more_values_than_one_filter_takes_are_left_out() -> None:
    assert list_filter("tag-value") == [] and list_filter("tag-value", *"abcdefghijk") == []


def test_no_request_holds_two_filters_of_one_kind_and_the_rest_is_sorted_out_here() -> None:
    choice = Choice("clients/", "/root", {"stadt": "Zürich", "team": "db", "land": None, "größe": "xl"})
    filters = choice.filters()
    assert filters == [
        {"Key": "name", "Values": ["clients/"]},
        {"Key": "tag-key", "Values": ["stadt"]},
        {"Key": "tag-value", "Values": ["db"]},
    ]
    assert all(map(is_taken, filters))
    full = {"stadt": "Zürich", "team": "db", "land": "de", "größe": "xl"}
    for missing in full:
        tagged = [{"Key": key, "Value": value} for key, value in full.items() if key != missing]
        assert not choice.takes(described({"Name": "clients/a/root", "ARN": "arn:a", "Tags": tagged}))
    tagged = [{"Key": key, "Value": value} for key, value in full.items()]
    assert choice.takes(described({"Name": "clients/a/root", "ARN": "arn:a", "Tags": tagged}))


def test_a_prefix_that_no_filter_takes_is_compared_here() -> None:
    choice = Choice("!clients/", "")
    assert choice.filters() == []
    assert not choice.takes(described({"Name": "clients/a", "ARN": "arn:a"}))
