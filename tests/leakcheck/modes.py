# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways in which the playbooks are run: the columns of the table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from playbook_runs import BASTION

LOUD = ("-vvvv", "--diff")
RUNNER, FUNCTIONS, ASYNC = "ansible-runner", "functions", "async"


@dataclass(frozen=True)
class Mode:
    """A way to run.

    `variables` are those of every client; `path` is one of `faults.paths`, and `faults` what its steps meet in turn.
    `everything` asks for every playbook; without it there are those that are given, make or store a password.
    """

    name: str
    environment: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = LOUD
    variables: dict[str, Any] = field(default_factory=dict)
    path: str = "fresh"
    faults: tuple[str, ...] = ("deny", "lose-reply")
    everything: bool = False
    # The kinds of servers on which it is stopped at each step.
    servers: tuple[str, ...] = ("mysql", "mariadb")
    # Onboarding is given the password, which no file of a jump host may have.
    keeps_remote_files: bool = False

    @property
    def hosts(self) -> dict[str, dict[str, Any]]:
        """The hosts of the inventory beside the clients."""
        return {"bastion": BASTION} if "rotation_jump_host" in self.variables else {}


SHIPPED: dict[str, Any] = {"rotation_jump_host": "bastion"}
# Keys in a variable would be in the file too, so they are in the environment.
NO_KEYS: dict[str, Any] = {"rotation_access_key": None, "rotation_secret_key": None}
JSON = {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"}
JUNIT = {"ANSIBLE_CALLBACKS_ENABLED": "spy,dbops.rotation.rotation_audit,ansible.builtin.junit"}
MYSQL, MARIADB = ("mysql",), ("mariadb",)
HERE: dict[str, Any] = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
ALL = (
    Mode("-vvvv --diff", faults=("down", "deny", "crash")),
    Mode(
        "ANSIBLE_DEBUG, yaml",
        {"ANSIBLE_DEBUG": "1", "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml"},
        path="hooks",
        faults=("deny", "down"),
        servers=MARIADB,
    ),
    Mode("json and junit", {**JSON, **JUNIT}, path="rollback", faults=("deny", "cut"), servers=MYSQL),
    Mode("shipped module", variables=SHIPPED, faults=("down", "lose-reply"), servers=MARIADB),
    Mode(
        "shipped, files kept",
        {"ANSIBLE_KEEP_REMOTE_FILES": "1"},
        variables={**SHIPPED, **NO_KEYS},
        faults=("down", "deny"),
        servers=MYSQL,
        keeps_remote_files=True,
    ),
    Mode(ASYNC, variables=HERE, faults=("down",), servers=MYSQL),
    Mode(RUNNER, variables=NO_KEYS, faults=()),
    Mode(FUNCTIONS, path="native", faults=("down", "deny", "lose-reply")),
)
MODES = {mode.name: mode for mode in ALL}
