# SPDX-License-Identifier: GPL-3.0-or-later
"""The next command of a message, at a command line and in a job of AWX."""

from __future__ import annotations

import json
import re
import shlex
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible import constants, context
from ansible.parsing.dataloader import DataLoader
from pymysql import err

from ansible_collections.dbops.rotation.plugins.filter.rotation_next_step import next_step
from ansible_collections.dbops.rotation.plugins.module_utils._clean import one_line
from ansible_collections.dbops.rotation.plugins.module_utils._db.errors import diagnose
from ansible_collections.dbops.rotation.plugins.module_utils._decision.decision import adopting
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.events import read_event
from ansible_collections.dbops.rotation.plugins.module_utils._next_step import (
    Kind,
    command,
    option,
    present,
    with_options,
)
from ansible_collections.dbops.rotation.plugins.module_utils._readers import (
    ENVIRONMENT,
    FIXED,
    MODULES,
    PLAYBOOKS,
    READERS,
    TEMPLATES,
    VARIABLES,
    Awx,
    CommandLine,
    Engine,
    Function,
    Installed,
    ModuleUser,
    Options,
    Reader,
    as_environment,
    from_environment,
    reading,
    variable,
)
from ansible_collections.dbops.rotation.plugins.plugin_utils._reader import (
    MANIFEST,
    InventoryFile,
    named_inventory,
    of_playbook,
    of_task,
)

