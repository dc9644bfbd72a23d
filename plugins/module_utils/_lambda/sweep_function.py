# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sweep: finds the clients that may have work, and puts one message for each on the queue. It rotates nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from .. import _operations
from .._aws.errors import translated
from .._aws.session import make_client
from .._batches import batches
from .._codes import Code
from .._cycle.spread import LOOKAHEAD_DAYS
from .._cycle.tags import RUNNER
from .._errors import RotationError
from .._fleet.grouped import BROUGHT_FORWARD, CANDIDATES, Outlook, Standing, grouped, standing
from .._fleet.listing import Choice, Listed, list_entries, read_entries
from .._fleet.names import host_names
from .._module.cycle_options import policy
from .._module.options import secrets_client
from .._runners import LAMBDA
from .events import Visit
from .invocation import Invocation, handler
from .options import SPEC
from .record import SWEEP, Record
from .settings import MOST_NAMED, Place, Settings, environment_settings, own_access, read_settings

# So many messages SendMessageBatch takes.
BATCH = 10


@handler
def sweep(_event: Any, invocation: Invocation) -> dict[str, int]:
    """Sweep the fleet once; raises RotationError where it could not be done, so that the schedule calls again.

    Only a sweep that was done leaves an event, which is the heartbeat.
    """
    invocation.refuse_too_late()
    record = Record(invocation, SWEEP)
    sent = _sweep(invocation.environment, record)
    record.finish()
    return {"clients": sent}


def _sweep(environment: Mapping[str, str], record: Record) -> int:
    now, own = datetime.now(UTC), environment_settings(environment)
    named = _clients(environment, own)
    settings = read_settings(environment, list(named))
    standings = {name: standing(name, one, _outlook(settings[name]), now) for name, one in named.items()}
    groups = grouped(standings, now)
    candidates, brought_forward = set(groups[CANDIDATES]), set(groups[BROUGHT_FORWARD])
    for name, one in standings.items():
        record.count(_operations.CYCLE_INFO, name, _state(one, candidate=name in candidates))
    visits = [
        Visit(name, named[name].secret.name, LOOKAHEAD_DAYS if name in brought_forward else 0)
        for name in groups[CANDIDATES]
    ]
    _send(environment, own, visits)
    return len(visits)


def _clients(environment: Mapping[str, str], own: Settings) -> dict[str, Listed]:
    place = Place.of(environment)
    choice = Choice(place.secret_prefix, place.secret_suffix, {RUNNER: LAMBDA})
    client = secrets_client(own.params(SPEC))
    return host_names(read_entries(list_entries(client, choice), choice), choice)


def _outlook(settings: Settings) -> Outlook:
    """Return the outlook of a client; of its settings, the wrong ones do not count."""
    return Outlook(policy(settings.params(SPEC)), notices=bool(settings.values.get("topic_arn")), runner=LAMBDA)


def _state(one: Standing, *, candidate: bool) -> dict[str, Any]:
    """Return what is known of a client in the shape in which the audit trail counts it."""
    return {
        "candidate": candidate,
        "overdue": "overdue" in one.states,
        "unfinished": "pending" in one.states,
        "failures": {"count": int("failing" in one.states)},
    }


def _send(environment: Mapping[str, str], own: Settings, visits: list[Visit]) -> None:
    url = Place.of(environment).queue_url
    if not url:
        raise RotationError(
            "ROTATION_QUEUE_URL is not set.",
            code=Code.INVALID_OPTION,
            next_step="Set it in the environment of the function to the URL of the work queue.",
        )
    client = make_client(own_access(own), "sqs")
    # All are sent before one is complained of: what the queue does not take of one client must hold up no other.
    refused = [one for batch in batches(visits, BATCH) for one in _refused(client, url, batch)]
    if refused:
        names = ", ".join(one.client for one in refused[:MOST_NAMED])
        raise RotationError(
            f"The work queue did not take {len(refused)} messages: {names}{', ...' if refused[MOST_NAMED:] else ''}.",
            code=Code.QUEUE_REFUSED,
            next_step="The next sweep sends them; a client that got its message twice is rotated once.",
        )


def _refused(client: Any, url: str, batch: Sequence[Visit]) -> list[Visit]:
    """Send some messages, and return those that the queue did not take."""
    entries = [{"Id": str(number), "MessageBody": json.dumps(one.message())} for number, one in enumerate(batch)]
    with translated("send to the work queue", "sqs"):
        answer = client.send_message_batch(QueueUrl=url, Entries=entries)
    return [batch[int(one["Id"])] for one in answer.get("Failed", [])]
