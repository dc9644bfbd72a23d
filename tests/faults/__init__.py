# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix: every AWS request and database round trip of a rotation, times all that can go wrong there."""
