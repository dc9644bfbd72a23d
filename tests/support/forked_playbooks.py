# SPDX-License-Identifier: GPL-3.0-or-later
"""Many runs of ansible-playbook that load Ansible only once: each is a fork of this process.

Reads a JSON list of arguments a line, and answers each with a JSON object: the exit status and all that was printed.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from ansible import constants
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
        take_a_folder()
        PlaybookCLI.cli_executor(["ansible-playbook", *arguments])
    os.close(write)
    with os.fdopen(read, "rb") as output:
        printed = output.read().decode(errors="replace")
    return {"status": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), "printed": printed}


def take_a_folder() -> None:
    """Work in a temporary folder of its own: the one of all is gone with the first child that ends."""
    folder = tempfile.mkdtemp(prefix="ansible-local-", dir=Path(constants.DEFAULT_LOCAL_TMP).parent)
    constants.DEFAULT_LOCAL_TMP = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)


if __name__ == "__main__":
    for module in LOADED:
        import_module(module)
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
