# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Step 6 of the protocol: the new password is durable, and readable by us, before anything is sent to the server."""

from __future__ import annotations

import uuid
from dataclasses import replace

from .._aws.secret_store import PENDING, SecretVersion
from .._codes import Code
from .._context.context import RotationContext
from .._cycle import tags
from .._db.policy import policy_rules
from .._decision.decide import rolls_back
from .._decision.decision import Decision
from .._errors import RotationError, SecretNotFound
from .._password import generate
from .._secret_value import SecretValue
from .._stamp import stamp
from .look import View

UNANSWERED = (Code.AWS_UNREACHABLE, Code.AWS_ERROR)


def persist(context: RotationContext, view: View, decision: Decision) -> SecretVersion:
    """Make the password durable that the decision is about, with what the tags have to know first.

    Raises RotationError where it cannot be read back: then nothing has been sent to the server.
    """
    if decision.version and not decision.as_new_version:
        _declare(context, view, decision, decision.version)
        value = context.versions.read(decision.version).value
        stored = context.store.read(version_id=decision.version, stage=PENDING)
    else:
        version_id = _new_id(context, view)
        value = _new_value(context, decision)  # it may be refused, so nothing is written before
        _declare(context, view, decision, version_id)
        stored = put_and_read_back(context, value, version_id)
    if stored.value != value:
        raise RotationError("AWSPENDING does not hold what was stored there.", code=Code.AWS_INCONSISTENT)
    context.versions.keep(stored)
    return stored


def store(context: RotationContext, view: View, decision: Decision) -> None:
    """Make a new password durable in the version that Secrets Manager has reserved, and no more.

    Nothing is declared: the step that sends the password does that.
    """
    with context.journal.step("persist"):
        put_and_read_back(context, _new_value(context, replace(decision, version=None)), _new_id(context, view))


def _new_id(context: RotationContext, view: View) -> str:
    """Return the id of a version to store: the reserved one where it has no value yet, for a value never changes."""
    reserved = view.facts.reserved
    return reserved if reserved and reserved != context.progress.stored else str(uuid.uuid4())


def _declare(context: RotationContext, view: View, decision: Decision, version_id: str) -> None:
    """Write on the secret, before it is acted on, what no later look could find out."""
    needed = {}
    if context.progress.single:
        # AWSCURRENT may rightly be refused then, and the next run has to know whose turn it is.
        needed[tags.APPLYING] = version_id
    if rolls_back(decision, view.facts):
        needed[tags.ROLLBACK] = version_id
    if view.facts.waits_for_hooks:
        needed[tags.WAITS_FOR_HOOKS] = version_id
    needed = {tag: value for tag, value in needed.items() if view.secret.tags.get(tag) != value}
    overlap = {tags.OVERLAP_UNTIL: stamp(context.request.overlap_end())} if context.request.overlap else {}
    if not (needed or overlap):
        return
    try:
        context.store.tag({**needed, **overlap})
        context.effects.declared = needed
    except RotationError as error:
        if needed:
            raise
        context.journal.warn(f"The overlap could not be written down, so the next run may end it early: {error.cause}")


def _new_value(context: RotationContext, decision: Decision) -> SecretValue:
    current = context.current.value
    if decision.version:
        return current.with_password(context.versions.read(decision.version).value.password)
    return current.with_password(generate(policy_rules(context.server, current.login.user, context.request.rules)))


def put_and_read_back(context: RotationContext, value: SecretValue, version_id: str) -> SecretVersion:
    """Store a version; whether it is there after a lost answer or an error is decided by reading it."""
    before, failure = context.progress.stored, None
    try:
        context.store.put_pending(value, version_id, _rotation_token(context, version_id))
    except RotationError as error:
        if error.code not in UNANSWERED:
            raise
        failure = error
    context.progress.stored = version_id
    try:
        stored = _read_back(context, version_id, patient=failure is None)
    except RotationError:
        if failure is None:
            raise
        raise failure from None  # people need the first error
    if stored is None:
        context.progress.stored = before
        raise failure or RotationError(
            "AWSPENDING cannot be read back after it was stored.", code=Code.AWS_INCONSISTENT
        )
    return stored


def _rotation_token(context: RotationContext, version_id: str) -> str | None:
    return context.request.rotation_token if version_id == context.request.token else None


def _read_back(context: RotationContext, version_id: str, *, patient: bool) -> SecretVersion | None:
    for last in context.attempts():
        try:
            return context.store.read(version_id=version_id, stage=PENDING)
        except SecretNotFound:
            if last or not patient:
                break
    return None
