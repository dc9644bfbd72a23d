# SPDX-License-Identifier: GPL-3.0-or-later
"""What one worker makes of the notices of many hosts; whole playbooks are in integration/test_wave_notices.py."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from trusted import trusted

from ansible_collections.dbops.rotation.plugins.module_utils._module.notice import NOTICE
from ansible_collections.dbops.rotation.plugins.module_utils._notice import text
from ansible_collections.dbops.rotation.plugins.module_utils._notice.details import is_told, of_rotation
from ansible_collections.dbops.rotation.plugins.plugin_utils import _notice_action, _notice_text
from ansible_collections.dbops.rotation.plugins.plugin_utils._every_host import hosts_of_handler, options_in
from ansible_collections.dbops.rotation.plugins.plugin_utils._notice_action import NoticeAction, summed_up
from ansible_collections.dbops.rotation.plugins.plugin_utils._notice_text import completed

ROOT = Path(__file__).resolve().parents[2]
SENT: dict[str, Any] = {"changed": True, "delivered": True, "warnings": []}
LOST: dict[str, Any] = {
    "changed": False,
    "delivered": False,
    "warnings": ["client_globex: the notice was not delivered."],
}
WRONG: dict[str, Any] = {
    "changed": False,
    "failed": True,
    "client": "client_initech",
    "msg": "client_initech: it is undefined",
}


class TimeLimit(BaseException):
    """As Ansible's own, which is no Exception."""


class Wave(NoticeAction):
    """The action without a task: each host's notice is what the test says."""

    def __init__(self, **notices: Callable[[], dict[str, Any]] | type[BaseException]) -> None:
        self.notices = notices

    def _notices(self, host: str, arguments: Mapping[str, Any]) -> list[Callable[[], dict[str, Any]]]:
        notice = self.notices[host]
        if isinstance(notice, type):
            raise notice
        return [notice]


def test_a_time_limit_costs_no_result_of_what_was_sent() -> None:
    sent, failed = Wave(acme=lambda: SENT, globex=TimeLimit, initech=lambda: SENT)._of_all(["acme", "globex"], {})
    assert sent == SENT and failed["failed"] and failed["error"]["code"] == "interrupted"
    assert "The next scheduled run sends the notices that are missing" in failed["error"]["state"]


