# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection that runs on this machine but does not say so, in place of a jump host."""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path

from ansible.plugins.connection.local import Connection as LocalConnection

DOCUMENTATION = """
name: elsewhere
short_description: Runs commands here under another name
description: [For tests of what happens where the connection is not local.]
extends_documentation_fragment: [connection_pipelining]
"""


class Connection(LocalConnection):
    """The local connection under another name."""

    transport = "elsewhere"

    def put_file(self, in_path: str, out_path: str) -> None:
        """Copy a file, and keep a copy of what would have lain on the other host for a moment."""
        keep = os.environ.get("ELSEWHERE_KEEP")
        if keep:
            shutil.copy(in_path, Path(keep, f"sent-{uuid.uuid4()}"))
        super().put_file(in_path, out_path)
