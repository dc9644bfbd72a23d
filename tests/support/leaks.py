# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that a run leaves to be read by anybody."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from canaries import hits
from playbook_runs import PLUGINS
from world.aws import AwsEmulator

STORING = ("CreateSecret", "PutSecretValue")
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
    """Every recorded request, less the one field of two operations that has to hold the value."""
    for request in recording.recorded():
        body: Any = request.body.decode(errors="replace")
        if request.operation in STORING:
            body = {name: value for name, value in json.loads(body).items() if name != "SecretString"}
        yield json.dumps([request.path, dict(request.headers), body], ensure_ascii=False)


def files(folder: Path) -> Iterator[Path]:
    """Every file below a folder."""
    return (path for path in folder.rglob("*") if path.is_file())


def leaks(searched: Iterable[Path], known: Iterable[str]) -> set[tuple[str, str]]:
    """In which files which secrets are, in any form; told by how a secret begins."""
    secret = set(known)
    return {(path.name, hit.canary.text[:4]) for path in searched for hit in hits(path.read_bytes(), secret)}
