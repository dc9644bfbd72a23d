# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The document inside a backup file: versioned JSON, described in docs/backup.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .._aws.secret_archive import SavedSecret, SavedVersion
from .._codes import Code
from .._errors import RotationError
from .._stamp import stamp

FORMAT = "dbops.rotation backup"
VERSION = 1


@dataclass(frozen=True)
class Entry:
    """One client's secret, and when it was read."""

    saved_at: datetime
    secret: SavedSecret


def dump(entries: Mapping[str, Entry], now: datetime) -> str:
    """Write the document."""
    clients = {client: _entry_document(entry) for client, entry in sorted(entries.items())}
    return json.dumps({"format": FORMAT, "version": VERSION, "written_at": stamp(now), "clients": clients}, indent=1)


def load(text: str) -> dict[str, Entry]:
    """Read a document; raises RotationError (backup_format) where it is no backup that this release can read."""
    document = _document(text)
    try:
        return {client: _entry(entry) for client, entry in document["clients"].items()}
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _unfit("lacks parts that every backup has") from None


def dump_entry(entry: Entry) -> str:
    """Write one client's part, to be handed to where it is restored from."""
    return json.dumps(_entry_document(entry))


def load_entry(text: str) -> Entry:
    """Read one client's part."""
    try:
        return _entry(json.loads(text))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _unfit("lacks parts that every backup has") from None


def _document(text: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _unfit("is no backup of this collection")
    if document.get("version") != VERSION:
        raise _unfit(f"has another version than {VERSION}, the one that this release reads")
    return document


def _entry_document(entry: Entry) -> dict[str, Any]:
    secret = entry.secret
    return {
        "saved_at": stamp(entry.saved_at),
        "name": secret.name,
        "arn": secret.arn,
        "description": secret.description,
        "kms_key_id": secret.kms_key_id,
        "tags": dict(secret.tags),
        "versions": [
            {
                "version_id": version.version_id,
                "stages": list(version.stages),
                "created": stamp(version.created),
                "secret_string": version.text,
            }
            for version in secret.versions
        ],
    }


def _entry(document: Mapping[str, Any]) -> Entry:
    versions = tuple(
        SavedVersion(
            version_id=str(version["version_id"]),
            stages=tuple(map(str, version["stages"])),
            created=_moment(version["created"]),
            text=str(version["secret_string"]),
        )
        for version in document["versions"]
    )
    names = ("name", "arn", "description")
    texts = {name: str(document[name]) for name in names}
    key = document["kms_key_id"]
    secret = SavedSecret(**texts, kms_key_id=key and str(key), tags=dict(document["tags"]), versions=versions)
    return Entry(_moment(document["saved_at"]), secret)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _unfit(what: str) -> RotationError:
    return RotationError(
        f"What is in the backup file {what}.",
        code=Code.BACKUP_FORMAT,
        next_step="Name the right file in {option|backup.path}, or use the release of this collection that wrote it.",
    )
