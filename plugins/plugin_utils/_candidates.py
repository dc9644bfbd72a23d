# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory says of every client of a play, in one task, for the one listing of their secrets.

Whose variables a task cannot compute for sure is visited by a worker: an option that is wrong, a host that works
elsewhere.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.template import Templar

from ..module_utils._aws.session import AwsOptions
from ..module_utils._core_files import forbid_core_files
from ..module_utils._errors import RotationError
from ..module_utils._fleet.selection import Described
from ..module_utils._module.candidates import Settings, candidates, settings_of
from ..module_utils._module.cycle_info import CYCLE_INFO
from ..module_utils._next_step import present
from ..module_utils._readers import reading, variable
from ._reader import of_task
from ._stored import PATH, READ, unread
from ._templates import evaluated

SPEC = {"least": {"type": "int", "default": 100}}
VARIABLES = {option: variable(option) for option in CYCLE_INFO.spec}
# What else decides about a visit.
FORCE, TOPIC, JUMP_HOST, CONNECTION = "rotation_force", "rotation_topic_arn", "rotation_jump_host", "ansible_connection"
OTHERS = (FORCE, TOPIC, JUMP_HOST, CONNECTION, PATH, READ)


class CandidatesAction(ActionBase):
    """Ask Secrets Manager once for all hosts of the play that have the same access to it."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return who is to be visited, and who is left out and why."""
        super().run(tmp, task_vars)
        _result, options = self.validate_argument_spec(SPEC)
        forbid_core_files()
        hosts = list((task_vars or {})["ansible_play_hosts_all"])
        self._known: dict[str, Settings | None] = {}
        clients: dict[AwsOptions, list[Described]] = defaultdict(list)
        # Few clients are visited anyway, and so is everybody where nothing is to be listed.
        for host in hosts if 0 < options["least"] <= len(hosts) else ():
            self._add(clients, host)
        with reading(of_task(self._task)):
            result = candidates(hosts, clients, options["least"], datetime.now(UTC))
            return {**result, "warnings": [present(text, "") for text in result["warnings"]]}

    def _add(self, clients: dict[AwsOptions, list[Described]], host: str) -> None:
        try:
            values = self._values(host)
            client, secret_id = values.pop("client", None), values.pop("secret_id", None)
            settings = None if self._works_elsewhere(values) or not secret_id else self._settings(values)
        except Exception:  # the worker names the variable, and fails no other client
            return
        if settings:
            notices = bool(values.get(TOPIC))
            one = Described(host, str(client or secret_id), str(secret_id), settings.policy, notices)
            clients[settings.access].append(one)

    def _values(self, host: str) -> dict[str, Any]:
        """Return the options of a client's cycle, and what else decides, without those that are empty."""
        variables = self._variables(host)
        names = {**VARIABLES, **{name: name for name in OTHERS}}
        given = {name: variables[names[name]] for name in names if names[name] in variables}
        # As every action of an operation begins.
        values = evaluated({"client": host, **given}, Templar(loader=self._loader, variables=variables))
        return {name: value for name, value in values.items() if value not in (None, "")}

    def _variables(self, host: str) -> dict[str, Any]:
        """Return the variables of a host as tasks of this role see them, but without lists of all hosts of the play."""
        manager, play = self._task.get_variable_manager(), self._task.get_play()
        own = play if play.vars or play.vars_files else None
        there = manager._inventory.get_host(host)
        return {**self._defaults, **manager.get_vars(play=own, host=there, task=self._task)}

    @cached_property
    def _defaults(self) -> dict[str, Any]:
        role = self._task._role
        return dict(role.get_default_vars(dep_chain=self._task.get_dep_chain())) if role else {}

    @staticmethod
    def _works_elsewhere(values: Mapping[str, Any]) -> bool:
        """Return True where a task reaches AWS from another place, or lacks its settings."""
        jumps = values.get(JUMP_HOST) or values.get(CONNECTION, "local") != "local"
        return bool(jumps or unread(values.get(PATH), values.get(READ)))

    def _settings(self, values: Mapping[str, Any]) -> Settings | None:
        """Return the settings that the options come to, computed once for all clients that have the same."""
        try:
            key = json.dumps(values, sort_keys=True)
        except (TypeError, ValueError):
            return _settings(values)
        if key not in self._known:
            self._known[key] = _settings(values)
        return self._known[key]


def _settings(values: Mapping[str, Any]) -> Settings | None:
    # Who forces a run means in spite of windows and freezes, as rotation_cycle_options of the role says.
    always = ("windows", "freezes") if boolean(values.get(FORCE, False), strict=False) else ()
    options = {name: value for name, value in values.items() if name not in (*OTHERS, *always)}
    result = ArgumentSpecValidator(**CYCLE_INFO.validation()).validate({"secret_id": "-", **options})
    if result.error_messages:
        return None
    try:
        return settings_of({**result.validated_parameters, "client": None})
    except RotationError:  # the worker tells of it
        return None
