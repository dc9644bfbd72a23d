# SPDX-License-Identifier: GPL-3.0-or-later
"""A password that YAML has made something else of is refused before a login is tried with what became of it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from managed import ManagedClient, playbook, secrets_manager, write_inventory
from playbook_runs import PLUGINS, said

pytestmark = pytest.mark.slow

NUMBER, TRUTH, OTHER = "a number", "a truth value (yes, no, on, off, true, false)", "a list or a dictionary"
# As people write it in a file of variables.
KINDS = {"123456": NUMBER, "0": NUMBER, "1.50": NUMBER, "yes": TRUTH, "off": TRUTH, "[a]": OTHER}
PLAYS = {
    "playbooks/onboard.yml": "rotation_onboard_password",
    "playbooks/reconcile.yml": "rotation_reconcile_password",
}


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Takes the place of the server; nobody is to come."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.setblocking(False)
        yield made


def nobody_came(listener: socket.socket) -> bool:
    try:
        listener.accept()
    except BlockingIOError:
        return True
    return False


def led_to(client: ManagedClient, listener: socket.socket) -> None:
    """Let the secret lead to the listener."""
    document = json.dumps(client.document(port=listener.getsockname()[1]))
    secrets_manager(client.aws).put_secret_value(SecretId=client.secret_id, SecretString=document)


@pytest.mark.parametrize(("name", "option"), PLAYS.items())
@pytest.mark.parametrize(("written", "kind"), KINDS.items())
def test_what_is_no_text_is_not_tried(
    mysql_client: ManagedClient,
    listener: socket.socket,
    tmp_path: Path,
    name: str,
    option: str,
    written: str,
    kind: str,
) -> None:
    led_to(mysql_client, listener)
    variables = mysql_client.variables(rotation_onboard_port=listener.getsockname()[1])
    inventory = str(write_inventory(tmp_path, {mysql_client.name: variables}))
    given = tmp_path / "given.yml"
    given.write_text(f"{option}: {written}\n")
    run = playbook(name, "-i", inventory, "-l", mysql_client.name, "-e", f"@{given}")
    assert run.returncode == 2
    told = f"stopped at step 'prepare': {option} is {kind} and no text, so how the password was written is not known"
    assert told in said(run) and f"Next: Quote it: {option}: '...'" in said(run)
    assert nobody_came(listener)


def test_the_shipped_module_refuses_it_too(
    mysql_client: ManagedClient, listener: socket.socket, tmp_path: Path
) -> None:
    led_to(mysql_client, listener)
    bastion = {"ansible_connection": "elsewhere", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    variables = mysql_client.variables(rotation_jump_host="bastion", rotation_reconcile_password=123456)
    inventory = str(write_inventory(tmp_path, {mysql_client.name: variables, "bastion": bastion}))
    run = playbook("playbooks/reconcile.yml", "-i", inventory, "-l", mysql_client.name, environment=PLUGINS)
    assert run.returncode == 2 and "rotation_reconcile_password is a number and no text" in said(run)
    assert nobody_came(listener)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xef\xbb\xbfsecret\n", "begins with a byte order mark"),
        (b"\nsecret\n", "The first line of the password file"),
        (b"\xff\xfes\x00", "it is not UTF-8 text"),
    ],
)
def test_a_file_that_is_not_only_the_password_is_diagnosed(
    mysql_client: ManagedClient, listener: socket.socket, tmp_path: Path, content: bytes, told: str
) -> None:
    led_to(mysql_client, listener)
    file = tmp_path / "password"
    file.write_bytes(content)
    variables = mysql_client.variables(rotation_reconcile_password_file=str(file))
    inventory = str(write_inventory(tmp_path, {mysql_client.name: variables}))
    run = playbook("playbooks/reconcile.yml", "-i", inventory, "-l", mysql_client.name)
    assert run.returncode == 2 and told in said(run) and "Nothing was changed." in said(run)
    assert nobody_came(listener)


def test_a_block_of_yaml_brings_a_line_end_along(
    mysql_client: ManagedClient, listener: socket.socket, tmp_path: Path
) -> None:
    led_to(mysql_client, listener)
    variables = mysql_client.variables(rotation_reconcile_password=f"{mysql_client.password}\n")
    inventory = str(write_inventory(tmp_path, {mysql_client.name: variables}))
    run = playbook("playbooks/reconcile.yml", "-i", inventory, "-l", mysql_client.name)
    assert run.returncode == 2 and "rotation_reconcile_password begins or ends with a line end" in said(run)
    assert mysql_client.password not in run.stdout + run.stderr and nobody_came(listener)


EXACT = (
    '\n{{"engine" : "Aurora-MySQL",\t"host": "127.0.0.1", "port": {port}, "username": "{user}",\r\n'
    ' "note": "Grüße \\u00fc \\/ \\ud83d\\ude00", "huge": 1e400, "long": 0.10000000000000000000000000001,\n'
    '  "nested": {{"password": "inner", "list": [1.0, -0]}}, "password": {password} , "ключ": true}}\n'
)


def test_all_but_the_password_is_kept_to_the_byte(mysql_client: ManagedClient, tmp_path: Path) -> None:
    """The engine too, which is AWS's name for the kind of server that answers."""
    parts = {"port": mysql_client.server.port, "user": mysql_client.user}
    aws = secrets_manager(mysql_client.aws)
    text = EXACT.format(password=json.dumps(mysql_client.password), **parts)
    aws.put_secret_value(SecretId=mysql_client.secret_id, SecretString=text)
    inventory = str(write_inventory(tmp_path, {mysql_client.name: mysql_client.variables()}))
    for name in ("rotate.yml", "playbooks/rollback.yml"):
        run = playbook(name, "-i", inventory, "-l", mysql_client.name)
        assert run.returncode == 0 and "WARNING" not in said(run), said(run)
        password = mysql_client.stored()["password"]
        kept = aws.get_secret_value(SecretId=mysql_client.secret_id, VersionStage="AWSCURRENT")["SecretString"]
        assert kept == EXACT.format(password=json.dumps(password), **parts)
        assert mysql_client.opens(password)
