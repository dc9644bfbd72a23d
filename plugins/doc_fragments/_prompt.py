# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a question at the terminal."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  prompt:
    description:
      - Ask for the password at the terminal if no other option gives it.
      - A job of AWX fails instead.
    type: bool
    default: false
  prompt_timeout:
    description:
      - Seconds to wait for an answer at the terminal.
    type: int
    default: 300
    version_added: 0.2.0
"""
