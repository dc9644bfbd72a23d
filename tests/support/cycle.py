# SPDX-License-Identifier: GPL-3.0-or-later
"""The cycle of a client, moved in time by its tags."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from managed import ManagedClient, secrets_manager

OVERLAP = "rotation/overlap-until"


def set_tags(client: ManagedClient, values: dict[str, str]) -> None:
    listed = [{"Key": key, "Value": value} for key, value in values.items()]
    secrets_manager(client.aws).tag_resource(SecretId=client.secret_id, Tags=listed)


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def is_due(client: ManagedClient, days: float = 0.5) -> None:
    """Let the cycle end in so many days."""
    set_tags(client, {"rotation/due": in_days(days), "rotation/last": in_days(days - 40)})


def is_over(client: ManagedClient) -> None:
    """Let the cycle be over."""
    set_tags(client, {"rotation/due": "2026-01-01T00:00:00Z"})


def pass_by(client: ManagedClient) -> None:
    """Let the overlap be over."""
    set_tags(client, {OVERLAP: (datetime.now(UTC) - timedelta(seconds=1)).isoformat()})
