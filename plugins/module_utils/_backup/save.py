# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep the secrets of many clients in one data file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .._aws.secret_archive import SecretArchive
from .._codes import Code
from .._errors import RotationError, unexpected
from .._stamp import stamp
from . import document
from .cipher import Cipher
from .document import Entry
from .file import locked, read_file, write_file

# BatchGetSecretValue would return AWSCURRENT only, so every version is a call of its own.
THREADS = 8
OLD_FILE = "The file is as it was."


@dataclass(frozen=True)
class Source:
    """A client of the inventory: the name that it has in the backup, and its secret."""

    client: str
    archive: SecretArchive


@dataclass
class Collected:
    """What was read, by client, and why some hosts of the inventory could not be read."""

    entries: dict[str, Entry] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def collect(sources: Mapping[str, Source], failures: Mapping[str, str]) -> Collected:
    """Read the secrets of all hosts; one that cannot be read does not keep the others away.

    ``failures`` are those of hosts whose options are no use.
    """
    collected = Collected(failures=dict(failures))
    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = {host: pool.submit(source.archive.save) for host, source in sources.items()}
    for host, outcome in outcomes.items():
        client = sources[host].client
        try:
            secret, warnings = outcome.result()
        except Exception as error:
            collected.failures[host] = failure_text(client, error)
            continue
        collected.entries[client] = Entry(datetime.now(UTC), secret)
        collected.warnings += [f"{client}: {text}" for text in warnings]
    return collected


def failure_text(client: str, error: Exception) -> str:
    """Return why a client is not in the backup."""
    failure = error if isinstance(error, RotationError) else unexpected(error)
    failure.locate(client=client, step="read", state="This client was not backed up.", next_step="")
    return str(failure)


def save(collected: Collected, path: Path, cipher: Cipher, *, check: bool, keep_other: bool = False) -> dict[str, Any]:
    """Write what was read; clients that are in the file already and were not read now stay in it as they are.

    Raises RotationError where there is nothing to write, the file that exists cannot be read or replaced, or it would
    lose another secret that has to be kept (``keep_other``).
    """
    if not collected.entries:
        raise RotationError(
            "No secret could be read. " + " ".join(collected.failures.values()), code=Code.BACKUP_EMPTY, state=OLD_FILE
        )
    path = path.resolve()
    with located(path), locked(path):
        before = _present(path, cipher)
        if keep_other:
            _refuse_to_lose(before, collected.entries)
        after = {**before, **collected.entries}
        text = document.dump(after, datetime.now(UTC))
        data = cipher.encrypt(text)
        if not check:
            write_file(path, data)
            _read_back(path, cipher, text)
    return _result(collected, before, path, check=check)


def _refuse_to_lose(before: Mapping[str, Entry], entries: Mapping[str, Entry]) -> None:
    """Raise a RotationError where a client's name stands for another secret in the file; a restored one is the same."""
    for client, entry in entries.items():
        old, new = before.get(client), entry.secret
        if old is None or old.secret.arn == new.arn or set(old.secret.holders().values()) & set(new.holders().values()):
            continue
        raise RotationError(
            f"The file has another secret for {client} ({old.secret.arn}, of {stamp(old.saved_at)}), which would be"
            " lost.",
            code=Code.BACKUP_FILE,
            next_step="Name another file, and run the same command again.",
        )


def _read_back(path: Path, cipher: Cipher, text: str) -> None:
    """Raise a RotationError unless the file gives back what was written: who calls may delete the secret next."""
    data = read_file(path)
    if data is None or cipher.decrypt(data, path) != text:
        raise RotationError(
            f"The backup file {path} does not hold what was written to it.",
            code=Code.BACKUP_FILE,
            state="The file cannot be relied on; secret and database were not changed.",
            next_step="See to the disk, or name another file in {option|backup.path}. Then run the same command again.",
        )


@contextmanager
def located(path: Path) -> Iterator[None]:
    """Say of which file an error speaks, and that it is as it was."""
    try:
        yield
    except RotationError as error:
        error.locate(client=path.name, step="write", state=OLD_FILE, next_step="")
        raise


def _present(path: Path, cipher: Cipher) -> dict[str, Entry]:
    data = read_file(path)
    return document.load(cipher.decrypt(data, path)) if data is not None else {}


def _result(collected: Collected, before: Mapping[str, Entry], path: Path, *, check: bool) -> dict[str, Any]:
    older = {client: stamp(entry.saved_at) for client, entry in before.items() if client not in collected.entries}
    count = len(collected.entries)
    parts = [f"{'would back up' if check else 'backed up'} {count} client{'s'[: count != 1]} to {path}"]
    if older:
        parts.append(
            f"kept as they were in it: {', '.join(f'{client} ({at})' for client, at in sorted(older.items()))}"
        )
    if collected.failures:
        parts.append(f"not read: {', '.join(sorted(collected.failures))}")
    return {
        "changed": True,
        "msg": "; ".join(parts),
        "path": str(path),
        "clients": {client: _summary(entry) for client, entry in sorted(collected.entries.items())},
        "kept": older,
        "failures": collected.failures,
        "warnings": collected.warnings,
        "diff": {"before": _stages(before), "after": _stages({**before, **collected.entries})},
    }


def _summary(entry: Entry) -> dict[str, Any]:
    secret = entry.secret
    return {"secret_id": secret.name, "region": secret.region, "versions": secret.holders()}


def _stages(entries: Mapping[str, Entry]) -> dict[str, Any]:
    return {client: entry.secret.holders() for client, entry in sorted(entries.items())}
