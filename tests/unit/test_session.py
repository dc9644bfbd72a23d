# SPDX-License-Identifier: GPL-3.0-or-later
"""Who a process is to AWS, and the clients it makes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from emulated import emulated_aws

from ansible_collections.dbops.rotation.plugins.module_utils._aws import session
from ansible_collections.dbops.rotation.plugins.module_utils._aws.session import AwsOptions, make_client
from ansible_collections.dbops.rotation.plugins.module_utils._module.options import sns_client

ROLE = "arn:aws:iam::123456789012:role/dbops-rotation-rotator"
OPTIONS = AwsOptions(region="eu-central-1", access_key="none", secret_key="none", assume_role_arn=ROLE)


@pytest.fixture(autouse=True)
def aws() -> Iterator[None]:
    with emulated_aws():
        yield


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    services: list[str] = []
    real = session._client

    def counted(made_by: Any, options: AwsOptions, service: str) -> Any:
        services.append(service)
        return real(made_by, options, service)

    monkeypatch.setattr(session, "_client", counted)
    return services


def test_a_role_is_assumed_once_for_all_services_of_a_process(made: list[str]) -> None:
    make_client(OPTIONS, "secretsmanager")
    make_client(OPTIONS, "sns", OPTIONS.with_settings({"read_timeout": 5}))
    assert made == ["sts", "secretsmanager", "sns"]


def test_another_role_is_another_session(made: list[str]) -> None:
    make_client(OPTIONS, "secretsmanager")
    make_client(replace(OPTIONS, external_id="acme"), "secretsmanager")
    assert made == ["sts", "secretsmanager"] * 2


def test_a_topic_in_another_region_is_reached_there_with_less_patience() -> None:
    params = {**vars(OPTIONS), "assume_role_arn": None, "aws_config": {"connect_timeout": 2}}
    client = sns_client(params, "arn:aws:sns:eu-west-1:123456789012:rotation")
    assert client.meta.region_name == "eu-west-1"
    assert (client.meta.config.connect_timeout, client.meta.config.read_timeout) == (2, 5)
