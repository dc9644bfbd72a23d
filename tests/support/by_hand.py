# SPDX-License-Identifier: GPL-3.0-or-later
"""What people do to a secret with the AWS command line, and what is in it."""

from __future__ import annotations

import json
import uuid
from typing import Any

from botocore.exceptions import ClientError
from managed import ManagedClient, secrets_manager


def put(client: ManagedClient, stage: str, text: str) -> str:
    """Store a version under a stage, and give its id."""
    aws = secrets_manager(client.aws)
    version = str(uuid.uuid4())
    # The emulator would leave two versions under AWSCURRENT if it were named here.
    given: dict[str, Any] = {"SecretId": client.secret_id, "ClientRequestToken": version}
    aws.put_secret_value(**given, SecretString=text, VersionStages=["BY_HAND"])
    move(client, stage, version)
    move(client, "BY_HAND", None)
    return version


def put_current(client: ManagedClient, **keys: Any) -> str:
    """Store a document as AWSCURRENT."""
    return put(client, "AWSCURRENT", json.dumps(client.document(**keys)))


def move(client: ManagedClient, stage: str, version: str | None) -> None:
    """Move a stage to a version, or take it away."""
    holder = client.stages().get(stage)
    ends = {"RemoveFromVersionId": holder, "MoveToVersionId": version}
    given = {name: value for name, value in ends.items() if value}
    secrets_manager(client.aws).update_secret_version_stage(SecretId=client.secret_id, VersionStage=stage, **given)


def remove(client: ManagedClient) -> None:
    """Delete the secret for good, so that it is no other secret of the fleet any more."""
    aws = secrets_manager(client.aws)
    if regions := list(replicas(client)):  # AWS deletes no secret that has any
        aws.remove_regions_from_replication(SecretId=client.secret_id, RemoveReplicaRegions=regions)
    aws.delete_secret(SecretId=client.secret_id, ForceDeleteWithoutRecovery=True)


def replicas(client: ManagedClient) -> dict[str, str]:
    """Each replica region with its status; empty for a secret that does not exist."""
    return {replica["Region"]: replica["Status"] for replica in client.told().get("ReplicationStatus", [])}


def description(client: ManagedClient) -> dict[str, Any]:
    """The secret's stages, tags and state; empty for a secret that does not exist."""
    told = client.told()
    return {key: told[key] for key in ("VersionIdsToStages", "Tags", "RotationEnabled", "DeletedDate") if key in told}


def password_of(client: ManagedClient, version: str) -> str | None:
    """The password in a version, where there is one."""
    try:
        answer = secrets_manager(client.aws).get_secret_value(SecretId=client.secret_id, VersionId=version)
        password = json.loads(answer["SecretString"])["password"]
    except (ClientError, KeyError, ValueError, TypeError):
        return None
    return password if isinstance(password, str) else None


def passwords(client: ManagedClient) -> set[str]:
    """Every password that is or was in a version of the secret, and the one that the account began with."""
    try:
        answer = secrets_manager(client.aws).list_secret_version_ids(SecretId=client.secret_id, IncludeDeprecated=True)
    except ClientError:
        return {client.password}
    found = {password_of(client, version["VersionId"]) for version in answer["Versions"]}
    return {client.password} | {password for password in found if password and password.strip()}
