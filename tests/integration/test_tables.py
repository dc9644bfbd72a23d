# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleet and history as tables: at a narrow terminal, a wide one and none, in a job of AWX, and as a document."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
from contextlib import suppress
from pathlib import Path

import pytest
from awx_job import RUNNER, Job, copy_of_the_project
from managed import ANSIBLE_PLAYBOOK, ROOT, MakeClient, ManagedClient, playbook, write_inventory
from world.databases import DatabaseServer

pytestmark = pytest.mark.slow

STATUS, HISTORY = "playbooks/status.yml", "playbooks/history.yml"
FLEET = "client last due days left trigger pending overlap until failures state"
PAST = "time what outcome trigger by version about"
DOCUMENT = {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"}


class Fleet:
    """A client that was rotated, one whose secret is not there, and a spool with the past of the first."""

    def __init__(self, folder: Path, client: ManagedClient) -> None:
        self.client = client
        self.hosts = {
            client.name: client.variables(),
            "client_lost": client.variables(rotation_secret_id="clients/client_lost"),
        }
        self.inventory = str(write_inventory(folder, self.hosts))
        self.spool = {"ROTATION_AUDIT_SPOOL": str(folder / "spool"), "ANSIBLE_NOCOLOR": "1"}
        assert self.run("rotate.yml", "-l", client.name, "-e", "rotation_requested_by=alice").returncode == 0

    def run(self, name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return playbook(name, "-i", self.inventory, *arguments, environment={**self.spool, **environment})

    def at_a_terminal(self, columns: int, name: str, *arguments: str) -> list[str]:
        """The lines that a person sees at a terminal of that width."""
        command = [ANSIBLE_PLAYBOOK, name, "-i", self.inventory, *arguments]
        master, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        given = {**os.environ, **self.spool}
        with subprocess.Popen(command, cwd=ROOT, env=given, stdin=terminal, stdout=terminal, stderr=terminal):
            os.close(terminal)
            seen = b""
            with suppress(OSError):  # the last one has closed it
                while part := os.read(master, 65536):
                    seen += part
        os.close(master)
        return seen.decode().replace("\r", "").splitlines()


@pytest.fixture
def fleet(make_client: MakeClient, mysql_server: DatabaseServer, tmp_path: Path) -> Fleet:
    return Fleet(tmp_path, make_client(mysql_server).create())


def table(lines: list[str], first: str) -> list[str]:
    """The lines of the table whose header begins with a word, up to the next empty one."""
    begin = next(number for number, line in enumerate(lines) if line.startswith(f"{first} "))
    assert lines[begin - 1].startswith(("State of the clients:", "History of ")) and not lines[begin - 2]
    return lines[begin : lines.index("", begin)]


def words(line: str) -> str:
    return " ".join(line.split())


def test_a_terminal_gets_what_it_has_room_for(fleet: Fleet) -> None:
    """Of the two clients one cannot be read, whose line is there as well."""
    name = fleet.client.name
    header, first, lost, left_out = table(fleet.at_a_terminal(80, STATUS), "client")
    assert max(map(len, (header, first, lost, left_out))) < 80
    assert words(first).startswith(f"{name} ") and words(first).endswith("39 0 ok")
    assert lost.split() == ["client_lost", "0", "0", "unknown"]
    assert left_out.startswith("(no room for ") and "overlap until" in left_out
    header, first, lost = table(fleet.at_a_terminal(200, STATUS), "client")
    assert words(header) == FLEET and words(first).startswith(f"{name} 20") and lost.split()[-1] == "unknown"


def test_the_past_goes_on_in_further_lines_where_it_has_to(fleet: Fleet) -> None:
    limit = ("-l", fleet.client.name)
    header, *lines = table(fleet.at_a_terminal(80, HISTORY, *limit), "time")
    assert max(map(len, [header, *lines])) <= 80 and header.split()[0] == "time" and header.split()[-1] == "about"
    assert sum(line.startswith("20") for line in lines) == 1 and any(line.startswith(" " * 40) for line in lines)
    header, line, *_more = table(fleet.at_a_terminal(200, HISTORY, *limit), "time")
    assert words(header) == PAST and " succeeded on_demand alice " in words(line)


def test_without_a_terminal_a_table_is_as_wide_as_it_gets(fleet: Fleet) -> None:
    header, first, lost = table(fleet.run(STATUS).stdout.splitlines(), "client")
    assert words(header) == FLEET and len(header) > 100 and first.split()[0] == fleet.client.name
    assert lost.split()[-1] == "unknown"
    header, line = table(fleet.run(HISTORY, "-l", fleet.client.name).stdout.splitlines(), "time")
    assert words(header) == PAST and " succeeded on_demand alice " in words(line)


def test_a_form_for_programs_is_one_line_and_a_document_stays_one(fleet: Fleet) -> None:
    limit, form = ("-l", fleet.client.name), ("-e", "rotation_status_form=json rotation_history_form=json")
    (line,) = (line for line in fleet.run(STATUS, *limit, *form).stdout.splitlines() if line.startswith("[{"))
    assert [told["client"] for told in json.loads(line)] == [fleet.client.name]
    for name in (STATUS, HISTORY):
        document = json.loads(fleet.run(name, *limit, *form, **DOCUMENT).stdout)
        (text,) = (
            one["text"]
            for task in document["plays"][0]["tasks"]
            for one in task["hosts"].values()
            if task["task"]["name"].rpartition(" : ")[2] in ("Show the fleet", "Show the events")
        )
        assert len(json.loads(text)) == 1


@pytest.mark.skipif(RUNNER is None, reason="ansible-runner comes with make setup-dev")
def test_a_job_of_awx_shows_the_whole_table(fleet: Fleet, tmp_path: Path) -> None:
    folder = tmp_path / "job"
    folder.mkdir()
    client = fleet.client
    variables = client.variables(rotation_access_key=None, rotation_secret_key=None)
    job = Job(folder, copy_of_the_project(tmp_path / "project"), {client.name: variables})
    _status, events = job.run(STATUS, "--limit", client.name)
    printed = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(event["stdout"] for event in events)).replace("\r", "")
    header, first = table(printed.splitlines(), "client")
    assert words(header) == FLEET and first.split()[0] == client.name
