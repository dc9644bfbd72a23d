# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who reads the messages of this run of Ansible."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible import constants, context

from ..module_utils._readers import COLLECTION, Awx, CommandLine, Engine, Installed, ModuleUser, Reader
from ._awx_job import in_awx_job

ROOT = Path(__file__).resolve().parents[2]
# ansible-galaxy writes it, and a checkout has none.
MANIFEST = "MANIFEST.json"


class InventoryFile(CommandLine):
    """Somebody who wrote a file for an inventory plugin, in which options have their own names."""

    def option(self, name: str) -> str:
        """Return the bare name."""
        return Engine().option(name)


def of_playbook(root: Path = ROOT) -> Reader:
    """Return who started a playbook of the collection, or one with its roles."""
    if in_awx_job():
        return Awx()
    return (Installed if (root / MANIFEST).is_file() else CommandLine)(named_inventory())


def of_task(task: Any) -> Reader:
    """Return who reads the result of a task: whoever wrote it, where no role of the collection did."""
    role = task._role
    return of_playbook() if role and role._role_collection == COLLECTION else ModuleUser()


def named_inventory() -> tuple[str, ...]:
    """Return what was named with -i, as short as it may be written in this folder."""
    sources = context.CLIARGS.get("inventory") or ()
    return () if list(sources) == list(constants.DEFAULT_HOST_LIST) else tuple(map(_short, sources))


def _short(source: str) -> str:
    here = Path.cwd()
    inside = "," not in source and here != Path(source) and here in Path(source).parents
    return os.path.relpath(source, here) if inside else source
