# SPDX-License-Identifier: GPL-3.0-or-later
"""The metadata service of an instance with a role, which counts who asks and may drop the first requests."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

from http_service import HttpService, QuietHandler

ROLES = "/latest/meta-data/iam/security-credentials/"


class MetadataService(HttpService):
    """Answers as 169.254.169.254 does (IMDSv2); ``seen`` counts the requests by path."""

    def __init__(self, dropped: int = 0) -> None:
        """Return how many of the first requests get no answer."""
        self.seen: Counter[str] = Counter()
        self.dropped = dropped
        super().__init__(_handler(self))

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of a process on the instance."""
        return {
            "AWS_EC2_METADATA_DISABLED": "false",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"{self.endpoint_url}/",
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
    """Return what the metadata service says of a role, which is nearly what a credential_process does."""
    return {
        "Code": "Success",
        "Type": "AWS-HMAC",
        "AccessKeyId": "testing",
        "SecretAccessKey": "testing",
        "Token": "testing",
        "Expiration": (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _handler(service: MetadataService) -> type[QuietHandler]:
    class Handler(QuietHandler):
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

    return Handler
