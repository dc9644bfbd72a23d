# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asks, as AWS names them."""

from __future__ import annotations


def principal(arn: str) -> str:
    """Return whom a policy has to name: of the session of an assumed role the role, of anybody else the same."""
    if ":assumed-role/" not in arn:
        return arn
    head, _kind, rest = arn.partition(":assumed-role/")
    return f"{head.replace(':sts:', ':iam:')}:role/{rest.partition('/')[0]}"
