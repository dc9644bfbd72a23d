# SPDX-License-Identifier: GPL-3.0-or-later
"""A check that changes nothing."""

from __future__ import annotations

from typing import Any

from by_hand import description
from managed import ManagedClient
from telling import assert_silent
from trouble import account_rows

from ansible_collections.dbops.rotation.plugins.module_utils._module.verify import VERIFY


def verified(client: ManagedClient, **options: Any) -> dict[str, Any]:
    """Check the client, which has to leave everything as it is."""
    before = description(client), account_rows(client)
    result: dict[str, Any] = client.run(VERIFY, **options)
    assert not result.get("failed"), result["msg"]
    assert result["changed"] is False
    assert_silent(client, result)
    assert (description(client), account_rows(client)) == before
    return result


def codes(result: dict[str, Any], *, problem: bool | None = None) -> list[str]:
    return [found["code"] for found in result["findings"] if problem is None or found["problem"] is problem]
