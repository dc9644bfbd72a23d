# SPDX-License-Identifier: GPL-3.0-or-later
"""What a restore makes of every state that secret and server can be in, and that it never overwrites a newer truth."""

from __future__ import annotations

import json
from typing import Any

import pytest
from by_hand import move, put, remove
from deaths import AFTER_APPLY
from drift import change_by_hand, reconcile
from keeping import kept, refused, restored, whole
from managed import ManagedClient, secrets_manager
from trouble import refused_logins

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_archive import SecretArchive
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._module.offboard import OFFBOARD
from ansible_collections.dbops.rotation.plugins.module_utils._module.reconcile import RECONCILE
from ansible_collections.dbops.rotation.plugins.module_utils._module.restore import RESTORE
from ansible_collections.dbops.rotation.plugins.module_utils._module.verify import VERIFY

pytestmark = pytest.mark.slow

OTHER_REGION = "eu-west-1"


def healthy(client: ManagedClient) -> bool:
    return bool(client.run(VERIFY)["healthy"])


def test_a_lost_secret_comes_back_as_it_was(rotated: ManagedClient) -> None:
    secrets_manager(rotated.aws).tag_resource(SecretId=rotated.secret_id, Tags=[{"Key": "team", "Value": "billing"}])
    move(rotated, "OURS", rotated.stages()["AWSPREVIOUS"])
    backup, before = kept(rotated), whole(rotated)
    remove(rotated)
    result = restored(rotated, backup)
    assert (result["action"], result["changed"], whole(rotated)) == ("created", True, before)
    assert result["logins"] == {"succeeded": 1, "failed": 0}
    assert result["diff"] == {"before": {}, "after": rotated.stages()}
    assert healthy(rotated)
    again = restored(rotated, backup)
    assert (again["action"], again["changed"], whole(rotated)) == ("kept", False, before)


def test_a_refusal_of_before_is_not_remembered_of_what_has_been_proven(rotated: ManagedClient) -> None:
    entry = json.loads(kept(rotated))
    entry["tags"]["rotation/refused"] = rotated.stages()["AWSCURRENT"]
    remove(rotated)
    restored(rotated, json.dumps(entry))
    assert "rotation/refused" not in rotated.tags() and healthy(rotated)


@pytest.mark.parametrize("gone", [False, True], ids=["deletion date", "gone"])
def test_who_left_and_comes_back_by_a_backup_has_not_left_any_more(rotated: ManagedClient, gone: bool) -> None:
    """Else scheduled runs would take a later deletion by accident for an offboarding, and say nothing."""
    secrets_manager(rotated.aws).tag_resource(
        SecretId=rotated.secret_id, Tags=[{"Key": "rotation/offboarded", "Value": "2026-11-30T03:00:00Z"}]
    )
    backup = kept(rotated)
    assert not rotated.run(OFFBOARD, confirm=[rotated.name]).get("failed")
    if gone:
        remove(rotated)
    restored(rotated, backup)
    assert not rotated.tags().get("rotation/offboarded") and rotated.opens(rotated.stored()["password"])


def test_check_mode_proves_and_writes_nothing(rotated: ManagedClient) -> None:
    backup = kept(rotated)
    remove(rotated)
    result = restored(rotated, backup, check=True)
    assert result["action"] == "created" and "would be created" in result["msg"]
    assert whole(rotated) == {}


def test_a_newer_truth_is_left_alone(rotated: ManagedClient) -> None:
    backup = kept(rotated)
    rotated.rotate()
    before = whole(rotated)
    result = restored(rotated, backup)
    assert (result["action"], result["changed"], whole(rotated)) == ("kept", False, before)
    error = refused(rotated, backup, replace=True)
    assert error["code"] == "login_refused"
    assert (
        f"Whether it has the secret's own: ansible-playbook playbooks/verify.yml -l {rotated.name}"
        in error["next_step"]
    )
    assert healthy(rotated)


def test_a_password_changed_after_the_backup_is_not_guessed(rotated: ManagedClient) -> None:
    backup = kept(rotated)
    remove(rotated)
    change_by_hand(rotated)
    before = refused_logins(rotated)
    error = refused(rotated, backup)
    assert (error["code"], error["step"]) == ("login_refused", "open")
    assert "-e rotation_backup_version=AWSPREVIOUS" in error["next_step"]
    assert f"ansible-playbook playbooks/onboard.yml -l {rotated.name}" in error["next_step"]
    assert refused_logins(rotated) - before == 1


def test_a_restore_has_its_reason_whether_it_succeeds_or_fails(rotated: ManagedClient) -> None:
    backup = kept(rotated)
    asked: dict[str, Any] = {"backup": backup, "reason": "CHG-1042"}
    assert restored(rotated, backup, reason="CHG-1042")["reason"] == "CHG-1042"
    rotated.rotate()
    newer = rotated.stored()["password"]
    failed = rotated.run(RESTORE, **asked, replace=True)
    assert (failed["error"]["code"], failed["reason"]) == ("login_refused", "CHG-1042")
    assert "reason" not in rotated.run(RESTORE, **{**asked, "reason": f"it is {newer}"}, replace=True)
    remove(rotated)
    failed = rotated.run(RESTORE, **asked)
    assert (failed["error"]["code"], failed["reason"]) == ("login_refused", "CHG-1042"), "all that is left is compared"


