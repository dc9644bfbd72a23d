# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules of the cycle and of notices, from options to tags and messages, against moto in this process."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from emulated import client_of
from fleet_in_moto import now

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import SecretStore
from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.notice_state import (
    ROTATED_TAGS,
    read_failures,
    read_notice_state,
)
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.tags import started
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._module.cycle import CYCLE
from ansible_collections.dbops.rotation.plugins.module_utils._module.cycle_info import (
    CYCLE_INFO,
    CYCLE_INFO_OF_FUNCTIONS,
)
from ansible_collections.dbops.rotation.plugins.module_utils._module.notice import NOTICE
from ansible_collections.dbops.rotation.plugins.module_utils._module.operation import Operation
from ansible_collections.dbops.rotation.plugins.module_utils._stamp import stamp

DAY = timedelta(days=1)
ACCESS = {"region": "eu-central-1", "access_key": "x", "secret_key": "x"}
VALUE = "Hidden-Value-1234"
Tags = dict[str, str]


class Client:
    """One client's secret, with a topic and a queue that is subscribed to it."""

    def __init__(self) -> None:
        self.secrets, self.sqs = client_of("secretsmanager"), client_of("sqs")
        self.secret_id = f"clients/{uuid.uuid4()}/mysql/root"
        self.version = self.secrets.create_secret(Name=self.secret_id, SecretString=VALUE)["VersionId"]
        self.topic = client_of("sns").create_topic(Name=str(uuid.uuid4()))["TopicArn"]
        self.queue = self.sqs.create_queue(QueueName=str(uuid.uuid4()))["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        client_of("sns").subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)

    @property
    def tags(self) -> Tags:
        answer = self.secrets.describe_secret(SecretId=self.secret_id)
        return {tag["Key"]: tag["Value"] for tag in answer.get("Tags", [])}

    def tag(self, written: Tags) -> None:
        self.secrets.tag_resource(
            SecretId=self.secret_id, Tags=[{"Key": key, "Value": value} for key, value in written.items()]
        )

    def managed(self, last: datetime, **more: str) -> None:
        made = tags.rotated_tags(
            version=self.version, trigger="scheduled", server_id="s", client="client_acme", cycle=started(last, 40)
        )
        self.tag({**made, **more})

    def run(self, operation: Operation, *, check: bool = False, **options: Any) -> dict[str, Any]:
        given = {"client": "client_acme", "secret_id": self.secret_id, **ACCESS, **options}
        # As the action does: what is empty counts as not given.
        named = {name: value for name, value in given.items() if value not in (None, "")}
        validated = ArgumentSpecValidator(**operation.validation()).validate(named)
        assert not validated.error_messages
        result = operation.outcome(validated.validated_parameters, check=check, diff=True)
        assert VALUE not in json.dumps(result)
        return result

    def notices(self) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        return [json.loads(json.loads(message["Body"])["Message"]) for message in answer.get("Messages", [])]


@pytest.fixture
def acme(aws: None) -> Client:
    return Client()


def test_a_client_without_a_cycle_gets_one_and_keeps_it(acme: Client) -> None:
    planned = acme.run(CYCLE, check=True)
    assert planned["changed"] and acme.tags == {}
    made = acme.run(CYCLE)
    assert made["changed"] and made["diff"]["after"] == acme.tags
    # A second may pass between them.
    assert planned["diff"]["after"].keys() == acme.tags.keys()
    assert set(acme.tags) == {tags.CLIENT, tags.LAST, tags.DUE, tags.CYCLE_DAYS}
    assert now() + 6 * DAY < datetime.fromisoformat(made["due"]) <= now() + 40 * DAY
    again = acme.run(CYCLE)
    assert not again["changed"] and again["diff"]["before"] == again["diff"]["after"]


def test_another_length_counts_anew_from_the_last_rotation(acme: Client) -> None:
    last = now() - 10 * DAY
    acme.managed(last)
    assert acme.run(CYCLE, cycle_days=30)["due"] == stamp(last + 30 * DAY) == acme.tags[tags.DUE]
    assert not acme.run(CYCLE, cycle_days=30)["changed"]
    assert acme.run(CYCLE_INFO)["cycle_days"] == 30


def test_a_reset_counts_from_now_and_needs_a_reason(acme: Client) -> None:
    acme.managed(now() - 39 * DAY, **{tags.DUE: "2035-01-01T00:00:00Z"})
    assert acme.run(CYCLE)["error"]["code"] == acme.run(CYCLE_INFO)["error"]["code"] == "impossible_due"
    refused = acme.run(CYCLE, state="reset", reason="two\nlines")
    assert refused["error"]["code"] == "invalid_option"
    before = acme.tags
    assert acme.run(CYCLE, state="reset", reason="changed by hand", check=True)["changed"] and acme.tags == before
    reset = acme.run(CYCLE, state="reset", reason="changed by hand")
    assert "changed by hand" in reset["msg"] and "changed by hand" not in json.dumps(acme.tags)
    assert acme.run(CYCLE_INFO)["days_left"] >= 39
    assert acme.tags[tags.VERSION] == acme.version


def test_an_impossible_due_date_is_for_the_schedule_to_refuse_that_visits_the_client(acme: Client) -> None:
    acme.managed(now() - 39 * DAY, **{tags.DUE: "2035-01-01T00:00:00Z", tags.RUNNER: "lambda"})
    assert acme.run(CYCLE_INFO_OF_FUNCTIONS)["error"]["code"] == "impossible_due"
    state = acme.run(CYCLE_INFO)
    assert not state.get("failed") and not state["candidate"] and state["pending_notices"] == []
    (warning,) = state["warnings"]
    assert warning.startswith("The due date 2035-01-01T00:00:00Z of client_acme is further ahead than a cycle")


def test_a_reset_without_a_reason_is_refused_before_anything() -> None:
    given = {"secret_id": "x", "state": "reset"}
    assert "reason" in str(ArgumentSpecValidator(**CYCLE.validation()).validate(given).error_messages)


@time_machine.travel(datetime(2026, 11, 25, 3, tzinfo=UTC), tick=False)
def test_lost_tags_are_mended_from_the_age_of_the_version(acme: Client) -> None:
    acme.managed(now() - 5 * DAY)
    acme.tag({tags.LAST: "yesterday", tags.DUE: ""})
    seen = acme.run(CYCLE_INFO)
    assert seen["warnings"] and seen["days_left"] >= 39 and acme.tags[tags.LAST] == "yesterday"
    assert acme.run(CYCLE)["warnings"]
    assert acme.tags[tags.LAST] == seen["last"] and acme.run(CYCLE_INFO)["warnings"] == []


@pytest.mark.parametrize("operation", [CYCLE, CYCLE_INFO], ids=["cycle", "info"])
def test_an_option_that_makes_no_sense_is_refused_before_anything(acme: Client, operation: Operation) -> None:
    wrong = acme.run(operation, windows=[{"from": "22:00", "to": "04:00", "timezone": "Mars/Olympus"}])
    assert wrong["failed"] and wrong["error"]["code"] == "invalid_option" and acme.tags == {}
    assert wrong["error"]["state"] == "Nothing was changed."


def test_a_secret_of_another_service_is_left_alone(acme: Client) -> None:
    acme.secrets.delete_secret(SecretId=acme.secret_id)
    assert acme.run(CYCLE)["error"]["code"] == "secret_deleted"
    assert acme.run(CYCLE, state="failed", step="open", code="x")["warnings"]


def test_the_state_of_a_client_in_the_middle_of_its_cycle(acme: Client) -> None:
    acme.managed(now() - 10 * DAY)
    seen = acme.run(CYCLE_INFO)
    assert (seen["changed"], seen["candidate"], seen["work"], seen["pending_notices"]) == (False, False, [], [])
    assert (seen["version_id"], seen["unfinished"], seen["failures"]["count"]) == (acme.version, False, 0)
    assert seen["window"] == {"open": True, "closed_because": "", "opens": ""} and seen["possible_days"] == []
    assert seen["calendar"] == {"first": (now() - 40 * DAY).date().isoformat(), "days": ""}
    mondays = acme.run(CYCLE_INFO, windows=[{"days": ["mon"], "from": "01:00", "to": "02:00", "timezone": "UTC"}])
    assert len(mondays["calendar"]["days"]) == 81 and mondays["calendar"]["days"].count("o") in (11, 12)


def test_what_a_scheduled_run_has_to_do_is_named(acme: Client) -> None:
    acme.managed(now() - 41 * DAY, **{tags.OVERLAP_UNTIL: stamp(now() - DAY)})
    acme.secrets.put_secret_value(SecretId=acme.secret_id, SecretString=VALUE, VersionStages=["AWSPENDING"])
    seen = acme.run(CYCLE_INFO)
    assert (seen["work"], seen["overdue"], seen["possible_days"]) == (["rotate", "finish", "discard"], True, [0])
    paused = acme.run(CYCLE_INFO, paused={"until": stamp(now() + DAY), "reason": "migration"})
    assert (paused["candidate"], paused["due_now"], paused["too_late"]) == (False, False, True)
    assert paused["paused"]["reason"] == "migration" and "migration" in paused["msg"]


def test_a_client_that_waits_says_for_what(acme: Client) -> None:
    acme.managed(now() - 40 * DAY + timedelta(hours=5))
    freeze = {"from": stamp(now() - DAY), "to": stamp(now() + DAY), "reason": "release"}
    seen = acme.run(CYCLE_INFO, freezes=[freeze])
    assert (seen["waiting"], seen["too_late"], seen["candidate"]) == (True, True, False)
    assert "release" in seen["window"]["closed_because"] and seen["window"]["opens"] == stamp(now() + DAY)
    assert "rotation_force" in seen["msg"]


def test_what_is_owed_is_sent_marked_and_owed_no_more(acme: Client) -> None:
    acme.managed(now() - 34 * DAY, **ROTATED_TAGS, **{tags.BY: "alice"})
    for expected in (["rotated", "upcoming"], []):
        owed = acme.run(CYCLE_INFO)["pending_notices"]
        assert [notice["event"] for notice in owed] == expected
        for notice in owed:
            sent = acme.run(NOTICE, topic_arn=acme.topic, **notice)
            assert (sent["changed"], sent["delivered"], sent["warnings"]) == (True, True, [])
    rotated, upcoming = acme.notices()
    assert [rotated[name] for name in ("version_id", "trigger", "requested_by")] == [acme.version, "scheduled", "alice"]
    assert (upcoming["notice_days"], upcoming["due"]) == (7, acme.tags[tags.DUE])
    assert read_notice_state(acme.tags).rotated == acme.version


def test_a_notice_that_was_sent_is_not_sent_again(acme: Client) -> None:
    acme.managed(now() - 34 * DAY)
    notice = acme.run(CYCLE_INFO)["pending_notices"][0]
    acme.run(NOTICE, topic_arn=acme.topic, **notice)
    again = acme.run(NOTICE, topic_arn=acme.topic, **notice)
    assert (again["changed"], again["delivered"]) == (False, True)
    assert len(acme.notices()) == 1


def test_a_rotation_that_is_told_late_is_told_once_and_forgets_nothing_that_was_told_before(acme: Client) -> None:
    """SNS did not answer right after the rotation, and answered later, also to another run at the same time."""
    acme.managed(now() - 34 * DAY)
    failed = f"count=1 at={stamp(now())} step=open code=login_refused"
    told = f"rotated=owed failed={stamp(now())} due={acme.tags[tags.DUE]} sent=7"
    acme.tag({tags.FAILURES: failed, tags.NOTIFIED: told})
    (owed,) = acme.run(CYCLE_INFO)["pending_notices"]
    for changed in (True, False):
        assert acme.run(NOTICE, topic_arn=acme.topic, **owed)["changed"] is changed
    assert acme.tags[tags.NOTIFIED] == told.replace("owed", acme.version)
    assert acme.run(CYCLE_INFO)["pending_notices"] == []
    assert [notice["event"] for notice in acme.notices()] == ["rotated"]


def test_every_failure_is_counted_told_and_louder(acme: Client) -> None:
    acme.managed(now() - 20 * DAY)
    for number in (1, 2, 3):
        counted = acme.run(CYCLE, state="failed", step="open", code="login_refused")
        assert counted["failures"] == number == read_failures(acme.tags).count
        # Another second, or two failures would be one moment.
        acme.tag({tags.FAILURES: acme.tags[tags.FAILURES].replace("at=20", f"at=20{number}")})
        (owed,) = acme.run(CYCLE_INFO)["pending_notices"]
        assert acme.run(NOTICE, topic_arn=acme.topic, **owed, cause="Refused.", next_step="Do this.")["delivered"]
        assert acme.run(CYCLE_INFO)["pending_notices"] == []
    told = acme.notices()
    assert [(notice["failures"], notice["severity"]) for notice in told] == [
        (1, "warning"),
        (2, "warning"),
        (3, "critical"),
    ]
    assert {(notice["step"], notice["code"], notice["next_step"]) for notice in told} == {
        ("open", "login_refused", "Do this.")
    }


def test_check_mode_says_what_it_would_send_and_sends_nothing(acme: Client) -> None:
    planned = acme.run(NOTICE, check=True, event="rotated", topic_arn=acme.topic, version_id="v1", text="Hello.")
    assert (planned["changed"], planned["delivered"], planned["text"]) == (True, False, "Hello.")
    assert planned["attributes"]["event"] == "rotated" and planned["body"]["version_id"] == "v1"
    assert acme.notices() == [] and acme.tags == {}


TROUBLE: dict[str, dict[str, Any]] = {
    "no topic": {"topic_arn": "arn:aws:sns:eu-central-1:123456789012:nowhere"},
    "no arn": {"topic_arn": "rotation"},
    "no region": {"topic_arn": "arn:aws:sns:not a region:123456789012:x"},
    "no url": {"endpoint_urls": {"sns": "nonsense"}},
    "no profile": {"profile": "nobody", "access_key": None, "secret_key": None},
}


@pytest.mark.parametrize("trouble", TROUBLE.values(), ids=TROUBLE)
@pytest.mark.parametrize("event", ["rotated", "failed"])
def test_trouble_with_sns_is_a_warning_and_the_notice_stays_owed(
    acme: Client, event: str, trouble: dict[str, Any]
) -> None:
    acme.managed(now() - DAY, **ROTATED_TAGS)
    result = acme.run(NOTICE, **{"topic_arn": acme.topic, "event": event, "version_id": acme.version, **trouble})
    assert (result.get("failed", False), result["changed"], result["delivered"]) == (False, False, False)
    assert any("not delivered" in warning for warning in result["warnings"])
    assert [notice["event"] for notice in acme.run(CYCLE_INFO)["pending_notices"]] == [
        "rotated"
    ] and acme.notices() == []


def test_a_topic_may_lie_in_another_region_than_the_secret(acme: Client) -> None:
    sns = client_of("sns", region_name="us-east-1")
    topic = sns.create_topic(Name="elsewhere")["TopicArn"]
    assert acme.run(NOTICE, topic_arn=topic, event="overdue", due="2027-01-02T03:00:00Z")["delivered"]


def test_what_is_remembered_is_not_written_over_where_it_could_not_be_read(
    acme: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme.managed(now() - 41 * DAY, **ROTATED_TAGS)

    def broken(_store: SecretStore) -> None:
        raise RotationError("AWS does not answer.", code="aws_unreachable")

    monkeypatch.setattr(SecretStore, "describe", broken)
    result = acme.run(NOTICE, topic_arn=acme.topic, event="overdue", due=acme.tags[tags.DUE])
    assert result["delivered"] and "may come again" in result["warnings"][0]
    assert acme.tags[tags.NOTIFIED] == ROTATED_TAGS[tags.NOTIFIED]


def test_a_notice_goes_out_where_it_cannot_be_marked(acme: Client) -> None:
    acme.secret_id = "clients/nowhere"
    for event in ("overdue", "rotated"):
        result = acme.run(NOTICE, topic_arn=acme.topic, event=event, due="2027-01-02T03:00:00Z", version_id="v1")
        assert result["delivered"] and result["warnings"]
    assert [notice["event"] for notice in acme.notices()] == ["overdue", "rotated"]


@pytest.mark.parametrize(
    ("runner", "ours", "other"),
    [
        ("lambda", CYCLE_INFO_OF_FUNCTIONS, CYCLE_INFO),
        *((word, CYCLE_INFO, CYCLE_INFO_OF_FUNCTIONS) for word in ("ansible", "Lambda", "")),
    ],
)
def test_a_client_is_work_for_its_own_runner_alone(
    acme: Client, runner: str, ours: Operation, other: Operation
) -> None:
    acme.managed(now() - 41 * DAY, **{tags.RUNNER: runner, tags.NOTIFIED: "rotated=owed", tags.VERSION: "another"})
    mine, theirs = acme.run(ours), acme.run(other)
    assert (mine["candidate"], mine["work"]) == (True, ["rotate", "finish"])
    assert [notice["event"] for notice in mine["pending_notices"]] == ["rotated"] and mine["possible_days"] == [0]
    assert (theirs["candidate"], theirs["work"]) == (False, [])
    assert (theirs["pending_notices"], theirs["possible_days"]) == ([], [])
    facts = ("runner", "overdue", "unfinished", "due_now", "due", "failures")
    assert {name: mine[name] for name in facts} == {name: theirs[name] for name in facts}
    assert mine["overdue"] and mine["unfinished"] and mine["runner"] == ("lambda" if runner == "lambda" else "ansible")
    assert ("runs as a function" in mine["msg"]) is (runner == "lambda")
