# SPDX-License-Identifier: GPL-3.0-or-later
"""Many runs of ansible-playbook that load Ansible only once: each is a fork of this process.

Reads a JSON list of arguments a line, and answers each with a JSON object: the exit status and all that was printed.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module

from ansible.cli.playbook import PlaybookCLI

# What each child would load for itself.
LOADED = ("ansible.plugins.strategy.linear", "ansible.plugins.callback.default", "ansible.executor.task_executor")


def run(arguments: list[str]) -> dict[str, object]:
    """Run one playbook in a child, as the command does."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        os.dup2(write, 1)
        os.dup2(write, 2)
        PlaybookCLI.cli_executor(["ansible-playbook", *arguments])
    os.close(write)
    with os.fdopen(read, "rb") as output:
        printed = output.read().decode(errors="replace")
    return {"status": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), "printed": printed}


if __name__ == "__main__":
    for module in LOADED:
        import_module(module)
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
