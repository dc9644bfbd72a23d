# SPDX-License-Identifier: GPL-3.0-or-later
"""One rotation from end to end on real servers."""

from __future__ import annotations

from managed import ManagedClient


def test_the_new_password_opens_and_the_old_one_does_not(client: ManagedClient) -> None:
    result = client.rotate()
    new = client.stored()["password"]
    assert result["changed"] and result["action"] == "rotate"
    assert new != client.password
    assert client.opens(new)
    assert not client.opens(client.password)


def test_a_fresh_rotation_makes_six_calls_and_no_failing_login(client: ManagedClient) -> None:
    client.rotate()
    result = client.rotate()
    assert result["secretsmanager_calls"]["total"] == 6
    assert result["logins"] == {"succeeded": 2, "failed": 0}
