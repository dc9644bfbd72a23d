# SPDX-License-Identifier: GPL-3.0-or-later
"""What people do to a client while a run is at work on it."""

from __future__ import annotations

import json
import uuid
from typing import Any

from by_hand import move, put

from .cases import Case


def add_key(case: Case) -> None:
    """Somebody adds a key to the secret in the console, which stores a new AWSCURRENT."""
    _put_current(case, **case.added_key)
    case.keys_added = True
    case.note_what_a_person_broke()


def store_wrong_password(case: Case) -> None:
    """Somebody stores a password that no account row has."""
    _put_current(case, password=f"wrong-{uuid.uuid4()}")
    case.note_what_a_person_broke()


def move_label_back(case: Case) -> None:
    """Somebody moves AWSCURRENT to the version before."""
    previous = case.client.stages().get("AWSPREVIOUS")
    if previous:
        move(case.client, "AWSCURRENT", previous)
    case.note_what_a_person_broke()


def remove_pending(case: Case) -> None:
    """Somebody takes AWSPENDING away."""
    if case.reserved and case.reserved.is_empty:
        case.reserved.is_empty = False
    held = case.client.stages()
    if "AWSPENDING" in held and held["AWSPENDING"] != held["AWSCURRENT"]:
        move(case.client, "AWSPENDING", None)
    case.note_what_a_person_broke()


def revoke(case: Case) -> None:
    """An administrator takes the account's privileges away, which its next login notices."""
    for host in case.client.hosts:
        case.client.sql("REVOKE ALL PRIVILEGES, GRANT OPTION FROM %s@%s", case.client.user, host)


def revoke_and_end_sessions(case: Case) -> None:
    """An administrator takes the privileges away and ends the account's connections."""
    revoke(case)
    for connection in case.sessions():
        case.client.sql(f"KILL {connection}")


def grant(case: Case) -> None:
    """The administrator gives the privileges back."""
    for host in case.client.hosts:
        case.client.sql("GRANT ALL PRIVILEGES ON *.* TO %s@%s WITH GRANT OPTION", case.client.user, host)


def put_right(case: Case) -> None:
    """Somebody stores the password that every account row has now."""
    password = case.password_on_all_rows()
    if password is not None:
        _put_current(case, password=password)


def _put_current(case: Case, **keys: Any) -> None:
    document = {**case.client.stored(), **keys}
    put(case.client, "AWSCURRENT", json.dumps(document))
