# SPDX-License-Identifier: GPL-3.0-or-later
"""The next command of a message, at a command line and in a job of AWX."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from pymysql import err

from ansible_collections.dbops.rotation.plugins.filter.next_step import next_step
from ansible_collections.dbops.rotation.plugins.module_utils import _readers
from ansible_collections.dbops.rotation.plugins.module_utils._db.errors import diagnose
from ansible_collections.dbops.rotation.plugins.module_utils._decision.decision import adopting
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.events import read_event
from ansible_collections.dbops.rotation.plugins.module_utils._next_step import Kind, command, present, with_options
from ansible_collections.dbops.rotation.plugins.module_utils._readers import (
    FIXED,
    PLAYBOOKS,
    TEMPLATES,
    Awx,
    CommandLine,
    Functions,
    Options,
)

ROOT = Path(__file__).resolve().parents[2]
MADE = {
    one["name"]: one
    for one in DataLoader().load_from_file(str(ROOT / "roles/rotation_awx/defaults/main.yml"))[
        "rotation_awx_job_templates"
    ]
}
ROWS = adopting(["root@localhost", "root@%"])


@pytest.fixture(autouse=True)
def no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWX_HOST", "AWX_PRIVATE_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("text", "line", "job"),
    [
        (
            command(Kind.FINISH),
            "ansible-playbook rotate.yml -l client_acme -e rotation_trigger=recovery",
            "launch the template 'Finish what was begun' with limit client_acme",
        ),
        (
            command(Kind.RECONCILE, {"rotation_reconcile_version": "AWSPREVIOUS"}),
            "ansible-playbook playbooks/reconcile.yml -l client_acme -e rotation_reconcile_version=AWSPREVIOUS",
            "launch the template 'Reconcile a client' with limit client_acme"
            " and rotation_reconcile_version: AWSPREVIOUS",
        ),
        (
            command(Kind.SAME, ROWS),
            """the same command with -e '{"rotation_adopt_rows": ["root@localhost", "root@%"]}'""",
            "launch the template 'Rotate a client now' or, for a reconciliation, 'Reconcile a client' with limit"
            " client_acme and rotation_adopt_rows: root@localhost,root@%",
        ),
        (
            f"Tell them apart: {with_options({'rotation_server_label': 'WORD'})}",
            "Tell them apart: -e rotation_server_label=WORD",
            "Tell them apart: rotation_server_label: WORD",
        ),
        (
            command(Kind.RESTORE),
            "ansible-playbook playbooks/restore.yml -l client_acme",
            "at a command line, for AWX has no template for it: ansible-playbook playbooks/restore.yml -l client_acme",
        ),
        ("Mend it; then run the same command again.",) * 2 + ("Mend it; then relaunch the job.",),
        ("Run the same command again.", "Run the same command again.", "Relaunch the job."),
    ],
)
def test_both_readers_are_told_the_same_in_their_words(text: str, line: str, job: str) -> None:
    assert present(text, "client_acme", CommandLine()) == line
    assert present(text, "client_acme", Awx()) == job


PUT = (
    """aws events put-events --entries '[{"EventBusName": "dbops-rotation", "Source": "dbops.rotation","""
    """ "DetailType": "Rotation Requested", "Detail": "{%s}"}]'"""
)
ASKED = r"""\"schema\": 1, \"client\": \"client_acme\", \"reason\": \"WHY\""""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (command(Kind.ROTATE), PUT % ASKED),
        (command(Kind.ROTATE, {"rotation_force": "true"}), PUT % (ASKED + r""", \"force\": true""")),
        (
            command(Kind.ROTATE, ROWS),
            PUT % ASKED + """ with {"rotation_adopt_rows": ["root@localhost", "root@%"]} in the client's parameter""",
        ),
        (
            command(Kind.SAME, {"rotation_accept_server_id": "x"}),
            """the same event with {"rotation_accept_server_id": "x"} in the client's parameter""",
        ),
        (
            command(Kind.FINISH),
            "wait for the next sweep, which finishes it, or start one: aws lambda invoke --function-name"
            " dbops-rotation-sweep /dev/stdout",
        ),
        (
            command(Kind.VERIFY),
            "at a command line, for no function does it: ansible-playbook playbooks/verify.yml -l client_acme",
        ),
        (
            "Mend it; then run the same command again.",
            "Mend it; then send the event again, or wait for the next sweep.",
        ),
        ("Run the same command again.", "Send the event again, or wait for the next sweep."),
    ],
)
def test_who_has_functions_is_told_of_events(monkeypatch: pytest.MonkeyPatch, text: str, told: str) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "dbops-rotation-rotate")
    assert present(text, "client_acme") == told


