# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets, regions, keys, passwords and databases that are lost, and what is left of them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import boto3
from by_hand import remove, replicas
from deaths import AFTER_APPLY
from drift import BY_HAND, change_by_hand
from faulty_proxy import REPLICA_REGION, Fault, FaultyProxy
from world.aws import ACCESS_KEY, SECRET_KEY

from rehearsal.acme import Acme

VAULT_PASSWORD = "the-vault-password"
BREAK_GLASS = "dbadmin"


def backed_up(acme: Acme) -> None:
    """Make a backup, which asks for the password twice, as every later command asks for it once."""
    file = acme.folder / "secrets.vault"
    acme.places["FILE"] = str(file)
    secret = acme.folder / "vault-password"
    secret.write_text(VAULT_PASSWORD)
    command = f"ansible-playbook playbooks/backup.yml -l client_acme --vault-password-file {secret}"
    made = acme.follow(f"{command} -e rotation_backup_file={file}")
    assert made.status == 0, made.printed
    acme.typed.append(VAULT_PASSWORD)


def secret_gone(acme: Acme) -> None:
    backed_up(acme)
    remove(acme)


def secret_gone_after_a_backup_in_the_middle(acme: Acme) -> None:
    """The backup was made while a rotation was under way, which then ended."""
    AFTER_APPLY.interrupt(acme)
    backed_up(acme)
    acme.rotate(trigger="recovery")
    remove(acme)


def secret_and_server_of_before(acme: Acme) -> None:
    """The server was set back to what had been the previous password when the backup was made."""
    before = acme.stored("AWSPREVIOUS")["password"]
    secret_gone(acme)
    change_by_hand(acme, before)


def known_to_the_inventory(acme: Acme) -> None:
    """The inventory names the backup, and the environment the file with its password."""
    secret_gone(acme)
    acme.set(rotation_backup_file=acme.places["FILE"])
    acme.environment["ANSIBLE_VAULT_PASSWORD_FILE"] = str(acme.folder / "vault-password")


def key_to_come(acme: Acme) -> None:
    secret_gone(acme)
    key_made(acme)


def region_gone(acme: Acme) -> None:
    secret_gone(acme)


def in_the_other_region(acme: Acme) -> None:
    """The inventory names the region from now on."""
    acme.set(rotation_region=REPLICA_REGION)


def key_made(acme: Acme) -> None:
    acme.places["KEY"] = acme.aws.client("kms").create_key()["KeyMetadata"]["KeyId"]


def database_set_back(acme: Acme) -> None:
    """To the password of two rotations ago; the restore made a new server."""
    then = acme.stored()["password"]
    acme.places["VERSION"] = acme.stages()["AWSCURRENT"]
    acme.rotate()
    acme.rotate()
    change_by_hand(acme, then)
    acme.secrets.tag_resource(SecretId=acme.secret_id, Tags=[{"Key": "rotation/server-id", "Value": "server:another"}])


def reads_the_version(acme: Acme) -> None:
    """Of the versions that were listed, oldest first, it is the second."""
    lines = acme.answers[-1].printed.split("\n")
    assert acme.places["VERSION"] in lines[1], lines


def database_set_back_beyond_the_secret(acme: Acme) -> None:
    """The secret has that version no more; a backup of the secrets has it."""
    then = acme.stored()["password"]
    backed_up(acme)
    remove(acme)
    acme.password = "A-later-password-1"
    acme.create_secret()
    change_by_hand(acme, then)


def nobody_knows(acme: Acme) -> Iterator[None]:
    change_by_hand(acme, "Nobody-knows-it-1")
    acme.server.create_account(BREAK_GLASS, ["localhost"], "Break-glass-1")
    document = {"engine": acme.server.flavor, "host": "db.acme.example.com", "username": BREAK_GLASS}
    acme.typed.append(json.dumps({**document, "password": "Break-glass-1"}) + "\n\x04")
    yield
    acme.server.drop_account(BREAK_GLASS)


class KeyThatIsAway(FaultyProxy):
    """Refuses to read the secret while its key is not enabled, where the emulator reads it all the same."""

    def __init__(self, acme: Acme) -> None:
        super().__init__(acme.aws.endpoint_url)
        self._acme = acme

    def fate(self, operation: str, body: bytes) -> str | None:
        """Ask for the state of the key at each request."""
        key = self._acme.aws.client("kms").describe_key(KeyId=self._acme.places["KEY"])
        return None if key["KeyMetadata"]["KeyState"] == "Enabled" else super().fate(operation, body)


def encrypted(acme: Acme) -> None:
    """Encrypt the secret with a key of its own."""
    key_made(acme)
    acme.secrets.update_secret(SecretId=acme.secret_id, KmsKeyId=acme.places["KEY"])


def unreadable(acme: Acme) -> Iterator[None]:
    """Let AWS refuse to read the secret for as long as the key is not enabled."""
    refused = Fault("GetSecretValue", "DecryptionFailure")
    with KeyThatIsAway(acme) as proxy, proxy.faulty(acme.secret_id, refused):
        acme.set(rotation_endpoint_url=proxy.endpoint_url)
        yield


def key_disabled(acme: Acme) -> Iterator[None]:
    encrypted(acme)
    acme.aws.client("kms").disable_key(KeyId=acme.places["KEY"])
    yield from unreadable(acme)


def key_to_be_deleted(acme: Acme) -> Iterator[None]:
    encrypted(acme)
    acme.aws.client("kms").schedule_key_deletion(KeyId=acme.places["KEY"])
    yield from unreadable(acme)


def key_gone_for_good(acme: Acme) -> Iterator[None]:
    """An administrator has set a password, because nothing can ever be read again."""
    encrypted(acme)
    acme.aws.client("kms").disable_key(KeyId=acme.places["KEY"])
    change_by_hand(acme)
    acme.terminal()
    (acme.folder / "checkout/client_acme.password").write_text(f"{BY_HAND}\n")
    yield from unreadable(acme)


def lagging(acme: Acme) -> Iterator[None]:
    """A region that lags: what AWS says of it is the proxy's, for the emulator copies at once."""
    replicate(acme)
    acme.set(rotation_replica_regions=[{"region": REPLICA_REGION}], rotation_replica_wait=0)
    with (
        FaultyProxy(acme.aws.endpoint_url) as proxy,
        proxy.faulty(acme.secret_id, Fault("DescribeSecret", "replica:InProgress")),
    ):
        acme.set(rotation_endpoint_url=proxy.endpoint_url)
        acme.rotate(endpoint_url=proxy.endpoint_url, replica_wait=0)
        yield


def caught_up(acme: Acme) -> None:
    acme.given.pop("rotation_endpoint_url")


def replicate(acme: Acme) -> None:
    acme.secrets.replicate_secret_to_regions(SecretId=acme.secret_id, AddReplicaRegions=[{"Region": REPLICA_REGION}])


def failed_replica(acme: Acme) -> Iterator[None]:
    """A region in which a secret of that name is already; somebody deletes it there."""
    there = boto3.client(
        "secretsmanager",
        endpoint_url=acme.aws.endpoint_url,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        region_name=REPLICA_REGION,
    )
    there.create_secret(Name=acme.secret_id, SecretString="{}")
    replicate(acme)
    acme.set(rotation_replica_regions=[{"region": REPLICA_REGION}])
    acme.kept["in_region"] = there
    yield


def deleted_there(acme: Acme) -> None:
    acme.kept["in_region"].delete_secret(SecretId=acme.secret_id, ForceDeleteWithoutRecovery=True)
    assert replicas(acme)
