# SPDX-License-Identifier: GPL-3.0-or-later
"""Decisions, texts and documents, without a server."""
