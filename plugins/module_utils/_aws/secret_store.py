# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One secret of Secrets Manager: its versions, staging labels and tags.

Every read names a stage or a version, never "the default" (moto 5.2.5 returns an old value for that), and every move
of a label names the version it is taken from, which makes it a compare-and-swap.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .._batches import batches
from .._codes import Code
from .._errors import RotationError, SecretNotFound, SwapLost
from .._secret_value import SecretValue, parse_secret
from .._stamp import stamp
from .._tag_text import tag_list, tag_text
from .errors import translated
from .list_filter import FILTER_VALUES, list_filter
from .replica import Replica, replicas_of
from .throttles import Throttles
from .write_limit import Writes

# Of a secret's document, what names and messages may hold.
SHOWN = ("engine", "host", "username")
# What was just made may not be there yet for the next call (Secrets Manager is eventually consistent): seconds between
# the looks. https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html
UNTIL_SEEN = (0.2, 0.5, 1.0, 2.0)
# The most that ListSecrets returns at once.
PAGE = 100
# Characters. https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
VERSION_ID_LENGTHS = range(32, 65)
CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"


@dataclass(frozen=True)
class SecretVersion:
    """One readable version of the secret."""

    version_id: str
    created: datetime
    value: SecretValue


@dataclass(frozen=True)
class SecretDescription:
    """What DescribeSecret returns, without any value."""

    arn: str
    name: str
    stages: Mapping[str, frozenset[str]]
    tags: Mapping[str, str]
    deleted: bool
    rotation_enabled: bool
    owning_service: str | None
    rotation_lambda: str | None = None
    replicas: tuple[Replica, ...] = ()
    primary_region: str | None = None
    deletion_date: str = ""

    def holder(self, stage: str) -> str | None:
        """Return the id of the version that carries a stage."""
        return next((version for version, stages in self.stages.items() if stage in stages), None)

    @property
    def pending_apart(self) -> bool:
        """Return True if AWSPENDING is on another version than AWSCURRENT: one that was stored and not promoted."""
        return self.holder(PENDING) not in (None, self.holder(CURRENT))


class SecretStore:
    """The calls the engine makes; each is counted in ``calls`` and raises only RotationError."""

    def __init__(
        self, client: Any, secret_id: str, writes: Writes | None = None, throttles: Throttles | None = None
    ) -> None:
        """Take a boto3 client of Secrets Manager, the name or ARN of the secret, and how writes are limited."""
        self._client = client
        self.secret_id = secret_id
        self.writes = writes or Writes(share=0)
        self.throttles = throttles or Throttles()
        self.calls: Counter[str] = Counter()
        self._just_made = False

    def sibling(self, secret_id: str) -> SecretStore:
        """Return another secret, reached and counted in the same way."""
        other = SecretStore(self._client, secret_id, self.writes, self.throttles)
        other.calls = self.calls
        return other

    def read(self, *, stage: str | None = None, version_id: str | None = None) -> SecretVersion:
        """Read one version, by stage, by id, or by both, which then have to agree.

        Raises SecretNotFound where there is none, SwapLost where stage and id disagree, and RotationError where
        the secret waits for deletion or its document is not that of a MySQL or MariaDB account.
        """
        if version_id and len(version_id) not in VERSION_ID_LENGTHS:
            raise SecretNotFound(
                f"The secret {self.secret_id!r} has no version {version_id!r}: an id has 32 to 64 characters.",
                code=Code.SECRET_NOT_FOUND,
            )
        arguments = {key: value for key, value in (("VersionStage", stage), ("VersionId", version_id)) if value}
        try:
            answer = self._call("get_secret_value", f"read the secret {self.secret_id!r}", **arguments)
        except SwapLost:
            self._refuse_deleted()
            raise
        value = parse_secret(answer.get("SecretString"), self.secret_id)
        return SecretVersion(answer["VersionId"], _utc(answer["CreatedDate"]), value)

    def expect_new(self) -> None:
        """Have patience with a secret that another task may have created a moment ago."""
        self._just_made = True

    def describe(self) -> SecretDescription:
        """Read stages, tags and ownership."""
        return described(self._call("describe_secret", f"describe the secret {self.secret_id!r}"))

    def version_ids(self) -> list[str]:
        """Return the ids of all versions, those without a stage included, newest first."""
        pages = self._pages(
            "list_secret_version_ids", f"list the versions of {self.secret_id!r}", IncludeDeprecated=True
        )
        versions = [version for page in pages for version in page["Versions"]]
        return [version["VersionId"] for version in sorted(versions, key=_creation_time, reverse=True)]

    def created(self, version_id: str) -> datetime:
        """Return when the version under a stage was made, without reading its value; SecretNotFound without one."""
        for page in self._pages("list_secret_version_ids", f"list the versions of {self.secret_id!r}"):
            for version in page["Versions"]:
                if version["VersionId"] == version_id:
                    return _creation_time(version)
        raise SecretNotFound(f"The secret {self.secret_id!r} has no version {version_id}.", code=Code.SECRET_NOT_FOUND)

    def put_pending(self, value: SecretValue, version_id: str, rotation_token: str | None = None) -> None:
        """Store a new version as AWSPENDING; sent twice with one id it is stored once.

        Secrets Manager wants the token of its own rotation where the function has another role than its own.
        https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
        """
        token = {"RotationToken": rotation_token} if rotation_token else {}
        self._call(
            "put_secret_value",
            f"store the new password in {self.secret_id!r}",
            ClientRequestToken=version_id,
            SecretString=value.dump(),
            VersionStages=[PENDING],
            **token,
        )

    def promote(self, version_id: str, replacing: str) -> None:
        """Move AWSCURRENT from one version to another; SwapLost where it was not there any more."""
        self._call(
            "update_secret_version_stage",
            f"move AWSCURRENT of {self.secret_id!r}",
            VersionStage=CURRENT,
            MoveToVersionId=version_id,
            RemoveFromVersionId=replacing,
        )

    def drop_pending(self, version_id: str) -> None:
        """Take AWSPENDING from a version; SwapLost where it was not there any more."""
        self._call(
            "update_secret_version_stage",
            f"take AWSPENDING away in {self.secret_id!r}",
            VersionStage=PENDING,
            RemoveFromVersionId=version_id,
        )

    def tag(self, tags: Mapping[str, str]) -> None:
        """Write tags in one call; others are left alone."""
        self._call("tag_resource", f"tag {self.secret_id!r}", Tags=tag_list(tags))

    def create(self, value: SecretValue, version_id: str, tags: Mapping[str, str], kms_key_id: str | None) -> None:
        """Create the secret with its first version."""
        key = {"KmsKeyId": kms_key_id} if kms_key_id else {}
        self._call(
            "create_secret",
            f"create {self.secret_id!r}",
            id_argument="Name",
            ClientRequestToken=version_id,
            SecretString=value.dump(),
            Tags=tag_list(tags),
            **key,
        )
        self._just_made = True

    def replicate(self, regions: Mapping[str, str | None]) -> tuple[Replica, ...]:
        """Copy the secret to more regions, each with the KMS key to use there; return all replicas.

        A secret of the same name that is there already is not overwritten: that region fails.
        """
        replicas = [{"Region": region} | ({"KmsKeyId": key} if key else {}) for region, key in regions.items()]
        doing = f"replicate {self.secret_id!r} to {', '.join(regions)}"
        return replicas_of(self._call("replicate_secret_to_regions", doing, AddReplicaRegions=replicas))

    def with_tag_values(self, *values: str) -> Iterator[SecretDescription]:
        """List the secrets of the account with a tag that begins with one of these values, and perhaps others."""
        for batch in batches(values, FILTER_VALUES):
            filters = list_filter("tag-value", *map(tag_text, batch))
            for page in self._pages(
                "list_secrets", "list the secrets", id_argument="", Filters=filters, MaxResults=PAGE
            ):
                yield from map(described, page["SecretList"])

    def is_called(self, secret: SecretDescription) -> bool:
        """Return True if this is the secret that was described."""
        return self.secret_id in (secret.name, secret.arn)

    def _pages(self, operation: str, doing: str, **arguments: Any) -> Iterator[Any]:
        token: dict[str, str] = {}
        while True:
            page = self._call(operation, doing, **arguments, **token)
            yield page
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}

    def _call(self, operation: str, doing: str, *, id_argument: str = "SecretId", **arguments: Any) -> Any:
        if id_argument:
            arguments[id_argument] = self.secret_id
        for pause in UNTIL_SEEN if self._just_made else ():
            try:
                answer = self._send(operation, doing, arguments)
            except SecretNotFound:
                time.sleep(pause)
            else:
                self._just_made = False
                return answer
        return self._send(operation, doing, arguments)

    def _send(self, operation: str, doing: str, arguments: Mapping[str, Any]) -> Any:
        self.writes.await_turn(operation)
        self.calls[operation] += 1
        with translated(doing, hidden=_hidden(arguments)):
            return getattr(self._client, operation)(**arguments)

    def _refuse_deleted(self) -> None:
        refuse_deleted(self.describe(), self.secret_id)


