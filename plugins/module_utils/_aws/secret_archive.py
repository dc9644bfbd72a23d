# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole secret, to be kept somewhere else and made anew: the calls that backup and restore make."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .._codes import Code
from .._errors import RotationError
from .._secret_value import parse_secret
from .._tag_text import tag_list
from .secret_store import CURRENT, SecretStore, described

# So often is a secret read until no label has moved meanwhile.
ATTEMPTS = 3


@dataclass(frozen=True)
class SavedVersion:
    """One version with a staging label."""

    version_id: str
    stages: tuple[str, ...]
    created: datetime
    text: str = field(repr=False)


@dataclass(frozen=True)
class SavedSecret:
    """Everything that a secret is made of."""

    name: str
    arn: str
    description: str
    kms_key_id: str | None
    tags: Mapping[str, str]
    versions: tuple[SavedVersion, ...]

    @property
    def region(self) -> str:
        """Return the region that the secret was in."""
        return self.arn.split(":")[3]

    def find(self, name: str) -> SavedVersion | None:
        """Return the version with this id or staging label."""
        return next((saved for saved in self.versions if name == saved.version_id or name in saved.stages), None)

    def holders(self) -> dict[str, str]:
        """Return each staging label with the id of its version."""
        return {stage: saved.version_id for saved in self.versions for stage in saved.stages}


class SecretArchive(SecretStore):
    """A secret that can be read as a whole and made anew, with the ids that its versions had."""

    @property
    def region(self) -> str:
        """Return the region that the calls go to."""
        return str(self._client.meta.region_name)

    def save(self) -> tuple[SavedSecret, list[str]]:
        """Read the secret, and warnings about versions that had to be left out.

        Raises RotationError where AWSCURRENT cannot be read, or labels move again and again meanwhile.
        """
        for attempt in range(ATTEMPTS):
            time.sleep(attempt)
            labels = self.describe().stages
            versions, warnings = self._versions_with_labels(labels)
            answer = self._call("describe_secret", f"describe the secret {self.secret_id!r}")
            if labels == described(answer).stages:
                return _saved_secret(answer, versions), warnings
        raise RotationError(
            f"The labels of {self.secret_id!r} moved every time while the secret was read.",
            code=Code.AWS_INCONSISTENT,
            next_step="A rotation is at work. Run the same command again when it is over.",
        )

    def recreate(
        self, saved: SavedSecret, version: SavedVersion, tags: Mapping[str, str], kms_key_id: str | None
    ) -> None:
        """Create the secret with this version as AWSCURRENT."""
        options = {"Description": saved.description, "KmsKeyId": kms_key_id}
        self._call(
            "create_secret",
            f"create {self.secret_id!r}",
            id_argument="Name",
            ClientRequestToken=version.version_id,
            SecretString=version.text,
            Tags=tag_list(tags),
            **{key: value for key, value in options.items() if value},
        )
        self._just_made = True

    def add_version(self, version: SavedVersion, stages: tuple[str, ...]) -> None:
        """Store a version beside AWSCURRENT; sent twice it is stored once."""
        self._call(
            "put_secret_value",
            f"store the version {version.version_id} of {self.secret_id!r}",
            ClientRequestToken=version.version_id,
            SecretString=version.text,
            VersionStages=list(stages),
        )

    def add_label(self, stage: str, version_id: str) -> None:
        """Attach a label that no version has."""
        self._call(
            "update_secret_version_stage",
            f"attach {stage} in {self.secret_id!r}",
            VersionStage=stage,
            MoveToVersionId=version_id,
        )

    def cancel_deletion(self) -> None:
        """Take back that the secret is scheduled for deletion."""
        self._call("restore_secret", f"cancel the deletion of {self.secret_id!r}")

    def _versions_with_labels(self, labels: Mapping[str, frozenset[str]]) -> tuple[list[SavedVersion], list[str]]:
        versions, warnings = [], []
        for version_id, stages in labels.items():
            if not stages:
                continue
            try:
                versions.append(self._version(version_id, stages))
            except RotationError as error:
                if CURRENT in stages:
                    raise
                warnings.append(f"Version {version_id} ({', '.join(sorted(stages))}) is left out: {error.cause}")
        return versions, warnings

    def _version(self, version_id: str, stages: frozenset[str]) -> SavedVersion:
        answer = self._call("get_secret_value", f"read the secret {self.secret_id!r}", VersionId=version_id)
        text = answer.get("SecretString")
        parse_secret(text, self.secret_id)
        return SavedVersion(version_id, tuple(sorted(stages)), answer["CreatedDate"], text)


def _saved_secret(answer: Mapping[str, Any], versions: list[SavedVersion]) -> SavedSecret:
    secret = described(answer)
    return SavedSecret(
        name=secret.name,
        arn=secret.arn,
        description=answer.get("Description") or "",
        kms_key_id=answer.get("KmsKeyId"),
        tags=secret.tags,
        versions=tuple(versions),
    )
