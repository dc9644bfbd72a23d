# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which labels the versions of a restored secret get, and which of its tags and keys it keeps."""

from __future__ import annotations

from collections.abc import Mapping

from .._aws.secret_archive import SavedSecret, SavedVersion
from .._aws.secret_store import CURRENT, PREVIOUS
from .._codes import Code
from .._cycle import tags
from .._errors import RotationError
from .document import Entry


def entry_of(entries: Mapping[str, Entry], client: str) -> Entry:
    """Return the part of one client."""
    if client not in entries:
        raise RotationError(
            f"The backup holds no client of this name; it holds {len(entries)} others.",
            code=Code.NOT_IN_BACKUP,
            next_step="Correct {option|client}, or name another file in {option|backup.path}.",
        )
    return entries[client]


def version_to_prove(saved: SavedSecret, name: str) -> SavedVersion:
    """Return the version that is to be proven, named by its id or label."""
    version = saved.find(name)
    if version is None:
        there = ", ".join(f"{stage} ({version_id})" for stage, version_id in sorted(saved.holders().items()))
        raise RotationError(
            f"The backup of this client has no version {name!r}.",
            code=Code.NOT_IN_BACKUP,
            next_step=f"Correct {{option|backup.version}}; there is: {there}.",
        )
    return version


def labels_of(saved: SavedSecret, current: SavedVersion) -> dict[str, set[str]]:
    """Return each version's labels once this version is AWSCURRENT, as if AWSCURRENT had been moved to it."""
    labels = {version.version_id: set(version.stages) for version in saved.versions}
    former = saved.holders()[CURRENT]
    if former != current.version_id:
        for stages in labels.values():
            stages -= {CURRENT, PREVIOUS}
        labels[former].add(PREVIOUS)
        labels[current.version_id].add(CURRENT)
    return {version_id: stages for version_id, stages in labels.items() if stages}


def first_tags(saved: SavedSecret, client: str) -> dict[str, str]:
    """Return the tags that the secret is created with, for permissions depend on them.

    AWS may demand the client's tag at the creation; the rotation's other tags say that all is done, and come last.
    """
    own = {key: value for key, value in saved.tags.items() if not key.startswith(tags.PREFIX)}
    return {**own, tags.CLIENT: saved.tags.get(tags.CLIENT, client)}


def rotation_tags(saved: SavedSecret, server: Mapping[str, str]) -> dict[str, str]:
    """Return the tags of the rotation, with those of the server as it is now.

    The server has just accepted what the tags say it refused, and who offboarded the client wants it back.
    """
    ours = {key: value for key, value in saved.tags.items() if key.startswith(tags.PREFIX)}
    own = {key: value for key, value in ours.items() if key not in (tags.REFUSED, tags.OFFBOARDED)}
    return {**own, **(server if tags.SERVER_ID in own else {})}
