# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of the functions: who has the last word, what is refused, and that no value is repeated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from emulated import emulated_aws

from ansible_collections.dbops.rotation.plugins.module_utils._aws.parameters import OF_CLIENTS
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._json_text import UNREADABLE
from ansible_collections.dbops.rotation.plugins.module_utils._lambda import settings
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.options import (
    DEFAULTS,
    NOT_HERE,
    OF_A_CLIENT,
    OF_A_RUN,
    OF_ALL,
    SPEC,
    WRITE_SHARE,
)
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.settings import (
    ALL,
    Place,
    Settings,
    environment_settings,
    read_settings,
    settings_of,
)
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.typed import from_text, typed
from ansible_collections.dbops.rotation.plugins.module_utils._module.rotate import ROTATE
from ansible_collections.dbops.rotation.plugins.module_utils._next_step import filled
from ansible_collections.dbops.rotation.plugins.module_utils._readers import Function

ROOT = Path(__file__).resolve().parents[2]
ROLE: dict[str, Any] = DataLoader().load_from_file(str(ROOT / "roles/rotation/defaults/main.yml"))
HIDDEN = "Hidden-Value-1234"
ENVIRONMENT = {"AWS_REGION": "eu-central-1", "ROTATION_REGION": "eu-central-1"}
VALUES: list[Any] = [
    *("", "x", "5", "-1", " 7 ", "1.5", "inf", "nan", "true", "Yes", "off", "maybe", "disabled", "all"),
    "scheduled",
    *(0, 1, 5, -3, 1.5, True, False, [], ["a"], ["a", 2], [1, 2], [[]], {}, {"a": 1}),
    [{"from": "22:00", "to": "04:00"}],
    [{"days": ["mon"], "from": "22:00", "to": "04:00", "timezone": "UTC"}],
    [{"from": "22:00"}],
    [{"from": "22:00", "to": "04:00", "other": 1}],
    {"until": "2026-12-20", "reason": "migration"},
    {"until": "2026-12-20"},
]


@pytest.mark.parametrize("option", sorted(SPEC.keys() - NOT_HERE))
def test_what_is_taken_becomes_what_ansible_makes_of_it(option: str) -> None:
    spec = {name: value for name, value in SPEC[option].items() if name not in ("no_log", "aliases", "required")}
    taken = 0
    for value in VALUES:
        try:
            ours = typed(spec, value)
        except (ValueError, OverflowError):
            continue
        checked = ArgumentSpecValidator({"option": dict(spec)}).validate({"option": value})
        assert not checked.error_messages, value
        if spec["type"] != "path":  # which Ansible looks up in the environment
            assert checked.validated_parameters["option"] == ours
        taken += 1
    assert taken


@pytest.mark.parametrize(
    ("spec", "raw"),
    [
        ({"type": "int"}, True),
        ({"type": "int"}, 1.5),
        ({"type": "float"}, "inf"),
        ({"type": "bool"}, 1),
        ({"type": "str"}, ["a"]),
        ({"type": "list", "elements": "str"}, "a,b"),
        ({"type": "dict"}, "a=b"),
        ({"type": "list", "elements": "int"}, UNREADABLE),
        ({"type": "str", "choices": ["a"]}, "b"),
    ],
)
def test_what_is_not_of_the_type_is_refused(spec: dict[str, Any], raw: Any) -> None:
    with pytest.raises(ValueError):
        typed(spec, raw)


def test_a_text_of_the_environment_is_json_where_that_is_a_list_or_a_dictionary() -> None:
    assert from_text({"type": "list", "elements": "int"}, "[7, 1]") == [7, 1]
    assert from_text({"type": "dict"}, '{"a": 1}') == {"a": 1}
    assert from_text({"type": "str"}, "[7]") == "[7]"


def test_the_defaults_are_the_roles() -> None:
    """But for the share of the writes, which five functions divide, and what the inventory says of a host."""
    own = {name: one.get("default") for name, one in SPEC.items()} | dict(DEFAULTS)
    said = {name: ROLE[f"rotation_{name}"] for name in SPEC if f"rotation_{name}" in ROLE}
    unlike = {name for name in said if (said[name] or None) != (own[name] or None)}
    assert unlike == {"write_share", "client", "secret_id", "requested_by"}
    assert DEFAULTS["write_share"] == WRITE_SHARE == ROLE["rotation_write_share"] / 5