class Broken(NoticeAction):
    """The action without a task, of which the options of some hosts cannot be made."""

    def __init__(self, **errors: Exception) -> None:
        self.errors = errors

    def _params(self, host: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        raise self.errors[host]


def test_whatever_is_wrong_with_one_host_costs_no_other_its_notice() -> None:
    errors = {"acme": AnsibleError("it is undefined"), "globex": KeyError("hidden")}
    first, second = Broken(**errors)._of_all(["acme", "globex"], {})
    assert first["failed"] and first["msg"] == "acme: it is undefined"
    assert second["failed"] and second["msg"].startswith("globex: An unexpected KeyError in test_notice_action.py")


def test_who_stops_the_run_stops_it() -> None:
    with pytest.raises(KeyboardInterrupt):
        Wave(acme=KeyboardInterrupt)._of_all(["acme"], {})


def test_trouble_of_one_is_a_warning_of_all_and_a_failure_of_its_own() -> None:
    told = summed_up([dict(SENT), dict(LOST), dict(WRONG)])
    assert told["changed"] and "failed" not in told and told["msg"] == "3 notices, 2 of them not delivered."
    assert told["warnings"] == [*LOST["warnings"], WRONG["msg"]]
    assert [result.get("failed", False) for result in told["results"]] == [False, False, True]


def test_where_nobody_has_a_notice_the_task_is_skipped() -> None:
    assert summed_up([])["skipped"]


# Of hosts that have notified the handler: three rotated, one only finished, and the last one failed afterwards.
RECEIPTS = [{"rotated": True}, {"rotated": True}, {"rotated": True}, {"rotated": False}, {"failed": True}]


def has_news(number: int) -> bool:
    """Return whether this client has been rotated and has a topic."""
    return number % 5 < 3 and number % 7 > 0


def role_of(number: int) -> dict[str, Any]:
    """Return the variables of a client that has nothing in common with its neighbours."""
    account = f"{number:012}"
    topic = f"arn:aws:sns:region-{number}:{account}"
    own = {"rotation_access_key": f"key {number}", "rotation_secret_key": f"secret {number}"} if number % 3 else {}
    return {
        **own,
        "rotation_region": f"region-{number}",
        "rotation_assume_role_arn": f"arn:aws:iam::{account}:role/{{{{ inventory_hostname }}}}" if number % 2 else None,
        "rotation_external_id": f"id {number}",
        "rotation_endpoint_urls": {"sns": f"http://127.0.0.1:{number}"},
        "rotation_topic_arn": f"{topic}:{{{{ inventory_hostname }}}}" if number % 7 else "",
        "rotation_environment": f"stage {number}",
        "rotation_client": f"client {number}",
        "rotation_secret_id": f"clients/{number}/mysql/root",
        "rotation_notice_template": "",
        "rotation_receipt": {"version_id": f"v{number}", "rotation": {"last": f"l{number}"}, **RECEIPTS[number % 5]},
    }


def test_each_client_of_a_wave_has_its_own_access_topic_and_details(monkeypatch: pytest.MonkeyPatch) -> None:
    """The threads of one worker send them all, and nothing of one notice may be in another."""
    files = ("roles/rotation/defaults/main.yml", "roles/rotation/vars/main.yml", "roles/rotation/handlers/main.yml")
    *role, handlers = (DataLoader().load_from_file(str(ROOT / path), trusted_as_template=True) for path in files)
    (handler,) = (one for one in handlers if one["name"] == "Send the notices of the rotations")
    hosts = [f"host{number}" for number in range(40)]
    given = {
        host: {**role[0], **role[1], **handler["vars"], **trusted(role_of(number)), "inventory_hostname": host}
        for number, host in enumerate(hosts)
    }
    monkeypatch.setattr(_notice_action, "variables_of", lambda _task, host: given[host])
    sent: dict[str, dict[str, Any]] = {}

    def work(params: Any, _check: bool) -> dict[str, Any]:
        time.sleep(0.001)
        sent[params["client"]] = dict(params)
        return dict(SENT)

    class Notices(NoticeAction):
        operation = replace(NOTICE, work=work)

    action = Notices.__new__(Notices)
    action._task = SimpleNamespace(args=dict(given["host1"]), check_mode=False)
    action._templar = Templar(loader=DataLoader(), variables=given["host1"])
    results = action._of_all(hosts, handler["dbops.rotation.rotation_notice"])
    assert len(results) == len(sent) == sum(map(has_news, range(40))) and all(result == SENT for result in results)
    for number, host in enumerate(hosts):
        expected = {**role_of(number), "rotation_topic_arn": f"arn:aws:sns:region-{number}:{number:012}:{host}"}
        role_arn = f"arn:aws:iam::{number:012}:role/{host}" if number % 2 else None
        if not has_news(number):
            assert expected["rotation_client"] not in sent
            continue
        params = sent[expected["rotation_client"]]
        for name in ("region", "external_id", "endpoint_urls", "topic_arn", "environment", "secret_id"):
            assert params[name] == expected[f"rotation_{name}"], (host, name)
        keys = [expected.get(f"rotation_{name}") for name in ("access_key", "secret_key")]
        assert [params["access_key"], params["secret_key"], params["assume_role_arn"]] == [*keys, role_arn]
        assert [params[name] for name in ("event", "version_id", "last")] == ["rotated", f"v{number}", f"l{number}"]


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ({}, False),
        ({"topic_arn": ""}, False),
        ({"topic_arn": None}, False),
        ({"event": "rotated", "topic_arn": "arn", "details": {"rotated": False}}, False),
        ({"event": "rotated", "topic_arn": "arn", "details": {"rotated": True, "failed": True}}, False),
        ({"event": "rotated", "topic_arn": "arn", "details": {"skipped": True}}, False),
        ({"event": "rotated", "topic_arn": "arn", "details": {"version_id": "v1"}}, True),
        ({"event": "failed", "topic_arn": "arn", "details": {"rotated": False, "failed": True}}, True),
        ({"event": "rotated", "version_id": "v1"}, True),  # the topic is among the variables, or missed by name
    ],
)
def test_what_decides_whether_a_host_has_a_notice(own: dict[str, Any], told: bool) -> None:
    assert is_told(own) is told


