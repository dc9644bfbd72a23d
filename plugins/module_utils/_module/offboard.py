# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation secretsmanager_mysql_offboard. It never connects to the database."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from .. import _operations
from .._aws.leaving_store import LeavingStore
from .._aws.parameters import OF_CLIENTS, name_of_client, read_named
from .._aws.secret_store import CURRENT, SecretDescription, find, looks, restore_command
from .._codes import Code
from .._context.journal import Journal
from .._context.versions import Versions
from .._cycle import tags
from .._decision.decision import listed
from .._errors import RotationError
from .._next_step import Kind, command
from .._reason import refuse_invalid_reason
from .._stamp import stamp
from .._steps.ownership import refuse_foreign_management
from .._tag_text import tag_text
from .offboard_steps import Surroundings
from .operation import Operation
from .options import AWS_SPEC, CLIENT_SPEC, DATABASE_SPEC, client_name, leaving_store, parameters_client

# Days, as AWS takes them. https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html
WINDOWS = range(7, 31)
DEFAULT_WINDOW = 30
AGAIN = "Then run the same command again."
UNFINISHED = (
    "A rotation is under way, or one was begun and not finished: the server may get a password that AWSCURRENT is not,"
    " and it would be deleted."
)
BETWEEN = "A rotation began while the client was offboarded."


@dataclass
class OffboardProgress:
    """How far it has come."""

    begun: bool = False
    gone: list[str] = field(default_factory=list)
    deleting: bool = False

    def state_left(self) -> str:
        """Return in one sentence what there is now."""
        if self.deleting:
            return "The secret may be scheduled for deletion, and can be restored; the database was not changed."
        if self.gone:
            return f"Taken away: {listed(self.gone)}. The secret is there, and neither it nor the database was changed."
        if self.begun:
            return "The secret is there and has the mark of an offboarding; nothing else was changed."
        return "Nothing was changed, neither the secret nor the database."


