# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every suite."""

from __future__ import annotations

pytest_plugins = ["wire_check.plugin"]