@pytest.mark.parametrize("stage", ["AWSCURRENT", "AWSPREVIOUS"])
def test_a_reason_that_holds_a_password_of_the_backup_is_refused(rotated: ManagedClient, stage: str) -> None:
    backup, password = kept(rotated), rotated.stored(stage)["password"]
    remove(rotated)
    failed = rotated.run(RESTORE, backup=backup, reason=f"it was {password} then")
    assert (failed["error"]["code"], failed["error"]["step"]) == ("reason_holds_password", "prepare")
    assert "reason" not in failed and password not in str(failed) and whole(rotated) == {}


def test_a_server_that_was_set_back_is_only_followed_when_asked(rotated: ManagedClient) -> None:
    backup, then = kept(rotated), rotated.stored()["password"]
    rotated.rotate()
    rotated.rotate()
    change_by_hand(rotated, then)
    before = refused_logins(rotated)
    error = refused(rotated, backup)
    assert error["code"] == "login_refused" and "rotation_backup_replace=true" in error["next_step"]
    assert refused(rotated, backup)["code"] == "known_refused"
    assert refused_logins(rotated) - before == 1
    planned = restored(rotated, backup, replace=True, check=True)
    assert planned["changed"] and "would become AWSCURRENT" in planned["msg"]
    result = restored(rotated, backup, replace=True)
    assert (result["action"], result["logins"]["failed"]) == ("replaced", 0)
    assert rotated.stored()["password"] == then and healthy(rotated)
    assert refused_logins(rotated) - before == 1


def test_a_server_that_was_set_back_to_a_version_without_a_label_is_reconciled(rotated: ManagedClient) -> None:
    """The procedure of the runbook: the secret still has the password, and the restore made a new server."""
    then, version = rotated.stored()["password"], rotated.stages()["AWSCURRENT"]
    rotated.rotate()
    rotated.rotate()
    assert version not in rotated.stages().values()
    change_by_hand(rotated, then)
    server = {"Key": "rotation/server-id", "Value": "the-server-of-before"}
    secrets_manager(rotated.aws).tag_resource(SecretId=rotated.secret_id, Tags=[server])
    told: dict[str, Any] = rotated.run(RECONCILE, version=version)
    assert told["error"]["code"] == "other_server"
    accepted = told["error"]["next_step"].rpartition("rotation_accept_server_id=")[2]
    reconcile(rotated, version=version, accept_server_id=accepted)
    assert rotated.stored()["password"] == then and healthy(rotated)


def test_a_rotation_under_way_during_the_backup(rotated: ManagedClient) -> None:
    AFTER_APPLY.interrupt(rotated)
    backup, before = kept(rotated), whole(rotated)
    remove(rotated)
    restored(rotated, backup)
    assert whole(rotated) == before
    rotated.rotate(trigger="recovery")
    assert healthy(rotated)
    remove(rotated)
    error = refused(rotated, backup)
    assert error["code"] == "login_refused" and "-e rotation_backup_version=AWSPENDING or" in error["next_step"]
    pending, current = stages_in(backup)["AWSPENDING"], stages_in(backup)["AWSCURRENT"]
    result = restored(rotated, backup, version="AWSPENDING")
    assert result["version_id"] == pending
    assert rotated.stages() == {"AWSCURRENT": pending, "AWSPENDING": pending, "AWSPREVIOUS": current}
    assert rotated.opens(rotated.stored()["password"])
    rotated.rotate(trigger="recovery")
    assert healthy(rotated)


def test_a_scheduled_deletion_is_cancelled_where_that_is_the_truth(rotated: ManagedClient) -> None:
    backup, before = kept(rotated), whole(rotated)
    secrets_manager(rotated.aws).delete_secret(SecretId=rotated.secret_id)
    assert restored(rotated, backup, check=True)["action"] == "undeleted"
    assert whole(rotated)["deleted"]
    result = restored(rotated, backup)
    assert (result["action"], whole(rotated)) == ("undeleted", before)
    assert healthy(rotated)


def test_a_scheduled_deletion_stays_where_the_server_has_another_password(rotated: ManagedClient) -> None:
    backup = kept(rotated)
    secrets_manager(rotated.aws).delete_secret(SecretId=rotated.secret_id)
    change_by_hand(rotated)
    assert refused(rotated, backup)["code"] == "login_refused"
    assert whole(rotated)["deleted"]


