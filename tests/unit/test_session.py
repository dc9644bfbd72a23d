# SPDX-License-Identifier: GPL-3.0-or-later
"""Who a process is to AWS, and the clients it makes."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._aws import session
from ansible_collections.dbops.rotation.plugins.module_utils._aws.credentials import POOL
from ansible_collections.dbops.rotation.plugins.module_utils._aws.session import AwsOptions, make_client
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._module.options import AWS_SPEC, aws_options, sns_client

pytestmark = pytest.mark.usefixtures("aws")

ROLE = "arn:aws:iam::123456789012:role/dbops-rotation-rotator"
OPTIONS = AwsOptions(region="eu-central-1", access_key="none", secret_key="none", assume_role_arn=ROLE)


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
    assert made.count("sts") == 1 and {"secretsmanager", "sns"} < set(made)


def test_another_role_is_another_session(made: list[str]) -> None:
    make_client(OPTIONS, "secretsmanager")
    make_client(replace(OPTIONS, external_id="acme"), "secretsmanager")
    assert made.count("sts") == 2


def test_a_topic_in_another_region_is_reached_there_with_less_patience() -> None:
    params = {
        **vars(OPTIONS),
        "assume_role_arn": None,
        "endpoint_url": None,
        "endpoint_urls": {},
        "aws_config": {"connect_timeout": 2},
    }
    client = sns_client(params, "arn:aws:sns:eu-west-1:123456789012:rotation")
    assert client.meta.region_name == "eu-west-1"
    assert (client.meta.config.connect_timeout, client.meta.config.read_timeout) == (2, 5)


SERVICE_URLS = {"secretsmanager": "http://sm.invalid", "sns": "http://sns.invalid", "default": "http://all.invalid"}


def endpoints(**params: Any) -> dict[str, str]:
    """Return where each service is asked with these options; no role is assumed."""
    given = {"region": "eu-central-1", "access_key": "none", "secret_key": "none", **params}
    options = aws_options({name: given.get(name, spec.get("default")) for name, spec in AWS_SPEC.items()})
    return {service: make_client(options, service).meta.endpoint_url for service in ("secretsmanager", "sns", "sts")}


AWS_ITSELF = {name: f"https://{name}.eu-central-1.amazonaws.com" for name in ("secretsmanager", "sns", "sts")}


def test_the_url_of_secrets_manager_is_no_other_services() -> None:
    assert endpoints(endpoint_url="http://vpce.invalid") == {**AWS_ITSELF, "secretsmanager": "http://vpce.invalid"}


def test_every_service_may_have_a_url_of_its_own_and_the_others_one() -> None:
    assert endpoints(endpoint_urls=SERVICE_URLS) == {
        "secretsmanager": "http://sm.invalid",
        "sns": "http://sns.invalid",
        "sts": "http://all.invalid",
    }


def test_a_service_that_is_never_asked_is_refused_by_name() -> None:
    with pytest.raises(RotationError, match="rotation_endpoint_urls names s3, which is not asked") as refused:
        endpoints(endpoint_urls={"s3": "http://x.invalid"})
    assert "secretsmanager, sns, ssm, sts" in refused.value.next_step


@pytest.mark.parametrize(
    "setting",
    [
        {"retries": 5},
        {"retries": {"max_attempts": -1}},
        {"retries": {"mode": "fast"}},
        {"retries": {"times": 1}},
        {"s3": 5},
        {"s3": {"addressing_style": "x"}},
        {"user_agent_extra": 1},
    ],
)
def test_a_setting_that_botocore_does_not_take_is_refused_by_the_name_of_the_option(setting: dict[str, Any]) -> None:
    with pytest.raises(RotationError, match="rotation_aws_config holds a value that") as refused:
        endpoints(aws_config=setting)
    assert refused.value.code == "invalid_option"


def test_the_variables_of_aws_count_for_each_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", "http://sns.invalid")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://all.invalid")
    assert endpoints(endpoint_url="http://vpce.invalid") == {
        "secretsmanager": "http://vpce.invalid",
        "sns": "http://sns.invalid",
        "sts": "http://all.invalid",
    }


def test_the_shared_configuration_file_of_aws_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(
        "[default]\nservices = here\n[services here]\nsts =\n  endpoint_url = http://sts.invalid\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert endpoints(endpoint_url="http://vpce.invalid") == {
        **AWS_ITSELF,
        "secretsmanager": "http://vpce.invalid",
        "sts": "http://sts.invalid",
    }


def test_a_role_is_renewed_before_it_ends_in_a_process_that_lives_longer(
    made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the callback of the audit trail does, which lives as long as the run."""
    client = make_client(OPTIONS, "secretsmanager")
    client.list_secrets()
    credentials = client._request_signer._credentials
    first = credentials.get_frozen_credentials().token
    assert made.count("sts") == 1
    later = timedelta(minutes=50)
    monkeypatch.setattr(credentials, "_time_fetcher", lambda: datetime.now(UTC) + later)
    monkeypatch.setattr(POOL, "_clock", lambda: time.time() + later.total_seconds())
    client.list_secrets()
    assert made.count("sts") == 2
    assert credentials.get_frozen_credentials().token != first


def test_nothing_that_goes_wrong_while_warming_up_ends_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: Any) -> Any:
        raise OSError

    monkeypatch.setattr(session, "_client", broken)
    session.warm()
