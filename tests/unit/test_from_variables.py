# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task takes from the variables of its client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from trusted import trusted

from ansible_collections.dbops.rotation.plugins.module_utils._module.notice import NOTICE
from ansible_collections.dbops.rotation.plugins.module_utils._module.operation import Operation
from ansible_collections.dbops.rotation.plugins.module_utils._module.rotate import ROTATE
from ansible_collections.dbops.rotation.plugins.plugin_utils._from_variables import with_variables

ROLE = Path(__file__).resolve().parents[2] / "roles/rotation"


def taken(kind: str, variables: dict[str, Any], operation: Operation = ROTATE, **own: Any) -> dict[str, Any]:
    templar = Templar(loader=DataLoader(), variables=trusted(variables))
    return with_variables({"from_variables": kind, **own}, operation.spec, templar)


def role(**more: Any) -> dict[str, Any]:
    files = [DataLoader().load_from_file(str(ROLE / f"{name}/main.yml")) for name in ("defaults", "vars")]
    return {**files[0], **files[1], "inventory_hostname": "client_acme", **more}


def test_a_connection_is_only_that() -> None:
    variables = {
        "rotation_region": "eu-central-1",
        "rotation_force": True,
        "rotation_secret_id": "{{ name }}",
        "name": "s",
    }
    assert taken("connection", variables) == {"region": "eu-central-1", "secret_id": "s"}
    assert taken("all", variables) == {"region": "eu-central-1", "secret_id": "s", "force": True}


@pytest.mark.parametrize("own", [{"region": "eu-west-1"}, {"aws_region": "eu-west-1"}])
def test_what_the_task_says_itself_counts(own: dict[str, Any]) -> None:
    assert taken("connection", {"rotation_region": "{{ undefined }}", "rotation_profile": "p"}, **own) == {
        **own,
        "profile": "p",
    }


def test_an_option_that_the_module_does_not_have_is_not_taken() -> None:
    assert taken("all", {"rotation_force": True, "rotation_region": "r"}, NOTICE) == {"region": "r"}


def test_without_the_option_nothing_is_taken_and_a_wrong_choice_is_left_to_the_check() -> None:
    templar = Templar(loader=DataLoader(), variables={"rotation_region": "r"})
    assert with_variables({"profile": "p"}, ROTATE.spec, templar) == {"profile": "p"}
    assert taken("connections", {"rotation_region": "r"}) == {"from_variables": "connections"}


def test_a_variable_that_is_omitted_is_not_handed_over() -> None:
    assert taken("connection", {"rotation_region": "{{ omit }}", "rotation_profile": "p"}) == {"profile": "p"}


def test_templates_within_lists_and_dictionaries_are_templates() -> None:
    variables = {
        "rotation_server_ids": [trust_as_template("{{ one }}")],
        "rotation_endpoint_urls": {"sns": trust_as_template("http://{{ one }}")},
        "one": "id",
    }
    assert taken("connection", variables) == {"server_ids": ["id"], "endpoint_urls": {"sns": "http://id"}}


def test_a_text_that_nobody_trusts_is_no_template() -> None:
    templar = Templar(loader=DataLoader(), variables={"rotation_region": "{{ 1 + 1 }}"})
    assert with_variables({"from_variables": "all"}, ROTATE.spec, templar) == {"region": "{{ 1 + 1 }}"}


def test_a_variable_that_cannot_be_evaluated_is_named() -> None:
    with pytest.raises(AnsibleError) as failure:
        taken("connection", {"rotation_profile": "p", "rotation_region": "{{ nowhere }}"})
    assert "'nowhere' is undefined" in str(failure.value) and "rotation_region" in str(failure.value)


@pytest.mark.parametrize(
    "unusual",
    [{}, {"rotation_reason": "CHG-1", "rotation_windows": [{"from": "22:00"}], "rotation_server_ids": ["{{ 1 }}"]}],
)
def test_all_options_of_a_rotation_are_what_the_templates_of_the_role_say(unusual: dict[str, Any]) -> None:
    variables = role(rotation_requested_by="alice", **unusual)
    templar = Templar(loader=DataLoader(), variables=trusted(variables))
    names = ("rotation_connection", "rotation_rotate_options")
    templates = {
        name: value for one in names for name, value in templar.template(trust_as_template(variables[one])).items()
    }
    assert {"steps": templates["steps"], **taken("all", variables)} == templates
