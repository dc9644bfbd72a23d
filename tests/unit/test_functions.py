# SPDX-License-Identifier: GPL-3.0-or-later
"""The functions against an emulated AWS: what they rotate, tell, count and record, and what they refuse.

The engine's rotation is in the place of a server here; tests/integration/test_functions.py has real ones.
"""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from emulated import emulated_aws
from fleet_in_moto import now
from function_calls import Call, Context, bus_event, call, detail, queue_event, visit

from ansible_collections.dbops.rotation.plugins.module_utils._audit.outcome import KINDS, OUTCOMES
from ansible_collections.dbops.rotation.plugins.module_utils._aws.parameters import OF_CLIENTS
from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import SecretDescription, SecretStore
from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.tags import started
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._lambda import client as client_module
from ansible_collections.dbops.rotation.plugins.module_utils._lambda import settings as settings_module
from ansible_collections.dbops.rotation.plugins.module_utils._lambda import sweep_function as sweep_module
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.reset_function import reset_cycle
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.rotation_function import rotation
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.settings import ALL
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.sweep_function import sweep
from ansible_collections.dbops.rotation.plugins.module_utils._module.operation import Operation
from ansible_collections.dbops.rotation.plugins.module_utils._module.rotate import ROTATE
from ansible_collections.dbops.rotation.plugins.module_utils._stamp import stamp

REGION = "eu-central-1"
VALUE = "Hidden-Value-1234"
DAY = timedelta(days=1)
ASKED, RESET_ASKED = "Rotation Requested", "Cycle Reset Requested"
NEW = "0b0b0b0b-0000-4000-8000-000000000000"


def boto(service: str) -> Any:
    return boto3.client(service, region_name=REGION)


@dataclass
class Engine:
    """Stands in the place of the rotation: takes its parameters, and returns a receipt or raises."""

    calls: list[Mapping[str, Any]] = field(default_factory=list)
    error: RotationError | None = None
    rotated: bool = True

    def work(self, params: Mapping[str, Any], _check: bool) -> dict[str, Any]:
        self.calls.append(params)
        if self.error:
            raise self.error
        return {
            "changed": self.rotated,
            "msg": f"{params['client']}: done",
            "action": "rotate" if self.rotated else "nothing",
            **{name: params[name] for name in ("client", "secret_id", "trigger", "reason", "requested_by")},
            "rotated": self.rotated,
            "version_id": NEW,
            "previous_version_id": "old",
            "rotation": {"last": stamp(now()), "due": stamp(now() + 40 * DAY), "overlap_until": ""},
            "kept_for": "",
            "warnings": ["a warning"],
        }


