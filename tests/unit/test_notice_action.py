# SPDX-License-Identifier: GPL-3.0-or-later
"""What one worker makes of the notices of many hosts; whole playbooks are in integration/test_wave_notices.py."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleError

from ansible_collections.dbops.rotation.plugins.plugin_utils._every_host import hosts_of_handler
from ansible_collections.dbops.rotation.plugins.plugin_utils._notice_action import NoticeAction, summed_up

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

    def _notices(self, host: str, variable: str) -> list[Callable[[], dict[str, Any]]]:
        notice = self.notices[host]
        if isinstance(notice, type):
            raise notice
        return [notice]


def test_a_time_limit_costs_no_result_of_what_was_sent() -> None:
    sent, failed = Wave(acme=lambda: SENT, globex=TimeLimit, initech=lambda: SENT)._of_all(["acme", "globex"], "x")
    assert sent == SENT and failed["failed"] and failed["error"]["code"] == "interrupted"
    assert "The next scheduled run sends the notices that are missing" in failed["error"]["state"]


class Broken(NoticeAction):
    """The action without a task, of which the options of some hosts cannot be made."""

    def __init__(self, **errors: Exception) -> None:
        self.errors = errors

    def _params(self, host: str, variable: str) -> dict[str, Any]:
        raise self.errors[host]


def test_whatever_is_wrong_with_one_host_costs_no_other_its_notice() -> None:
    errors = {"acme": AnsibleError("it is undefined"), "globex": KeyError("hidden")}
    first, second = Broken(**errors)._of_all(["acme", "globex"], "x")
    assert first["failed"] and first["msg"] == "acme: it is undefined"
    assert second["failed"] and second["msg"].startswith("globex: An unexpected KeyError in test_notice_action.py")


def test_who_stops_the_run_stops_it() -> None:
    with pytest.raises(KeyboardInterrupt):
        Wave(acme=KeyboardInterrupt)._of_all(["acme"], "x")


def test_trouble_of_one_is_a_warning_of_all_and_a_failure_of_its_own() -> None:
    told = summed_up([dict(SENT), dict(LOST), dict(WRONG)])
    assert told["changed"] and "failed" not in told and told["msg"] == "3 notices, 2 of them not delivered."
    assert told["warnings"] == [*LOST["warnings"], WRONG["msg"]]
    assert [result.get("failed", False) for result in told["results"]] == [False, False, True]


def test_where_nobody_has_a_notice_the_task_is_skipped() -> None:
    assert summed_up([])["skipped"]


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
