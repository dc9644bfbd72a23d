# SPDX-License-Identifier: GPL-3.0-or-later
"""A notice as data: an id that stays, and texts that SNS takes whatever a client is called."""

from __future__ import annotations

import json
import re
import string
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment

from ansible_collections.dbops.rotation.plugins.module_utils._clean import one_line
from ansible_collections.dbops.rotation.plugins.module_utils._events import EVENTS, SEVERITIES, severity
from ansible_collections.dbops.rotation.plugins.module_utils._notice.notice import SCHEMA, TEXTS, Notice

NOW, LATER = datetime(2026, 11, 23, 3, tzinfo=UTC), datetime(2026, 11, 24, 3, tzinfo=UTC)
DUE, OTHER = "2027-01-02T03:00:00Z", "2027-02-11T03:00:00Z"
NAMES = [
    *("client_acme", "", " ", "\n", "x" * 5000, "Müller & Söhne GmbH", "客户", "\udce9", "a\r\nBcc: b@example.com"),
    *("\x00\x1b[31m", "$\u2028€", '"\\' * 4000, "\ufffe", "😀" * 3000, "-- \t --"),
]
every_event = pytest.mark.parametrize("event", EVENTS)
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
SUBJECT = re.compile(r"[A-Za-z0-9" + re.escape(string.punctuation) + r"][ -~]{0,98}")
SIZE = 256 * 1024
ROTATED = Path(__file__).resolve().parents[2] / "roles/rotation/templates/notices/rotated.j2"


def notice(event: str = "rotated", **more: Any) -> Notice:
    base = Notice(event, "client_acme", "clients/client_acme/mysql/root", NOW, version_id="v1", due=DUE)
    return replace(base, notice_days=7, failures=1, failed_at=DUE, **more)


@every_event
def test_sent_again_it_is_the_same_notice(event: str) -> None:
    again = replace(notice(event), time=LATER, text="other words", reason="x", trigger="recovery")
    assert again.notice_id == notice(event).notice_id and re.fullmatch("[0-9a-f]{64}", again.notice_id)


def test_an_id_never_changes_between_releases() -> None:
    assert notice().notice_id == "c8629f36a65c4d182e05b1a94e0d81a94de8bebb1256354823681aac659b02d0"


@pytest.mark.parametrize(
    ("event", "changed"),
    [
        ("upcoming", {"due": OTHER}),
        ("upcoming", {"notice_days": 1}),
        ("rotated", {"version_id": "v2"}),
        ("failed", {"failures": 2}),
        ("failed", {"failed_at": OTHER}),
        ("overdue", {"due": OTHER}),
        ("offboarded", {"deletion_date": OTHER}),
    ],
    ids=str,
)
def test_another_thing_is_another_notice(event: str, changed: dict[str, Any]) -> None:
    first = notice(event)
    others = {replace(first, **changed).notice_id, replace(first, client="client_globex").notice_id}
    assert len(others | {first.notice_id}) == 3


def test_failures_that_could_not_be_counted_are_not_one_failure() -> None:
    first = replace(notice("failed"), failures=0, failed_at="")
    assert first.notice_id != replace(first, time=LATER).notice_id


def test_events_of_one_client_have_ids_of_their_own() -> None:
    assert len({notice(event).notice_id for event in EVENTS}) == len(EVENTS)


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:30])
@every_event
def test_sns_takes_it_whatever_the_client_is_called(event: str, name: str) -> None:
    made = notice(event, subject=name, text=name, reason=name, cause=name, environment=name)
    for told in (replace(made, client=name, subject=""), replace(made, client=name)):
        assert SUBJECT.fullmatch(told.sent_subject)
        for attribute in told.attributes().values():
            assert attribute and len(attribute) <= 256 and attribute.isprintable()
        assert told.people_text().strip() and told.message().encode()


@pytest.mark.parametrize("filler", ['"', "\\", "😀", "\udce9", "\x07", "\n", "x"], ids=ascii)
def test_the_largest_notice_fits(filler: str) -> None:
    texts: dict[str, Any] = dict.fromkeys((*TEXTS, "reason", "subject", "text"), filler * 40000)
    full = replace(notice(), **texts)
    size = len(full.message().encode()) + len(full.sent_subject) + sum(map(len, map(str, full.attributes().items())))
    assert size < SIZE


@every_event
def test_machines_get_every_key_in_every_notice(event: str) -> None:
    message = json.loads(notice(event).message())
    body = json.loads(message["default"])
    assert set(message) == {"default", "email", "sms"}
    assert set(body) == set(notice("rotated").body())
    assert (body["schema"], body["id"], body["event"]) == (SCHEMA, notice(event).notice_id, event)
    assert body["cause"] is None and body["time"] == "2026-11-23T03:00:00Z"


def test_people_get_the_text_they_were_written_or_a_plain_one() -> None:
    assert json.loads(notice(text="Hello,\n\n  all.\n").message())["email"] == "Hello,\n\n  all."
    plain = json.loads(notice().message())["email"]
    assert plain.startswith("Password changed: client_acme\n") and f"due: {DUE}" in plain


def test_what_is_not_known_is_no_attribute() -> None:
    assert set(notice().attributes()) == {"client", "event", "severity", "notice_id"}
    full = notice(environment="production", trigger="on_demand").attributes()
    assert (full["environment"], full["trigger"]) == ("production", "on_demand")


@pytest.mark.parametrize(
    ("event", "failures", "days_left", "expected"),
    [
        ("upcoming", 0, 7, "info"),
        ("rotated", 0, 40, "info"),
        ("failed", 1, 1, "warning"),
        ("failed", 2, None, "warning"),
        ("failed", 3, 1, "critical"),
        ("failed", 1, -1, "critical"),
        ("overdue", 0, -1, "critical"),
    ],
)
def test_trouble_grows_louder(event: str, failures: int, days_left: int | None, expected: str) -> None:
    assert severity(event, failures, days_left) == expected and expected in SEVERITIES
    told = replace(notice(event), failures=failures, days_left=days_left)
    assert told.severity == told.attributes()["severity"] == told.body()["severity"] == expected
    assert ("URGENT" in told.sent_subject) is (expected == "critical")


def test_the_subject_counts_failures() -> None:
    assert replace(notice("failed"), failures=2).sent_subject == "Password change failed, 2 times in a row: client_acme"


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("a\n b\t\x00c", 9, "a b c"),
        ("abcdefgh", 8, "abcdefgh"),
        ("abcdefghi", 8, "abcde..."),
        (" \n ", 8, ""),
        ("\ud800", 8, "?"),
    ],
    ids=ascii,
)
def test_a_reason_is_one_line_of_limited_length(text: str, most: int, expected: str) -> None:
    assert one_line(text, most) == expected


def test_a_long_reason_is_cut() -> None:
    assert len(notice(reason="why\n" * 500).body()["reason"]) == 200


@pytest.mark.parametrize(
    ("kept_for", "told"), [("", False), ("eu-west-1 (Failed: access denied)", True)], ids=["ended", "kept"]
)
def test_people_are_told_of_an_old_password_that_stays_for_a_replica_region(kept_for: str, told: bool) -> None:
    template = Environment(trim_blocks=True).from_string(ROTATED.read_text())
    details = {"version_id": "V", "kept_for": kept_for}
    text = template.render(rotation_client="client_acme", rotation_secret_id="x", rotation_notice_details=details)
    assert ("The old password stays valid" in text) is told
    assert (f"may still give it out: {kept_for}." in text) is told
