# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A dashboard of CloudWatch."""

from __future__ import annotations

import json
from typing import Any

from .resources import call, read

Body = dict[str, Any]


class Dashboard:
    """A dashboard by its name; only RotationError is raised."""

    def __init__(self, client: Any, name: str) -> None:
        """Take a boto3 client of CloudWatch."""
        self._client, self.name = client, name

    @property
    def title(self) -> str:
        """Return the words for messages."""
        return f"the dashboard {self.name}"

    def body(self) -> Body | None:
        """Read what it shows; None where there is no such dashboard."""
        answer = read(self._client, "get_dashboard", f"look at {self.title}", DashboardName=self.name)
        return json.loads(answer["DashboardBody"]) if answer else None

    def put(self, body: Body) -> None:
        """Make it, or have it show this."""
        text = json.dumps(body)
        call(self._client, "put_dashboard", f"write {self.title}", DashboardName=self.name, DashboardBody=text)

    def drop(self) -> None:
        """Delete it."""
        call(self._client, "delete_dashboards", f"delete {self.title}", DashboardNames=[self.name])
