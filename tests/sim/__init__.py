# SPDX-License-Identifier: GPL-3.0-or-later
"""Months and years of a fleet on a clock that is moved by hand: the real engine, an emulated AWS, servers in memory."""
