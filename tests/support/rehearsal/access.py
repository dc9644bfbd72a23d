# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller that has no access to AWS, or not to its own files."""

from __future__ import annotations

from rehearsal.acme import Acme

KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
VARIABLES = ("rotation_access_key", "rotation_secret_key")


def without_keys(acme: Acme) -> None:
    acme.set(**dict.fromkeys(VARIABLES))
    acme.environment |= dict.fromkeys(KEYS, "")


def with_keys(acme: Acme) -> None:
    for name in VARIABLES:
        del acme.given[name]
    for name in KEYS:
        del acme.environment[name]


def spool_is_no_folder(acme: Acme) -> None:
    """The trail of the runs is somewhere else."""
    file = acme.folder / "spool"
    file.write_text("")
    there = acme.folder / "trail"
    acme.environment["ROTATION_AUDIT_SPOOL"] = str(there)
    acme.follow("ansible-playbook playbooks/verify.yml -l client_acme")
    acme.environment["ROTATION_AUDIT_SPOOL"] = str(file)
    acme.places["FOLDER"] = str(there)
