# SPDX-License-Identifier: GPL-3.0-or-later
"""The runbook, rehearsed: trouble on real servers, the commands of the page as they stand there, and the end of it."""
