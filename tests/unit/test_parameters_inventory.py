# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of Parameter Store in an inventory: from moto's parameters, in this process, to variables of all hosts."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import botocore.client
import pytest
from ansible import constants, context
from ansible._internal._templating import _jinja_plugins
from ansible.cli.inventory import InventoryCLI
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from botocore.exceptions import ClientError, EndpointConnectionError
from fleet_in_moto import REGION, create, documented, members, now
from wire_check.findings import apart

from ansible_collections.dbops.rotation.plugins.inventory import fleet, parameters
from ansible_collections.dbops.rotation.plugins.lookup import parameter
from ansible_collections.dbops.rotation.plugins.module_utils._aws import session
from ansible_collections.dbops.rotation.plugins.plugin_utils import _stored

PATH = "/dbops/rotation"
HIDDEN = "Hidden-Value-1234"
DAY = timedelta(days=1)
PLUGINS = {"parameters": parameters, "fleet": fleet}
Parse = Callable[..., InventoryData]

both = pytest.mark.parametrize("kind", PLUGINS)


@pytest.fixture
def parse(aws: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parse:
    """Parses a file of a plugin into an inventory, as Ansible does; ``extra`` are the variables of -e."""
    for kind, plugin in PLUGINS.items():
        name = plugin.InventoryModule.NAME
        constants.config.initialize_plugin_configuration_definitions("inventory", name, documented(plugin))
        assert name.endswith(f".{kind}")

    def parsed(
        kind: str = "parameters", inventory: InventoryData | None = None, extra: Any = None, **options: Any
    ) -> InventoryData:
        _stored.SECURE.keep("", "")
        given = {"region": REGION, "parameter_path": PATH, **options}
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.{kind}.yml"
        path.write_text(json.dumps({"plugin": PLUGINS[kind].InventoryModule.NAME, **given}))
        found, plugin = inventory or InventoryData(), PLUGINS[kind].InventoryModule()
        plugin._load_name = plugin.ansible_name = plugin.NAME
        plugin._redirected_names = []
        monkeypatch.setattr("ansible.plugins.inventory.load_extra_vars", lambda _loader: dict(extra or {}))
        plugin.parse(found, DataLoader(), str(path))
        found.reconcile_inventory()
        return found

    return parsed


def store(name: str, given: Any, kind: str = "String") -> None:
    text = given if isinstance(given, str) else json.dumps(given)
    client = boto3.client("ssm", region_name=REGION)
    client.put_parameter(Name=name, Value=text, Type=kind)


def shared(inventory: InventoryData) -> dict[str, Any]:
    found: dict[str, Any] = inventory.groups["all"].get_vars()
    return found


def fail(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let every call to AWS fail."""

    def failing(_client: Any, _operation: str, _arguments: Any) -> Any:
        raise error

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", failing)


@both
def test_what_is_stored_becomes_variables_of_all_hosts_by_their_types(parse: Parse, kind: str) -> None:
    store(f"{PATH}/settings", {"rotation_topic_arn": "arn:topic", "rotation_onboard_tags": {"team": "dba"}})
    store(f"{PATH}/rotation_overlap", "600")
    found = shared(parse(kind))
    assert (found["rotation_overlap"], found["rotation_onboard_tags"]) == (600, {"team": "dba"})
    assert found["rotation_topic_arn"] == "arn:topic"
    assert found["rotation_parameter_path"] == found["rotation_parameters_read"] == PATH


def test_all_pages_are_read(parse: Parse, calls: list[str]) -> None:
    options = ["overlap", "cycle_days", "deadline", "lead", "environment", "tls_mode", "profile", "write_share"]
    options += ["per_server", "min_age", "replica_wait", "password_length", "status_form"]
    text = {"tls_mode": "verify_ca", "environment": "x", "profile": "x", "status_form": "csv", "write_share": "1"}
    for option in options:
        store(f"{PATH}/rotation_{option}", text.get(option, "60"))
    calls.clear()
    found = shared(parse())
    assert {f"rotation_{option}" for option in options} <= found.keys()
    assert set(calls) == {"GetParametersByPath"} and len(calls) > 1


def test_what_the_group_all_says_in_another_file_stands(parse: Parse) -> None:
    store(f"{PATH}/rotation_overlap", "600")
    store(f"{PATH}/rotation_lead", "3600")
    inventory = InventoryData()
    inventory.set_variable("all", "rotation_overlap", 0)
    found = shared(parse(inventory=inventory))
    assert (found["rotation_overlap"], found["rotation_lead"]) == (0, 3600)


@both
def test_a_secure_value_is_no_variable_and_is_given_without_a_call(parse: Parse, kind: str, calls: list[str]) -> None:
    store(f"{PATH}/rotation_external_id", HIDDEN, "SecureString")
    store(f"{PATH}/settings", {"rotation_windows": [{"from": "01:00", "to": "02:00"}]}, "SecureString")
    calls.clear()
    inventory = parse(kind, aws_config={"retries": {"mode": "standard"}}, endpoint_urls={})
    assert calls.count("GetParametersByPath") == 1
    assert HIDDEN not in str(shared(inventory)) and "01:00" not in str(shared(inventory))
    assert rendered(inventory, "rotation_external_id") == HIDDEN
    assert rendered(inventory, "rotation_windows") == [{"from": "01:00", "to": "02:00"}]
    assert calls.count("GetParametersByPath") == 1


def rendered(inventory: InventoryData, option: str) -> Any:
    """Render a variable; the collection is not installed here, so its lookup is found for Ansible."""
    name = "dbops.rotation.parameter"
    constants.config.initialize_plugin_configuration_definitions("lookup", name, documented(parameter))

    def found(asked: str, **given: Any) -> Any:
        assert asked == name
        plugin = parameter.LookupModule(**given)
        plugin._load_name = plugin.ansible_name = name
        return plugin

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_jinja_plugins.lookup_loader, "get", found)
        return Templar(loader=DataLoader(), variables=shared(inventory)).template(shared(inventory)[option])


def test_where_only_the_exported_inventory_is_there_the_value_is_read_once(
    parse: Parse, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a job of AWX."""
    monkeypatch.setattr(context, "CLIARGS", {"yaml": False, "toml": False})
    store(f"{PATH}/rotation_external_id", HIDDEN, "SecureString")
    inventory = parse(access_key="testing", secret_key=HIDDEN)
    exported = InventoryCLI.dump({"all": {"vars": shared(inventory)}})
    assert HIDDEN not in exported and "__ansible_unsafe" not in exported
    _stored.SECURE.keep("", "")
    calls.clear()
    assert [rendered(inventory, "rotation_external_id") for _client in range(3)] == [HIDDEN] * 3
    assert calls == ["GetParametersByPath"]


def test_a_secure_value_that_is_gone_is_told(parse: Parse) -> None:
    store(f"{PATH}/rotation_external_id", HIDDEN, "SecureString")
    store(f"{PATH}/rotation_overlap", "60")
    inventory = parse()
    _stored.SECURE.keep("", "")
    boto3.client("ssm", region_name=REGION).delete_parameter(Name=f"{PATH}/rotation_external_id")
    with pytest.raises(AnsibleError, match="No rotation_external_id is a SecureString below /dbops/rotation any more"):
        rendered(inventory, "rotation_external_id")


def test_a_value_is_no_template(parse: Parse, tmp_path: Path) -> None:
    """Whoever may write parameters runs nothing here; AWS itself takes no text with {{."""
    store(f"{PATH}/rotation_environment", "{% if true %}x{% endif %}")
    with apart(tmp_path / "requests"):
        store(f"{PATH}/rotation_external_id", "{{ 7 * 7 }}", "SecureString")
    inventory = parse()
    assert rendered(inventory, "rotation_environment") == "{% if true %}x{% endif %}"
    assert rendered(inventory, "rotation_external_id") == "{{ 7 * 7 }}"


def test_the_run_may_name_another_path_or_none(parse: Parse, calls: list[str]) -> None:
    store(f"{PATH}/rotation_overlap", "600")
    store("/other/rotation_overlap", "60")
    assert shared(parse(extra={"rotation_parameter_path": "/other"}))["rotation_overlap"] == 60
    assert shared(parse(extra={"rotation_parameter_path": "/other"}))["rotation_parameters_read"] == "/other"
    calls.clear()
    assert parse(extra={"rotation_parameter_path": ""}).groups["all"].get_vars() == {} and calls == []


def test_one_path_is_read_once_for_an_inventory_and_a_second_one_refused(parse: Parse, calls: list[str]) -> None:
    store(f"{PATH}/rotation_overlap", "600")
    calls.clear()
    inventory = parse("fleet", parse())
    assert calls.count("GetParametersByPath") == 1
    with pytest.raises(AnsibleParserError, match=f"has read the parameters below {PATH} already, and /other would be"):
        parse(inventory=inventory, parameter_path="/other")
    found = shared(inventory)
    assert _stored.unread(found["rotation_parameter_path"], found["rotation_parameters_read"]), "the run is refused"


def test_an_exported_inventory_beside_the_file_hinders_nothing(parse: Parse) -> None:
    store(f"{PATH}/rotation_overlap", "600")
    _stored.LAST.clear()
    inventory = InventoryData()
    inventory.set_variable("all", _stored.READ, PATH)
    assert shared(parse(inventory=inventory))["rotation_overlap"] == 600


def test_a_calendar_that_is_stored_is_that_of_the_fleet_unless_its_file_has_one(parse: Parse) -> None:
    """A client of 31 days is due by the stored cycle, and not by that of the file."""
    create("client_acme", now() - 31 * DAY)
    store(f"{PATH}/settings", {"rotation_cycle_days": 30}, "SecureString")
    assert members(parse("fleet", ahead_days=0), "rotation_candidates") == {"client_acme"}
    assert members(parse("fleet", ahead_days=0, cycle_days=90), "rotation_candidates") == set()
    assert members(parse("fleet", ahead_days=0, parameter_path=None), "rotation_candidates") == set()


def test_access_that_is_stored_is_that_of_the_listing(parse: Parse, calls: list[str]) -> None:
    role = "arn:aws:iam::210987654321:role/rotation"
    store(f"{PATH}/settings", {"rotation_assume_role_arn": role, "rotation_external_id": HIDDEN}, "SecureString")
    calls.clear()
    inventory = parse("fleet")
    assert calls == ["GetParametersByPath", "AssumeRole", "ListSecrets"]
    assert HIDDEN not in str([group.get_vars() for group in inventory.groups.values()])
    assert "rotation_assume_role_arn" not in inventory.groups["clients"].get_vars()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"parameter_path": ""}, "parameter_path is not set. Next: Correct the file; ansible-doc -t inventory"),
        ({"parameter_path": "/"}, "parameter_path is '/', which is no path of Parameter Store"),
        ({"parameter_path": "/a/"}, "parameter_path is '/a/', which is no path of Parameter Store"),
        ({"parameter_path": "/none"}, "has no parameter below /none in the region that was asked"),
        ({"region": ""}, "no AWS region is set (NoRegionError). Next: Set region, AWS_REGION"),
        ({"parametr_path": "/x"}, "there is no option parametr_path"),
        (
            {"endpoint_urls": {"ssm": "http://127.0.0.1:9"}, "aws_config": {"retries": {"total_max_attempts": 1}}},
            "Could not read the parameters below /dbops/rotation: the AWS endpoint does not answer",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence(parse: Parse, options: dict[str, Any], told: str) -> None:
    with pytest.raises(AnsibleParserError) as failure:
        parse(**options)
    text = str(failure.value)
    assert told in text and " Next: " in text and "Traceback" not in text and ".parameters.yml: " in text


@both
def test_a_wrong_parameter_is_named_in_full(parse: Parse, kind: str) -> None:
    store(f"{PATH}/rotation_overlap", HIDDEN, "SecureString")
    with pytest.raises(AnsibleParserError) as failure:
        parse(kind)
    wanted = f"{PATH}/rotation_overlap (rotation_overlap): rotation_overlap must be a whole number."
    assert wanted in str(failure.value) and HIDDEN not in str(failure.value)


REFUSED = "The ciphertext refers to a customer master key that does not exist, or you are not allowed to access."
DENIED = "User: x is not authorized to perform: {} on resource: y"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            ("AccessDeniedException", DENIED.format("ssm:GetParametersByPath")),
            "ssm:GetParametersByPath is denied. Next: Allow that action on the path (arn:aws:ssm:",
        ),
        (("AccessDeniedException", DENIED.format("kms:Decrypt")), "kms:Decrypt is denied on its KMS key. Next: Allow"),
        (("AccessDeniedException", REFUSED), "the use of its KMS key is denied. Next: Allow this identity kms:Decrypt"),
        (("ThrottlingException", "Rate exceeded"), "AWS throttles the calls and did so through every retry"),
        (("InternalServerError", ""), "Parameter Store had an internal error (InternalServerError)"),
        (("InvalidKeyId", ""), "the KMS key of a SecureString cannot be used (InvalidKeyId)"),
        (("503", ""), "the service is not available (503)"),
    ],
)
def test_what_aws_refuses_is_told(
    parse: Parse, monkeypatch: pytest.MonkeyPatch, error: tuple[str, str], told: str
) -> None:
    code, message = error
    fail(monkeypatch, ClientError({"Error": {"Code": code, "Message": message}}, "GetParametersByPath"))
    with pytest.raises(AnsibleParserError) as failure:
        parse()
    assert told in str(failure.value) and "read the parameters below /dbops/rotation" in str(failure.value)


