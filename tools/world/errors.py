# SPDX-License-Identifier: GPL-3.0-or-later
"""The one exception that a person is shown."""

from __future__ import annotations


class WorldError(Exception):
    """The local world cannot do what was asked; the text is one sentence for the person at the keyboard."""
