# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which login an onboarding has to prove, whether a secret holds it already, and the proof."""

from __future__ import annotations

from .._aws.secret_store import CURRENT, SecretDescription, SecretStore, SecretVersion
from .._codes import Code
from .._context.journal import Journal
from .._cycle import tags
from .._db.connection import Session, connect
from .._deadline import Deadline
from .._errors import LoginRefused, RotationError
from .._secret_value import Login
from .._steps import ownership
from .onboard_request import OnboardRequest


def wanted_login(request: OnboardRequest) -> Login:
    if request.source:
        return _login_of(request.source)
    if request.login and request.login.host and request.login.password:
        return request.login
    raise RotationError(
        "The host or the current password is missing.",
        code=Code.CREDENTIALS_MISSING,
        next_step="Set {option|onboard.host}, and {option|onboard.password} (from a vault), or"
        " {option|onboard.password_file}, or {option|onboard.source_secret_id} for this client.",
    )


def _login_of(source: SecretStore) -> Login:
    try:
        return source.read(stage=CURRENT).value.login
    except RotationError as error:
        if error.code == Code.AWS_KMS:
            error.next_step = (
                "Allow this identity kms:Decrypt on the key of the source secret, by {option|provision.source_keys} and"
                " {playbook|provision}, and in the key's policy if it is of another account; then run the same"
                " command again."
            )
        raise


def log_in(request: OnboardRequest, journal: Journal, login: Login) -> Session:
    try:
        with journal.login():
            return connect(login, request.tls, Deadline(request.deadline))
    except LoginRefused:
        raise LoginRefused(
            f"The server at {login.host}:{login.port} refused the given password of {login.user!r}, or the account"
            " does not exist, or may not log in from this host or without TLS.",
            code=Code.LOGIN_REFUSED,
            next_step="Correct {option|onboard.username} or the password, then run the same command again.",
        ) from None


def is_managed(existing: SecretDescription, store: SecretStore, login: Login) -> bool:
    ownership.refuse_foreign_management(existing)
    if tags.VERSION not in existing.tags:
        return False
    stored = store.read(stage=CURRENT).value.login
    differing = [name for name in _differing(stored, login) if name != "password"]
    if differing:
        raise _other_contents(store, differing)
    return True


def same_contents(store: SecretStore, login: Login) -> SecretVersion:
    version = store.read(stage=CURRENT)
    differing = _differing(version.value.login, login)
    if differing:
        raise _other_contents(store, differing)
    return version


def _differing(stored: Login, login: Login) -> list[str]:
    return [name for name in ("host", "port", "user", "password") if getattr(stored, name) != getattr(login, name)]


def _other_contents(store: SecretStore, differing: list[str]) -> RotationError:
    return RotationError(
        f"The secret {store.secret_id!r} exists with other contents. It differs in: {', '.join(differing)}.",
        code=Code.SECRET_EXISTS,
        next_step="Correct what was given for this client (the {option|onboard.} variables), or name another secret"
        " in {option|secret_id}, or delete that one if it is not needed any more.",
    )
