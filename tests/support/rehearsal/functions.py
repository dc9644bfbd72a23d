# SPDX-License-Identifier: GPL-3.0-or-later
"""Trouble of the Lambda functions, on an emulator that runs them; it keeps their alarms and evaluates none."""

from __future__ import annotations

import json
from collections.abc import Iterator

from deployed import LONG_AGO, NAME, Deployment, until
from function_calls import queue_event, visit
from ministack import ACCOUNT

from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from rehearsal.acme import Acme
from rehearsal.rehearsal import PAGE, shows
from rehearsal.terminal import Answer


def deployed(acme: Acme) -> Deployment:
    found: Deployment = acme.kept["deployed"]
    keys = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "test"}
    acme.environment |= {**found.environment, **keys, "AWS_ENDPOINT_URL": found.aws.endpoint_url}
    return found


def managed(acme: Acme, alarm: str) -> Deployment:
    """Give the client to the functions, and read what the alarm says."""
    found = deployed(acme)
    acme.password = acme.stored()["password"]
    client = found.manage(acme, **LONG_AGO)
    acme.after.callback(found.forget, client)
    described = found.aws.client("cloudwatch").describe_alarms(AlarmNames=[f"{NAME}-{alarm}"])["MetricAlarms"]
    shows(Answer(alarm, 0, described[0]["AlarmDescription"]), PAGE[f"{NAME}-{alarm}"], acme)
    return found


def rotated(acme: Acme) -> None:
    """The functions have done their work."""
    found = deployed(acme)
    until(lambda: found.tags(acme).get(tags.NOTIFIED), seconds=120)
    assert acme.opens(found.password(acme)) and not acme.opens(acme.password)


def waits(acme: Acme) -> str:
    """A message of the sweep."""
    return json.dumps(visit(acme.name, acme.secret_id))


def message_given_up(acme: Acme) -> Iterator[None]:
    """A message that failed three times."""
    found = managed(acme, "dead-letters")
    sqs = found.aws.client("sqs")
    sqs.send_message(QueueUrl=found.queue("dead"), MessageBody=waits(acme))
    yield
    assert found.waiting("dead") == 0


def reads_the_url(acme: Acme) -> None:
    acme.reads("URL", r'"QueueUrl": "([^"]+)"')


def reads_the_receipt(acme: Acme) -> None:
    assert "client_acme" in acme.answers[-1].words
    acme.reads("RECEIPT", r'"ReceiptHandle": "([^"]+)"')


def queue_is_not_worked_off(acme: Acme) -> Iterator[None]:
    """Somebody has disabled the mapping between queue and function."""
    found = managed(acme, "work-waits")
    switch(found, enabled=False)
    found.aws.client("sqs").send_message(QueueUrl=found.queue("work"), MessageBody=waits(acme))
    yield


def switch(found: Deployment, *, enabled: bool) -> None:
    aws = found.aws.client("lambda")
    for mapping in aws.list_event_source_mappings(FunctionName=f"{NAME}-rotate")["EventSourceMappings"]:
        aws.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)


def reads_the_uuid(acme: Acme) -> None:
    acme.reads("UUID", r'"UUID": "([^"]+)"')


def no_sweep(acme: Acme) -> None:
    managed(acme, "no-sweep")


def denied(acme: Acme) -> None:
    """Its secret lets nobody read it, so a call has failed and left its event."""
    found = managed(acme, "rotate-errors")
    acme.on_rows("ACCOUNT LOCK")
    found.call("rotate", queue_event(waits(acme)))
    acme.on_rows("ACCOUNT UNLOCK")


def throttled(acme: Acme) -> None:
    managed(acme, "rotate-throttles")


def undelivered(acme: Acme) -> None:
    """Somebody has disabled the rule."""
    found = managed(acme, "rotations-undelivered")
    found.aws.client("events").disable_rule(EventBusName=NAME, Name=f"{NAME}-rotation-requested")