@dataclass
class Account:
    """An AWS account with the topic and the queues of the functions."""

    topic: str
    notice_queue: str
    work: str
    engine: Engine

    def client(self, name: str, last: datetime | None, runner: str = "lambda", **more: str) -> str:
        """Make a client's secret, rotated at a moment, and give its name."""
        secret_id = f"clients/{name}/mysql/root"
        version = boto("secretsmanager").create_secret(Name=secret_id, SecretString=VALUE)["VersionId"]
        written = {tags.CLIENT: name, tags.RUNNER: runner}
        if last:
            cycle = started(last, 40)
            written |= tags.rotated_tags(version=version, trigger="scheduled", server_id="s", client=name, cycle=cycle)
            written[tags.NOTIFIED] = f"rotated={version}"
        self.tag(secret_id, {**written, **more})
        return secret_id

    def tag(self, secret_id: str, written: Mapping[str, str]) -> None:
        listed = [{"Key": key, "Value": value} for key, value in written.items() if value]
        boto("secretsmanager").tag_resource(SecretId=secret_id, Tags=listed)

    def tags(self, secret_id: str) -> dict[str, str]:
        answer = boto("secretsmanager").describe_secret(SecretId=secret_id)
        return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}

    def notices(self) -> list[dict[str, Any]]:
        """Return what machines were told since the last look."""
        return [json.loads(json.loads(body)["Message"]) for body in self.received(self.notice_queue)]

    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.received(self.work)]

    @staticmethod
    def received(url: str) -> list[str]:
        bodies: list[str] = []
        while messages := boto("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            bodies += [message["Body"] for message in messages]
        return bodies

    @staticmethod
    def put(name: str, document: Any) -> None:
        boto("ssm").put_parameter(Name=name, Value=json.dumps(document), Type="String", Overwrite=True)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    with emulated_aws():
        topic = boto("sns").create_topic(Name="notices")["TopicArn"]
        notice_queue, work = (boto("sqs").create_queue(QueueName=name)["QueueUrl"] for name in ("notices", "work"))
        boto("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:123456789012:notices")
        for name, value in (("AWS_REGION", REGION), ("AWS_DEFAULT_REGION", REGION), ("ROTATION_QUEUE_URL", work)):
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("ROTATION_TOPIC_ARN", topic)
        engine = Engine()
        monkeypatch.setattr(
            client_module, "ROTATE", Operation(declared=ROTATE.declared, spec=ROTATE.spec, work=engine.work)
        )
        yield Account(topic, notice_queue, work, engine)


def requested(client: str = "client_acme", **more: Any) -> dict[str, Any]:
    return queue_event(bus_event(ASKED, detail(client, **more)))


def checked(made: Call) -> Call:
    """Hold all audit events of a call to what every one has, and its output to holding no value."""
    for event in made.events:
        assert event["kind"] in KINDS and event["outcome"] in OUTCOMES and event["check"] is False
        assert event["schema_version"] == 1 and event["source"] == "dbops.rotation"
        assert event["controller"] == "dbops-rotation-rotate" and event["playbook"].startswith("lambda/")
    assert VALUE not in made.output and "receiptHandle" not in made.output
    return made


def test_a_due_client_is_rotated_told_and_recorded(account: Account) -> None:
    secret_id = account.client("client_acme", now() - 41 * DAY)
    done = checked(call(rotation, queue_event(visit("client_acme", secret_id))))
    assert done.raised is None
    (params,) = account.engine.calls
    assert (params["trigger"], params["requested_by"], params["bring_forward_days"]) == ("scheduled", "", 0)
    assert (params["min_age"], params["cycle_days"], params["write_share"]) == (600, 40, 0.16)
    assert [event["kind"] for event in done.events] == ["status", "rotation", "notice", "run"]
    assert done.of("rotation")[0]["rotated"] is True and done.of("run")[0]["counts"]["rotated"] == 1
    assert {event["playbook"] for event in done.events} == {"lambda/rotate"}
    assert "warning: client_acme: a warning" in done.lines
    (notice,) = account.notices()
    assert (notice["event"], notice["version_id"], notice["client"]) == ("rotated", NEW, "client_acme")
    assert account.tags(secret_id)[tags.NOTIFIED] == f"rotated={NEW}"


def test_nothing_is_logged_at_the_level_of_debugging(account: Account, caplog: pytest.LogCaptureFixture) -> None:
    secret_id = account.client("client_acme", now() - 41 * DAY)
    caplog.set_level(logging.DEBUG)
    call(rotation, queue_event(visit("client_acme", secret_id), bus_event(ASKED, detail(reason="why", extra=VALUE))))
    assert len(account.engine.calls) == 1 and caplog.text == ""


def test_a_client_that_is_not_due_is_left_alone(account: Account) -> None:
    secret_id = account.client("client_acme", now() - 3 * DAY)
    done = checked(call(rotation, queue_event(visit("client_acme", secret_id))))
    assert account.engine.calls == [] and account.notices() == []
    assert [event["kind"] for event in done.events] == ["run"]


@pytest.mark.parametrize(("days", "brought_forward"), [(37, [22]), (3, [])])
def test_a_client_that_the_sweep_brings_forward_is_rotated_where_today_is_one_of_its_days(
    account: Account, days: int, brought_forward: list[int]
) -> None:
    secret_id = account.client("client_acme", now() - days * DAY, **{tags.NOTIFIED: ""})
    call(rotation, queue_event(visit("client_acme", secret_id, 22)))
    assert [params["bring_forward_days"] for params in account.engine.calls] == brought_forward


@pytest.mark.parametrize("runner", ["ansible", ""])
def test_a_message_for_a_client_that_went_back_to_the_playbooks_does_nothing(account: Account, runner: str) -> None:
    """Its parameter, with windows and freezes, may be gone by then."""
    secret_id = account.client("client_acme", now() - 41 * DAY, runner, **{tags.NOTIFIED: "rotated=owed"})
    done = checked(call(rotation, queue_event(visit("client_acme", secret_id, 22))))
    assert done.raised is None and (account.engine.calls, account.notices()) == ([], [])
    call(rotation, queue_event(bus_event(ASKED, detail())))
    assert [params["trigger"] for params in account.engine.calls] == ["on_demand"]


def test_pending_notices_are_sent_before(account: Account) -> None:
    secret_id = account.client("client_acme", now() - 34 * DAY)
    call(rotation, queue_event(visit("client_acme", secret_id)))
    (notice,) = account.notices()
    assert (notice["event"], notice["notice_days"], account.engine.calls) == ("upcoming", 7, [])
    call(rotation, queue_event(visit("client_acme", secret_id)))
    assert account.notices() == []


def test_a_failure_is_counted_and_told_once_and_the_message_is_done(account: Account) -> None:
    secret_id = account.client("client_acme", now() - 41 * DAY)
    account.engine.error = RotationError("The server is away.", code="unreachable", state="Nothing was changed.")
    done = checked(call(rotation, queue_event(visit("client_acme", secret_id))))
    assert done.raised is None
    told = [(notice["event"], notice["code"], notice["failures"]) for notice in account.notices()]
    assert told == [("failed", "unreachable", 1)]
    assert account.tags(secret_id)[tags.FAILURES].startswith("count=1 ")
    assert [event["kind"] for event in done.events] == ["status", "rotation", "notice", "run"]
    assert done.of("rotation")[0]["outcome"] == done.of("run")[0]["outcome"] == "failed"


def test_a_failure_without_a_topic_is_counted(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROTATION_TOPIC_ARN", "")
    secret_id = account.client("client_acme", now() - 41 * DAY)
    account.engine.error = RotationError("The server is away.", code="unreachable")
    done = checked(call(rotation, queue_event(visit("client_acme", secret_id))))
    assert account.notices() == [] and done.of("notice") == []
    assert account.tags(secret_id)[tags.FAILURES].startswith("count=1 ")


def test_an_event_rotates_as_it_asks(account: Account) -> None:
    account.client("client_acme", now() - 3 * DAY)
    account.put(f"{OF_CLIENTS}client_acme", {"rotation_overlap": 3600, "rotation_server_label": "blue"})
    event = bus_event(ASKED, detail(requested_by="alice", overlap=60, force=True))
    done = checked(call(rotation, queue_event(event)))
    (params,) = account.engine.calls
    assert (params["trigger"], params["reason"]) == ("on_demand", "leaked in a ticket")
    assert (params["requested_by"], params["overlap"], params["force"]) == ("says to be alice", 60, True)
    assert params["server_label"] == "blue" and params["secret_id"] == "clients/client_acme/mysql/root"
    assert datetime.fromisoformat(params["before"]) == datetime.fromisoformat(event["time"])
    (notice,) = account.notices()
    assert notice["requested_by"] == "says to be alice" and done.of("rotation")[0]["trigger"] == "on_demand"


@pytest.mark.parametrize(("seconds", "deadline"), [(180.0, 120.0), (100.0, 85.0)])
def test_the_engine_gives_up_before_the_call_ends(account: Account, seconds: float, deadline: float) -> None:
    account.client("client_acme", now() - 3 * DAY)
    call(rotation, requested(), Context(seconds))
    assert account.engine.calls[0]["deadline"] == deadline


def test_too_late_a_message_comes_again(account: Account) -> None:
    secret_id = account.client("client_acme", now() - 41 * DAY)
    done = call(rotation, queue_event(visit("client_acme", secret_id)), Context(29.0))
    assert isinstance(done.raised, RotationError) and done.raised.code == "too_late"
    assert (account.engine.calls, done.events, account.notices()) == ([], [], [])


class Waning(Context):
    """The context of a call whose time goes by while it asks AWS."""

    def get_remaining_time_in_millis(self) -> int:
        self.seconds -= 60.0
        return super().get_remaining_time_in_millis()


@pytest.mark.parametrize("asked", ["visit", "event"])
def test_a_message_whose_time_goes_by_before_the_rotation_comes_again(account: Account, asked: str) -> None:
    """No deadline below nothing is told as a wrong option of the client."""
    secret_id = account.client("client_acme", now() - 41 * DAY)
    message = visit("client_acme", secret_id) if asked == "visit" else bus_event(ASKED, detail())
    done = call(rotation, queue_event(message), Waning(125.0))
    assert isinstance(done.raised, RotationError) and done.raised.code == "too_late"
    assert (account.engine.calls, account.notices()) == ([], []) and tags.FAILURES not in account.tags(secret_id)


def test_a_crash_brings_the_message_back_and_tells_nothing_of_it(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_arguments: Any) -> Any:
        raise ValueError(VALUE)

    monkeypatch.setattr(client_module.Client, "visit", crash)
    done = call(rotation, queue_event(visit("client_acme", "clients/client_acme/mysql/root")))
    assert isinstance(done.raised, RotationError) and done.raised.code == "unexpected"
    assert "Send the event again, or wait for the next sweep" in str(done.raised)
    assert VALUE not in str(done.raised) and done.raised.__context__ is None and VALUE not in done.output


def refusal_of(account: Account, body: Any, client: str) -> dict[str, Any]:
    """Send what is to be refused, and give the error of the one event; nobody is touched or counted."""
    done = checked(call(rotation, queue_event(body)))
    assert done.raised is None and account.engine.calls == []
    (event,) = done.of("rotation")
    (notice,) = account.notices()
    assert (event["outcome"], event["client"]) == ("refused", client)
    assert (notice["event"], notice["severity"], notice["code"]) == ("failed", "warning", event["error"]["code"])
    error: dict[str, Any] = event["error"]
    return error


@pytest.mark.parametrize(
    ("body", "client", "told"),
    [
        (VALUE, "unknown", "The event is neither a message of the sweep nor an event of the bus."),
        ({"schema": 1, "kind": "scheduled"}, "unknown", "The event names no client."),
        (bus_event(ASKED, {}), "unknown", "The event is not of the schema 1."),
        (bus_event(ASKED, detail(reason="")), "client_acme", "The event needs a reason of one line"),
        (bus_event(ASKED, detail("o'brien co")), "o'brien co", "The event names a client that no secret can be called"),
        (bus_event(ASKED, detail(extra=VALUE)), "client_acme", "The event has keys besides"),
        (bus_event(RESET_ASKED, detail()), "unknown", "The event is none of the source dbops.rotation with"),
    ],
)
def test_a_malformed_event_is_refused(account: Account, body: Any, client: str, told: str) -> None:
    error = refusal_of(account, body, client)
    assert error["code"] == "invalid_event" and error["cause"].startswith(told)
    assert "aws events put-events" in error["next_step"]


@pytest.mark.parametrize(("function", "bus"), [("fleet-b-rotate", "fleet-b"), ("rotations", "dbops-rotation")])
def test_advice_names_the_bus_of_the_function(account: Account, function: str, bus: str) -> None:
    done = call(rotation, queue_event(VALUE), Context(function_name=function))
    assert f'"EventBusName": "{bus}"' in done.of("rotation")[0]["error"]["next_step"]
    assert f'"EventBusName": "{bus}"' in account.notices()[0]["next_step"]


def test_a_refusal_that_cannot_be_told_is_recorded(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROTATION_TOPIC_ARN", f"{account.topic}-other")
    done = checked(call(rotation, queue_event(VALUE)))
    assert done.raised is None and done.of("rotation")[0]["outcome"] == "refused"
    assert done.of("notice")[0]["outcome"] == "failed" and done.of("run")[0]["counts"]["notices_failed"] == 1
    assert any(
        line.startswith("warning: unknown: unknown: the notice 'failed' was not delivered. ") for line in done.lines
    )


def test_an_unknown_client_is_refused(account: Account) -> None:
    error = refusal_of(account, bus_event(ASKED, detail("client_other")), "client_other")
    assert error["code"] == "unknown_client"
    assert error["cause"].startswith("There is no secret clients/client_other/mysql/root for this client")


def test_a_client_is_not_called_unknown_where_its_parameter_could_not_be_read(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its secret may be in another account, and only the parameter names the role there."""

    def away(*_arguments: Any) -> Any:
        raise RotationError("Parameter Store is away.", code="aws_unreachable")

    monkeypatch.setattr(settings_module, "read_named", away)
    done = checked(call(rotation, requested()))
    (event,) = done.of("rotation")
    assert (event["outcome"], event["error"]["code"]) == ("failed", "aws_unreachable")
    assert [notice["cause"] for notice in account.notices()] == ["Parameter Store is away."]


@pytest.mark.parametrize("tag", ["client_other", ""])
def test_a_secret_of_another_client_is_refused_and_not_counted_on(account: Account, tag: str) -> None:
    secret_id = account.client("client_acme", now() - 41 * DAY)
    boto("secretsmanager").untag_resource(SecretId=secret_id, TagKeys=[tags.CLIENT])
    account.tag(secret_id, {tags.CLIENT: tag} if tag else {})
    before = account.tags(secret_id)
    error = refusal_of(account, bus_event(ASKED, detail()), "client_acme")
    assert error["code"] == "unknown_client" and "does not name this client" in error["cause"]
    assert account.tags(secret_id) == before


def test_a_bad_parameter_fails_its_client_and_the_others_go_on(account: Account) -> None:
    account.put(f"{OF_CLIENTS}client_acme", {"rotation_overlap": VALUE})
    acme, globex = (account.client(name, now() - 41 * DAY) for name in ("client_acme", "client_globex"))
    done = checked(call(rotation, queue_event(visit("client_acme", acme), visit("client_globex", globex))))
    assert [params["client"] for params in account.engine.calls] == ["client_globex"]
    status = done.of("status")[0]
    assert (status["client"], status["outcome"]) == ("client_acme", "refused")
    failed, rotated = account.notices()
    assert (failed["client"], failed["code"], rotated["event"]) == ("client_acme", "invalid_option", "rotated")
    assert f"{OF_CLIENTS}client_acme (rotation_overlap)" in failed["cause"]


def test_a_bad_parameter_refuses_an_event_too(account: Account) -> None:
    account.put(ALL, {"rotation_profile": VALUE})
    account.client("client_acme", now() - 41 * DAY)
    done = checked(call(rotation, requested()))
    (event,) = done.of("rotation")
    assert (event["outcome"], event["error"]["code"]) == ("refused", "invalid_option")
    assert account.notices()[0]["failures"] == 1 and account.engine.calls == []


def test_a_busy_client_is_left_to_the_run_that_is_at_work(account: Account) -> None:
    secret_id = account.client("client_acme", now() - 41 * DAY)
    account.engine.rotated = False
    done = checked(call(rotation, queue_event(visit("client_acme", secret_id))))
    assert done.of("rotation")[0]["outcome"] == "left_alone" and account.notices() == []


@pytest.mark.parametrize(
    "event",
    [
        {"Step": "createSecret", "SecretId": VALUE, "ClientRequestToken": VALUE},
        {"Step": "createSecret", "SecretId": f"{VALUE}\n", "ClientRequestToken": NEW},
        {"Step": "createSecret", "SecretId": VALUE * 100, "ClientRequestToken": NEW},
        {"Step": "setSecret", "SecretId": f"arn:aws:{VALUE} {VALUE}", "ClientRequestToken": NEW},
        {"Step": VALUE},
        {"SecretId": VALUE},
    ],
)
def test_what_is_no_step_of_secrets_manager_is_refused(account: Account, event: dict[str, Any]) -> None:
    done = call(rotation, event)
    assert isinstance(done.raised, RotationError) and done.raised.code == "invalid_event"
    assert VALUE not in str(done.raised) and done.output == ""


@pytest.mark.parametrize("event", [None, [], {}, {"Records": VALUE}, {"Records": [VALUE]}, {"Records": [{}]}])
def test_what_is_no_message_of_a_queue_is_refused(account: Account, event: Any) -> None:
    done = call(rotation, event)
    assert isinstance(done.raised, RotationError) and done.raised.code == "invalid_event"
    assert VALUE not in str(done.raised)


def test_the_sweep_finds_who_has_work_and_rotates_nobody(account: Account) -> None:
    for name, days in (("due", 41), ("late", 45), ("fresh", 3), ("fresher", 2)):
        account.client(f"client_{name}", now() - days * DAY)
    account.client("client_told", now() - 34 * DAY)
    account.client("client_of_playbooks", now() - 41 * DAY, runner="ansible")
    done = checked(call(sweep, {}))
    assert done.answer == {"clients": 3} and account.engine.calls == []
    sent = {message["client"]: message for message in account.messages()}
    assert sorted(sent) == ["client_due", "client_late", "client_told"]
    assert sent["client_due"] == visit(
        "client_due", "clients/client_due/mysql/root", sent["client_due"]["bring_forward_days"]
    )
    (run,) = done.events
    assert (run["kind"], run["playbook"], run["outcome"]) == ("run", "lambda/sweep", "succeeded")
    assert {name: run["counts"][name] for name in ("clients", "overdue", "candidates")} == {
        "clients": 5,
        "overdue": 2,
        "candidates": 3,
    }


def test_the_sweep_knows_a_clients_own_settings(account: Account) -> None:
    account.client("client_acme", now() - 12 * DAY)
    account.client("client_globex", now() - 12 * DAY)
    account.put(f"{OF_CLIENTS}client_acme", {"rotation_cycle_days": 10})
    call(sweep, {})
    assert [message["client"] for message in account.messages()] == ["client_acme"]


def test_a_sweep_over_a_client_with_a_bad_parameter_visits_the_others(account: Account) -> None:
    for name in ("client_acme", "client_globex"):
        account.client(name, now() - 41 * DAY)
    account.put(f"{OF_CLIENTS}client_acme", {"rotation_windows": VALUE})
    assert checked(call(sweep, {})).answer == {"clients": 2}


def test_a_sweep_that_cannot_send_fails(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    account.client("client_acme", now() - 41 * DAY)
    monkeypatch.setenv("ROTATION_QUEUE_URL", "")
    done = call(sweep, {})
    assert isinstance(done.raised, RotationError) and "ROTATION_QUEUE_URL is not set" in str(done.raised)
    assert done.output == ""  # no heartbeat


def test_what_the_queue_does_not_take_of_one_client_holds_up_no_other(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(25):
        account.client(f"client_{number:02}", now() - 41 * DAY)
    refuse_messages_of(monkeypatch, "client_03", "client_14")
    done = call(sweep, {})
    assert isinstance(done.raised, RotationError) and done.raised.code == "queue_refused"
    assert "The work queue did not take 2 messages: client_03, client_14." in str(done.raised) and done.output == ""
    assert len(account.messages()) == 23


def refuse_messages_of(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let the queue take all messages but those of some clients."""
    queue = boto("sqs")

    def send(QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:
        refused = [one for one in Entries if json.loads(one["MessageBody"])["client"] in names]
        queue.send_message_batch(QueueUrl=QueueUrl, Entries=[one for one in Entries if one not in refused])
        return {"Failed": [{"Id": one["Id"], "SenderFault": False, "Code": "InternalError"} for one in refused]}

    monkeypatch.setattr(sweep_module, "make_client", lambda *_: SimpleNamespace(send_message_batch=send))


def test_the_messages_of_a_sweep_are_what_the_rotation_takes(account: Account) -> None:
    for number in range(12):
        account.client(f"client_{number:02}", now() - 41 * DAY)
    assert call(sweep, {}).answer == {"clients": 12}
    for message in account.messages():
        assert call(rotation, queue_event(message)).raised is None
    assert len({params["client"] for params in account.engine.calls}) == len(account.engine.calls) == 12


def test_a_reset_counts_the_cycle_from_now(account: Account) -> None:
    secret_id = account.client("client_acme", now() - 30 * DAY, **{tags.CYCLE_DAYS: "50"})
    done = checked(call(reset_cycle, bus_event(RESET_ASKED, detail(requested_by="alice"))))
    assert done.raised is None
    due = datetime.fromisoformat(account.tags(secret_id)[tags.DUE])
    assert abs(due - now() - 50 * DAY) < timedelta(minutes=5)
    (event, run) = done.events
    assert (event["kind"], event["outcome"], event["requested_by"]) == ("cycle", "succeeded", "says to be alice")
    assert run["playbook"] == "lambda/reset" and account.engine.calls == []


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (bus_event(RESET_ASKED, detail(reason="")), "invalid_event"),
        (bus_event(ASKED, detail()), "invalid_event"),
        ({"Step": "createSecret"}, "invalid_event"),
        (bus_event(RESET_ASKED, detail("client_other")), "unknown_client"),
    ],
)
def test_a_reset_that_is_wrong_is_refused(account: Account, event: dict[str, Any], code: str) -> None:
    secret_id = account.client("client_acme", now() - 30 * DAY)
    before = account.tags(secret_id)
    done = checked(call(reset_cycle, event))
    (refused, run) = done.events
    assert done.raised is None and (refused["kind"], refused["outcome"]) == ("cycle", "refused")
    assert refused["error"]["code"] == code and run["outcome"] == "failed" and account.tags(secret_id) == before


@pytest.mark.parametrize("after", [0, 1])
def test_a_reset_that_fails_is_called_again(account: Account, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Nobody is told of it by a notice, so Lambda has to hear of it, for its alarm and for the dead-letter queue."""
    account.client("client_acme", now() - 30 * DAY)
    described, describe = itertools.count(), SecretStore.describe

    def fail(store: SecretStore) -> SecretDescription:
        if next(described) >= after:
            raise RotationError("AWS denies it.", code="aws_denied")
        return describe(store)

    monkeypatch.setattr(SecretStore, "describe", fail)
    done = checked(call(reset_cycle, bus_event(RESET_ASKED, detail())))
    assert isinstance(done.raised, RotationError) and done.raised.code == "aws_denied"
    assert "AWS denies it." in str(done.raised) and [event["kind"] for event in done.events] == ["cycle", "run"]
    assert done.of("cycle")[0]["outcome"] == "failed"
