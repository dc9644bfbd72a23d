# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The replica regions of a secret, as in the last answer of Secrets Manager."""

from __future__ import annotations

from dataclasses import dataclass

from .._aws.replica import Replica


@dataclass
class Regions:
    """The replicas, and how many seconds a run may still wait for them."""

    patience: float
    replicas: tuple[Replica, ...] = ()
