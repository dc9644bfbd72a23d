# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cycle AWSCURRENT is in, whether or not the tags have caught up with it."""

from __future__ import annotations

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import SecretDescription
from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.tags import Cycle, read_cycle, shortened, started
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.run import Run


def cycle_of(run: Run, secret: SecretDescription) -> Cycle:
    """Give the cycle of the tags, or, where a run was cut off before it wrote them, the one it had begun.

    A new version with the same password (somebody edited another key) begins no cycle, nor does a password that
    somebody had set by hand.
    """
    cycle = read_cycle(secret.tags, run.current.created)
    recorded = secret.tags.get(tags.VERSION)
    if recorded in (None, run.current.version_id) or run.adopted == run.current.version_id:
        return cycle
    if secret.tags.get(tags.ROLLBACK) == run.current.version_id:
        return shortened(cycle, run.current.created)
    before = run.readable(recorded)
    if before and before.value.password == run.current.value.password:
        return cycle
    return started(run.current.created, cycle.days)
