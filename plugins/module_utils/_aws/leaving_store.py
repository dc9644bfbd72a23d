# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A secret whose client leaves: what surrounds it is taken away, and the secret itself is deleted with a way back."""

from __future__ import annotations

from collections.abc import Collection

from .._stamp import stamp
from .native_store import NativeStore
from .policy_store import PolicyStore
from .secret_archive import SecretArchive


class LeavingStore(PolicyStore, NativeStore, SecretArchive):
    """A secret with its policy, its own rotation, its replicas and its tags; none of the calls touches a value."""

    def untag(self, keys: Collection[str]) -> None:
        """Take these tags away; others are left alone."""
        self._call("untag_resource", f"take tags of {self.secret_id!r} away", TagKeys=sorted(keys))

    def drop_replicas(self, regions: Collection[str]) -> None:
        """Delete the copies in these regions; AWS deletes no secret that has any."""
        self._call(
            "remove_regions_from_replication",
            f"delete the replicas of {self.secret_id!r}",
            RemoveReplicaRegions=sorted(regions),
        )

    def delete_after(self, days: int) -> str:
        """Schedule the deletion; return until when it can be cancelled."""
        answer = self._call("delete_secret", f"delete the secret {self.secret_id!r}", RecoveryWindowInDays=days)
        return stamp(answer["DeletionDate"])
