# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ansible.cfg of the checkout, and why Ansible has not read it."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from ..module_utils._next_step import present, with_options
from ._reader import of_playbook

CHECKOUT = Path(__file__).resolve().parents[2]
CALLBACKS = ("dbops.rotation.rotation_audit", "dbops.rotation.rotation_progress")
ACCEPTED = with_options({"without_callbacks": "true"})


@dataclass(frozen=True)
class Configuration:
    """What Ansible was started with: the ansible.cfg that it read, if any, and the folder that it was started in."""

    read: str | None
    folder: Path
    checkout: Path = CHECKOUT

    def unread(self) -> tuple[str, str] | None:
        """Return why the file of the checkout was not read, and what to do; None where it was, or there is none."""
        own = self.checkout / "ansible.cfg"
        if not own.is_file() or (self.read and os.path.samefile(self.read, own)):
            return None
        if self.folder.samefile(self.checkout):
            return self._ignored(own)
        return (
            f"Ansible did not read {own}, because it was started in {self.folder}{self._instead()}",
            f"cd {quote(str(self.checkout))} and run the same command again",
        )

    def _ignored(self, own: Path) -> tuple[str, str]:
        if stat.S_IMODE(self.checkout.stat().st_mode) & stat.S_IWOTH:
            return (
                f"Ansible ignored {own}, because everybody may write to that folder{self._instead()}",
                f"chmod o-w {quote(str(self.checkout))} and run the same command again",
            )
        return (
            f"Ansible did not read {own}{self._instead()}",
            f"export ANSIBLE_CONFIG={quote(str(own))} and run the same command again",
        )

    def _instead(self) -> str:
        return f"; it read {self.read}" if self.read else ""


def no_client(configuration: Configuration, sources: str, *, awx: bool) -> str:
    """Return the message for an inventory without hosts: why, and what to do."""
    message = f"No client was selected: the inventory ({sources}) has no host. Nothing was changed."
    unread = configuration.unread()
    if awx:
        return f"{message} Next: update the inventory of the template, or its source."
    if unread:
        return f"{message} {unread[0]}. Next: {unread[1]}; or name an inventory with -i."
    return f"{message} Next: name the right one with -i, or add hosts to it."


def no_secret(sources: str) -> str:
    """Return the message for a listing that holds no client, as where it is that of another account."""
    return (
        f"No client was selected: of the secrets that the inventory ({sources}) lists, none is a client. Nothing was"
        " changed. Next: if there are clients, correct region, access, name_prefix, name_suffix or tags in its file; if"
        " there are none yet, onboard the first."
    )


def not_enabled(configuration: Configuration, enabled: Collection[str]) -> str | None:
    """Return the warning if none of our callbacks is enabled; a user who enables one of them has made a choice."""
    if set(CALLBACKS) & set(enabled):
        return None
    message = "The callbacks are off: this run keeps no audit trail and shows no progress and summary."
    unread = configuration.unread()
    why, remedy = unread or (
        f"callbacks_enabled of {configuration.read or 'ansible.cfg, of which there is none,'} does not name them",
        f"write callbacks_enabled = {', '.join(CALLBACKS)} below [defaults] there",
    )
    return present(f"{message} {why}. Next: {remedy}. If you want that: {ACCEPTED}", "", of_playbook())
