# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of ansible-playbook: wall time, processor time of it and of the emulator, memory of all its processes."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path

import botocore.session
import psutil
from world.aws import AwsEmulator, RecordedRequest
from world.layout import CACHE, ROOT

from .reader import REQUESTS

FAMILY = Path(__file__).with_name("family.py")
LOOK = 0.1  # seconds between two looks at a run
WEIGH = 1.0  # seconds between two looks at its memory, for each costs the kernel a walk through all pages


@dataclass(frozen=True)
class Measured:
    """Seconds and bytes; ``changed`` and ``failed`` are the clients of the recap."""

    name: str
    clients: int
    wall: float
    cpu: float
    emulator_cpu: float
    memory: int
    changed: int
    failed: int
    calls: Counter[str]
    output: str
    notices: int = 0

    @property
    def wall_each(self) -> float:
        """Return the milliseconds of a client."""
        return 1000 * self.wall / self.clients

    @property
    def cpu_each(self) -> float:
        """Return the milliseconds of processor time of a client, the emulator's and the servers' not counted."""
        return 1000 * self.cpu / self.clients


def run(
    name: str,
    clients: int,
    aws: AwsEmulator,
    arguments: list[str],
    *,
    record: bool = False,
    ansible: str = "",
    **environment: str,
) -> Measured:
    """Run a playbook to its end, and measure; recording costs the emulator time, so it is asked for."""
    if record:
        aws.start_recording()
    before, began = cpu_of(aws), time.monotonic()
    output = CACHE / "bench" / f"{name.replace(' ', '-')}.txt"
    with output.open("wb") as sink:
        playbook = ansible or str(Path(sys.executable).with_name("ansible-playbook"))
        command = [sys.executable, str(FAMILY), playbook, *arguments]
        child = subprocess.Popen(command, cwd=ROOT, env=clean(environment), stdout=sink, stderr=subprocess.STDOUT)
        memory, status, used = watched(child.pid)
    wall = time.monotonic() - began
    emulator = cpu_of(aws) - before
    if record:
        aws.stop_recording()
    calls = Counter(map(operation_of, aws.recorded())) if record else Counter[str]()
    for operation in REQUESTS:
        calls.pop(operation, None)
    told = output.read_text(errors="replace")
    recap = re.findall(r"changed=(\d+) .*failed=(\d+)", told)
    return Measured(
        name=name,
        clients=clients,
        wall=wall,
        cpu=used.ru_utime + used.ru_stime,
        emulator_cpu=emulator,
        memory=memory,
        changed=sum(int(changed) > 0 for changed, _failed in recap),
        # A run that could not even begin has no recap.
        failed=sum(int(failed) > 0 for _changed, failed in recap) or int(status != 0),
        calls=calls,
        output=told,
    )


def operation_of(request: RecordedRequest) -> str:
    """Return what a request asks for; SNS and STS say it in the body."""
    found = re.search(rb"(?:^|&)Action=(\w+)", request.body)
    return request.operation or (found[1].decode() if found else "other")


def watched(process: int) -> tuple[int, int, resource.struct_rusage]:
    """Wait for a process; return the most memory that it and its children held at a time, its status and its use."""
    memory, weighed = 0, 0.0
    while True:
        if time.monotonic() - weighed >= WEIGH:
            memory, weighed = max(memory, memory_of_family(process)), time.monotonic()
        ended, status, used = os.wait4(process, os.WNOHANG)
        if ended:
            return memory, status, used
        time.sleep(LOOK)


def memory_of_family(process: int) -> int:
    """Return the bytes of a process and its children; what they share counts once."""
    total = 0
    with suppress(psutil.NoSuchProcess):
        for member in (psutil.Process(process), *psutil.Process(process).children(recursive=True)):
            with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                total += member.memory_full_info().pss
    return total


def is_compiled() -> bool:
    """Return whether a module that a stock task runs finds its packages compiled."""
    return Path(cache_from_source(botocore.session.__file__)).is_file()


def cpu_of(aws: AwsEmulator) -> float:
    """Return the processor time that the emulator has used."""
    assert aws.process
    used = psutil.Process(aws.process.pid).cpu_times()
    return used.user + used.system


def clean(extra: dict[str, str]) -> dict[str, str]:
    """Return an environment without settings of the person who runs this."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))}
    spool = {"ROTATION_AUDIT_SPOOL": str(CACHE / "bench" / "audit")}
    return {**kept, **spool, "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull, **extra}
