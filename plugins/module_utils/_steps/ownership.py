# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a secret is ours to rotate, and whether it still leads to the server it led to."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .._aws.secret_store import CURRENT, SecretDescription, SecretStore, find, refuse_deleted
from .._codes import Code
from .._context.identity import Identity
from .._cycle import tags
from .._db.server import MARIADB, MYSQL
from .._errors import RotationError
from .._next_step import Kind, command, with_options
from .._tag_text import tag_text


def refuse_foreign_management(secret: SecretDescription) -> None:
    """Raise a RotationError where somebody else rotates this secret, or it waits for deletion."""
    refuse_deleted(secret, secret.name)
    if secret.owning_service:
        raise RotationError(
            f"The secret {secret.name!r} is owned and rotated by the AWS service {secret.owning_service!r}.",
            code=Code.SECRET_OWNED,
            next_step="Take this client out of the inventory, or end that service's management of the password"
            " (for RDS: aws rds modify-db-instance --no-manage-master-user-password with a new password).",
        )
    if secret.rotation_enabled and not is_rotated_by_our_function(secret):
        raise RotationError(
            f"Secrets Manager's own rotation is enabled for {secret.name!r}.",
            code=Code.SECRET_ROTATION_ENABLED,
            next_step=f"Cancel it: aws secretsmanager cancel-rotate-secret --secret-id {secret.name}",
        )


def is_rotated_by_our_function(secret: SecretDescription) -> bool:
    """Return True if the function that Secrets Manager calls is the one that the tag names, which is ours."""
    return secret.rotation_lambda is not None and secret.tags.get(tags.FUNCTION) == secret.rotation_lambda


def refuse_other_server(identity: Identity, accepted: str | None) -> None:
    """Raise a RotationError where the host leads to another server than the one remembered on the secret."""
    server_id = identity.server.server_id
    if identity.is_ours or accepted == server_id:
        return
    raise RotationError(
        f"The host in the secret leads to the server {server_id}, but the password was last changed on the server"
        f" {identity.remembered}.",
        code=Code.OTHER_SERVER,
        next_step="Correct the host in the secret; or, if the servers may take each other's place at any time, list the"
        " ids of all of them in {option|server_ids}; or, if the new server is the right one (after a failover or a"
        f" restore): {command(Kind.SAME, {'accept_server_id': server_id})}",
    )


def refuse_shared_account(secret: SecretStore, identity: Identity, store_of: Callable[[str], SecretStore]) -> bool:
    """Raise a RotationError where another secret of the fleet holds the same account of the same server.

    One listing tells it, by the tag of the account. A value is read only of a secret of an earlier release, which has
    none. Return True if the listing showed this secret's own claim.
    """
    shown = False
    for other in secret.with_tag_values(*sorted(identity.rival_accounts()), *sorted(identity.rivals())):
        if secret.is_called(other):
            shown = identity.claims(tags.claim(other.tags)[0])
        elif _is_rival(other, identity, store_of) and _stands(other, identity, store_of):
            raise _shared_by_server(secret, identity, other.name)
    return shown


def confirm_account(
    secret: SecretStore, identity: Identity, store_of: Callable[[str], SecretStore], attempts: Iterable[object]
) -> None:
    """Raise a RotationError where another secret holds the same account, or where that cannot be known yet.

    A listing may be five minutes old, so that two clients of one account pass a look before they write their claims.
    Therefore each looks again after that, and believes only a listing that shows its own claim, which is younger than
    that claim: of two, the later one sees the earlier. Onboarding looks so, and says so where it cannot; the first
    rotation looks so again and refuses until it can. It holds the account's lock on the server meanwhile, so two first
    rotations do it one after the other. Where one has passed, the other's password opens nothing, or the rows match no
    version of its secret: it changes nothing either. A claim that is older than any listing needs not be shown.

    So of two that were onboarded within one listing's age, the earlier may rotate on a listing that shows its own claim
    and not yet the later one. The later one's onboarding has then said that programs have to wait for ``verify``.
    """
    for _last in attempts:
        if refuse_shared_account(secret, identity, store_of) or not identity.is_just_claimed:
            return
    raise RotationError(
        f"Secrets Manager does not list the secret {secret.secret_id!r} with its new tags yet, so it may hide another"
        " secret of the same account as well; a listing may be five minutes old.",
        code=Code.LISTING_BEHIND,
        next_step="Run the same command again in five minutes.",
    )


def refuse_claimed_twice(secret: SecretStore, own: SecretDescription, store_of: Callable[[str], SecretStore]) -> None:
    """Raise a RotationError where another secret claims the account that this one claims and no rotation has confirmed.

    An onboarding that met one had stored its secret already, and one that died before it looked again knows nothing.
    """
    account, since = tags.claim(own.tags)
    for other in secret.with_tag_values(account) if since else ():
        if secret.is_called(other) or tags.claim(other.tags)[0] != account:
            continue
        now = _as_it_is(other, store_of)
        if now and tags.claim(now.tags)[0] == account:
            raise _shared(secret, other.name, "", "Keep")


def _is_rival(other: SecretDescription, identity: Identity, store_of: Callable[[str], SecretStore]) -> bool:
    place = other.tags.get(tags.SERVER_ID, "")
    if place.startswith(tags.WITH_ACCOUNT):
        return tags.claim(other.tags)[0] in identity.rival_accounts()
    if place not in map(tag_text, identity.rivals()):
        return False
    return store_of(other.name).read(stage=CURRENT).value.login.user == identity.user


def _stands(other: SecretDescription, identity: Identity, store_of: Callable[[str], SecretStore]) -> bool:
    """Return True if a secret that was listed is still there with that claim."""
    now = _as_it_is(other, store_of)
    return now is not None and _is_rival(now, identity, store_of)


def _as_it_is(other: SecretDescription, store_of: Callable[[str], SecretStore]) -> SecretDescription | None:
    """Describe a secret that was listed, which does not lag; as listed where that is not allowed, None if deleted."""
    try:
        now = find(store_of(other.name))
    except RotationError as error:
        if error.code != Code.AWS_DENIED:
            raise
        return other
    return None if now is None or now.deleted else now


def _shared_by_server(secret: SecretStore, identity: Identity, name: str) -> RotationError:
    return _shared(
        secret,
        name,
        f": {identity.user!r} of {identity.server.server_id}",
        f"If they are two servers that give one identity, {_TWO[identity.server.flavor]}, or tell this one from the"
        f" other by a word, which is remembered: {with_options({'server_label': 'WORD'})}. Otherwise keep",
    )


def _shared(secret: SecretStore, name: str, account: str, next_step: str) -> RotationError:
    return RotationError(
        f"The secret {name!r} holds the same account of the same server as {secret.secret_id!r}{account}; two would"
        " lock each other out.",
        code=Code.SHARED_ACCOUNT,
        next_step=f"{next_step} one secret and delete the other:"
        f" aws secretsmanager delete-secret --secret-id {name}, or {secret.secret_id}.",
    )


_TWO = {
    MYSQL: "give one of them a new one (a clone: remove its auto.cnf and restart it)",
    MARIADB: "rotate the client of that secret first, which renews what an earlier release remembered of its server",
}
