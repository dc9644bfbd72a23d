# SPDX-License-Identifier: GPL-3.0-or-later
"""A password that somebody changes past the secret, and how it comes back."""

from __future__ import annotations

from typing import Any

from managed import ManagedClient
from telling import assert_silent

from ansible_collections.dbops.rotation.plugins.module_utils._module.reconcile import RECONCILE

BY_HAND = "Changed-by-hand-1"


def change_by_hand(client: ManagedClient, password: str = BY_HAND, hosts: tuple[str, ...] = ()) -> None:
    """Change the password on the server past the secret."""
    for host in hosts or client.hosts:
        clause, value = client.server.password_clause(password)
        client.sql(f"ALTER USER %s@%s {clause}", client.user, host, value)


def reconcile(client: ManagedClient, **options: Any) -> dict[str, Any]:
    result: dict[str, Any] = client.run(RECONCILE, **options)
    assert not result.get("failed"), result["msg"]
    assert_silent(client, result)
    return result