def test_every_option_that_is_named_is_one() -> None:
    assert SPEC.keys() >= OF_A_RUN | OF_A_CLIENT
    assert {"secret_key", "session_token", "profile", "unix_socket", "hooks", "jump_host"} <= NOT_HERE


@pytest.fixture
def parameters() -> Iterator[Any]:
    with emulated_aws():
        yield boto3.client("ssm", region_name="eu-central-1")


def put(parameters: Any, name: str, document: Any, kind: str = "String") -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    parameters.put_parameter(Name=name, Value=text, Type=kind, Overwrite=True)


def of_client(environment: dict[str, str] | None = None) -> Settings:
    return read_settings({**ENVIRONMENT, **(environment or {})}, ["client_acme"])["client_acme"]


def test_the_last_word_is_the_clients(parameters: Any) -> None:
    names = ("overlap", "lead", "cycle_days", "min_age")
    put(parameters, ALL, {"rotation_lead": 3600, "rotation_overlap": 60})
    put(parameters, f"{OF_CLIENTS}client_acme", {"rotation_overlap": 120})
    own_settings = of_client({"ROTATION_LEAD": "7200", "ROTATION_OVERLAP": "30", "ROTATION_CYCLE_DAYS": "20"})
    params = own_settings.params(ROTATE.spec)
    assert own_settings.faults == () and [params[name] for name in names] == [120, 3600, 20, 600]
    assert own_settings.params(ROTATE.spec, overlap=5)["overlap"] == 5  # an event's
    assert params.keys() == ROTATE.spec.keys() and params["password_length"] == 32


def test_one_call_reads_both_parameters_and_none_has_to_be_there(parameters: Any) -> None:
    assert of_client().values == environment_settings(ENVIRONMENT).values


def test_many_clients_are_read_at_once(parameters: Any) -> None:
    names = [f"client_{number:02}" for number in range(25)]
    for number, name in enumerate(names):
        put(parameters, f"{OF_CLIENTS}{name}", {"rotation_overlap": number})
    own_settings = read_settings(ENVIRONMENT, names)
    assert [own_settings[name].values["overlap"] for name in names] == list(range(25))


def test_a_name_that_no_parameter_can_have_is_not_asked_for(parameters: Any) -> None:
    assert read_settings(ENVIRONMENT, ["o'brien co"])["o'brien co"].faults == ()


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (HIDDEN, "client_acme is no JSON dictionary"),
        ([HIDDEN], "client_acme is no JSON dictionary"),
        ('{"rotation_lead": 60, "rotation_lead": 60}', "client_acme is no JSON dictionary"),
        ({"overlap": 1}, "an option is called rotation_<option>, and 1 are not."),
        ({"rotation_overlap": HIDDEN}, "client_acme (rotation_overlap): rotation_overlap must be a whole number."),
        ({"rotation_overlap": -1}, "client_acme (rotation_overlap): Set rotation_overlap to a number"),
        ({"rotation_overlap": [HIDDEN]}, "rotation_overlap must be a whole number."),
        ({"rotation_tls_mode": HIDDEN}, "rotation_tls_mode must be one of verify_identity"),
        ({"rotation_windows": [{"from": HIDDEN}]}, "client_acme (rotation_windows): rotation_windows must be a list"),
        ({"rotation_windows": [{"from": HIDDEN, "to": "04:00"}]}, "client_acme (rotation_windows): "),
        ({"rotation_tls_ca_file": f"/{HIDDEN}"}, "client_acme (rotation_tls_ca_file): "),
        ({"rotation_tls_client_cert": HIDDEN}, "client_acme (rotation_tls_client_cert): "),
        ({"rotation_nothing": HIDDEN}, "client_acme (rotation_nothing): there is no such option."),
        ({f"rotation_{HIDDEN}": 1}, "client_acme (rotation_...): there is no such option."),
        ({"rotation_secret_key": HIDDEN}, "client_acme (rotation_secret_key): a function cannot use it."),
        ({"rotation_session_token": HIDDEN}, "a function cannot use it."),
        ({"rotation_profile": HIDDEN}, "a function cannot use it."),
        ({"rotation_unix_socket": HIDDEN}, "a function cannot use it."),
        ({"rotation_jump_host": HIDDEN}, "a function cannot use it."),
        ({"rotation_hooks": [HIDDEN]}, "a function cannot use it."),
        ({"rotation_force": True}, "it is asked for in an event, and stored for nobody."),
        ({"rotation_trigger": "rollback"}, "it is asked for in an event, and stored for nobody."),
    ],
)
def test_a_bad_parameter_is_named_with_its_option_and_not_its_value(parameters: Any, document: Any, told: str) -> None:
    put(parameters, f"{OF_CLIENTS}client_acme", document)
    own_settings = of_client()
    with pytest.raises(RotationError) as caught:
        own_settings.refuse_faults()
    assert caught.value.code == "invalid_option"
    assert told in filled(caught.value.cause, "client_acme", Function())
    assert HIDDEN not in str(caught.value) and HIDDEN not in json.dumps(own_settings.values)
    read_settings(ENVIRONMENT, ["client_globex"])["client_globex"].refuse_faults()


