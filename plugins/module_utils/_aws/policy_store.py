# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resource policy of one secret; its value is never touched."""

from __future__ import annotations

import json
from typing import Any

from .._codes import Code
from .._errors import RotationError
from .secret_store import SecretStore

# Of PutResourcePolicy's ResourcePolicy, in AWS's API reference.
LARGEST_RESOURCE_POLICY = 20480


class PolicyStore(SecretStore):
    """A secret whose resource policy can be read and written."""

    def policy(self) -> dict[str, Any] | None:
        """Read the policy; None where there is none."""
        answer = self._call("get_resource_policy", f"read the policy of {self.secret_id!r}")
        return json.loads(answer["ResourcePolicy"]) if answer.get("ResourcePolicy") else None

    def put_policy(self, policy: dict[str, Any]) -> None:
        """Write the policy, unless it would open the secret to everybody.

        Raises RotationError where it is longer than AWS takes.
        """
        text = json.dumps(policy)
        if len(text) > LARGEST_RESOURCE_POLICY:
            raise RotationError(
                f"The resource policy would have {len(text)} characters, and AWS takes {LARGEST_RESOURCE_POLICY}.",
                code=Code.POLICY_TOO_LARGE,
                next_step="Name fewer readers and rotators: a role that several assume instead of each of them.",
            )
        self._call(
            "put_resource_policy",
            f"write the policy of {self.secret_id!r}",
            ResourcePolicy=text,
            BlockPublicPolicy=True,
        )

    def drop_policy(self) -> None:
        """Take the policy away."""
        self._call("delete_resource_policy", f"take the policy of {self.secret_id!r} away")
