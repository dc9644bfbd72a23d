# SPDX-License-Identifier: GPL-3.0-or-later
"""Known secrets, and the search for them in whatever form they were written down."""

from __future__ import annotations

import base64
import html
import json
import secrets
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import quoteattr

from pymysql.converters import escape_string

PASSWORD, HASH, ROLLBACK_HASH = "password", "hash", "hash of a rollback"
# Every run of this length at the beginning of a form is indexed, so no form may be shorter than two of them.
WINDOW = 8
SHORTEST = 2 * WINDOW - 1
# A password of so many characters is long enough in every form, base64 being the one that loses most at its ends.
MINIMUM = 17
# What each of the forms below writes in another way.
SPECIAL = "é\"\\'&< %+/"


@dataclass(frozen=True)
class Canary:
    """A secret that must be nowhere."""

    text: str
    kind: str = PASSWORD


@dataclass(frozen=True)
class Hit:
    """A form of a secret that was found."""

    canary: Canary
    form: str


def new_canary() -> str:
    """A password that every form writes in another way."""
    return f"Canary1{SPECIAL}{secrets.token_hex(10)}"


def forms(text: str) -> Iterator[tuple[str, bytes]]:
    """Every way in which a secret may be written down, with its name."""
    plain = text.encode()
    yield "plain", plain
    yield "lower case", text.lower().encode()
    yield "latin-1", text.encode("latin-1", "replace")
    for order in ("le", "be"):
        yield f"utf-16-{order}", text.encode(f"utf-16-{order}")
    for name, known in (("hex", plain.hex()), ("HEX", plain.hex().upper())):
        yield name, known.encode()
    yield from _in_base64(plain)
    yield from _escaped(text)


def _in_base64(plain: bytes) -> Iterator[tuple[str, bytes]]:
    """What is the same in base64 whatever stands before and behind, for the three ways to begin."""
    for shift in range(3):
        encoded = base64.b64encode(bytes(shift) + plain)
        inner = encoded[(0, 2, 3)[shift] : len(encoded) - (4 if encoded.endswith(b"=") else 0)]
        yield f"base64 from {shift}", inner
        yield f"base64url from {shift}", inner.translate(bytes.maketrans(b"+/", b"-_"))


def _escaped(text: str) -> Iterator[tuple[str, bytes]]:
    """As languages write it between quotes, and once more where one text is in another."""
    written = {
        "JSON": json.dumps(text)[1:-1],
        "JSON in JSON": json.dumps(json.dumps(text)[1:-1])[1:-1],
        "JSON, not ASCII": json.dumps(text, ensure_ascii=False)[1:-1],
        "repr": repr(text)[1:-1],
        "repr in repr": repr(repr(text)[1:-1])[1:-1],
        "ascii": ascii(text)[1:-1],
        "repr of bytes": repr(text.encode())[2:-1],
        "URL": quote(text, safe=""),
        "URL with slashes": quote(text),
        "form": quote_plus(text),
        "HTML": html.escape(text),
        "XML text": html.escape(text, quote=False),
        "XML attribute": quoteattr(text)[1:-1],
        "shell": shlex.quote(text),
        "SQL": escape_string(text),
        "YAML": text.replace("'", "''"),
    }
    return ((name, one.encode()) for name, one in written.items())


class Search:
    """Looks for many secrets at once: one look at every eighth byte, however many there are."""

    def __init__(self, canaries: Iterable[Canary]) -> None:
        """Index what every form begins with."""
        self._index: dict[bytes, list[tuple[bytes, Hit]]] = {}
        for canary in set(canaries):
            for form, written in forms(canary.text):
                assert len(written) >= SHORTEST, f"too short to be looked for: {form}"
                for at in range(WINDOW):
                    entry = (written, Hit(canary, form))
                    self._index.setdefault(written[at : at + WINDOW], []).append(entry)

    def hits(self, data: bytes) -> set[Hit]:
        """Return what is in there."""
        windows = {data[at : at + WINDOW] for at in range(0, len(data), WINDOW)}
        likely = {entry for window in windows & self._index.keys() for entry in self._index[window]}
        return {hit for written, hit in likely if written in data}


def hits(data: bytes, passwords: Iterable[str]) -> set[Hit]:
    """Return which passwords are in there; short ones, whose forms may be there by chance, as they are."""
    known = set(passwords)
    short = {text for text in known if len(text) < MINIMUM}
    plainly = {Hit(Canary(text), "plain") for text in short if text.encode() in data}
    return plainly | Search(map(Canary, known - short)).hits(data)
