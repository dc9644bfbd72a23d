# SPDX-License-Identifier: GPL-3.0-or-later
"""Secret and server that have parted: passwords changed by hand, labels moved, versions and secrets that are gone."""

from __future__ import annotations

import json

from by_hand import move, remove
from deaths import AFTER_PROMOTE, AFTER_PUT
from drift import BY_HAND, change_by_hand

from rehearsal.acme import Acme


def changed_by_hand(acme: Acme) -> None:
    change_by_hand(acme)
    acme.typed.append(BY_HAND)
    file = acme.folder / "checkout/client_acme.password"
    acme.terminal()
    file.write_text(f"{BY_HAND}\n")


def known_and_repaired(acme: Acme) -> None:
    current = acme.stored()["password"]
    change_by_hand(acme)
    acme.refused()
    change_by_hand(acme, current)


def repaired(acme: Acme) -> None:
    change_by_hand(acme, acme.stored()["password"])


def moved_back(acme: Acme) -> None:
    """The old password has ended."""
    move(acme, "AWSCURRENT", acme.stages()["AWSPREVIOUS"])


def moved_back_while_both_open(acme: Acme) -> None:
    AFTER_PROMOTE.interrupt(acme)
    moved_back(acme)


def an_old_version_is_current(acme: Acme) -> None:
    """Somebody took the label from the version that opens, while a run was at work."""
    acme.places["VERSION"] = acme.stages()["AWSCURRENT"]
    moved_back(acme)


def in_an_overlap(acme: Acme) -> None:
    acme.rotate(overlap=3600)


def never_rotated(acme: Acme) -> None:
    """Its secret was made anew with the password that the server has."""
    acme.password = acme.stored()["password"]
    remove(acme)
    acme.create_secret()


def not_managed(acme: Acme) -> None:
    """There is no secret yet."""
    password = acme.stored()["password"]
    remove(acme)
    acme.set(rotation_onboard_password=password)


def well(acme: Acme) -> None:
    """Nothing is wrong with it."""


def shared(acme: Acme) -> None:
    """The secret was made under its name of today, and the one of before is there still."""
    before = "clients/client_acme_of_before/mysql/root"
    acme.secrets.create_secret(Name=before, SecretString=json.dumps(acme.stored()), Tags=acme.told()["Tags"])
    acme.after.callback(acme.secrets.delete_secret, SecretId=before, ForceDeleteWithoutRecovery=True)
    acme.places["WORD"] = "clone"
    never_rotated(acme)


def stuck(acme: Acme) -> None:
    """A run has died after it stored a new password."""
    AFTER_PUT.interrupt(acme)


def under_another_name(acme: Acme) -> None:
    acme.set(rotation_secret_id="clients/client_amce/mysql/root")


def under_its_name(acme: Acme) -> None:
    del acme.given["rotation_secret_id"]


def scheduled_for_deletion(acme: Acme) -> None:
    acme.secrets.delete_secret(SecretId=acme.secret_id, RecoveryWindowInDays=7)


def of_another_server(acme: Acme) -> None:
    acme.secrets.tag_resource(SecretId=acme.secret_id, Tags=[{"Key": "rotation/server-id", "Value": "server:another"}])


def reads_the_servers_id(acme: Acme) -> None:
    acme.reads("ID", r"rotation_accept_server_id=([\w:.-]+)")


def due_in_ten_years(acme: Acme) -> None:
    acme.secrets.tag_resource(SecretId=acme.secret_id, Tags=[{"Key": "rotation/due", "Value": "2036-01-01T00:00:00Z"}])
