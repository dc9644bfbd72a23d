# SPDX-License-Identifier: GPL-3.0-or-later
"""Why an ansible.cfg was not read, and what a person is told of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.dbops.rotation.plugins.plugin_utils._configuration import (
    CALLBACKS,
    Configuration,
    no_client,
    not_enabled,
)

OFF = "The callbacks are off: this run keeps no audit trail and shows no progress and summary."
NONE = "No client was selected: the inventory (clients.yml) has no host. Nothing was changed."


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "a checkout"
    folder.mkdir()
    (folder / "ansible.cfg").touch()
    return folder


def test_a_run_in_the_checkout_has_read_its_file(checkout: Path) -> None:
    assert Configuration(str(checkout / "ansible.cfg"), checkout, checkout).unread() is None


def test_a_collection_that_is_installed_has_no_file_to_read(tmp_path: Path) -> None:
    assert Configuration(None, tmp_path, tmp_path).unread() is None


def test_another_folder(checkout: Path, tmp_path: Path) -> None:
    why, remedy = Configuration(None, tmp_path, checkout).unread() or ("", "")
    assert why == f"Ansible did not read {checkout}/ansible.cfg, because it was started in {tmp_path}"
    assert remedy == f"cd '{checkout}' and run the same command again"


def test_a_folder_that_everybody_may_write_to(checkout: Path) -> None:
    checkout.chmod(0o777)
    why, remedy = Configuration(None, checkout, checkout).unread() or ("", "")
    assert why == f"Ansible ignored {checkout}/ansible.cfg, because everybody may write to that folder"
    assert remedy == f"chmod o-w '{checkout}' and run the same command again"


def test_another_file_is_named(checkout: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.cfg"
    other.touch()
    why, remedy = Configuration(str(other), checkout, checkout).unread() or ("", "")
    assert why == f"Ansible did not read {checkout}/ansible.cfg; it read {other}"
    assert remedy == f"export ANSIBLE_CONFIG='{checkout}/ansible.cfg' and run the same command again"


def test_no_client_where_the_file_was_not_read(checkout: Path, tmp_path: Path) -> None:
    told = no_client(Configuration(None, tmp_path, checkout), "clients.yml", awx=False)
    assert told.startswith(f"{NONE} Ansible did not read {checkout}/ansible.cfg, because")
    assert told.endswith(f"Next: cd '{checkout}' and run the same command again; or name an inventory with -i.")


def test_no_client_where_it_was_read_and_in_awx(checkout: Path) -> None:
    read = Configuration(str(checkout / "ansible.cfg"), checkout, checkout)
    assert no_client(read, "clients.yml", awx=False) == f"{NONE} Next: name the right one with -i, or add hosts to it."
    assert (
        no_client(read, "clients.yml", awx=True) == f"{NONE} Next: update the inventory of the template, or its source."
    )


@pytest.mark.parametrize("enabled", CALLBACKS)
def test_who_enables_one_callback_has_made_a_choice(enabled: str, tmp_path: Path) -> None:
    assert not_enabled(Configuration(None, tmp_path, tmp_path), [enabled, "timer"]) is None


def test_callbacks_that_are_off_where_the_file_was_not_read(checkout: Path, tmp_path: Path) -> None:
    told = not_enabled(Configuration(None, tmp_path, checkout), ["timer"]) or ""
    assert told.startswith(f"{OFF} Ansible did not read {checkout}/ansible.cfg, because it was started in {tmp_path}.")
    assert told.endswith("run the same command again. If you want that: -e rotation_without_callbacks=true")


def test_callbacks_that_are_off_where_the_collection_is_installed(tmp_path: Path) -> None:
    told = not_enabled(Configuration("/etc/ansible/ansible.cfg", tmp_path, tmp_path), []) or ""
    line = f"write callbacks_enabled = {', '.join(CALLBACKS)} below [defaults] there"
    assert f"{OFF} callbacks_enabled of /etc/ansible/ansible.cfg does not name them. Next: {line}." in told
    without = not_enabled(Configuration(None, tmp_path, tmp_path), []) or ""
    assert "callbacks_enabled of ansible.cfg, of which there is none, does not name them" in without
