# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: rotation_progress
type: notification
version_added: 0.1.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Show the progress and the summary of a run over many clients
description:
  - Counts the results of M(dbops.rotation.secretsmanager_mysql_rotate),
    M(dbops.rotation.secretsmanager_mysql_onboard) and M(dbops.rotation.secretsmanager_mysql_reconcile).
  - A run over a few clients prints the message of each receipt when it arrives. A larger run prints a line from time to
    time. It says how many clients are done, failed and left, how many a minute are done, and how long the rest will
    take.
  - A run in which one of these modules worked on a client ends with one table. It shows what was done, why clients were
    left alone, failures by cause with the first names and the next step, the slowest clients, the calls of Secrets
    Manager, and the notices.
  - Every line is plain text that ends with a newline, for terminals, AWX and logs. In check mode the table says what
    would be done. With C(-v) Ansible prints the whole receipt, so the callback does not print its message again.
notes:
  - A callback runs only at events. A line that is due by time appears with the next event, and none appears while every
    fork waits for a slow server.
  - If a client has several results, the last one counts, and the calls and seconds of all are added up. A rescued
    failure counts as a failure, as in the role of this collection.
  - A client has the failure C(hook_failed) if another task fails between the change of its password and the end of the
    old one. It has C(task_failed) if the role counts the failure of another task on its secret.
  - Durations and calls come from receipts. A failed task has no receipt, so its calls are not in the sum.
  - The clients of a run are all hosts of its play, including those of later waves (C(serial)). Clients without a
    result, because the run was stopped, are shown as not reached.
  - There is no table if a person interrupts a run, because Ansible then ends without an event.
options:
  every_clients:
    description:
      - Print a line after this number of clients. V(0) is never.
    type: int
    default: 50
    env:
      - name: ROTATION_PROGRESS_EVERY_CLIENTS
    ini:
      - section: callback_rotation_progress
        key: every_clients
  every_seconds:
    description:
      - Print a line after this number of seconds. V(0) is never.
    type: int
    default: 15
    env:
      - name: ROTATION_PROGRESS_EVERY_SECONDS
    ini:
      - section: callback_rotation_progress
        key: every_seconds
  messages_up_to:
    description:
      - A run over at most this number of clients prints the message of each receipt instead of lines of progress.
    type: int
    default: 5
    env:
      - name: ROTATION_PROGRESS_MESSAGES_UP_TO
    ini:
      - section: callback_rotation_progress
        key: messages_up_to
requirements:
  - to be enabled in the configuration, C(callbacks_enabled = dbops.rotation.rotation_progress)
seealso:
  - module: dbops.rotation.secretsmanager_mysql_rotate
"""

EXAMPLES = r"""
ansible.cfg: |
  [defaults]
  callbacks_enabled = dbops.rotation.rotation_progress

  [callback_rotation_progress]
  every_clients = 100

for one run: |
  ANSIBLE_CALLBACKS_ENABLED=dbops.rotation.rotation_progress ansible-playbook playbooks/rotate_due.yml

what it prints: |
  Rotation progress: 98 done, 2 failed, 200 left of 300 clients; 400 a minute, about 30 s left
"""

import time
from datetime import UTC, datetime
from typing import Any

from ansible.plugins.callback import CallbackBase

from ..module_utils._clean import one_line, visible
from ..module_utils._operations import SHOWN
from ..module_utils._results import module_name, results_of, text
from ..module_utils._stamp import stamp
from ..plugin_utils._progress import COUNTED, Pace, Tally, progress_line
from ..plugin_utils._summary import summary


class CallbackModule(CallbackBase):
    """Hand events to the tally, and print what is due."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "dbops.rotation.rotation_progress"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Start with nothing counted."""
        super().__init__(*arguments, **options)
        self._start()

    def _start(self) -> None:
        self._tally = Tally(stamp(datetime.now(UTC)))
        self._pace: Pace | None = None
        self._play: Any = None

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Remember a play; its hosts are read once it works on clients."""
        self._play = play

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """Begin with the first task of ours."""
        if module_name(task.action) in SHOWN:
            self._begin()

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        """Use any event to print a line that is due by time."""
        self._print_progress()

    def v2_runner_on_ok(self, result: Any) -> None:
        """Count a result, and print its message where the run is small."""
        self._take(result)
        if module_name(result.task.action) in SHOWN and self._prints_messages():
            for part, failed in results_of(result.result, failed=False):
                if not failed and text(part, "msg"):
                    self._display.display(one_line(text(part, "msg")))

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Count a failure; for a task of ours also one that is ignored, for its work is not done."""
        if not ignore_errors or module_name(result.task.action) in COUNTED:
            self._take(result, failed=True)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Count a failure."""
        self._take(result, failed=True)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Print the table; another playbook of the same command is counted anew."""
        if self._tally.worked:
            self._display.banner("ROTATION SUMMARY")
            for line in summary(self._tally):
                self._display.display(visible(line))
        self._start()

    def _begin(self) -> None:
        if self._play is not None:
            # The variable that plays see: all hosts of the play and the limit, whatever the wave.
            variables = self._play.get_variable_manager().get_vars(play=self._play)
            self._tally.expect(variables.get("ansible_play_hosts_all", ()))
            self._play = None
        if self._pace is None:
            every = (self.get_option("every_clients"), self.get_option("every_seconds"))
            self._pace = Pace(*every, now=time.monotonic())

    def _take(self, result: Any, *, failed: bool = False) -> None:
        module, check = module_name(result.task.action), result.task.check_mode is True
        # Of other tasks it only counts that they failed, and a copy of their results may be large.
        outcome = result.result if module in COUNTED else {}
        self._tally.take(result.host.get_name(), module, outcome, failed=failed, check=check)
        self._print_progress()

    def _prints_messages(self) -> bool:
        return self._is_small() and self._display.verbosity == 0

    def _is_small(self) -> bool:
        return len(self._tally.clients) <= int(self.get_option("messages_up_to"))

    def _print_progress(self) -> None:
        now = time.monotonic()
        if self._pace and not self._is_small() and self._pace.is_due(self._tally.worked, now):
            line = progress_line(self._tally, now - self._pace.began)
            if line:
                self._display.display(line)
