# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a fleet takes: by a playbook of stock collections and by ours, on the same machine in one run."""