def refuse_deleted(secret: SecretDescription, name: str) -> None:
    """Raise a RotationError where a secret waits for its deletion."""
    if secret.deleted:
        raise RotationError(
            f"The secret {name!r} is scheduled for deletion.",
            code=Code.SECRET_DELETED,
            next_step=f"If it is still wanted: {restore_command(name)}",
        )


def restore_command(secret_id: str) -> str:
    """Return the command that cancels the deletion of a secret."""
    return f"aws secretsmanager restore-secret --secret-id {secret_id}"


def described(answer: Mapping[str, Any]) -> SecretDescription:
    """Return what DescribeSecret answers, or ListSecrets of each secret, which has another word for the stages."""
    stages = answer.get("VersionIdsToStages") or answer.get("SecretVersionsToStages") or {}
    return SecretDescription(
        arn=answer["ARN"],
        name=answer["Name"],
        stages={version: frozenset(labels) for version, labels in stages.items()},
        tags={tag["Key"]: tag["Value"] for tag in answer.get("Tags", [])},
        deleted="DeletedDate" in answer,
        rotation_enabled=bool(answer.get("RotationEnabled")),
        owning_service=answer.get("OwningService"),
        rotation_lambda=answer.get("RotationLambdaARN"),
        replicas=replicas_of(answer),
        primary_region=answer.get("PrimaryRegion"),
        deletion_date=stamp(_utc(answer["DeletedDate"])) if "DeletedDate" in answer else "",
    )


def looks() -> Iterator[None]:
    """Yield at once, and again until what was just made should be seen."""
    yield
    for pause in UNTIL_SEEN:
        time.sleep(pause)
        yield


def find(store: SecretStore) -> SecretDescription | None:
    """Describe a secret that need not exist."""
    try:
        return store.describe()
    except SecretNotFound:
        return None


def _hidden(arguments: Mapping[str, Any]) -> list[str]:
    """Return what a call stores and nobody may read in a message: the document and its values, names excepted."""
    text = arguments.get("SecretString")
    if not text:
        return []
    values = {key: value for key, value in json.loads(text).items() if key not in SHOWN}
    values["RotationToken"] = arguments.get("RotationToken")
    return [text, *(value for value in values.values() if isinstance(value, str) and value)]


def _creation_time(version: Mapping[str, Any]) -> datetime:
    return _utc(version["CreatedDate"])


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