def test_an_option_that_no_notice_needs_may_be_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host without a topic, and one that was not rotated, cost the others no warning."""
    options = {
        "event": "rotated",
        "topic_arn": "{{ topic }}",
        "details": "{{ receipt }}",
        "environment": "{{ absent }}",
    }
    given = trusted({"options": options, "topic": "", "receipt": {"rotated": True}, "inventory_hostname": "acme"})
    action: Any = NoticeAction.__new__(NoticeAction)
    action._task = SimpleNamespace(args={}, check_mode=False)
    action._templar = Templar(loader=DataLoader(), variables=given)
    monkeypatch.setattr(_notice_action, "variables_of", lambda _task, _host: given)
    assert action._params("acme", {"client_options": "options"}) == {}
    given["topic"] = "arn"
    with pytest.raises(AnsibleError, match="absent"):
        action._params("acme", {"client_options": "options"})


@pytest.mark.parametrize("empty", [None, {}, "{{ none }}", "{{ {} }}"])
def test_options_that_are_empty_are_none(empty: Any) -> None:
    assert options_in(Templar(loader=DataLoader(), variables=trusted({"options": empty})), "options") == {}


@pytest.mark.parametrize("details", [{"rotation": "weekly"}, {"rotation": None}, {"rotation": ["x"]}, {}])
def test_details_that_are_no_receipt_stay_as_they_are(details: dict[str, Any]) -> None:
    assert of_rotation(details) == details


def test_a_template_of_the_role_that_somebody_edited_has_all_variables(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Jinja alone has only those that the role's own texts use; a plain text is sent where Ansible fails, too."""
    file = tmp_path / "overdue.j2"
    monkeypatch.setattr(_notice_text, "TEMPLATES", tmp_path)
    monkeypatch.setattr(text, "TEMPLATES", tmp_path)
    text._environment.cache_clear()
    action: Any = SimpleNamespace(
        _find_needle=lambda _folder, _name: str(file),
        _loader=DataLoader(),
        _templar=Templar(loader=DataLoader(), variables=trusted({"inventory_hostname": "db7", "stage": "production"})),
    )
    sent = {"event": "overdue", "client": "client_acme", "secret_id": "s", "template": "overdue.j2"}
    for source, expected in (
        ("{{ rotation_client }} on {{ inventory_hostname }}", "client_acme on db7"),
        ("{{ stage }}: {{ rotation_notice_details.due }}", "production: soon"),
        ("{{ absent }}", ""),
    ):
        file.write_text(source)
        made = completed(action, {**sent, "details": {"due": "soon"}}, NOTICE.spec)
        assert made["text"] == expected and made["due"] == "soon"
    text._environment.cache_clear()


@pytest.mark.parametrize(
    ("run_once", "notified", "hosts"),
    [
        (True, ["acme", "globex"], ["acme", "globex"]),
        (True, ["globex"], ["acme"]),  # a strategy that takes each host off first
        (False, ["acme", "globex"], ["acme"]),
    ],
)
def test_a_handler_speaks_for_all_only_where_it_runs_once(
    run_once: bool, notified: list[str], hosts: list[str]
) -> None:
    named = [SimpleNamespace(get_name=lambda name=name: name) for name in notified]
    task: Any = SimpleNamespace(run_once=run_once, notified_hosts=named)
    assert hosts_of_handler(task, "acme") == hosts


def test_a_task_that_is_no_handler_speaks_for_its_host() -> None:
    task: Any = SimpleNamespace(run_once=True)
    assert hosts_of_handler(task, "acme") == ["acme"]
