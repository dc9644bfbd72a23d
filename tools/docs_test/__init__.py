# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the command blocks of README.md and docs/*.md, page by page, in a copy of the checkout with a local world."""
