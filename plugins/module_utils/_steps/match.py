# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which versions of the secret hold the passwords on the server: compared offline, so that no login is spent on it."""

from __future__ import annotations

from collections.abc import Iterator

from .._aws.secret_store import PENDING, PREVIOUS, SecretDescription, SecretVersion
from .._context.context import RotationContext
from .._db.hashes import StoredPassword

OTHERS_MOST = 20


def find_versions_by_hash(
    context: RotationContext, secret: SecretDescription, stored: set[StoredPassword]
) -> dict[StoredPassword, frozenset[str]]:
    """Find the versions whose password each stored hash is, reading no more versions than needed."""
    versions_by_hash: dict[StoredPassword, set[str]] = {password: set() for password in stored}
    for version in _candidates(context, secret, versions_by_hash):
        for password, ids in versions_by_hash.items():
            if context.versions.matches(password, version):
                ids.add(version.version_id)
    return {password: frozenset(ids) for password, ids in versions_by_hash.items()}


def _candidates(
    context: RotationContext, secret: SecretDescription, versions_by_hash: dict[StoredPassword, set[str]]
) -> Iterator[SecretVersion]:
    yield context.current
    compared_ids = {context.current.version_id}
    for stage in (PENDING, PREVIOUS):
        version_id = secret.holder(stage)
        needed = stage == PENDING or not all(versions_by_hash.values())
        if version_id and version_id not in compared_ids and needed:
            compared_ids.add(version_id)
            yield from _readable(context, version_id)
    if all(versions_by_hash.values()):
        return
    others = [version_id for version_id in context.store.version_ids() if version_id not in compared_ids]
    for version_id in others[:OTHERS_MOST]:
        if not all(versions_by_hash.values()):
            yield from _readable(context, version_id)


def _readable(context: RotationContext, version_id: str) -> Iterator[SecretVersion]:
    version = context.versions.read_if_possible(version_id)
    if version:
        yield version
