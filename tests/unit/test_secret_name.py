# SPDX-License-Identifier: GPL-3.0-or-later
"""A name that Secrets Manager would refuse is refused before anything is asked, with the characters at fault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from refusals import refusal_of

from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._module.operation import SECRET_IDS, Operation
from ansible_collections.dbops.rotation.plugins.module_utils._operations import VERIFY
from ansible_collections.dbops.rotation.plugins.module_utils._readers import variable
from ansible_collections.dbops.rotation.plugins.module_utils._secret_name import refuse_arn_as_name, refuse_unfit_name

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:clients/client_acme/mysql/root-AbCdEf"
REFUSED = {
    "clients/kunde_müller/mysql/root": "'ü'",
    "clients/mu\u0308ller/mysql/root": "'\u0308'",
    "clients/acme (prod)/mysql/root": "' ', '(', ')'",
    "clients/a:b/mysql/root": "':'",
    "clients/o'brien\n/mysql/root": "'\\n', \"'\"",
    r"clients/DOM\acme/mysql/root": r"'\\'",
    ARN + "*": "'*'",
}


@pytest.mark.parametrize("name", REFUSED, ids=ascii)
def test_the_characters_at_fault_are_named(name: str) -> None:
    error = refusal_of(refuse_unfit_name, name)
    assert error.code == "invalid_secret_id"
    assert error.cause.endswith(f"characters that AWS does not take: {REFUSED[name]}.")
    assert "rotation_secret_id" in error.told()


@pytest.mark.parametrize("name", ["x" * 513, "arn:" + "x" * 2048])
def test_a_name_that_is_too_long_is_refused(name: str) -> None:
    with pytest.raises(RotationError, match="longer than"):
        refuse_unfit_name(name)


@pytest.mark.parametrize(
    "name",
    ["clients/client_acme/mysql/root", "a", "x" * 512, "A1/_+=.@-", "rds!db-0a1b", ARN, ARN.replace("aws", "aws-cn")],
)
def test_what_aws_takes_is_taken(name: str) -> None:
    refuse_unfit_name(name)


def test_no_secret_is_created_under_an_arn() -> None:
    refuse_arn_as_name("clients/client_acme/mysql/root")
    with pytest.raises(RotationError, match="none can be created under an ARN"):
        refuse_arn_as_name(ARN)


@pytest.mark.parametrize("option", SECRET_IDS)
def test_every_option_that_names_a_secret_is_looked_at_before_the_work(option: str) -> None:
    def work(_params: Mapping[str, Any], _check: bool) -> dict[str, Any]:
        raise AssertionError

    params = {"client": "acme", "secret_id": "clients/acme", option: "a b"}
    result = Operation(VERIFY, {}, work).outcome(params, check=False, diff=False)
    assert (result["error"]["step"], result["error"]["code"]) == ("prepare", "invalid_secret_id")
    assert result["error"]["state"] == "Nothing was changed."
    assert variable(SECRET_IDS[option]) in result["msg"]
