# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that a run leaves to be read by anybody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playbook_runs import PLUGINS
from world.aws import AwsEmulator

SPY = str(Path(__file__).with_name("callback_plugins"))


def keeping(folder: Path) -> dict[str, str]:
    """Return the environment of a run that keeps all that it shows to anybody below one folder."""
    return {
        "ANSIBLE_LOG_PATH": str(folder / "ansible.log"),
        **PLUGINS,
        "ELSEWHERE_KEEP": str(folder),
        "ANSIBLE_CALLBACK_PLUGINS": SPY,
        "ANSIBLE_CALLBACKS_ENABLED": "spy,dbops.rotation.rotation_audit",
        "ROTATION_AUDIT_SPOOL": str(folder / "audit"),
        "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "1",
        "ANSIBLE_LOCAL_TEMP": str(folder / "local"),
        "ANSIBLE_REMOTE_TEMP": str(folder / "remote"),
        "ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(folder / "facts"),
        "TMPDIR": str(folder),
    }


def requests_without_values(recording: AwsEmulator) -> Iterator[str]:
    """Every recorded request, less the one field that has to hold the value."""
    for request in recording.recorded():
        body: dict[str, Any] = json.loads(request.body or "{}")
        body.pop("SecretString", None)
        yield json.dumps([request.path, dict(request.headers), body])


def files(folder: Path) -> Iterator[Path]:
    """Every file below a folder."""
    return (path for path in folder.rglob("*") if path.is_file())