def _work(params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    client, progress, now = client_name(params), OffboardProgress(), datetime.now(UTC)
    journal = Journal(client, command(Kind.OFFBOARD), progress.state_left)
    with journal.step("prepare"):
        _refuse_unfit(params, client)
    store = leaving_store(params)
    with journal.step("read"):
        secret = find(store)
        if secret is None:
            return _not_there(params, store)
        if secret.deleted:
            return _already(params, store, secret, check=check)
        _refuse_unready(secret, client, params["version_id"])
        _refuse_in_reason(store, secret, params["reason"], journal)
        around = _surroundings(params, store, secret)
    try:
        deletion = _take_away(around, journal, progress, params["recovery_window"], now, check=check)
    except RotationError as error:
        error.reason = params["reason"]  # which holds no password
        raise
    return _done(params, around, deletion, now, check=check)


def _refuse_unfit(params: Mapping[str, Any], client: str) -> None:
    """Raise a RotationError where nobody has typed the client's name, or an option makes no sense."""
    refuse_invalid_reason(params["reason"])
    if client not in params["confirm"]:
        typed = listed(params["confirm"]) if any(params["confirm"]) else "no name"
        raise RotationError(
            f"To offboard {client}, its name has to be typed in full, and {typed} was typed.",
            code=Code.NOT_CONFIRMED,
            next_step=f"If {client} is to leave: {command(Kind.OFFBOARD, {'offboard.confirm': client})}",
        )
    if params["recovery_window"] not in WINDOWS:
        raise RotationError(
            f"{{option|offboard.recovery_window}} is {params['recovery_window']}, and AWS takes {WINDOWS[0]} to"
            f" {WINDOWS[-1]} days.",
            code=Code.INVALID_OPTION,
            next_step=f"Correct it. {AGAIN}",
        )


def _refuse_unready(secret: SecretDescription, client: str, version: str | None) -> None:
    """Raise a RotationError where the secret is not ours or another client's, or a rotation of it is not over."""
    refuse_foreign_management(secret)
    _refuse_other_client(secret, client)
    _refuse_unfinished(secret)
    if secret.tags.get(tags.OVERLAP_UNTIL):
        raise RotationError(
            "An old password is still valid on the server beside AWSCURRENT's, and nobody would end it any more.",
            code=Code.OVERLAP,
            next_step=f"End it: {command(Kind.ROTATE, {'overlap': '0', 'force': 'true'})}",
        )
    if version and version != secret.holder(CURRENT):
        raise RotationError(
            f"AWSCURRENT is not the version {version} any more, which was handed over.",
            code=Code.SECRET_CHANGED,
            next_step="See who rotated meanwhile. Then run the same command again, which hands over the newer one.",
        )


def _refuse_other_client(secret: SecretDescription, client: str) -> None:
    """Raise a RotationError where the typed name is not that of the client whose password the secret holds."""
    whose = secret.tags.get(tags.CLIENT, "")
    if whose == tag_text(client):
        return
    if not whose:
        raise RotationError(
            f"No rotation has ever worked on the secret {secret.name!r}: nothing proves that it is that of {client}.",
            code=Code.OTHER_CLIENT,
            next_step=f"If it is, let a run prove it: {command(Kind.FINISH)}. {AGAIN} Otherwise correct"
            " {option|secret_id}.",
        )
    raise RotationError(
        f"The secret {secret.name!r} is that of {whose}: it was rotated last under that name, which may need it still.",
        code=Code.OTHER_CLIENT,
        next_step=f"If {whose} stays, take {client} out of the inventory; nothing has to be deleted. If both are one"
        f" client that leaves, give it its new name first: {command(Kind.ROTATE)}. {AGAIN}",
    )


def _refuse_unfinished(secret: SecretDescription) -> None:
    current = secret.holder(CURRENT)
    done = secret.tags.get(tags.VERSION)
    if not done and secret.tags.get(tags.OFFBOARDED):  # an earlier run has taken the tags away
        done = tags.handed_over(secret.tags) or current
    if done == current and not secret.pending_apart:
        return
    raise RotationError(
        UNFINISHED,
        code=Code.UNFINISHED,
        next_step=f"Finish it: {command(Kind.FINISH)}. {AGAIN}",
    )


def _refuse_in_reason(store: LeavingStore, secret: SecretDescription, reason: str, journal: Journal) -> None:
    """Raise a RotationError where the reason, which people will read, holds a password under a label."""
    versions = Versions(store, reason, journal.warn)
    for version_id, labels in secret.stages.items():
        if reason and labels:
            versions.read(version_id)


def _surroundings(params: Mapping[str, Any], store: LeavingStore, secret: SecretDescription) -> Surroundings:
    parameters, name = parameters_client(params), name_of_client(params["client_parameters"], client_name(params))
    # A secret without this tag never had a parameter.
    is_there = tags.RUNNER in secret.tags and name and name in read_named(parameters, [name])
    policy = None if secret.deleted else store.policy()
    return Surroundings(store, secret, policy, parameters, name if is_there else "")


def _take_away(
    around: Surroundings, journal: Journal, progress: OffboardProgress, days: int, now: datetime, *, check: bool
) -> str:
    """Take all of it away, at last the secret; return until when it can be restored."""
    if check:
        return stamp(now + timedelta(days=days))
    for step in around.steps(now):
        progress.begun = True
        with journal.step("take away"):
            step.do()
        progress.gone += [step.what] if step.what else []
    with journal.step("delete"):
        progress.deleting = True
        deletion = _delete(around.store, days)
        _confirm(around, progress)
        return deletion


def _delete(store: LeavingStore, days: int) -> str:
    """Delete the secret; return until when it can be restored, also where only the answer of AWS was lost."""
    try:
        return store.delete_after(days)
    except RotationError:
        with suppress(RotationError):
            secret = store.describe()
            if secret.deleted:
                return secret.deletion_date
        raise


def _confirm(around: Surroundings, progress: OffboardProgress) -> None:
    """See that it is deleted as it was read; cancel the deletion where a rotation came between."""
    secret = next((seen for _look in looks() if (seen := around.store.describe()).deleted), None)
    if secret is None:
        raise RotationError("The secret was deleted, and AWS does not say so.", code=Code.AWS_INCONSISTENT)
    if secret.stages != around.secret.stages:
        _cancel(around.store)
        progress.deleting = False
        raise RotationError(
            f"{BETWEEN} The deletion was cancelled.",
            code=Code.UNFINISHED,
            next_step=f"Finish it: {command(Kind.FINISH)}. {AGAIN}",
        )


def _cancel(store: LeavingStore) -> None:
    try:
        store.cancel_deletion()
    except RotationError as error:
        raise RotationError(
            f"{BETWEEN} The deletion was not cancelled, and the server may have a password that nobody was given:"
            f" {error.cause}",
            code=Code.UNFINISHED,
            next_step=f"Cancel it: {restore_command(store.secret_id)}. Finish it: {command(Kind.FINISH)}. {AGAIN}",
        ) from None


def _already(
    params: Mapping[str, Any], store: LeavingStore, secret: SecretDescription, *, check: bool
) -> dict[str, Any]:
    """Say that it is done, after the one thing that is taken away without a call of the secret."""
    parameter = list(_surroundings(params, store, secret).parameter_steps())
    for step in [] if check else parameter:
        step.do()
    doubt = _doubt(secret)
    warnings = [f"{client_name(params)}: {doubt}"] if doubt else []
    message = f"the secret is scheduled for deletion already, and can be restored until {secret.deletion_date}"
    gone = [step.what for step in parameter]
    told = {"changed": bool(gone), "taken_away": gone, "warnings": warnings}
    # No reason, for it cannot be compared with the passwords any more.
    return {**_result(params, secret, message), **told, "reason": ""}


def _doubt(secret: SecretDescription) -> str:
    """Return why the password of a deleted secret may not be the one that was handed over; empty where it is."""
    restored = f"({restore_command(secret.name)})"
    if secret.pending_apart:
        return f"{UNFINISHED} Restore it {restored}, finish it, and offboard again."
    if not secret.tags.get(tags.OFFBOARDED):
        return (
            "The secret has no mark of an offboarding, or a rotation took it away, so nothing shows that its password"
            f" was handed over. If anybody needs it, restore the secret {restored} and offboard again."
        )
    if tags.handed_over(secret.tags) not in ("", secret.holder(CURRENT)):
        return (
            f"{BETWEEN} AWSCURRENT is not the version that was handed over. Restore it {restored}, and offboard again."
        )
    return ""


def _not_there(params: Mapping[str, Any], store: LeavingStore) -> dict[str, Any]:
    """Say that there is no such secret, which a wrong name, region or account would explain as well."""
    result = _result(params, None, f"there is no secret {params['secret_id']!r} in {store.region}")
    doubt = "If the client has not left before, correct {option|secret_id}, the region or the account."
    return {**result, "warnings": [f"{result['msg']}. {doubt}"]}


def _done(
    params: Mapping[str, Any], around: Surroundings, deletion: str, now: datetime, *, check: bool
) -> dict[str, Any]:
    gone = [step.what for step in around.steps(now) if step.what]
    would = "would be " if check else ""
    parts = [f"{listed(gone)} {would}taken away"] if gone else []
    parts.append(
        f"the secret {'would be' if check else 'is'} scheduled for deletion, and can be restored until {deletion}"
    )
    return {
        **_result(params, around.secret, "; ".join(parts)),
        "changed": True,
        "taken_away": gone,
        "deletion_date": deletion,
        "diff": {
            "before": {**around.facts(), "deletion": None},
            "after": {**around.facts_without(now), "deletion": f"after {params['recovery_window']} days"},
        },
    }


def _result(params: Mapping[str, Any], secret: SecretDescription | None, message: str) -> dict[str, Any]:
    return {
        "changed": False,
        "msg": f"{client_name(params)}: {message}",
        "client": client_name(params),
        "secret_id": secret.name if secret else params["secret_id"],
        "version_id": (secret.holder(CURRENT) if secret else None) or "",
        "reason": params["reason"] if secret else "",
        "requested_by": params["requested_by"] or "",
        "there": secret is not None and not secret.deleted,
        "taken_away": [],
        "deletion_date": secret.deletion_date if secret else "",
        "warnings": [],
        "diff": {"before": {}, "after": {}},
    }


OFFBOARD = Operation(
    declared=_operations.OFFBOARD,
    spec={
        **CLIENT_SPEC,
        "confirm": {"type": "list", "elements": "str", "default": []},
        "prompt": {"type": "bool", "default": False},
        "prompt_timeout": {"type": "int", "default": 300},
        "recovery_window": {"type": "int", "default": DEFAULT_WINDOW},
        "version_id": {"type": "str"},
        "client_parameters": {"type": "str", "default": OF_CLIENTS},
        "reason": {"type": "str", "default": ""},
        "requested_by": {"type": "str"},
        **DATABASE_SPEC,
        **AWS_SPEC,
    },
    work=_work,
)
