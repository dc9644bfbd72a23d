# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that die at any of the engine's steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from managed import ManagedClient

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import SecretStore
from ansible_collections.dbops.rotation.plugins.module_utils._db import mariadb
from ansible_collections.dbops.rotation.plugins.module_utils._rotation import protocol
from ansible_collections.dbops.rotation.plugins.module_utils._steps import discard, introduce


@dataclass(frozen=True)
class Death:
    """The moment at which a run ends as by Ctrl-C: before or after one of the engine's own steps."""

    owner: Any
    function: str
    after: bool = False

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} {self.function.strip('_')}"

    def interrupt(self, client: ManagedClient, **options: Any) -> None:
        """Rotate until this moment."""
        real = getattr(self.owner, self.function)

        def dying(*arguments: Any, **named: Any) -> None:
            if self.after:
                real(*arguments, **named)
            raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self.owner, self.function, dying)
            with pytest.raises(KeyboardInterrupt):
                client.run(**options)


AFTER_PUT = Death(SecretStore, "put_pending", after=True)
AFTER_FIRST_ROW = Death(mariadb, "_alter", after=True)
AFTER_APPLY = Death(introduce, "apply", after=True)
AFTER_PROMOTE = Death(SecretStore, "promote", after=True)
AFTER_DISCARD = Death(discard, "_discard", after=True)
DEATHS = (
    Death(SecretStore, "put_pending"),
    AFTER_PUT,
    Death(introduce, "apply"),
    AFTER_FIRST_ROW,
    AFTER_APPLY,
    Death(protocol, "verify", after=True),
    Death(SecretStore, "promote"),
    AFTER_PROMOTE,
    Death(discard, "_discard"),
    AFTER_DISCARD,
    Death(SecretStore, "tag"),
    Death(SecretStore, "tag", after=True),
)
