# SPDX-License-Identifier: GPL-3.0-or-later
"""The bucket of the functions' code, whose name anybody can foretell and make first."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from managed import playbook
from stock_collections import needs_collections
from world.aws import ACCESS_KEY, REGION, SECRET_KEY, AwsEmulator

pytestmark = [pytest.mark.slow, needs_collections]
NAME = "foretold"
ACCOUNT, STRANGER = "123456789012", "210987654321"
BUCKET = f"{NAME}-functions-{ACCOUNT}-{REGION}"
TELLS = {
    "rotation_functions_topic_arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:dbops-rotation",
    "rotation_functions_log_group": "/dbops/rotation",
    "rotation_functions_settings": "",
}


@pytest.fixture
def bucket_of_a_stranger(aws: AwsEmulator) -> Iterator[Any]:
    """Let somebody of another account have made it, and let everybody in."""
    role = f"arn:aws:iam::{STRANGER}:role/stranger"
    keys = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    s3 = aws.client(
        "s3",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    yield s3
    for one in s3.list_object_versions(Bucket=BUCKET)["Versions"]:
        s3.delete_object(Bucket=BUCKET, Key=one["Key"], VersionId=one["VersionId"])
    s3.delete_bucket(Bucket=BUCKET)


def deploy(aws: AwsEmulator, package: Path) -> subprocess.CompletedProcess[str]:
    variables = {
        "rotation_functions_name": NAME,
        "rotation_functions_package": str(package),
        "rotation_functions_region": REGION,
        "rotation_functions_endpoint_url": aws.endpoint_url,
        "rotation_functions_access_key": ACCESS_KEY,
        "rotation_functions_secret_key": SECRET_KEY,
        **TELLS,
    }
    return playbook("playbooks/provision_lambda.yml", "-e", json.dumps(variables))


def test_the_code_goes_to_no_bucket_of_another_account(
    aws: AwsEmulator, bucket_of_a_stranger: Any, tmp_path: Path
) -> None:
    """Who owns it can put other code under the digest before the functions are made of it."""
    package = tmp_path / "package.zip"
    package.write_bytes(b"code")
    bucket_of_a_stranger.put_object(Bucket=BUCKET, Key=f"{sha256(b'code').hexdigest()}.zip", Body=b"other code")
    run = deploy(aws, package)
    assert run.returncode == 2, run.stdout + run.stderr
    assert f"The bucket {BUCKET} is not one of this account ({ACCOUNT})" in " ".join(run.stdout.split())
    assert aws.client("cloudformation").list_stacks()["StackSummaries"] == []
