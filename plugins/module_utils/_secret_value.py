# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON document inside a secret, in AWS's own form for database credentials.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ._codes import Code
from ._errors import RotationError
from ._exact_json import BadDocument, Number, parse_object, spans, written

# As AWS's templates and RDS call the two; the server says which one it is.
ENGINES = ("mysql", "aurora-mysql", "aurora", "mariadb")
REQUIRED_KEYS = ("engine", "host", "username", "password")
DEFAULT_PORT = 3306
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
LONGEST_BYTES = 65536
FORM = (
    "Store a JSON object with engine, host, port, username and password in it (the form of AWS's own database secrets),"
    " or onboard the client anew."
)


@dataclass(frozen=True)
class Login:
    """Where and as whom to log in."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)

    def with_password(self, password: str) -> Login:
        """Return the same place and account with another password."""
        return Login(self.host, self.port, self.user, password)


@dataclass(frozen=True, eq=False)
class SecretValue:
    """A checked document; what is not the password stays as it was, to the byte where ``text`` is known."""

    document: Mapping[str, Any] = field(repr=False)
    text: str = field(default="", repr=False)

    def __eq__(self, other: object) -> bool:
        """Compare what is stored, to the byte."""
        return isinstance(other, SecretValue) and self.dump() == other.dump()

    __hash__ = None  # type: ignore[assignment]

    @property
    def login(self) -> Login:
        """Return the login the document describes."""
        doc = self.document
        return Login(doc["host"], int(str(doc.get("port", DEFAULT_PORT))), doc["username"], doc["password"])

    @property
    def password(self) -> str:
        """Return the password, which must never leave the process other than to its two destinations."""
        return str(self.document["password"])

    def with_password(self, password: str) -> SecretValue:
        """Return the same document with another password; raises RotationError (secret_too_long)."""
        document = {**self.document, "password": password}
        text = _with(self.text, password) if self.text else ""
        if len((text or written(document)).encode("utf-8", "surrogatepass")) > LONGEST_BYTES:
            raise _fault(
                Code.SECRET_TOO_LONG,
                f"The secret would be longer than the {LONGEST_BYTES} bytes that AWS takes",
                "Take out of the secret what is not needed in it, then run the same command again.",
            )
        return SecretValue(document, text)

    def same_other_keys(self, other: SecretValue) -> bool:
        """Return True if the documents agree in everything but the password, numbers as they are written."""
        return _others(self) == _others(other)

    def dump(self) -> str:
        """Return the JSON text that is stored."""
        return self.text or written(self.document)


def parse_secret(text: str | None, name: str = "") -> SecretValue:
    """Check the text of a secret; ``name`` is the secret's, for messages.

    Raises RotationError (codes secret_not_json, secret_incomplete, secret_password, secret_engine) that names the
    fault, not the text.
    """
    subject = f"The secret {name!r}" if name else "The secret"
    try:
        document = parse_object(text or "")
    except BadDocument as fault:
        raise _fault(Code.SECRET_NOT_JSON, f"{subject} {fault}", fault.remedy or FORM) from None
    _refuse_unquoted(document.get("password"), subject)
    missing = [key for key in REQUIRED_KEYS if not isinstance(document.get(key), str) or not document[key].strip()]
    if missing:
        raise _fault(Code.SECRET_INCOMPLETE, f"{subject} lacks a value for {_join(missing)}")
    if document["engine"].lower() not in ENGINES:
        engine = document["engine"][:40]
        raise _fault(Code.SECRET_ENGINE, f"{subject} is for engine {engine!r}, not mysql or mariadb")
    if not _is_port(document.get("port", DEFAULT_PORT)):
        raise _fault(Code.SECRET_INCOMPLETE, f"{subject} has a port that is not a number from 1 to 65535")
    refuse_line_end(document["password"], f"The password in {subject[0].lower()}{subject[1:]}")
    return SecretValue(document, text or "")


def refuse_line_end(password: str, subject: str) -> None:
    """Raise a RotationError where a line end came along with a password, which no server would take for it."""
    if password != password.strip("\r\n"):
        raise _fault(
            Code.SECRET_PASSWORD,
            f"{subject} begins or ends with a line end, which nobody types",
            "Store it without the line end, then run the same command again.",
        )


def refuse_other_type(value: object, option: str) -> None:
    """Raise a RotationError where YAML or JSON made something else of a password than the text of the user."""
    if not isinstance(value, str):
        raise _fault(
            Code.INVALID_OPTION,
            f"{option} is {_kind(value)} and no text, so how the password was written is not known any more",
            f"Quote it: {option}: '...'",
        )


def _refuse_unquoted(value: object, subject: str) -> None:
    if value is not None and not isinstance(value, str):
        raise _fault(
            Code.SECRET_PASSWORD,
            f"{subject} has a password that is {_kind(value)} and no text",
            'Quote it in the JSON of the secret ("password": "..."), then run the same command again.',
        )


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "a truth value (yes, no, on, off, true, false)"
    return "a number" if isinstance(value, int | float | Number) else "a list or a dictionary"


def _with(text: str, password: str) -> str:
    start, end = spans(text)["password"]
    return text[:start] + written(password) + text[end:]


def _others(value: SecretValue) -> dict[str, Any]:
    return {**parse_object(value.dump()), "password": ""}


def _is_port(value: object) -> bool:
    plain = isinstance(value, int | str | Number) and re.fullmatch("[0-9]{1,5}", str(value))
    return bool(plain and 0 < int(str(value)) < 65536)


def _join(names: list[str]) -> str:
    words = [repr(name) for name in names]
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def _fault(code: str, what: str, next_step: str = FORM) -> RotationError:
    return RotationError(f"{what}.", code=code, next_step=next_step)
