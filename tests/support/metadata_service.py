# SPDX-License-Identifier: GPL-3.0-or-later
"""The metadata service of an instance with a role, which counts who asks and may drop the first requests."""

from __future__ import annotations

import json
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROLES = "/latest/meta-data/iam/security-credentials/"


class MetadataService:
    """Answers as 169.254.169.254 does (IMDSv2); ``seen`` counts the requests by path."""

    def __init__(self, dropped: int = 0) -> None:
        """Say how many of the first requests get no answer."""
        self.seen: Counter[str] = Counter()
        self.dropped = dropped
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> MetadataService:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def environment(self) -> dict[str, str]:
        """Give the environment of a process on the instance."""
        return {
            "AWS_EC2_METADATA_DISABLED": "false",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://127.0.0.1:{self._server.server_port}/",
        }

    def answer(self, path: str) -> str | None:
        """Count a request and answer it; None where it is dropped."""
        self.seen[path] += 1
        if self.seen.total() <= self.dropped:
            return None
        if path == ROLES:
            return "dbops-rotation"
        if path.startswith(ROLES):
            return json.dumps(credentials())
        return "token"


def credentials(hours: float = 6) -> dict[str, str]:
    """Give what the metadata service says of a role, which is nearly what a credential_process does."""
    return {
        "Code": "Success",
        "Type": "AWS-HMAC",
        "AccessKeyId": "testing",
        "SecretAccessKey": "testing",
        "Token": "testing",
        "Expiration": (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _handler(service: MetadataService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = service.answer(self.path)
            if answer is None:
                self.close_connection = True
                return
            body = answer.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-aws-ec2-metadata-token-ttl-seconds", "21600")
            self.end_headers()
            self.wfile.write(body)

        do_PUT = do_GET

        def log_message(self, *_arguments: object) -> None:
            pass

    return Handler
