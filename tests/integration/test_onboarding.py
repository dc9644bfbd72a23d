# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing an existing database under management, by the playbook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from at_terminal import at_terminal
from managed import ManagedClient, write_inventory
from onboarding import has_secret, onboard
from playbook_runs import said
from topic import Mailbox
from trouble import refused_logins

from ansible_collections.dbops.rotation.plugins.module_utils._module.onboard import ONBOARD


def test_the_secret_is_made_with_tags_and_the_password_stays(unmanaged: ManagedClient, tmp_path: Path) -> None:
    run = onboard(tmp_path, unmanaged, rotation_onboard_password=unmanaged.password)
    assert run.returncode == 0, said(run)
    assert unmanaged.stored() == unmanaged.document()
    tags = unmanaged.tags()
    assert tags["rotation/client"] == unmanaged.name
    assert tags["rotation/cycle-days"] == "40"
    assert tags["rotation/trigger"] == "onboarding"
    assert tags["rotation/version"] == unmanaged.stages()["AWSCURRENT"]
    assert unmanaged.password not in run.stdout + run.stderr


def test_covered_and_foreign_rows_are_shown(newcomer: ManagedClient, tmp_path: Path) -> None:
    newcomer.server.create_account(newcomer.user, ["10.%"], "another-Password-1")
    run = onboard(tmp_path, newcomer, rotation_onboard_password=newcomer.password)
    user = newcomer.user
    assert f"covered: {user}@%, {user}@localhost; foreign, left as they are: {user}@10.%" in said(run)


def test_a_second_run_changes_nothing(newcomer: ManagedClient, tmp_path: Path) -> None:
    onboard(tmp_path, newcomer, rotation_onboard_password=newcomer.password)
    newcomer.rotate()
    before = newcomer.stages()
    run = onboard(tmp_path, newcomer, rotation_onboard_password=newcomer.password)
    assert run.returncode == 0, said(run)
    assert "is under management already" in said(run)
    assert "changed=0" in run.stdout
    assert newcomer.stages() == before


def test_tags_that_a_rotator_needs_are_written_and_added_later(newcomer: ManagedClient, tmp_path: Path) -> None:
    given = {"rotation_onboard_password": newcomer.password, "rotation_onboard_tags": {"environment": "production"}}
    run = onboard(tmp_path, newcomer, **given)
    assert run.returncode == 0, said(run)
    assert newcomer.tags()["environment"] == "production" and newcomer.tags()["rotation/client"] == newcomer.name
    given["rotation_onboard_tags"] = {"environment": "production", "tier": "gold"}
    run = onboard(tmp_path, newcomer, **given)
    assert run.returncode == 0 and "changed=1" in run.stdout and "tagged tier" in said(run), said(run)
    assert newcomer.tags()["tier"] == "gold"
    run = onboard(tmp_path, newcomer, **given)
    assert run.returncode == 0 and "changed=0" in run.stdout, said(run)
    given["rotation_onboard_tags"] = {"rotation/client": "client_globex"}
    run = onboard(tmp_path, newcomer, **given)
    assert run.returncode == 2 and "Take them out of rotation_onboard_tags" in said(run)


def test_rotating_at_once_where_asked(unmanaged: ManagedClient, tmp_path: Path) -> None:
    given = {"rotation_onboard_password": unmanaged.password, "rotation_onboard_rotate": True}
    checked = onboard(tmp_path, unmanaged, "--check", **given)
    assert checked.returncode == 0, said(checked)
    run = onboard(tmp_path, unmanaged, **given)
    assert run.returncode == 0, said(run)
    assert f"{unmanaged.name}: rotated (" in said(run)
    assert unmanaged.opens(unmanaged.stored()["password"])
    assert not unmanaged.opens(unmanaged.password)


def test_rotating_at_once_is_told_as_any_rotation(newcomer: ManagedClient, tmp_path: Path, unique_name: str) -> None:
    mailbox, ran = Mailbox(newcomer.aws, f"onboarding-{unique_name}"), tmp_path / "ran"
    hook = tmp_path / "hook.yml"
    hook.write_text(f"- ansible.builtin.copy: {{content: '', dest: '{ran}'}}\n")
    given: dict[str, Any] = {"rotation_onboard_password": newcomer.password, "rotation_onboard_rotate": True}
    given |= {"rotation_topic_arn": mailbox.topic, "rotation_hooks": [str(hook)]}
    given["ansible_python_interpreter"] = "{{ ansible_playbook_python }}"
    run = onboard(tmp_path, newcomer, **given)
    assert run.returncode == 0, said(run)
    (notice,) = mailbox.read()
    assert (notice["event"], notice["trigger"]) == ("rotated", "onboarding")
    assert notice["version_id"] == newcomer.stages()["AWSCURRENT"] and ran.exists()
    assert not newcomer.opens(newcomer.password)


def test_rotating_at_once_that_fails_is_counted_and_told(
    newcomer: ManagedClient, tmp_path: Path, unique_name: str
) -> None:
    mailbox = Mailbox(newcomer.aws, f"onboarding-{unique_name}")
    given: dict[str, Any] = {"rotation_onboard_password": newcomer.password, "rotation_onboard_rotate": True}
    run = onboard(tmp_path, newcomer, **given, rotation_topic_arn=mailbox.topic, rotation_overlap=-1)
    assert run.returncode == 2 and "stopped at step 'prepare': The overlap must be" in said(run)
    (notice,) = mailbox.read()
    assert (notice["event"], notice["trigger"], notice["code"]) == ("failed", "onboarding", "invalid_option")
    assert newcomer.tags()["rotation/failures"].startswith("count=1 ")
    assert newcomer.opens(newcomer.password)


