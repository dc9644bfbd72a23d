# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs over many clients, runs that die, and what people are told of them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
from administration import held
from audited import Audited
from cycle import in_days, set_tags
from managed import ManagedClient
from topic import Mailbox
from waves import lose_account

from rehearsal.acme import Acme
from rehearsal.terminal import Answer

ROTATE = "ansible-playbook rotate.yml -l client_acme"
GROUP = "/dbops/rehearsal"


def with_two_more(acme: Acme) -> dict[str, ManagedClient]:
    """Manage client_globex and client_initech, on the same server."""
    others = {}
    for user in ("globex", "initech"):
        client = ManagedClient(acme.server, acme.aws, user, f"Old-{user}-1", acme.ca_file)
        client.create().rotate()
        set_tags(client, {"rotation/last": in_days(-10), "rotation/due": in_days(30)})
        acme.others[client.name] = client.variables()
        acme.after.callback(away, client)
        others[user] = client
    return others


def away(client: ManagedClient) -> None:
    client.server.drop_account(client.user)
    client.aws.client().delete_secret(SecretId=client.secret_id, ForceDeleteWithoutRecovery=True)


def budget_spent(acme: Acme) -> None:
    """The account of the second client is gone, so the third is not reached."""
    others = with_two_more(acme)
    lost = others["globex"]
    lose_account(lost)
    acme.set(rotation_waves=[2, "100%"])
    run = acme.follow("ansible-playbook rotate.yml -e rotation_everything=true")
    assert run.status != 0 and "not reached" in run.words and "client_initech" in run.words, run.printed
    acme.reads("MOMENT", r"rotation_before=(\S+)")
    lost.server.create_account(lost.user, lost.hosts, lost.stored()["password"])


def everything_known(acme: Acme) -> Iterator[None]:
    """A run over all, of which one client fails at first, so that the command has to be given twice."""
    others = with_two_more(acme)
    before = {name: client.stages()["AWSCURRENT"] for name, client in {**others, "acme": acme}.items()}
    lost = others["globex"]
    lost.sql("ALTER USER globex@localhost, globex@`%` ACCOUNT LOCK")
    acme.kept["unlocked"] = lambda: lost.sql("ALTER USER globex@localhost, globex@`%` ACCOUNT UNLOCK")
    yield
    after = {name: client.stages()["AWSCURRENT"] for name, client in {**others, "acme": acme}.items()}
    assert all(before[name] != after[name] for name in before)


def cause_mended(acme: Acme) -> None:
    acme.kept["unlocked"]()


def ended(acme: Acme, end: Callable[[subprocess.Popen[bytes]], object]) -> Answer:
    """Rotate, and end the run while its change waits on the server."""
    terminal = acme.terminal()
    with held(acme.server, "FLUSH TABLES WITH READ LOCK"):
        output = acme.folder / "killed"
        with output.open("wb") as file:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {ROTATE}"],
                cwd=terminal.folder, env=terminal.whole_environment(), stdout=file, stderr=file, start_new_session=True,
            )  # fmt: skip
            wait_until(lambda: at_work(acme, "ALTER USER"))
            end(process)
            process.wait(60)
    wait_until(lambda: not at_work(acme, ""))
    return Answer(ROTATE, process.returncode, output.read_text())


def wait_until(true: Callable[[], Any]) -> None:
    limit = time.monotonic() + 90
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.2)


def at_work(acme: Acme, beginning: str) -> bool:
    rows = acme.sql("SHOW FULL PROCESSLIST")
    return any(row[1] == acme.user and str(row[7]).startswith(beginning) for row in rows)


def group_killed(acme: Acme) -> None:
    """As where the machine is restarted."""
    ended(acme, lambda process: os.killpg(process.pid, signal.SIGKILL))


def job_cancelled(acme: Acme) -> None:
    """AWX ends the process group of a job so; no AWX is here."""

    def cancel(process: subprocess.Popen[bytes]) -> None:
        os.killpg(process.pid, signal.SIGTERM)
        time.sleep(1)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)

    ended(acme, cancel)


def worker_killed(acme: Acme) -> None:
    def kill(process: subprocess.Popen[bytes]) -> None:
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()

    answer = ended(acme, kill)
    assert answer.status != 0 and "A worker was found in a dead state" in answer.words, answer.printed


def topic_gone(acme: Acme) -> None:
    acme.set(rotation_topic_arn="arn:aws:sns:eu-central-1:123456789012:nobody")


def topic_there(acme: Acme) -> None:
    acme.kept["mailbox"] = Mailbox(acme.aws, "rehearsed-topic")
    acme.set(rotation_topic_arn=acme.kept["mailbox"].topic)


def notice_arrived(acme: Acme) -> None:
    assert "rotated" in [notice["event"] for notice in acme.kept["mailbox"].read()]


def logs_gone(acme: Acme) -> None:
    acme.environment |= trail(acme).environment()


def trail(acme: Acme) -> Audited:
    return Audited(acme.aws, acme.folder, GROUP)


def logs_there(acme: Acme) -> None:
    logs = acme.aws.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    acme.after.callback(logs.delete_log_group, logGroupName=GROUP)


def events_arrived(acme: Acme) -> None:
    assert "WARNING" not in acme.answers[-1].words, acme.answers[-1].printed
    assert {"rotation", "run"} <= {event["kind"] for event in trail(acme).shipped()}
