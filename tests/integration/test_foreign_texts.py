# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes from a secret, a server or a tag cannot write to a terminal, forge a line, or be a formula. Whole runs."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from fake_server import error, fake_server
from managed import ManagedClient, playbook, secrets_manager, write_inventory
from topic import Mailbox as Queue
from wire_check.findings import apart
from world.aws import AwsEmulator

pytestmark = pytest.mark.slow

FORGED = "fatal: [victim]: ALL GOOD"
# An escape sequence that names the window, a line of its own, C1 and bidirectional controls, a separator of lines.
HOSTILE = f"\x1b]0;owned\x07db\n{FORGED}\r\x9b31m\u202e\u2066\u2028\u200b"
RAW = [char.encode() for char in "\x1b\x07\x9b\u202e\u2066\u2028\u200b"]


class Mailbox(Queue):
    """Keeps what it has read."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._kept: list[str] = []

    def texts(self) -> list[str]:
        """Every message that has come, its parts on lines as they are."""
        for message in self.read():
            parts = [*message.values(), *message["attributes"].values()]
            self._kept.append("\n".join(part for part in parts if isinstance(part, str)))
        return self._kept


@pytest.fixture
def mailbox(mysql_client: ManagedClient) -> Mailbox:
    return Mailbox(mysql_client.aws, f"foreign-{mysql_client.user}")


def keep_document(client: ManagedClient, **keys: Any) -> None:
    document = json.dumps(client.document(**keys))
    secrets_manager(client.aws).put_secret_value(SecretId=client.secret_id, SecretString=document)


def told(client: ManagedClient, folder: Path, mailbox: Mailbox, name: str = "rotate.yml", **variables: Any) -> str:
    """Run a playbook, and be sure that what it left anywhere is clean; give what it printed."""
    audit = folder / "audit"
    given = {"rotation_topic_arn": mailbox.topic, "rotation_tls_mode": "disabled", **variables}
    inventory = write_inventory(folder, {client.name: client.variables(**given)})
    spool = {"ROTATION_AUDIT_SPOOL": str(audit), "ROTATION_AUDIT_STDOUT": "1"}
    run = playbook(name, "-i", str(inventory), "-l", client.name, "-v", environment=spool)
    printed = run.stdout + run.stderr
    events = "".join(path.read_text() for path in audit.glob("*.jsonl"))
    letters = "\n".join(mailbox.texts())
    assert run.returncode == 2 and events
    for place, text in (("output", printed), ("audit trail", events), ("messages", letters)):
        assert_clean(place, text)
    assert client.password not in printed + events + letters
    return " ".join(printed.split())


def assert_clean(place: str, text: str) -> None:
    assert [raw for raw in RAW if raw in text.encode()] == [], place
    # Ansible folds a long message, and indents what follows.
    assert [line for line in text.splitlines() if line.startswith(FORGED)] == [], place


@pytest.mark.parametrize("key", ["host", "username"])
def test_a_secret_forges_no_line(mysql_client: ManagedClient, tmp_path: Path, mailbox: Mailbox, key: str) -> None:
    keep_document(mysql_client, **{key: HOSTILE})
    printed = told(mysql_client, tmp_path, mailbox)
    assert f"{mysql_client.name}: stopped at step 'open'" in printed
    assert key != "host" or f"]0;owned db {FORGED} 31m" in printed
    assert mailbox.texts(), "people were told"


def test_an_engine_and_a_key_forge_no_line(mysql_client: ManagedClient, tmp_path: Path, mailbox: Mailbox) -> None:
    keep_document(mysql_client, engine=HOSTILE)
    assert "is for engine" in told(mysql_client, tmp_path, mailbox)
    twice = json.dumps(mysql_client.document())[:-1] + f", {json.dumps(HOSTILE)}: 1, {json.dumps(HOSTILE)}: 2}}"
    secrets_manager(mysql_client.aws).put_secret_value(SecretId=mysql_client.secret_id, SecretString=twice)
    assert "has the key" in told(mysql_client, tmp_path, mailbox)


@pytest.mark.parametrize(
    ("version", "refusal", "expected"),
    [
        (f"8.0.1-{HOSTILE}", b"", f"The server is 8.0.1- ]0;owned db {FORGED} 31m , which is not supported."),
        (f"8.0.40-{HOSTILE}", error(1045, HOSTILE), "The server refused the stored password"),
        (f"8.0.40-{HOSTILE}", error(1999, HOSTILE), "The server or its driver failed"),
    ],
    ids=["its version", "a refusal", "an unknown error"],
)
def test_a_server_forges_no_line(
    mysql_client: ManagedClient, tmp_path: Path, mailbox: Mailbox, version: str, refusal: bytes, expected: str
) -> None:
    with fake_server({"version": version, "server_uuid": HOSTILE}, refusal) as server:
        keep_document(mysql_client, port=server.port)
        assert expected in told(mysql_client, tmp_path, mailbox)


def test_an_overlong_text_is_cut(mysql_client: ManagedClient, tmp_path: Path, mailbox: Mailbox) -> None:
    keep_document(mysql_client, host="x" * 60_000)
    assert "x" * 5000 not in told(mysql_client, tmp_path, mailbox)


def test_a_hook_forges_no_line_of_a_message(
    mysql_client: ManagedClient, tmp_path: Path, mailbox: Mailbox, recording: AwsEmulator
) -> None:
    """What Ansible itself prints of a hook is the hook's; this is about what people get."""
    hook = tmp_path / "hook.yml"
    hook.write_text(json.dumps([{"ansible.builtin.fail": {"msg": HOSTILE}}]))
    variables = mysql_client.variables(rotation_topic_arn=mailbox.topic, rotation_hooks=[str(hook)])
    inventory = write_inventory(tmp_path, {mysql_client.name: variables})
    assert playbook("rotate.yml", "-i", str(inventory), "-l", mysql_client.name).returncode == 2
    sent = [parse_qs(request.body.decode()) for request in recording.recorded() if b"Publish" in request.body]
    letters = [json.loads(fields["Message"][0])["email"] for fields in sent]
    assert [letter for letter in letters if f"owned db {FORGED}" in letter]
    for text in (*letters, *mailbox.texts()):
        assert_clean("messages", text)


def test_a_tag_is_no_formula_in_a_table(mysql_client: ManagedClient, tmp_path: Path) -> None:
    mysql_client.rotate()
    tags = [{"Key": "rotation/trigger", "Value": "=1+1"}, {"Key": "rotation/overlap-until", "Value": "@SUM(1)\t\x1b"}]
    with apart(tmp_path / "requests"):  # AWS itself takes no such tag
        secrets_manager(mysql_client.aws).tag_resource(SecretId=mysql_client.secret_id, Tags=tags)
    table = tmp_path / "fleet.csv"
    inventory = str(
        write_inventory(tmp_path, {"=client": mysql_client.variables(rotation_secret_id=mysql_client.secret_id)})
    )
    given = ("-e", f"rotation_status_form=csv rotation_status_file={table}")
    run = playbook("playbooks/status.yml", "-i", inventory, *given)
    assert run.returncode == 0, run.stdout + run.stderr
    (line,) = csv.DictReader(table.read_text().splitlines())
    assert (line["client"], line["trigger"], line["overlap_until"]) == ("'=client", "'=1+1", "'@SUM(1)")
    assert line["days_left"].isdecimal() and "\x1b" not in run.stdout