def test_a_failure_has_its_reason_unless_the_password_is_in_it(newcomer: ManagedClient) -> None:
    asked: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": newcomer.server.port,
        "username": newcomer.user,
        "requested_by": "alice",
    }
    failed = newcomer.run(ONBOARD, **asked, password="wrong-1", reason="CHG-1001")
    assert (failed["error"]["code"], failed["reason"], failed["requested_by"]) == ("login_refused", "CHG-1001", "alice")
    failed = newcomer.run(ONBOARD, **asked, password=newcomer.password, reason=f"it was {newcomer.password}")
    assert failed["error"]["code"] == "reason_holds_password" and newcomer.password not in str(failed)
    assert not has_secret(newcomer)
    done = newcomer.run(ONBOARD, **asked, password=newcomer.password, reason="CHG-1001")
    assert (done["reason"], done["requested_by"]) == ("CHG-1001", "alice"), done["msg"]


def test_the_password_may_come_from_a_file(newcomer: ManagedClient, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(newcomer.password + "\n")
    run = onboard(tmp_path, newcomer, rotation_onboard_password_file=str(file))
    assert run.returncode == 0, said(run)
    assert newcomer.stored()["password"] == newcomer.password


def test_two_sources_of_the_password_are_refused(newcomer: ManagedClient, tmp_path: Path) -> None:
    sources = {"rotation_onboard_password": newcomer.password, "rotation_onboard_password_file": str(tmp_path / "none")}
    run = onboard(tmp_path, newcomer, **sources)
    assert run.returncode == 2
    assert "mutually exclusive: password|password_file" in said(run)
    assert not has_secret(newcomer)


def test_an_existing_secret_may_be_the_source_or_taken_over(newcomer: ManagedClient, tmp_path: Path) -> None:
    newcomer.create_secret(dbname="shop")
    run = onboard(tmp_path, newcomer, rotation_onboard_source_secret_id=newcomer.secret_id)
    assert run.returncode == 0, said(run)
    assert newcomer.stored()["dbname"] == "shop"
    assert newcomer.tags()["rotation/version"] == newcomer.stages()["AWSCURRENT"]


def test_check_mode_proves_the_login_and_creates_nothing(newcomer: ManagedClient, tmp_path: Path) -> None:
    run = onboard(tmp_path, newcomer, "--check", rotation_onboard_password=newcomer.password)
    assert run.returncode == 0, said(run)
    assert "would be stored as a secret" in said(run)
    assert not has_secret(newcomer)


def test_a_wrong_password_creates_nothing(unmanaged: ManagedClient, tmp_path: Path) -> None:
    run = onboard(tmp_path, unmanaged, rotation_onboard_password="not-the-one")
    assert run.returncode == 2
    assert f"refused the given password of '{unmanaged.user}'" in said(run)
    assert "Nothing was created" in said(run)
    assert not has_secret(unmanaged)


def test_a_secret_with_other_contents_is_left_alone(newcomer: ManagedClient, tmp_path: Path) -> None:
    newcomer.create_secret(password="something-else")
    before = newcomer.stages()
    run = onboard(tmp_path, newcomer, rotation_onboard_password=newcomer.password)
    assert run.returncode == 2
    assert f"The secret '{newcomer.secret_id}' exists with other contents. It differs in: password." in said(run)
    assert newcomer.stages() == before


@pytest.mark.parametrize("lacking", ["rotation_onboard_host", "rotation_onboard_port"])
def test_a_missing_host_or_bad_port_creates_nothing(newcomer: ManagedClient, tmp_path: Path, lacking: str) -> None:
    given: dict[str, Any] = {"rotation_onboard_host": "", "rotation_onboard_port": 99999}
    run = onboard(tmp_path, newcomer, rotation_onboard_password=newcomer.password, **{lacking: given[lacking]})
    assert run.returncode == 2
    cause = {"rotation_onboard_host": "The host or the current password", "rotation_onboard_port": "99999"}[lacking]
    assert cause in said(run)
    assert not has_secret(newcomer)


def test_without_password_and_terminal_the_sources_are_named(newcomer: ManagedClient, tmp_path: Path) -> None:
    run = onboard(tmp_path, newcomer)
    assert run.returncode == 2
    assert "there is no terminal to ask at. Give it in a variable" in said(run)
    assert not has_secret(newcomer)


def test_one_client_is_asked_for_at_the_terminal(newcomer: ManagedClient, tmp_path: Path) -> None:
    inventory = str(write_inventory(tmp_path, {newcomer.name: newcomer.variables()}))
    shown = at_terminal(["playbooks/onboard.yml", "-i", inventory, "-l", newcomer.name], newcomer.password)
    assert f"Present password of {newcomer.name}" in shown
    assert newcomer.password not in shown
    assert newcomer.stored()["password"] == newcomer.password


def test_a_question_that_nobody_answers_ends(newcomer: ManagedClient, tmp_path: Path) -> None:
    """Not even what was half typed is taken for the password."""
    inventory = str(write_inventory(tmp_path, {newcomer.name: newcomer.variables(rotation_prompt_timeout=3)}))
    shown = at_terminal(["playbooks/onboard.yml", "-i", inventory, "-l", newcomer.name], "half", end="")
    words = " ".join(shown.split())
    assert f"No password was given for {newcomer.name} within 3 seconds. Run the same command again" in words, shown
    assert refused_logins(newcomer) == 0 and not has_secret(newcomer)
