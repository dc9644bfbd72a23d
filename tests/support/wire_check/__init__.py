# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks every request to AWS that a process of the tests makes against what AWS takes, for emulators take almost all.

`start/` is on PYTHONPATH, so that Python itself brings the check, by `hook`, into every process that loads the SDK;
`model` knows the SDK's description of each service and `rules` what is only written in the documentation; what is wrong
goes to a file, see `findings`, which `plugin` (for pytest) or `checked.py` (for any command) reads.
"""
