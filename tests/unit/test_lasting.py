# SPDX-License-Identifier: GPL-3.0-or-later
"""What a process keeps from one task to the next: nothing that may have changed in between."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore
import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._aws.session import (
    AwsOptions,
    forget_clients,
    forget_unless_lasting,
    make_client,
)
from ansible_collections.dbops.rotation.plugins.module_utils._db.tls import TlsOptions, ssl_context

OPTIONS = AwsOptions(region="eu-central-1")
AUTHORITIES = Path(botocore.__file__).with_name("cacert.pem")


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Have no credentials but those of a file, which is not there yet."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    forget_clients()
    forget_unless_lasting()
    yield tmp_path / "credentials"
    forget_clients()


def write(path: Path, key: str) -> None:
    path.write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = none\n")


def key_of(options: AwsOptions) -> str | None:
    """Return the key that the next task uses."""
    forget_unless_lasting()
    credentials: Any = make_client(options, "secretsmanager")._request_signer._credentials
    return str(credentials.access_key) if credentials else None


def test_credentials_that_were_not_there_are_looked_for_again(nobody: Path) -> None:
    assert key_of(OPTIONS) is None
    write(nobody, "AKIAFIRST")
    assert key_of(OPTIONS) == "AKIAFIRST"


def test_a_file_that_was_renewed_is_read_again(nobody: Path) -> None:
    write(nobody, "AKIAFIRST")
    assert key_of(OPTIONS) == "AKIAFIRST"
    write(nobody, "AKIASECOND")
    assert key_of(OPTIONS) == "AKIASECOND"


@pytest.mark.parametrize(
    "given", [{}, {"access_key": "AKIAGIVEN", "secret_key": "none"}], ids=["environment", "options"]
)
def test_a_client_whose_keys_cannot_change_is_kept(monkeypatch: pytest.MonkeyPatch, given: dict[str, Any]) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAGIVEN")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    options = AwsOptions(region="eu-central-1", **given)
    first = make_client(options, "secretsmanager")
    assert key_of(options) == "AKIAGIVEN"
    assert make_client(options, "secretsmanager") is first


def test_another_ca_bundle_is_another_client(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    shutil.copy(AUTHORITIES, bundle)
    options = AwsOptions(region="eu-central-1", access_key="none", secret_key="none", aws_ca_bundle=str(bundle))
    first = make_client(options, "secretsmanager")
    assert make_client(options, "secretsmanager") is first
    with bundle.open("a") as file:
        file.write("\n")
    assert make_client(options, "secretsmanager") is not first


def test_another_ca_file_is_another_context(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    shutil.copy(AUTHORITIES, ca_file)
    options = TlsOptions(ca_file=str(ca_file))
    first = ssl_context(options)
    assert ssl_context(options) is first
    with ca_file.open("a") as file:
        file.write("\n")
    assert ssl_context(options) is not first
