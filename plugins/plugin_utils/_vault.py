# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's vault as the cipher of backup files: the vault secrets that this run was started with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, match_encrypt_secret

from ..module_utils._backup.cipher import no_vault_secret, undecryptable
from ..module_utils._core_files import forbid_core_files


class VaultCipher:
    """Encrypts with one vault secret of the run, and decrypts with any of them."""

    def __init__(self, loader: Any, vault_id: str | None = None) -> None:
        """Take the vault secrets from the run's loader; ``vault_id`` names the one to encrypt with."""
        forbid_core_files()
        self._vault = VaultLib(loader._vault.secrets)
        self._vault_id = vault_id or constants.DEFAULT_VAULT_ENCRYPT_IDENTITY

    def encrypt(self, text: str) -> bytes:
        """Encrypt, so that ansible-vault can view and rekey it."""
        try:
            match = match_encrypt_secret(self._vault.secrets, encrypt_vault_id=self._vault_id)
        except AnsibleError:
            match = None
        if not match:
            raise no_vault_secret(self._vault_id)
        vault_id, secret = match
        return bytes(self._vault.encrypt(text, secret, vault_id=vault_id))

    def decrypt(self, data: bytes, path: Path) -> str:
        """Decrypt; whatever is wrong with the file or the secrets is one error."""
        try:
            return str(self._vault.decrypt(data).decode())
        except (AnsibleError, ValueError):
            raise undecryptable(path) from None
