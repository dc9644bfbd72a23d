# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What encrypts and decrypts a backup file. Ansible's vault does; the engine knows only this much of it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from .._codes import Code
from .._errors import RotationError


class Cipher(Protocol):
    """Both ways."""

    def encrypt(self, text: str) -> bytes:
        """Encrypt; raises the error of ``no_vault_secret`` where there is no secret to do it with."""

    def decrypt(self, data: bytes, path: Path) -> str:
        """Decrypt the contents of a file; raises the error of ``undecryptable`` where that cannot be done."""


def no_vault_secret(vault_id: str | None) -> RotationError:
    """Return the error of a run that has no secret to encrypt with."""
    secret_name = f"vault secret with the id {vault_id!r}" if vault_id else "vault secret"
    return RotationError(
        f"This run has no {secret_name} to encrypt the backup with.",
        code=Code.VAULT_SECRET_MISSING,
        next_step="Run the same command again with --vault-id or --vault-password-file, as for ansible-vault.",
    )


def undecryptable(path: Path) -> RotationError:
    """Return the error of a file that no secret of the run opens."""
    return RotationError(
        f"The backup file {path} cannot be decrypted: no vault secret of this run is the one that it was encrypted"
        " with, or the file was cut or edited.",
        code=Code.BACKUP_UNDECRYPTABLE,
        next_step="Run the same command again with the right --vault-id or --vault-password-file, or name another file"
        " in {option|backup.path}.",
    )
