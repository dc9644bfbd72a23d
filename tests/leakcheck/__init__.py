# SPDX-License-Identifier: GPL-3.0-or-later
"""The leak check: every playbook, loud and in trouble, and the search for its passwords in all that it touches."""
