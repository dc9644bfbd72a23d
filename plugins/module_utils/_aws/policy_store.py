# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resource policy of one secret; its value is never touched."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import SecretStore


class PolicyStore(SecretStore):
    """A secret whose resource policy can be read and written."""

    def policy(self) -> dict[str, Any] | None:
        """Read the policy; None where there is none."""
        answer = self._call("get_resource_policy", f"read the policy of {self.secret_id!r}")
        return json.loads(answer["ResourcePolicy"]) if answer.get("ResourcePolicy") else None

    def put_policy(self, policy: dict[str, Any]) -> None:
        """Write the policy, unless it would open the secret to everybody."""
        self._call(
            "put_resource_policy",
            f"write the policy of {self.secret_id!r}",
            ResourcePolicy=json.dumps(policy),
            BlockPublicPolicy=True,
        )

    def drop_policy(self) -> None:
        """Take the policy away."""
        self._call("delete_resource_policy", f"take the policy of {self.secret_id!r} away")
