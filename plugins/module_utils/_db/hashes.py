# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The password hashes that MySQL and MariaDB store, made and compared offline.

Comparing costs no login, so it moves no failed-login counter. The formats are measured on MySQL 9.7.4 and
MariaDB 10.11 and 11.8: caching_sha2_password is SHA-crypt-256 with a 20-byte salt behind ``$A$<hex rounds / 1000>$``,
sha256_password the same behind ``$5$`` with 5000 rounds, mysql_native_password ``*`` and a double SHA-1.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import cycle, islice

from .._codes import Code
from .._errors import RotationError
from .._libraries import nacl_bindings

CACHING_SHA2, SHA256, NATIVE, ED25519 = "caching_sha2_password", "sha256_password", "mysql_native_password", "ed25519"
SALT_LENGTH = 20
SHA256_ROUNDS = 5000
PERIOD = 42
DEFAULT_ROUNDS = 5000

_ITOA64 = b"./" + (string.digits + string.ascii_uppercase + string.ascii_lowercase).encode()
_ORDER: tuple[tuple[int, int, int], ...] = (
    *((0, 10, 20), (21, 1, 11), (12, 22, 2), (3, 13, 23), (24, 4, 14)),
    *((15, 25, 5), (6, 16, 26), (27, 7, 17), (18, 28, 8), (9, 19, 29)),
)


@dataclass(frozen=True)
class StoredPassword:
    """One password method of an account row, as the server stores it."""

    plugin: str
    stored: bytes = field(repr=False)

    def matches(self, password: str) -> bool:
        """Return True if this is the hash of that password."""
        try:
            return MATCHERS[self.plugin](password.encode(), self.stored)
        except ValueError:  # not a hash at all, such as the "invalid" of accounts that nobody may open
            return False


def make_hash(plugin: str, password: str, rounds: int = DEFAULT_ROUNDS) -> bytes:
    """Hash a new password for a plugin; ``rounds`` counts for caching_sha2_password only."""
    encoded = password.encode()
    if plugin == NATIVE:
        return _native(encoded)
    if plugin == ED25519:
        return _ed25519(encoded)
    salt = "".join(secrets.choice(string.ascii_letters + string.digits) for _index in range(SALT_LENGTH)).encode()
    if plugin == SHA256:
        return b"$5$" + salt + b"$" + sha256_crypt(encoded, salt, SHA256_ROUNDS)
    return b"$A$%03X$" % (rounds // 1000) + salt + sha256_crypt(encoded, salt, rounds)


def sha256_crypt(password: bytes, salt: bytes, rounds: int) -> bytes:
    """Compute SHA-crypt with SHA-256 (https://www.akkadia.org/drepper/SHA-crypt.txt) for any salt length.

    ``rounds`` is even. What a round adds to the result of the one before is the same every 42 rounds.
    """
    digest_a = _mixed(password, salt)
    digest_p = _stretched(hashlib.sha256(password * len(password)).digest(), len(password))
    digest_s = _stretched(hashlib.sha256(salt * (16 + digest_a[0])).digest(), len(salt))
    added = [(digest_s if index % 3 else b"") + (digest_p if index % 7 else b"") for index in range(PERIOD)]
    pairs = [(added[index] + digest_p, digest_p + added[index + 1]) for index in range(0, PERIOD, 2)]
    result, sha256 = digest_a, hashlib.sha256
    for behind, before in islice(cycle(pairs), rounds // 2):
        result = sha256(before + sha256(result + behind).digest()).digest()
    return _encoded(result)


def _mixed(password: bytes, salt: bytes) -> bytes:
    digest_b = hashlib.sha256(password + salt + password).digest()
    text = password + salt + _stretched(digest_b, len(password))
    bits = len(password)
    while bits:
        text += digest_b if bits & 1 else password
        bits >>= 1
    return hashlib.sha256(text).digest()


def _stretched(digest: bytes, length: int) -> bytes:
    return (digest * (length // len(digest) + 1))[:length]


def _encoded(digest: bytes) -> bytes:
    out = bytearray()
    for high, middle, low in _ORDER:
        _append(out, digest[high] << 16 | digest[middle] << 8 | digest[low], 4)
    _append(out, digest[31] << 8 | digest[30], 3)
    return bytes(out)


def _append(out: bytearray, bits: int, characters: int) -> None:
    for _index in range(characters):
        out.append(_ITOA64[bits & 63])
        bits >>= 6


def _native(password: bytes) -> bytes:
    return b"*" + hashlib.sha1(hashlib.sha1(password).digest()).hexdigest().upper().encode()


def _ed25519(password: bytes) -> bytes:
    # MariaDB clamps SHA-512 of the password itself, so cryptography's seed-based keys cannot serve.
    if nacl_bindings is None:
        raise RotationError(
            "The account uses the ed25519 plugin, for which the Python library PyNaCl is needed.",
            code=Code.MISSING_PYNACL,
            next_step="Install PyNaCl for the Python that runs this task.",
        )
    public = nacl_bindings.crypto_scalarmult_ed25519_base(hashlib.sha512(password).digest()[:32])
    return base64.b64encode(public).rstrip(b"=")


def _matches_caching_sha2(password: bytes, stored: bytes) -> bool:
    salt, rounds = stored[7 : 7 + SALT_LENGTH], int(stored[3:6], 16) * 1000
    return hmac.compare_digest(sha256_crypt(password, salt, rounds), stored[7 + SALT_LENGTH : 70])


def _matches_sha256(password: bytes, stored: bytes) -> bool:
    salt, digest = stored[3:].split(b"$", 1)
    return hmac.compare_digest(sha256_crypt(password, salt, SHA256_ROUNDS), digest[:43])


def _matches_native(password: bytes, stored: bytes) -> bool:
    # Servers read the digits in any case, and MariaDB anything before them (measured).
    return hmac.compare_digest(_native(password)[1:], stored[1:].upper())


def _matches_ed25519(password: bytes, stored: bytes) -> bool:
    return hmac.compare_digest(_ed25519(password), stored)


MATCHERS: dict[str, Callable[[bytes, bytes], bool]] = {
    CACHING_SHA2: _matches_caching_sha2,
    SHA256: _matches_sha256,
    NATIVE: _matches_native,
    ED25519: _matches_ed25519,
}
