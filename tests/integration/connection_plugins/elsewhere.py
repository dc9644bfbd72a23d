# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection that runs on this machine but does not say so, in place of a jump host."""

from __future__ import annotations

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
