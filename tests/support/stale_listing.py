# SPDX-License-Identifier: GPL-3.0-or-later
"""A listing of Secrets Manager that is behind, as that of AWS may be for five minutes; other reads are up to date."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import SecretStore


class StaleListing:
    """Lets the listings of this process leave out the secrets that are ``hidden``, until ``until`` has been called."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.hidden: set[str] = set()
        self.until = ""
        real = SecretStore._send

        def send(store: SecretStore, operation: str, doing: str, arguments: Mapping[str, Any]) -> Any:
            answer = real(store, operation, doing, arguments)
            if operation == self.until:
                self.hidden.clear()
            return self._behind(answer) if operation == "list_secrets" else answer

        patch.setattr(SecretStore, "_send", send)

    def _behind(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "SecretList": [one for one in answer["SecretList"] if one["Name"] not in self.hidden]}
