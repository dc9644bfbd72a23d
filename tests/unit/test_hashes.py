# SPDX-License-Identifier: GPL-3.0-or-later
"""The hash formats, against values that others made: the SHA-crypt specification, MySQL's and MariaDB's manuals."""

from __future__ import annotations

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._db import hashes
from ansible_collections.dbops.rotation.plugins.module_utils._db.hashes import (
    CACHING_SHA2,
    ED25519,
    NATIVE,
    SHA256,
    StoredPassword,
    make_hash,
    sha256_crypt,
)
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError

PASSWORD = "Paß-word_1"


@pytest.mark.parametrize(
    ("password", "salt", "rounds", "expected"),
    [
        ("Hello world!", "saltstring", 5000, "5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"),
        ("Hello world!", "saltstringsaltst", 10000, "3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA"),
        ("This is just a test", "toolongsaltstrin", 5000, "Un/5jzAHMgOGZ5.mWJpuVolil07guHPvOW8mGRcvxa5"),
        ("x" * 100, "abc", 5000, "sWSqUH/k7TEPzX.dcr0pxMx49ncHuz9sHn6JV.4bdM0"),  # longer than one digest
    ],
)
def test_sha_crypt_is_that_of_its_specification(password: str, salt: str, rounds: int, expected: str) -> None:
    assert sha256_crypt(password.encode(), salt.encode(), rounds) == expected.encode()


def test_native_is_that_of_the_manual() -> None:
    assert make_hash(NATIVE, "mypass") == b"*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4"


def test_ed25519_is_that_of_the_manual() -> None:
    pytest.importorskip("nacl.bindings")
    assert make_hash(ED25519, "secret") == b"ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY"


@pytest.mark.parametrize("plugin", [CACHING_SHA2, SHA256, NATIVE, ED25519])
def test_a_hash_matches_its_password_alone(plugin: str) -> None:
    if plugin == ED25519:
        pytest.importorskip("nacl.bindings")
    stored = StoredPassword(plugin, make_hash(plugin, PASSWORD))
    assert stored.matches(PASSWORD)
    assert not stored.matches(PASSWORD + "x")
    assert not stored.matches("")


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param(b"*6c8989366eaf75bb670ad8ea7a7fc1176a95cef4", id="lower case"),
        pytest.param(b"*6C8989366eAF75BB670AD8EA7A7FC1176A95cef4", id="mixed case"),
        pytest.param(b"X6c8989366eaf75bb670ad8ea7a7fc1176a95cef4", id="another sign, as MariaDB lets in"),
    ],
)
def test_a_native_hash_is_recognised_however_its_digits_are_written(stored: bytes) -> None:
    assert StoredPassword(NATIVE, stored).matches("mypass")
    assert not StoredPassword(NATIVE, stored[:-1] + b"5").matches("mypass")


def test_the_rounds_of_caching_sha2_are_read_in_either_case() -> None:
    stored = make_hash(CACHING_SHA2, PASSWORD, 10_000)
    assert StoredPassword(CACHING_SHA2, stored.replace(b"$A$00A$", b"$A$00a$")).matches(PASSWORD)


@pytest.mark.parametrize(("plugin", "salted"), [(CACHING_SHA2, True), (SHA256, True), (NATIVE, False)])
def test_salts_are_drawn_anew(plugin: str, salted: bool) -> None:
    assert (make_hash(plugin, PASSWORD) != make_hash(plugin, PASSWORD)) is salted


@pytest.mark.parametrize(("rounds", "prefix"), [(5000, b"$A$005$"), (10_000, b"$A$00A$"), (30_000, b"$A$01E$")])
def test_rounds_are_written_and_read_in_thousands(rounds: int, prefix: bytes) -> None:
    stored = make_hash(CACHING_SHA2, PASSWORD, rounds)
    assert stored.startswith(prefix) and len(stored) == 70
    assert StoredPassword(CACHING_SHA2, stored).matches(PASSWORD)


@pytest.mark.parametrize(
    ("plugin", "stored"),
    [
        pytest.param(CACHING_SHA2, b"invalid", id="invalid"),
        pytest.param(CACHING_SHA2, b"", id="empty"),
        pytest.param(CACHING_SHA2, b"$A$005$short", id="cut off"),
        pytest.param(SHA256, b"no dollars here", id="no salt"),
        pytest.param(NATIVE, b"*THISISNOTAVALIDPASSWORDTHATCANBEUSEDHERE", id="not valid"),
        pytest.param(NATIVE, b"\xff\xfe", id="not text"),
    ],
)
def test_what_is_no_hash_matches_nothing(plugin: str, stored: bytes) -> None:
    assert not StoredPassword(plugin, stored).matches(PASSWORD)
    assert not StoredPassword(plugin, stored).matches("")


def test_no_hash_is_in_a_repr() -> None:
    stored = StoredPassword(NATIVE, make_hash(NATIVE, PASSWORD))
    assert stored.stored.decode() not in repr(stored)


def test_ed25519_without_its_library_is_one_clear_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashes, "nacl_bindings", None)
    with pytest.raises(RotationError, match="PyNaCl") as caught:
        make_hash(ED25519, PASSWORD)
    assert caught.value.code == "missing_pynacl"
