# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a session of botocore gets its credentials: from the pool of all workers, or as botocore would by itself."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from .._codes import Code
from .._errors import RotationError
from .._libraries import botocore
from .credential_pool import CredentialPool, TemporaryCredentials
from .errors import translated

# Made here, so before the forks.
POOL = CredentialPool()
# What lies in the environment or a file is read by everybody, as it costs nothing and may be changed at any time.
STATIC = ("env", "shared-credentials-file", "config-file", "explicit", "boto-config")


class PooledCredentials:
    """What botocore calls a credential resolver; it goes to the pool before the one that it stands for.

    ``lasting`` tells whether all that were given out may be kept for another task: they renew themselves, or are those
    of this process's environment.
    """

    lasting = True

    def __init__(self, load: Callable[[], Any], key: Mapping[str, Any]) -> None:
        """Take the function that loads credentials of botocore, or None, and all that decides which they are."""
        surroundings = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        self._key = json.dumps([dict(key), surroundings], sort_keys=True)
        self._load = load
        self._loaded: Any = None

    def load_credentials(self) -> Any:
        """Return the credentials, which renew themselves by the pool; None where there are none."""
        found = self._found()
        if getattr(found, "method", "") != "env" and not isinstance(found, botocore.credentials.RefreshableCredentials):
            PooledCredentials.lasting = False
        return found

    def _found(self) -> Any:
        credentials = POOL.obtain(self._key, self._fetch)
        if credentials is None:
            return self._loaded
        if credentials.expires is None:
            return botocore.credentials.Credentials(
                credentials.access_key, credentials.secret_key, credentials.token, credentials.method
            )
        return botocore.credentials.RefreshableCredentials.create_from_metadata(
            metadata=_metadata(credentials), refresh_using=self._renew, method=credentials.method
        )

    def _fetch(self) -> TemporaryCredentials | None:
        """Have botocore get them; None where they are not to be shared."""
        with translated("get the AWS credentials of this run", "sts"):
            self._loaded = self._load()
            return _temporary(self._loaded)

    def _renew(self) -> dict[str, Any]:
        credentials = POOL.obtain(self._key, self._fetch)
        if credentials is None:
            raise botocore.exceptions.CredentialRetrievalError(provider="pool", error_msg="none were given")
        return _metadata(credentials)


def refuse_prompt(resolver: Any) -> None:
    """Let a resolver of botocore ask nobody for an MFA code: what would ask is a worker, and there are many of them."""
    # No public name takes another way to ask.
    resolver.get_provider("assume-role")._prompter = _no_terminal


def _no_terminal(_question: str) -> str:
    raise RotationError(
        "Could not get the AWS credentials of this run: the profile asks for an MFA code, and a run has no terminal to"
        " type it at.",
        code=Code.AWS_UNREACHABLE,
        next_step="Get a session before: aws sts get-session-token --serial-number ARN_OF_THE_DEVICE --token-code CODE;"
        " put its keys into AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, name no profile with an"
        " mfa_serial, and run the same command again.",
    )


def _temporary(credentials: Any) -> TemporaryCredentials | None:
    if credentials is None or credentials.method in STATIC:
        return None
    keys = credentials.get_frozen_credentials()
    expires = None
    if isinstance(credentials, botocore.credentials.RefreshableCredentials):
        # No public name has it; without it they are not shared.
        moment = getattr(credentials, "_expiry_time", None)
        if moment is None:
            return None
        expires = moment.timestamp()
    return TemporaryCredentials(keys.access_key, keys.secret_key, keys.token, credentials.method, expires)


def _metadata(credentials: TemporaryCredentials) -> dict[str, Any]:
    return {
        "access_key": credentials.access_key,
        "secret_key": credentials.secret_key,
        "token": credentials.token,
        "expiry_time": datetime.fromtimestamp(credentials.expires or 0.0, UTC).isoformat(),
    }
