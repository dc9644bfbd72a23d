# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The secret of an onboarding: made, or tagged where it is there, and its claim to the account looked at again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .._aws.secret_store import CURRENT, SecretStore, looks
from .._codes import Code
from .._context.identity import Identity
from .._context.journal import Journal
from .._cycle import tags
from .._cycle.spread import first_due
from .._cycle.tags import Cycle
from .._db.server import Server
from .._errors import RotationError
from .._next_step import Kind, command
from .._secret_value import Login, SecretValue, parse_secret
from .._stamp import stamp
from .._steps import ownership
from .._triggers import ONBOARDING
from .onboard_request import OnboardRequest


@dataclass(frozen=True)
class FirstVersion:
    """The version that a client comes under management with, and the cycle that begins with it."""

    version_id: str
    cycle: Cycle

    def as_result(self) -> dict[str, Any]:
        """Return it as plain data, as a rotation does."""
        cycle = self.cycle
        dates = {"last": stamp(cycle.last), "due": stamp(cycle.due), "cycle_days": str(cycle.days)}
        return {"version_id": self.version_id, "rotation": dates}


def store_secret(
    request: OnboardRequest, store: SecretStore, identity: Identity, login: Login, first: FirstVersion, *, exists: bool
) -> dict[str, str]:
    ours = tags.rotated_tags(
        version=first.version_id,
        trigger=ONBOARDING,
        server_id=identity.tag,
        client=request.client,
        cycle=first.cycle,
    )
    claim = identity.claiming()
    written = {**request.more_tags, **ours, **claim}
    if exists:
        store.tag({**written, tags.OFFBOARDED: ""})  # it may have left and come back
        return claim
    value = _value(identity.server, login)
    store.create(value, first.version_id, written, request.kms_key_id)
    if store.read(version_id=first.version_id, stage=CURRENT).value != value:
        raise RotationError("The new secret does not hold what was stored in it.", code=Code.AWS_INCONSISTENT)
    return claim


def confirm_claim(request: OnboardRequest, store: SecretStore, identity: Identity, journal: Journal) -> None:
    """Look again for another secret of the account, now that this one's claim can be seen by whoever looks, too."""
    try:
        ownership.confirm_account(store, identity, store.sibling, looks())
    except RotationError as error:
        if error.code != Code.LISTING_BEHIND:
            raise
        journal.warn(f"{error.cause} Before programs use the secret, in five minutes: {command(Kind.VERIFY)}")


def first_cycle(request: OnboardRequest) -> Cycle:
    """Begin the cycle so that clients onboarded on one day do not all fall due on one day."""
    now = datetime.now(UTC)
    due = first_due(request.client, now, request.cycle_days, request.calendar)
    return Cycle(now, request.cycle_days, due, mended=False)


def _value(server: Server, login: Login) -> SecretValue:
    document = {
        "engine": server.flavor,
        "host": login.host,
        "port": login.port,
        "username": login.user,
        "password": login.password,
    }
    return parse_secret(SecretValue(document).dump())
