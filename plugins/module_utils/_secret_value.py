# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON document inside a secret, in AWS's own form for database credentials.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError

ENGINES = ("mysql", "mariadb")
REQUIRED_KEYS = ("engine", "host", "username", "password")
DEFAULT_PORT = 3306


@dataclass(frozen=True)
class Login:
    """Where and as whom to log in."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)

    def with_password(self, password: str) -> Login:
        """Give the same place and account with another password."""
        return Login(self.host, self.port, self.user, password)


@dataclass(frozen=True)
class SecretValue:
    """A checked document; keys that are not ours are kept as found."""

    document: Mapping[str, Any] = field(repr=False)

    @property
    def login(self) -> Login:
        """Give the login the document describes."""
        doc = self.document
        return Login(doc["host"], int(doc.get("port", DEFAULT_PORT)), doc["username"], doc["password"])

    @property
    def password(self) -> str:
        """Give the password, which must never leave the process other than to its two destinations."""
        return str(self.document["password"])

    def with_password(self, password: str) -> SecretValue:
        """Give the same document with another password."""
        return SecretValue({**self.document, "password": password})

    def same_other_keys(self, other: SecretValue) -> bool:
        """Tell whether the documents agree in everything but the password."""
        return self.with_password("").document == other.with_password("").document

    def dump(self) -> str:
        """Give the JSON text that is stored."""
        return json.dumps(self.document)


def parse_secret(text: str | None, name: str = "") -> SecretValue:
    """Check the text of a secret; ``name`` is the secret's, for messages.

    Raises RotationError (codes secret_not_json, secret_incomplete, secret_engine) that names the fault, not the text.
    """
    subject = f"The secret {name!r}" if name else "The secret"
    document = _load(text, subject)
    missing = [key for key in REQUIRED_KEYS if not isinstance(document.get(key), str) or not document[key].strip()]
    if missing:
        raise _fault("secret_incomplete", f"{subject} lacks a value for {_join(missing)}")
    if document["engine"] not in ENGINES:
        engine = document["engine"][:40]
        raise _fault("secret_engine", f"{subject} is for engine {engine!r}, not mysql or mariadb")
    if not _is_port(document.get("port", DEFAULT_PORT)):
        raise _fault("secret_incomplete", f"{subject} has a port that is not a number from 1 to 65535")
    return SecretValue(document)


def _load(text: str | None, subject: str) -> dict[str, Any]:
    try:
        document = json.loads(text or "")
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise _fault("secret_not_json", f"{subject} is not a JSON object")
    return document


def _is_port(value: object) -> bool:
    return bool(isinstance(value, int | str) and re.fullmatch("[0-9]{1,5}", str(value)) and 0 < int(value) < 65536)


def _join(names: list[str]) -> str:
    quoted = [repr(name) for name in names]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if quoted[1:] else quoted)


def _fault(code: str, what: str) -> RotationError:
    return RotationError(
        f"{what}.",
        code=code,
        next_step=(
            "Store a JSON object with engine, host, port, username and password in it"
            " (the form of AWS's own database secrets), or onboard the client anew."
        ),
    )