def test_a_run_is_refused_what_could_not_be_read(parse: Parse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ansible may go on without a file that failed."""
    inventory = InventoryData()
    fail(monkeypatch, EndpointConnectionError(endpoint_url="x"))
    with pytest.raises(AnsibleParserError):
        parse(inventory=inventory)
    found = shared(inventory)
    told = _stored.unread(found["rotation_parameter_path"], found.get("rotation_parameters_read"))
    assert told and "the parameters that this run has are none. Nothing was changed. Next: " in told


@pytest.mark.parametrize(
    ("path", "read", "told"),
    [
        (None, None, False),
        ("", None, False),
        ("/a", "/a", False),
        ("/a", None, True),
        ("/a", "/b", True),
        ("", "/b", True),
    ],
)
def test_a_run_has_what_it_is_to_have(path: str | None, read: str | None, told: bool) -> None:
    assert bool(_stored.unread(path, read)) is told


def test_no_value_is_logged(parse: Parse, caplog: pytest.LogCaptureFixture) -> None:
    """botocore logs answers at the level DEBUG, which nobody here switches on for it."""
    caplog.set_level(logging.INFO)
    store(f"{PATH}/rotation_external_id", HIDDEN, "SecureString")
    parse()
    assert HIDDEN not in caplog.text


@pytest.mark.parametrize("name", ["parameters.yml", "parameters.yaml", "a.parameters.yml"])
def test_files_are_taken_by_their_names(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert parameters.InventoryModule().verify_file(str(tmp_path / name))
    assert not parameters.InventoryModule().verify_file(str(tmp_path / f"x{name.replace('parameters', 'fleet')}"))


def test_the_service_has_a_client_and_a_url_of_its_own() -> None:
    assert "ssm" in session.SERVICES
    options = session.AwsOptions(endpoint_urls='{"ssm": "http://a", "default": "http://b"}')
    assert (options.endpoint_url("ssm"), options.endpoint_url("sns")) == ("http://a", "http://b")
