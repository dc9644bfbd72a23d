# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the connection to a database is protected."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .._codes import Code
from .._errors import RotationError
from .._files import signature

VERIFY_IDENTITY, VERIFY_CA, DISABLED = "verify_identity", "verify_ca", "disabled"
MODES = (VERIFY_IDENTITY, VERIFY_CA, DISABLED)
# Clients may have certificates of their own.
KEPT = 16


@dataclass(frozen=True)
class TlsOptions:
    """Transport options; ``server_name`` is the name looked for in the certificate instead of the secret's host."""

    mode: str = VERIFY_IDENTITY
    ca_file: str | None = None
    server_name: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    unix_socket: str | None = None

    @property
    def encrypted(self) -> bool:
        """Return True if TLS is spoken."""
        return self.mode != DISABLED and not self.unix_socket

    @property
    def proves_server(self) -> bool:
        """Return True if what the server says is certainly its own: over TLS or a local socket."""
        return self.encrypted or bool(self.unix_socket)

    def warnings(self) -> list[str]:
        """Return what is weaker than the default."""
        if self.unix_socket or self.mode == VERIFY_IDENTITY:
            return []
        if self.mode == VERIFY_CA:
            return ["TLS mode verify_ca: the certificate's issuer is checked, the server's name is not."]
        return ["TLS is disabled by option: whoever sits on the network path can read the new password."]


def ssl_context(options: TlsOptions) -> ssl.SSLContext:
    """Return the one context of these options and of what their files hold now (a new one costs 19 ms).

    Raises RotationError (tls_files) where a file is missing or not what it should be.
    """
    return _context(options, tuple(map(signature, (options.ca_file, options.client_cert, options.client_key))))


@lru_cache(KEPT)
def _context(options: TlsOptions, _files: tuple[Any, ...]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = options.mode == VERIFY_IDENTITY
    try:
        if options.ca_file:
            context.load_verify_locations(cafile=options.ca_file)
        else:
            context.load_default_certs()
        if options.client_cert:
            context.load_cert_chain(options.client_cert, options.client_key)
    except (OSError, ValueError) as error:
        raise _unreadable(options, error) from None
    return context


def _unreadable(options: TlsOptions, error: Exception) -> RotationError:
    files = ", ".join(name for name in (options.ca_file, options.client_cert, options.client_key) if name)
    return RotationError(
        f"The TLS files cannot be used ({files}): {type(error).__name__}.",
        code=Code.TLS_FILES,
        next_step="Check {option|tls_ca_file}, {option|tls_client_cert} and {option|tls_client_key}.",
    )