def test_the_event_that_is_advised_is_taken() -> None:
    words = shlex.split(present(command(Kind.ROTATE), "o.brien", Functions()))
    (entry,) = json.loads(words[words.index("--entries") + 1])
    event = {"source": entry["Source"], "detail-type": entry["DetailType"], "detail": json.loads(entry["Detail"])}
    now = datetime.now(UTC)
    assert read_event({**event, "time": now.isoformat()}, "Rotation Requested", now).client == "o.brien"


@pytest.mark.parametrize("sign", ["AWX_HOST", "AWX_PRIVATE_DATA_DIR"])
def test_a_failure_in_a_job_of_awx_names_the_template(monkeypatch: pytest.MonkeyPatch, sign: str) -> None:
    monkeypatch.setenv(sign, "/runner")
    error = diagnose(err.OperationalError(1045, ""), "db.invalid:3306")
    error.locate(client="client_acme", step="open", state="Nothing was changed.", next_step="")
    assert str(error).endswith("works now: launch the template 'Reconcile a client' with limit client_acme")
    assert next_step("{finish}", "client_acme") == "launch the template 'Finish what was begun' with limit client_acme"


def test_a_failure_elsewhere_has_a_command() -> None:
    error = diagnose(err.OperationalError(1045, ""), "db.invalid:3306")
    error.locate(client="o'brien co", step="open", state="Nothing was changed.", next_step="")
    assert str(error).endswith("""ansible-playbook playbooks/reconcile.yml -l 'o'"'"'brien co,'""")


def test_a_third_reader_needs_no_change_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    class Function(CommandLine):
        def command(self, kind: str, client: str, options: Options) -> str:
            return f"invoke {kind} for {client}"

    monkeypatch.setattr(_readers, "READERS", [(lambda: True, Function()), *_readers.READERS])
    assert present("To mend it: {verify}", "client_acme") == "To mend it: invoke verify for client_acme"


@pytest.mark.parametrize("name", ["root@{x}", "100%", "a'b", 'a"b', "a|b", "{rotate}"])
def test_names_of_rows_come_through(name: str) -> None:
    told = present(command(Kind.ROTATE, adopting([name])), "client_acme", Awx())
    assert told == f"launch the template 'Rotate a client now' with limit client_acme and rotation_adopt_rows: {name}"


@pytest.mark.parametrize("text", ["{verify|no json}", "{verify|[1]}", "{verify|{}}", "{unknown}", "{", "{rotate"])
def test_a_text_from_elsewhere_breaks_nothing(text: str) -> None:
    assert present(text, "client_acme")


@pytest.mark.parametrize("kind", sorted({*TEMPLATES} & {*PLAYBOOKS}))
def test_the_templates_of_the_advice_are_made_and_start_the_same(kind: str) -> None:
    made = MADE[TEMPLATES[kind]]
    assert made["playbook"].removeprefix("playbooks/") == PLAYBOOKS[kind].removeprefix("playbooks/")
    assert made["ask_limit"] is True
    if kind in FIXED:
        assert made["extra_vars"] == FIXED[kind]


@pytest.mark.parametrize(
    ("kind", "option"),
    [
        ("rotate", "rotation_force"),
        ("rotate", "rotation_adopt_rows"),
        ("rotate", "rotation_accept_server_id"),
        ("reconcile", "rotation_adopt_rows"),
        ("reconcile", "rotation_accept_server_id"),
        ("reconcile", "rotation_reconcile_version"),
    ],
)
def test_a_template_asks_for_what_advice_answers(kind: str, option: str) -> None:
    asked: list[dict[str, Any]] = MADE[TEMPLATES[kind]]["survey"]
    assert option in {question["variable"] for question in asked}
