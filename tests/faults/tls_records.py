# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of TLS as is needed to count round trips: the heads of its records."""

from __future__ import annotations

CHANGE_CIPHER, HANDSHAKE, APPLICATION_DATA = 20, 22, 23
HEAD = 5


def records(data: bytes) -> list[tuple[int, int]]:
    """Type and length of each record that begins in these bytes."""
    found, position = [], 0
    while position + HEAD <= len(data):
        length = int.from_bytes(data[position + 3 : position + HEAD], "big")
        found.append((data[position], length))
        position += HEAD + length
    return found


def is_whole(flight: bytes, heard: bytes) -> bool:
    """Whether a client waits for the server after these bytes, given what the server said before them.

    In TLS 1.3 a client ends the handshake and logs in without waiting, while the server sends session tickets whenever
    it comes to it. Only with the login the flight is whole; it follows the record that ends the handshake, which is as
    long as the server's.
    """
    sent, said = records(flight), records(heard)
    if not said or said[-1][0] != APPLICATION_DATA or HANDSHAKE in dict(sent):
        # No TLS yet, another greeting of the client, or TLS 1.2.
        return bool(flight) and set(dict(sent)) != {CHANGE_CIPHER}
    return said[-1] in sent[:-1]
