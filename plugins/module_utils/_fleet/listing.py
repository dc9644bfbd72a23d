# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All clients of an account and region, as one listing of Secrets Manager tells them: names, tags and stages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from .._aws.errors import translated
from .._aws.list_filter import list_filter
from .._aws.secret_store import PAGE, SecretDescription, described
from .._stamp import stamp
from .._tag_text import tag_text

# What is kept of each secret, in a form that any cache takes.
KEPT = ("ARN", "Name", "Tags", "SecretVersionsToStages")


@dataclass(frozen=True)
class Choice:
    """Which secrets are clients: by the ends of their names and by tags, where None stands for any value."""

    name_prefix: str = ""
    name_suffix: str = ""
    tags: Mapping[str, str | None] = field(default_factory=dict)

    def filters(self) -> list[dict[str, Any]]:
        """Return what ListSecrets can sort out, by one tag's name and one tag's value; ``takes`` has the last word."""
        names = filter(None, (list_filter("tag-key", key) for key in self.tags))
        values = filter(None, (list_filter("tag-value", tag_text(value)) for value in self.tags.values() if value))
        return [*list_filter("name", self.name_prefix), *next(names, []), *next(values, [])]

    def takes(self, secret: SecretDescription) -> bool:
        """Return True if a secret is a client."""
        long_enough = len(secret.name) > len(self.name_prefix) + len(self.name_suffix)
        name_fits = secret.name.startswith(self.name_prefix) and secret.name.endswith(self.name_suffix)
        return long_enough and name_fits and all(self._tagged(secret, key) for key in self.tags)

    def _tagged(self, secret: SecretDescription, key: str) -> bool:
        value = self.tags[key]
        return key in secret.tags and (value is None or tag_text(value) == secret.tags[key])


@dataclass(frozen=True)
class Listed:
    """One secret of the listing. ``created`` is the secret's age; AWSCURRENT is not older."""

    secret: SecretDescription
    created: datetime


def list_entries(client: Any, choice: Choice) -> list[dict[str, Any]]:
    """List the secrets, one call for each hundred; no value is read.

    Raises RotationError where AWS does not answer or does not allow it.
    """
    return [_entry(entry) for page in _pages(client, choice.filters()) for entry in page if _is_ours(entry)]


def list_tagged(client: Any, key: str, most: int) -> Iterator[SecretDescription]:
    """Yield the secrets that have a tag, as far as a number of calls finds them. Raises RotationError."""
    pages = islice(_pages(client, list_filter("tag-key", key)), most)
    return (described(entry) for page in pages for entry in page if _is_ours(entry))


def read_entries(entries: list[dict[str, Any]], choice: Choice) -> list[Listed]:
    """Return the clients among what was listed, now or by an earlier run."""
    listed = [Listed(described(entry), datetime.fromisoformat(entry["CreatedDate"])) for entry in entries]
    return [one for one in listed if choice.takes(one.secret)]


def _pages(client: Any, filters: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    pages = client.get_paginator("list_secrets").paginate(MaxResults=PAGE, Filters=filters)
    with translated("list the secrets"):
        for page in pages:
            yield page["SecretList"]


def _is_ours(entry: Mapping[str, Any]) -> bool:
    """Leave out what waits for deletion, and replicas, which only their own region can change."""
    region = entry["ARN"].split(":")[3]
    return not entry.get("DeletedDate") and entry.get("PrimaryRegion") in (None, region)


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: entry[key] for key in KEPT if key in entry} | {"CreatedDate": stamp(entry["CreatedDate"])}