ROOT = Path(__file__).resolve().parents[2]
MADE = {
    one["name"]: one
    for one in DataLoader().load_from_file(str(ROOT / "roles/rotation_awx/defaults/main.yml"))[
        "rotation_awx_job_templates"
    ]
}
# The tasks that hand options over.
OPERATIONS = {"backup": "roles/rotation_backup/tasks/restore.yml", "onboard": "roles/rotation/vars/main.yml"}
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
            command(Kind.RECONCILE, {"reconcile.version": "AWSPREVIOUS"}),
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
            f"Tell them apart: {with_options({'server_label': 'WORD'})}",
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
        (command(Kind.ROTATE, {"force": "true"}), PUT % (ASKED + r""", \"force\": true""")),
        (
            command(Kind.ROTATE, ROWS),
            PUT % ASKED + """ with {"rotation_adopt_rows": ["root@localhost", "root@%"]} in the client's parameter""",
        ),
        (
            command(Kind.SAME, {"accept_server_id": "x"}),
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
def test_who_has_functions_is_told_of_events(text: str, told: str) -> None:
    assert present(text, "client_acme", Function()) == told


def test_the_event_that_is_advised_is_taken() -> None:
    words = shlex.split(present(command(Kind.ROTATE), "o.brien", Function()))
    (entry,) = json.loads(words[words.index("--entries") + 1])
    event = {"source": entry["Source"], "detail-type": entry["DetailType"], "detail": json.loads(entry["Detail"])}
    now = datetime.now(UTC)
    assert read_event({**event, "time": now.isoformat()}, "Rotation Requested", now).client == "o.brien"


@pytest.mark.parametrize("sign", ["AWX_HOST", "AWX_PRIVATE_DATA_DIR"])
def test_a_failure_in_a_job_of_awx_names_the_template(monkeypatch: pytest.MonkeyPatch, sign: str) -> None:
    monkeypatch.setenv(sign, "/runner")
    error = diagnose(err.OperationalError(1045, ""), "db.invalid:3306")
    with reading(of_playbook()):
        error.locate(client="client_acme", step="open", state="Nothing was changed.", next_step="")
        assert str(error).endswith("works now: launch the template 'Reconcile a client' with limit client_acme")
    assert next_step("{finish}", "client_acme") == "launch the template 'Finish what was begun' with limit client_acme"


def test_a_failure_elsewhere_has_a_command() -> None:
    error = diagnose(err.OperationalError(1045, ""), "db.invalid:3306")
    error.locate(client="o'brien co", step="open", state="Nothing was changed.", next_step="")
    assert str(error).endswith("""ansible-playbook playbooks/reconcile.yml -l 'o'"'"'brien co,'""")


def test_another_reader_needs_no_change_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    class Chat(CommandLine):
        def command(self, kind: str, client: str, options: Options) -> str:
            return f"ask for {kind} of {client}"

    monkeypatch.setitem(READERS, "Chat", Chat)
    for name, value in as_environment(Chat()).items():
        monkeypatch.setenv(name, value)
    with reading(from_environment()):
        assert present("To mend it: {verify}", "client_acme") == "To mend it: ask for verify of client_acme"


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
    assert made["playbook"] == f"playbooks/{PLAYBOOKS[kind]}.yml"
    assert made["ask_limit"] is True
    if kind in FIXED:
        assert made["extra_vars"] == {variable(name): value for name, value in FIXED[kind].items()}


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


ADVICE = (
    f"Set {option('overlap')} ({{playbook|verify}}): {command(Kind.RECONCILE, {'reconcile.version': 'AWSPREVIOUS'})}"
)


@pytest.mark.parametrize(
    ("to", "told"),
    [
        (
            CommandLine(("inventories/a b", "x,")),
            "Set rotation_overlap (playbooks/verify.yml): ansible-playbook playbooks/reconcile.yml -i 'inventories/a b'"
            " -i x, -l client_acme -e rotation_reconcile_version=AWSPREVIOUS",
        ),
        (
            Installed(("hosts",)),
            "Set rotation_overlap (dbops.rotation.verify): ansible-playbook dbops.rotation.reconcile -i hosts"
            " -l client_acme -e rotation_reconcile_version=AWSPREVIOUS",
        ),
        (
            ModuleUser(),
            "Set overlap (dbops.rotation.verify): run dbops.rotation.secretsmanager_mysql_reconcile for client_acme"
            " with version: AWSPREVIOUS",
        ),
        (
            Engine(),
            "Set overlap (dbops.rotation.verify): reconcile client_acme with version: AWSPREVIOUS",
        ),
        (
            InventoryFile(),
            "Set overlap (playbooks/verify.yml): ansible-playbook playbooks/reconcile.yml -l client_acme"
            " -e rotation_reconcile_version=AWSPREVIOUS",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_reader_has_words_for_options_playbooks_and_commands(to: Reader, told: str) -> None:
    assert present(ADVICE, "client_acme", to) == told


def test_the_installed_collection_starts_a_rotation_by_its_name() -> None:
    assert present("{rotate}", "client_acme", Installed()) == "ansible-playbook dbops.rotation.rotate -l client_acme"


def test_an_installed_collection_is_told_from_a_checkout(tmp_path: Path) -> None:
    assert of_playbook(tmp_path) == CommandLine(named_inventory())
    (tmp_path / MANIFEST).touch()
    assert of_playbook(tmp_path) == Installed(named_inventory())


@pytest.mark.parametrize("to", [CommandLine(("a", "b,")), Installed(), Awx(), Engine(), ModuleUser()], ids=repr)
def test_a_module_elsewhere_speaks_to_the_same_reader(monkeypatch: pytest.MonkeyPatch, to: Reader) -> None:
    for name, value in as_environment(to).items():
        monkeypatch.setenv(name, value)
    assert from_environment() == to


@pytest.mark.parametrize("value", ["", "[]", "{}", '{"reader": "Nobody"}', '{"reader": "Awx", "inventory": ["a"]}'])
def test_a_module_that_nobody_told_speaks_to_its_user(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(ENVIRONMENT, value)
    assert from_environment() == ModuleUser()


@pytest.mark.parametrize(
    ("role", "to"),
    [
        (None, ModuleUser),
        (SimpleNamespace(_role_collection=None), ModuleUser),
        (SimpleNamespace(_role_collection="dbops.rotation"), CommandLine),
    ],
)
def test_a_task_of_a_role_is_read_by_who_runs_the_playbook(role: Any, to: type[Reader]) -> None:
    assert of_task(SimpleNamespace(_role=role)).__class__ is to


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ((), ()),
        (constants.DEFAULT_HOST_LIST, ()),
        (("client_acme,",), ("client_acme,",)),
        ((str(ROOT / "inventories/demo"), "/elsewhere/hosts"), ("inventories/demo", "/elsewhere/hosts")),
    ],
)
def test_the_inventory_of_a_command_is_the_one_that_was_named(
    monkeypatch: pytest.MonkeyPatch, given: tuple[str, ...], named: tuple[str, ...]
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(context, "CLIARGS", {"inventory": given})
    assert named_inventory() == named


@pytest.mark.parametrize("name", VARIABLES)
def test_the_role_calls_an_option_by_the_word_of_the_table(name: str) -> None:
    operation, _dot, handed = name.partition(".")
    text = (ROOT / OPERATIONS[operation]).read_text()
    assert re.findall(rf"""^ +'?{handed}'?: (?:"{{{{ )?(rotation_[a-z_]+)""", text, re.MULTILINE) == [variable(name)]


def test_every_module_of_advice_is_there() -> None:
    assert [name for name in MODULES.values() if not (ROOT / f"plugins/modules/{name}.py").is_file()] == []


@pytest.mark.parametrize("to", READERS.values(), ids=READERS)
def test_no_placeholder_is_left_of_a_text_that_was_cut(to: type[Reader]) -> None:
    cut = one_line(f"Adopt them: {command(Kind.ROTATE, adopting([f'root@{number}.invalid' for number in range(400)]))}")
    assert cut.endswith("...") and "{rotate" not in present(cut, "client_acme", to())
