# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a rotation has come to rest."""

from __future__ import annotations

from by_hand import password_of, passwords
from managed import ManagedClient


def opening(client: ManagedClient) -> list[str]:
    """The stages whose password opens the server."""
    labels = ("AWSCURRENT", "AWSPREVIOUS")
    return [stage for stage in labels if client.opens(password_of(client, client.stages()[stage]) or "-")]


def assert_settled(client: ManagedClient) -> None:
    """Check that AWSCURRENT is the only password, that the tags say so, and that a scheduled run leaves all as is."""
    current = client.stages()["AWSCURRENT"]
    assert {password for password in passwords(client) if client.opens(password)} == {password_of(client, current)}
    assert client.tags()["rotation/version"] == current
    before = (client.stages(), client.tags())
    result = client.rotate(trigger="scheduled")
    assert (result["changed"], result["action"]) == (False, "nothing")
    assert (client.stages(), client.tags()) == before
