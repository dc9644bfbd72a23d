# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP service of the tests, which answers from threads of this process while it is open."""

from __future__ import annotations

import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Show what went wrong, unless the client has left, as it does where it trusts no certificate."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class HttpService:
    """Serve on a free port of the loopback from ``with`` to its end, over TLS if a context is given."""

    def __init__(self, handler: type[BaseHTTPRequestHandler], context: ssl.SSLContext | None = None) -> None:
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        if context:
            # The thread of a request shakes hands, so that one which is broken off does not end the service.
            listening = self._server.socket
            self._server.socket = context.wrap_socket(listening, server_side=True, do_handshake_on_connect=False)
        self.endpoint_url = f"http{'s' if context else ''}://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class QuietHandler(BaseHTTPRequestHandler):
    """Write no line for each request."""

    def log_message(self, *_arguments: Any) -> None:
        pass
