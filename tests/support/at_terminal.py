# SPDX-License-Identifier: GPL-3.0-or-later
"""A person at a terminal, who answers the one question of a playbook."""

from __future__ import annotations

import os
import pty
import select
import termios

from managed import ANSIBLE_PLAYBOOK, ROOT

# Where termios.tcgetattr has ECHO.
TERMINAL_MODES = 3


def at_terminal(arguments: list[str], answer: str, end: str = "\n", *, question: str = "") -> str:
    """Run a playbook at a terminal and answer its one question, by its text if the answer is shown as it is typed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execv(ANSIBLE_PLAYBOOK, [ANSIBLE_PLAYBOOK, *arguments])
    shown = b""
    while True:
        try:
            if select.select([terminal], [], [], 1)[0]:
                shown += os.read(terminal, 4096)
            elif is_open(terminal, shown, question):
                # What is typed while the question appears is thrown away, so it is typed again until it counts.
                os.write(terminal, f"{answer}{end}".encode())
        except OSError:
            break
    os.waitpid(pid, 0)
    return shown.decode()


def is_open(terminal: int, shown: bytes, question: str) -> bool:
    """Return True while the question waits for its answer."""
    if question:
        return shown.rstrip().endswith(question.encode())
    return not termios.tcgetattr(terminal)[TERMINAL_MODES] & termios.ECHO