def test_a_deleted_secret_that_is_newer_than_the_backup_is_proven_after_its_return(rotated: ManagedClient) -> None:
    backup = kept(rotated)
    rotated.rotate()
    before = whole(rotated)
    secrets_manager(rotated.aws).delete_secret(SecretId=rotated.secret_id)
    planned = restored(rotated, backup, check=True)
    assert "would be cancelled; its AWSCURRENT is then to be proven" in planned["msg"]
    assert planned["logins"]["succeeded"] == 0
    result = restored(rotated, backup)
    assert (result["action"], whole(rotated)) == ("undeleted", before)
    secrets_manager(rotated.aws).delete_secret(SecretId=rotated.secret_id)
    change_by_hand(rotated)
    failed: dict[str, Any] = rotated.run(RESTORE, backup=backup)
    assert failed["error"]["code"] == "login_refused"
    assert failed["error"]["state"].startswith("The secret is no longer scheduled for deletion")


@pytest.mark.parametrize("call", ["add_version", "add_label", "tag"])
def test_a_restore_that_was_cut_off_is_finished_by_the_next(rotated: ManagedClient, call: str) -> None:
    backup, before = kept(rotated), whole(rotated)
    remove(rotated)

    def denied(*_arguments: Any, **_named: Any) -> None:
        raise RotationError("Denied.", code="aws_denied")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SecretArchive, call, denied)
        failed: dict[str, Any] = rotated.run(RESTORE, backup=backup)
    assert failed["error"]["state"].startswith("The secret exists again, and AWSCURRENT opens the server;")
    assert rotated.opens(rotated.stored()["password"])
    planned = restored(rotated, backup, check=True)
    assert planned["action"] == "finished" and whole(rotated) != before
    result = restored(rotated, backup)
    assert (result["action"], whole(rotated)) == ("finished", before)
    assert healthy(rotated)


def test_another_server_has_to_be_accepted(rotated: ManagedClient) -> None:
    backup = kept(rotated)
    remove(rotated)
    entry = json.loads(backup)
    right = entry["tags"]["rotation/server-id"].removeprefix("server:")
    entry["tags"]["rotation/server-id"] = "of-the-lost-region"
    error = refused(rotated, json.dumps(entry))
    assert error["code"] == "other_server" and f"rotation_accept_server_id={right}" in error["next_step"]
    restored(rotated, json.dumps(entry), accept_server_id=right)
    assert rotated.tags()["rotation/server-id"] == f"server:{right}" and healthy(rotated)


def test_a_lost_region(rotated: ManagedClient) -> None:
    aws = rotated.aws.client("kms")
    key = aws.create_key()["KeyMetadata"]["Arn"]
    secrets_manager(rotated.aws).update_secret(SecretId=rotated.secret_id, KmsKeyId=key, Description="root of acme")
    backup = kept(rotated)
    remove(rotated)
    result = restored(rotated, backup, region=OTHER_REGION)
    assert f"The secret was encrypted with the key {key} of" in " ".join(result["warnings"])
    told = rotated.run(VERIFY, region=OTHER_REGION)
    assert told["healthy"], told["msg"]
    assert whole(rotated) == {}, "nothing is made in the region that was lost"


def test_key_and_description_come_back(rotated: ManagedClient) -> None:
    key = rotated.aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    aws = secrets_manager(rotated.aws)
    aws.update_secret(SecretId=rotated.secret_id, KmsKeyId=key, Description="root of acme")
    backup = kept(rotated)
    remove(rotated)
    restored(rotated, backup)
    told = aws.describe_secret(SecretId=rotated.secret_id)
    assert (told["Description"], told["KmsKeyId"]) == ("root of acme", key)
    remove(rotated)
    restored(rotated, backup, kms_key_id="alias/rotation")
    assert aws.describe_secret(SecretId=rotated.secret_id)["KmsKeyId"] == "alias/rotation"


def test_an_arn_leads_to_the_name_that_the_secret_had(rotated: ManagedClient) -> None:
    backup = kept(rotated)
    remove(rotated)
    result = restored(rotated, backup, secret_id=json.loads(backup)["arn"])
    assert result["secret_id"] == rotated.secret_id and whole(rotated)


def test_a_version_that_is_no_login_is_left_out_of_a_backup_and_named(rotated: ManagedClient) -> None:
    version = put(rotated, "AWSPENDING", "no JSON")
    saved, warnings = SecretArchive(secrets_manager(rotated.aws), rotated.secret_id).save()
    assert "AWSPENDING" not in saved.holders() and "AWSCURRENT" in saved.holders()
    assert [text.startswith(f"Version {version} (AWSPENDING) is left out:") for text in warnings] == [True]


def test_a_version_that_is_not_in_the_backup(rotated: ManagedClient) -> None:
    backup = kept(rotated)
    error = refused(rotated, backup, version="AWSPENDNIG")
    assert error["code"] == "not_in_backup" and "AWSPREVIOUS (" in error["next_step"]


def stages_in(backup: str) -> dict[str, str]:
    """Which version each stage is on in a backup."""
    return {stage: version["version_id"] for version in json.loads(backup)["versions"] for stage in version["stages"]}
