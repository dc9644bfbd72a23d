# SPDX-License-Identifier: GPL-3.0-or-later
"""From parameters to options: types, names, and messages that name a wrong parameter and never its value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from wrong_options import OUT_OF_RANGE

from ansible_collections.dbops.rotation.plugins.module_utils._aws.parameters import Parameter
from ansible_collections.dbops.rotation.plugins.module_utils._module.options import AWS_SPEC
from ansible_collections.dbops.rotation.plugins.plugin_utils._stored import specification
from ansible_collections.dbops.rotation.plugins.plugin_utils._stored_options import (
    NOT_FOR_ALL,
    ONLY_SECURE,
    WrongParameters,
    options_of,
)

PATH = "/dbops/rotation"
HIDDEN = "Hidden-Value-1234"
SPEC = specification()
TOPIC = "arn:aws:sns:eu-central-1:123456789012:dbops-rotation"
WINDOW = {"days": ["mon"], "from": "22:00", "to": "04:00"}
STORABLE = sorted(SPEC.keys() - NOT_FOR_ALL)


def parameter(name: str, given: Any, kind: str = "String") -> Parameter:
    return Parameter(f"{PATH}/{name}", kind, given if isinstance(given, str) else json.dumps(given))


def values(*parameters: Parameter) -> dict[str, Any]:
    return dict(options_of(parameters, PATH, SPEC).values)


def refused(*parameters: Parameter) -> str:
    with pytest.raises(WrongParameters) as failure:
        options_of(parameters, PATH, SPEC)
    return str(failure.value)


def test_what_provisioning_writes_is_read_back_with_its_types() -> None:
    written = {
        "rotation_region": "eu-central-1",
        "rotation_topic_arn": TOPIC,
        "rotation_kms_key_id": "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "rotation_log_group": "/dbops/rotation",
        "rotation_onboard_tags": {"environment": "production"},
    }
    assert values(parameter("settings", written)) == written
    assert values(parameter("settings", {**written, "rotation_onboard_tags": {}}))["rotation_onboard_tags"] == {}


@pytest.mark.parametrize(
    ("option", "text", "kind", "value"),
    [
        ("rotation_overlap", "3600", "String", 3600),
        ("rotation_deadline", "90.5", "String", 90.5),
        ("rotation_single_writer", "true", "String", True),
        ("rotation_single_writer", "no", "SecureString", False),
        ("rotation_tls_mode", "verify_ca", "String", "verify_ca"),
        ("rotation_environment", "5", "String", "5"),
        ("rotation_environment", "a,b", "String", "a,b"),
        ("rotation_notice_days", "[7, 1]", "String", [7, 1]),
        ("rotation_hooks", "one.yml,two.yml", "StringList", ["one.yml", "two.yml"]),
        ("rotation_windows", json.dumps([WINDOW]), "SecureString", [WINDOW]),
        ("rotation_onboard_tags", '{"team": "dba"}', "String", {"team": "dba"}),
        ("rotation_notice_days", "7,1", "StringList", [7, 1]),
        ("rotation_tls_ca_file", "~/ca.pem", "String", "~/ca.pem"),
    ],
)
def test_a_text_becomes_what_its_option_is(option: str, text: str, kind: str, value: Any) -> None:
    found = options_of([parameter(option, text, kind)], PATH, SPEC)
    assert found.values == {option: value} and type(found.values[option]) is type(value)
    assert found.secure == ({option} if kind == "SecureString" else set())


def test_numbers_of_a_document_may_be_texts() -> None:
    found = values(parameter("settings", {"rotation_overlap": "60", "rotation_cycle_days": 30, "rotation_profile": ""}))
    assert found == {"rotation_overlap": 60, "rotation_cycle_days": 30, "rotation_profile": ""}


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ([parameter("rotation_overlp", "1")], "rotation/rotation_overlp (rotation_overlp): there is no such option."),
        (
            [parameter("settings", {"rotation_overlp": 1})],
            "/dbops/rotation/settings (rotation_overlp): there is no such option.",
        ),
        ([parameter("overlap", "60")], "/dbops/rotation/overlap is neither called as an option"),
        ([parameter("settings", '{"rotation_overlap": 1, "rotation_overlap": 2}')], "/settings is neither called"),
        ([parameter("settings", "[1]")], "nor a JSON dictionary that says each option once."),
        (
            [parameter("clients/client_acme/rotation_overlap", "60")],
            "/dbops/rotation/clients/client_acme/rotation_overlap lies deeper than /dbops/rotation",
        ),
        (
            [parameter("rotation_overlap", "60"), parameter("settings", {"rotation_overlap": 60})],
            "/dbops/rotation/rotation_overlap (rotation_overlap): /dbops/rotation/settings says it too.",
        ),
        (
            [parameter("rotation_overlap", "1,2", "StringList")],
            "/dbops/rotation/rotation_overlap is a StringList, but the option is no list.",
        ),
        (
            [parameter("rotation_notice_days", "7,1")],
            "rotation_notice_days must be a list of whole numbers. It has to be written as JSON.",
        ),
        (
            [parameter("rotation_notice_days", "7,soon", "StringList")],
            "(rotation_notice_days): rotation_notice_days must be a list of whole numbers.",
        ),
        ([parameter("rotation_everything", "true")], "this is asked for in a run or said of one client"),
        ([parameter("rotation_secret_key", "x")], "(rotation_secret_key) has to be a SecureString."),
        ([parameter("rotation_overlap", "inf")], "(rotation_overlap): rotation_overlap must be a whole number."),
        ([parameter("rotation_overlap", "1e5000")], "(rotation_overlap): rotation_overlap must be a whole number."),
        ([parameter("settings", '{"rotation_overlap": NaN}')], "rotation_overlap must be a whole number."),
        ([parameter("settings", "rotation_overlap: 60")], "/settings is neither called as an option"),
        ([parameter("Rotation_Overlap", "60")], "/Rotation_Overlap is neither called as an option"),
        ([parameter("rotation_OVERLAP", "60")], "/rotation_OVERLAP (rotation_OVERLAP): there is no such option."),
        ([parameter("ansible_password", HIDDEN)], "/dbops/rotation/ansible_password is neither called as an option"),
        ([parameter("settings", {"ansible_connection": "ssh"})], "(ansible_connection): there is no such option."),
        ([parameter("settings", {"inventory_hostname": "x"})], "(inventory_hostname): there is no such option."),
        ([parameter("rotation_parameters_read", "/x")], "(rotation_parameters_read): there is no such option."),
        ([parameter("rotation_connection", "{}")], "(rotation_connection): there is no such option."),
    ],
)
def test_a_wrong_parameter_is_named_with_its_option(parameters: list[Parameter], told: str) -> None:
    text = refused(*parameters)
    assert told in text and HIDDEN not in text and " Next: Correct them (aws ssm put-parameter --overwrite)" in text


@pytest.mark.parametrize("kind", ["String", "SecureString"])
@pytest.mark.parametrize("option", [name for name in STORABLE if name in OUT_OF_RANGE])
def test_a_value_out_of_range_is_told_with_what_is_allowed_and_not_shown(option: str, kind: str) -> None:
    wrong, allowed = OUT_OF_RANGE[option]
    text = refused(parameter(option, wrong, kind))
    assert f"{PATH}/{option} ({option}): " in text and allowed in text
    shown = text.replace(allowed, "")
    for said in ("no_such_setting", "ec2", "rotation/due", "someday", "two words", "1000", "1.5", "not '"):
        assert said not in shown


@pytest.mark.parametrize("option", [name for name in STORABLE if SPEC[name]["type"] not in ("str", "path")])
def test_a_value_of_a_wrong_type_is_told_with_what_is_allowed_and_not_shown(option: str) -> None:
    text = refused(parameter(option, HIDDEN, "SecureString"))
    assert f"{PATH}/{option} ({option}): {option} must be " in text and HIDDEN not in text


@pytest.mark.parametrize("option", [name for name in STORABLE if SPEC[name].get("choices")])
def test_a_value_that_is_none_of_the_choices_is_told_with_them(option: str) -> None:
    text = refused(parameter(option, HIDDEN))
    assert f"must be one of {', '.join(SPEC[option]['choices'])}." in text and HIDDEN not in text


def test_what_the_functions_read_is_left_to_them() -> None:
    own = parameter("rotation_overlap", "60")
    theirs = [parameter(name, {"rotation_overlap": 5}) for name in ("functions", "clients/client_acme")]
    assert values(own, *theirs) == {"rotation_overlap": 60}


def test_all_that_is_wrong_is_told_at_once() -> None:
    text = refused(parameter("rotation_overlap", "soon"), parameter("rotation_lead", "1"), parameter("x/y", "1"))
    assert all(f"{PATH}/{name}" in text for name in ("rotation_overlap (", "rotation_lead (", "x/y lies deeper"))


def test_what_another_tool_wrote_there_is_named_and_its_secret_is_not() -> None:
    text = refused(parameter("login", {HIDDEN: 1, "rotation_overlp": 2}, "SecureString"))
    assert f"{PATH}/login (a name that is not shown): there is no such option." in text
    assert "(rotation_overlp): there is no such option." in text and HIDDEN not in text


def test_of_a_thousand_wrong_ones_some_are_told() -> None:
    text = refused(*(parameter(f"other-{number}", "x") for number in range(1000)))
    assert text.count("is neither called") == 20 and " And 980 more. Next: Correct them" in text


def test_what_only_the_inventory_completes_is_no_fault() -> None:
    assert values(parameter("rotation_tls_client_cert", "/etc/ssl/cert.pem"))


def test_what_is_not_for_all_exists() -> None:
    """So that an option which is renamed cannot slip in."""
    assert set(SPEC) >= NOT_FOR_ALL | ONLY_SECURE


def test_what_the_modules_hide_is_stored_in_a_secure_string_or_not_at_all() -> None:
    hidden = {f"rotation_{name}" for name, option in AWS_SPEC.items() if option.get("no_log")}
    assert hidden == ONLY_SECURE
    assert {option for option in SPEC if option.endswith("password")} <= NOT_FOR_ALL


def test_no_value_is_in_a_representation() -> None:
    secret = parameter("rotation_external_id", HIDDEN, "SecureString")
    found = options_of([secret], PATH, SPEC)
    assert found.values["rotation_external_id"] == HIDDEN and HIDDEN not in f"{secret}{found}"
