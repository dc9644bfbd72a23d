# SPDX-License-Identifier: GPL-3.0-or-later
"""The backup file: what is in it, that it is replaced as a whole, and that no faulty one is used."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from refusals import refusal_of

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_archive import SavedSecret, SavedVersion
from ansible_collections.dbops.rotation.plugins.module_utils._backup import save as save_module
from ansible_collections.dbops.rotation.plugins.module_utils._backup.document import Entry, dump, load
from ansible_collections.dbops.rotation.plugins.module_utils._backup.file import locked, read_file, write_file
from ansible_collections.dbops.rotation.plugins.module_utils._backup.plan import labels_of
from ansible_collections.dbops.rotation.plugins.module_utils._backup.save import Collected, save
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.plugin_utils._vault import VaultCipher

NOW = datetime(2026, 11, 25, 3, tzinfo=UTC)
STAGES = {"AWSCURRENT": "current", "AWSPENDING": "pending", "AWSPREVIOUS": "previous"}
TEXT = '{"engine": "mysql", "host": "db.acme.example.com", "username": "root", "password": "Hidden-Value-1234"}'


def entry(stages: dict[str, str] | None = None) -> Entry:
    stages = stages or STAGES
    ids = dict.fromkeys(stages.values())
    versions = tuple(
        SavedVersion(version, tuple(sorted(stage for stage in stages if stages[stage] == version)), NOW, TEXT)
        for version in ids
    )
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:clients/client_acme/mysql/root-AbCdEf"
    return Entry(NOW, SavedSecret("clients/client_acme/mysql/root", arn, "", None, {"team": "billing"}, versions))


def cipher(*secrets: tuple[str, bytes], vault_id: str | None = None) -> VaultCipher:
    known = [(name, VaultSecret(secret)) for name, secret in secrets]
    return VaultCipher(SimpleNamespace(_vault=VaultLib(known)), vault_id)


MINE = cipher(("default", b"mine"))


def test_what_is_written_is_read_again() -> None:
    entries = {"client_acme": entry(), "client_globex": entry({"AWSCURRENT": "only"})}
    assert load(dump(entries, NOW)) == entries


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no backup"),
        ("[]", "is no backup"),
        ('{"clients": {}}', "is no backup"),
        (dump({}, NOW).replace('"version": 1', '"version": 2'), "another version"),
        (dump({"client_acme": entry()}, NOW).replace("secret_string", "secret"), "lacks parts"),
        (dump({"client_acme": entry()}, NOW).replace("2026-11-25", "25.11.2026"), "lacks parts"),
    ],
)
def test_a_document_that_is_no_backup_is_refused(text: str, says: str) -> None:
    with pytest.raises(RotationError, match=says) as refused:
        load(text)
    assert refused.value.code == "backup_format"


def harmed(data: bytes) -> dict[str, bytes]:
    last = data.rstrip()[-1:]
    return {
        "cut": data[: len(data) // 2],
        "empty": b"",
        "edited": data.rstrip()[:-1] + (b"0" if last != b"0" else b"1"),
        "no hexadecimal": data.rstrip()[:-1] + b"x",
        "plain text": TEXT.encode(),
        "only the first line": data.splitlines(keepends=True)[0],
    }


@pytest.mark.parametrize("harm", list(harmed(b"$")))
def test_a_file_that_was_cut_or_edited_is_refused_without_a_word_of_it(harm: str) -> None:
    with pytest.raises(RotationError, match="cannot be decrypted") as refused:
        MINE.decrypt(harmed(MINE.encrypt(TEXT))[harm], Path("secrets.vault"))
    assert refused.value.code == "backup_undecryptable" and "Hidden" not in str(refused.value)


@pytest.mark.parametrize("other", [cipher(), cipher(("default", b"other"))], ids=["no secret", "another one"])
def test_another_vault_secret_opens_nothing(other: VaultCipher) -> None:
    with pytest.raises(RotationError, match="cannot be decrypted"):
        other.decrypt(MINE.encrypt(TEXT), Path("secrets.vault"))


def test_the_vault_id_names_the_secret_that_encrypts() -> None:
    both = (("first", b"1"), ("backup", b"2"))
    encrypted = cipher(*both, vault_id="backup").encrypt(TEXT)
    assert encrypted.startswith(b"$ANSIBLE_VAULT;1.2;AES256;backup\n")
    assert cipher(("backup", b"2")).decrypt(encrypted, Path("x")) == TEXT
    for given, vault_id in ((both, "typo"), ((), None)):
        assert refusal_of(cipher(*given, vault_id=vault_id).encrypt, TEXT).code == "vault_secret_missing"


def saved(path: Path, name: str) -> dict[str, Any]:
    return save(Collected({name: entry()}), path, MINE, check=False)


def test_a_file_with_another_password_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "secrets.vault"
    path.write_bytes(before := cipher(("default", b"other")).encrypt(dump({"client_acme": entry()}, NOW)))
    error = refusal_of(saved, path, "client_globex")
    assert (error.code, error.state) == ("backup_undecryptable", "The file is as it was.")
    assert path.read_bytes() == before


def test_who_is_not_read_stays_in_the_file_as_he_was(tmp_path: Path) -> None:
    path = tmp_path / "secrets.vault"
    saved(path, "client_acme")
    told = saved(path, "client_globex")
    assert told["kept"] == {"client_acme": "2026-11-25T03:00:00Z"}
    assert set(load(MINE.decrypt(path.read_bytes(), path))) == {"client_acme", "client_globex"}


def test_nothing_readable_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "secrets.vault"
    saved(path, "client_acme")
    before = path.read_bytes()
    with pytest.raises(RotationError, match="client_acme: denied") as refused:
        save(Collected(failures={"client_acme": "client_acme: denied."}), path, MINE, check=False)
    assert refused.value.code == "backup_empty" and path.read_bytes() == before


def test_what_a_link_leads_to_is_replaced(tmp_path: Path) -> None:
    link, target = tmp_path / "latest", tmp_path / "secrets.vault"
    link.symlink_to(target)
    saved(link, "client_acme")
    assert link.is_symlink() and set(load(MINE.decrypt(target.read_bytes(), target))) == {"client_acme"}


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RotationError, match="cannot be written: No such file or directory") as refused:
        saved(tmp_path / "nowhere" / "secrets.vault", "client_acme")
    assert refused.value.code == "backup_file"


@pytest.mark.parametrize("moment", ["open", "fsync", "replace"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_kill_leaves_the_old_file_or_the_new_one(tmp_path: Path, moment: str, after: bool) -> None:
    path = tmp_path / "secrets.vault"
    write_file(path, old := b"old" * 10000)
    child = os.fork()
    if child == 0:
        killed_at(moment, after)
        write_file(path, b"new" * 10000)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert path.read_bytes() == (b"new" * 10000 if (moment, after) == ("replace", True) else old)
    write_file(path, b"newest")
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("secrets.vault", b"newest")]
    assert path.stat().st_mode & 0o777 == 0o600


def killed_at(moment: str, after: bool) -> None:
    """Let this process be killed before or after a call; the rename is reached through its path."""
    owner: Any = Path if moment == "replace" else os
    real: Callable[..., Any] = getattr(owner, moment)

    def killing(*arguments: Any, **named: Any) -> None:
        if after:
            real(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, moment, killing)


def test_two_backups_at_once_wait_for_each_other(tmp_path: Path) -> None:
    path = tmp_path / "secrets.vault"
    read_end, write_end = os.pipe()
    holder = os.fork()
    if holder == 0:
        with locked(path):
            os.write(write_end, b"x")
            signal.pause()
    os.read(read_end, 1)
    waiting = os.fork()
    if waiting == 0:
        saved(path, "client_acme")
        os._exit(0)
    time.sleep(0.3)
    waited = read_file(path) is None
    os.kill(holder, signal.SIGKILL)
    os.waitpid(holder, 0)
    assert os.waitstatus_to_exitcode(os.waitpid(waiting, 0)[1]) == 0
    assert waited and read_file(path) is not None


def test_labels_move_as_aws_moves_them() -> None:
    secret = entry().secret
    pending, previous = (found for name in ("pending", "previous") if (found := secret.find(name)))
    assert labels_of(secret, pending) == {"pending": {"AWSCURRENT", "AWSPENDING"}, "current": {"AWSPREVIOUS"}}
    assert labels_of(secret, previous) == {
        "previous": {"AWSCURRENT"},
        "current": {"AWSPREVIOUS"},
        "pending": {"AWSPENDING"},
    }


def test_no_value_is_in_the_result_or_in_what_is_shown_of_an_entry(tmp_path: Path) -> None:
    told = saved(tmp_path / "secrets.vault", "client_acme")
    assert "Hidden" not in json.dumps(told) and "Hidden" not in repr(entry())
    assert told["clients"]["client_acme"]["versions"] == STAGES
    assert told["diff"] == {"before": {}, "after": {"client_acme": STAGES}}


def test_a_file_that_does_not_give_back_what_was_written_is_no_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a network drive that loses a part: who deletes the secret next has to hear of it."""

    def lose_a_part(path: Path, data: bytes) -> None:
        write_file(path, data[: len(data) // 2])

    monkeypatch.setattr(save_module, "write_file", lose_a_part)
    with pytest.raises(RotationError) as failed:
        save(Collected({"client_acme": entry()}), tmp_path / "file", MINE, check=False)
    assert failed.value.code in ("backup_file", "backup_undecryptable")


@pytest.mark.parametrize("keep_other", [False, True])
def test_another_secret_of_the_same_name_is_kept_where_that_is_asked_for(tmp_path: Path, keep_other: bool) -> None:
    """A client of the same name in another region, or years later; a restored secret has another ARN, too."""
    path, old = tmp_path / "file", entry()
    save(Collected({"client_acme": old}), path, MINE, check=False)
    restored = replace(old, secret=replace(old.secret, arn=old.secret.arn[:-6] + "GhIjKl"))
    save(Collected({"client_acme": restored}), path, MINE, check=False, keep_other=keep_other)
    other = replace(entry({"AWSCURRENT": "another"}), saved_at=NOW)
    other = replace(other, secret=replace(other.secret, arn=old.secret.arn.replace("eu-central-1", "us-east-1")))
    before = path.read_bytes()
    if not keep_other:
        save(Collected({"client_acme": other}), path, MINE, check=False)
        return
    for check in (True, False):
        refused = refusal_of(
            lambda check=check: save(Collected({"client_acme": other}), path, MINE, check=check, keep_other=True)
        )
        assert "The file has another secret for client_acme" in str(refused) and path.read_bytes() == before
