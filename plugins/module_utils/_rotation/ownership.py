# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a secret is ours to rotate, and whether it still leads to the server it led to."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import (
    CURRENT,
    SecretDescription,
    SecretStore,
)
from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._db.server import MARIADB, MYSQL
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._next_step import Kind, command, with_options
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.identity import Identity


def refuse_foreign_management(secret: SecretDescription) -> None:
    """Raise a RotationError where somebody else rotates this secret, or it waits for deletion."""
    if secret.deleted:
        raise RotationError(
            f"The secret {secret.name!r} is scheduled for deletion.",
            code="secret_deleted",
            next_step=f"If it is still wanted: aws secretsmanager restore-secret --secret-id {secret.name}",
        )
    if secret.owning_service:
        raise RotationError(
            f"The secret {secret.name!r} is owned and rotated by the AWS service {secret.owning_service!r}.",
            code="secret_owned",
            next_step="Take this client out of the inventory, or end that service's management of the password"
            " (for RDS: aws rds modify-db-instance --no-manage-master-user-password with a new password).",
        )
    if secret.rotation_enabled:
        raise RotationError(
            f"Secrets Manager's own rotation is enabled for {secret.name!r}.",
            code="secret_rotation_enabled",
            next_step=f"Cancel it: aws secretsmanager cancel-rotate-secret --secret-id {secret.name}",
        )


def refuse_other_server(identity: Identity, accepted: str | None) -> None:
    """Raise a RotationError where the host leads to another server than the one remembered on the secret."""
    server_id = identity.server.server_id
    if identity.is_ours or accepted == server_id:
        return
    raise RotationError(
        f"The host in the secret leads to the server {server_id}, but the password was last changed on the server"
        f" {identity.remembered}.",
        code="other_server",
        next_step="Correct the host in the secret; or, if the servers may take each other's place at any time, list the"
        " ids of all of them in rotation_server_ids; or, if the new server is the right one (after a failover or a"
        f" restore): {command(Kind.SAME, {'rotation_accept_server_id': server_id})}",
    )


def refuse_shared_account(
    secret: SecretStore, identity: Identity, user: str, store_of: Callable[[str], SecretStore]
) -> None:
    """Raise a RotationError where another secret of the fleet holds the same account of the same server."""
    server_id = identity.server.server_id
    for name in secret.others_tagged(tags.SERVER_ID, *sorted(identity.rivals())):
        if store_of(name).read(stage=CURRENT).value.login.user == user:
            raise RotationError(
                f"The secret {name!r} holds the same account of the same server ({server_id}); two would lock each"
                " other out.",
                code="shared_account",
                next_step=f"If they are two servers that give one identity, {_TWO[identity.server.flavor]}, or tell"
                " this one from the other by a word, which is remembered:"
                f" {with_options({'rotation_server_label': 'WORD'})}. Otherwise keep"
                f" one secret and delete the other: aws secretsmanager delete-secret --secret-id {name}, or"
                f" {secret.secret_id}.",
            )


_TWO = {
    MYSQL: "give one of them a new one (a clone: remove its auto.cnf and restart it)",
    MARIADB: "rotate the client of that secret first, which renews what an earlier release remembered of its server",
}
