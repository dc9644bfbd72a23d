# SPDX-License-Identifier: GPL-3.0-or-later
"""A notice of a function says what the role's says: the same text from the same template, about the same things."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar, trust_as_template

from ansible_collections.dbops.rotation.plugins.module_utils._clean import cleaned
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._events import EVENTS, FAILED, OVERDUE, ROTATED, UPCOMING
from ansible_collections.dbops.rotation.plugins.module_utils._lambda import notice_text as module
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.client import PULL_DAYS
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.notice_text import TEMPLATES, notice_text
from ansible_collections.dbops.rotation.plugins.module_utils._notice.details import of_failure, of_rotation
from ansible_collections.dbops.rotation.plugins.module_utils._notice.limits import people_text

ROLE = Path(__file__).resolve().parents[2] / "roles/rotation"
CLIENT, SECRET = "client_acme", "clients/client_acme/mysql/root"
ERROR = {
    "client": CLIENT,
    "step": "open",
    "code": "login_refused",
    "cause": "The server refused <it> & more.",
    "state": "Nothing was changed.",
    "next_step": "Find out who.",
}
ABOUT: list[tuple[str, dict[str, Any]]] = [
    (UPCOMING, {"due": "2026-12-20T00:00:00Z", "notice_days": 7, "expected": "2026-12-19T22:00:00Z", "days_left": 7}),
    (UPCOMING, {"due": "2026-12-20T00:00:00Z", "notice_days": 1, "expected": "", "days_left": 1}),
    (ROTATED, {"version_id": "new", "last": "2026-12-20T00:00:00Z", "due": "2027-01-29T00:00:00Z"}),
    (
        ROTATED,
        {
            "version_id": "new",
            "previous_version_id": "old",
            "trigger": "on_demand",
            "reason": "leaked: {{ it }}",
            "requested_by": "alice\n{% raw %}",
            "kept_for": "eu-west-1 (InProgress)",
            "last": "2026-12-20T00:00:00Z",
            "due": "2027-01-29T00:00:00Z",
        },
    ),
    (ROTATED, {"version_id": "new", "previous_version_id": None, "reason": "", "kept_for": ""}),
    (FAILED, of_failure(ERROR, {"due": "2026-12-20T00:00:00Z", "failures": 1, "failed_at": "x"}, "scheduled", "")),
    (FAILED, of_failure(ERROR, {"failures": 3}, "on_demand", "bob")),
    (FAILED, of_failure({**ERROR, "cause": "", "state": "", "next_step": ""}, {}, "scheduled", "")),
    (FAILED, {"code": "x", "failures": "2"}),
    (OVERDUE, {"due": "2026-12-20T00:00:00Z", "failures": 2, "days_left": -1}),
    (OVERDUE, {"due": "2026-12-20T00:00:00Z"}),
]


@pytest.fixture(scope="module")
def loader() -> DataLoader:
    init_plugin_loader()
    return DataLoader()


def by_ansible(loader: DataLoader, event: str, details: Mapping[str, Any]) -> str:
    """Render as the action of rotation_notice does."""
    variables = {
        "inventory_hostname": CLIENT,
        "rotation_client": CLIENT,
        "rotation_secret_id": SECRET,
        "rotation_notice_details": cleaned(details),
    }
    source = trust_as_template(loader.get_text_file_contents(str(TEMPLATES / f"{event}.j2")))
    templar = Templar(loader=loader).copy_with_new_env(searchpath=[], available_variables=variables)
    return str(templar.template(source))


@pytest.mark.parametrize(("event", "details"), ABOUT)
@pytest.mark.parametrize("in_function", [False, True])
def test_a_text_is_the_same(
    loader: DataLoader, monkeypatch: pytest.MonkeyPatch, event: str, details: dict[str, Any], in_function: bool
) -> None:
    if in_function:
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "dbops-rotation-rotate")
    ours = notice_text(event, CLIENT, SECRET, details)
    assert people_text(ours) == people_text(by_ansible(loader, event, details)) != ""
    assert ("ansible-playbook" in ours) <= (not in_function)


def test_every_template_is_among_them() -> None:
    assert {path.stem for path in TEMPLATES.glob("*.j2")} == set(EVENTS) == {event for event, _details in ABOUT}


def test_a_detail_that_is_missing_costs_the_text_and_not_the_notice() -> None:
    with pytest.raises(RotationError, match="A plain text is sent, for the template of 'rotated' cannot be used"):
        notice_text(ROTATED, CLIENT, SECRET, {})


def test_without_jinja_a_plain_text_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    module._environment.cache_clear()
    monkeypatch.setattr(module, "jinja2", None)
    with pytest.raises(RotationError, match="A plain text is sent"):
        notice_text(OVERDUE, CLIENT, SECRET, {"due": "x"})


def tasks(name: str) -> dict[str, Any]:
    """Give the tasks of a file of the role, by their names."""
    listed = DataLoader().load_from_file(str(ROLE / name), trusted_as_template=True)
    return {task["name"]: task for task in [*listed, *(inner for task in listed for inner in task.get("block", ()))]}


def of_role(name: str, task: str, variables: dict[str, Any]) -> Any:
    """Give what a task of the role says that a notice is about."""
    told = tasks(name)[task]["vars"]["rotation_notice_details"]
    return Templar(loader=DataLoader(), variables=variables).template(told)


@pytest.mark.parametrize("counted", [{}, {"due": "2026-12-20T00:00:00Z", "failures": 2, "failed_at": "x"}])
def test_a_failure_is_told_of_as_the_role_does(loader: DataLoader, counted: dict[str, Any]) -> None:
    variables = {
        "rotation_trigger": "scheduled",
        "rotation_requested_by": "",
        "rotation_failure": {**ERROR, "msg": "x"},
        "rotation_failures": counted,
    }
    told = of_role("tasks/failed.yml", "Tell people that the password could not be changed", variables)
    assert told == {
        "trigger": "scheduled",
        "requested_by": "",
        **{name: ERROR[name] for name in ("step", "code", "cause", "next_step")},
        "state_left": ERROR["state"],
        "due": "",
        "failures": 0,
        "failed_at": "",
        **counted,
    }


def test_a_rotation_is_told_of_as_the_role_does(loader: DataLoader) -> None:
    receipt = {"rotated": True, "version_id": "new", "rotation": {"last": "a", "due": "b"}}
    told = of_role("handlers/main.yml", "Tell people that the password was changed", {"rotation_receipt": receipt})
    assert told == of_rotation(receipt)


def test_a_client_is_pulled_as_far_as_the_role_does() -> None:
    said = tasks("tasks/due.yml")["Rotate, finish or discard"]["vars"]["rotation_pull_days"]
    pulled = [Templar(loader=DataLoader(), variables={"rotation_pulled_now": now}).template(said) for now in (True, 0)]
    assert pulled == [PULL_DAYS, 0]
