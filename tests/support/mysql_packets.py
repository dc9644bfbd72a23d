# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets of the MySQL protocol, as a server sends them."""

from __future__ import annotations

import struct

LARGEST = 2**24 - 1
COM_QUERY = 3
CAPABILITIES, CLIENT_SSL = 0x8A209 | 0x80000, 0x800
MORE_RESULTS = 0x8
END = b"\xfe\0\0\2\0"


def packet(number: int, body: bytes) -> bytes:
    return struct.pack("<I", len(body))[:3] + bytes([number % 256]) + body


def greeting(*, tls: bool = True, plugin: bytes = b"caching_sha2_password") -> bytes:
    flags = CAPABILITIES | (CLIENT_SSL if tls else 0)
    return (
        b"\n9.7.4\0"
        + struct.pack("<I", 1)
        + b"saltsalt\0"
        + struct.pack("<HBHHB", flags & 0xFFFF, 45, 2, flags >> 16, 21)
        + bytes(10)
        + b"saltsaltsalt\0"
        + plugin
        + b"\0"
    )


def failure(number: int, text: bytes = b"no") -> bytes:
    return b"\xff" + struct.pack("<H", number) + b"#28000" + text


def done(status: int = 2) -> bytes:
    return b"\0\0\0" + struct.pack("<HH", status, 0)


def column(name: bytes) -> bytes:
    texts = b"".join(bytes([len(text)]) + text for text in (b"def", b"", b"", b"", name, name))
    return texts + b"\x0c" + struct.pack("<HIBHB", 45, 255, 253, 0, 0) + bytes(2)


END = b"\xfe\0\0\2\0"