def test_a_secure_string_is_not_read(parameters: Any) -> None:
    put(parameters, ALL, {"rotation_overlap": 5}, "SecureString")
    assert "of the type String" in of_client().faults[0] and "overlap" not in of_client().values


@pytest.mark.parametrize("option", sorted(OF_A_CLIENT))
def test_what_is_said_of_one_client_is_not_stored_for_all(parameters: Any, option: str) -> None:
    raw = {"accept_server_id": "x", "kill_sessions": True, "server_label": "x"}.get(option, ["x"])
    put(parameters, ALL, {f"rotation_{option}": raw})
    assert f"{ALL} (rotation_{option}): it is said of one client" in of_client().faults[0]
    put(parameters, ALL, {})
    put(parameters, f"{OF_CLIENTS}client_acme", {f"rotation_{option}": raw})
    assert of_client().faults == () and of_client().values[option] == raw


WAYS_TO_AWS: dict[str, Any] = {
    "aws_ca_bundle": "/etc/hosts",
    "aws_config": {"proxies": {"https": "http://proxy.invalid:3128"}},
    "endpoint_url": "https://secrets.invalid",
    "endpoint_urls": {"secretsmanager": "https://secrets.invalid"},
    "validate_certs": False,
}


@pytest.mark.parametrize("option", sorted(OF_ALL))
def test_who_may_write_one_clients_parameter_does_not_say_how_its_secret_travels(parameters: Any, option: str) -> None:
    """The duty native may write it, and may read no password."""
    put(parameters, f"{OF_CLIENTS}client_acme", {f"rotation_{option}": WAYS_TO_AWS[option]})
    assert f"client_acme (rotation_{option}): it is said of all clients" in of_client().faults[0]
    assert of_client().values.get(option) == environment_settings(ENVIRONMENT).values.get(option)
    put(parameters, f"{OF_CLIENTS}client_acme", {})
    put(parameters, ALL, {f"rotation_{option}": WAYS_TO_AWS[option]})
    assert of_client().faults == () and of_client().values[option] == WAYS_TO_AWS[option]


def test_the_environment_is_held_to_the_same() -> None:
    own_settings = environment_settings(
        {"ROTATION_OVERLAP": HIDDEN, "ROTATION_X": "1", "ROTATION_QUEUE_URL": "u", "X": "y"}
    )
    assert sorted(own_settings.faults) == [
        "ROTATION_OVERLAP: rotation_overlap must be a whole number.",
        "ROTATION_X: there is no such option.",
    ]


def test_where_parameter_store_does_not_answer_the_environment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_client: Any, _names: Any) -> Any:
        raise RotationError("AWS does not allow this identity to read the parameters.", code="aws_denied")

    monkeypatch.setattr(settings, "read_named", denied)
    own_settings = settings_of({**ENVIRONMENT, "ROTATION_TOPIC_ARN": "arn:x"}, "client_acme")
    assert own_settings.values["topic_arn"] == "arn:x"
    with pytest.raises(RotationError, match="read the parameters"):
        own_settings.refuse_faults()


def test_the_environment_says_where_things_are() -> None:
    assert Place.of({}).secret_id("client_acme") == "clients/client_acme/mysql/root"
    place = Place.of({"ROTATION_SECRET_PREFIX": "db/", "ROTATION_CLIENT_PARAMETERS": "", "ROTATION_PARAMETER": "/x"})
    assert (place.secret_id("a"), place.parameter, place.parameter_of("a")) == (
        "db/a/mysql/root",
        "/x",
        f"{OF_CLIENTS}a",
    )


@pytest.mark.parametrize(
    ("end", "name"), [("ROTATION_SECRET_PREFIX", "a/mysql/root"), ("ROTATION_SECRET_SUFFIX", "clients/a")]
)
def test_a_name_of_a_secret_may_lack_an_end(end: str, name: str) -> None:
    assert Place.of({end: ""}).secret_id("a") == name
