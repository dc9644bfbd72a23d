# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command of README.md and docs/*.md is run by `make docs-test`, or its page says why not."""

from __future__ import annotations

import re
import time
from contextlib import nullcontext
from pathlib import Path

import pytest
from docs_test import cli
from docs_test.compare import missing
from docs_test.pages import COMMAND, COMMANDS, Block, beginning, blocks, pages
from docs_test.shell import Shell

# A language that is not here may be one of commands that nobody runs.
OTHERS = {"", "hcl", "json", "python", "yaml"}
GENERATED = r"[a-z ]+: (begin|end)"
KNOWN = re.compile(rf"<!-- ((run|not run|not run below|ends with status): .+|{GENERATED}) -->$")

every_page = pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)


def read(folder: Path, text: str) -> list[Block]:
    """Return the blocks of a page with this text."""
    page = folder / "page.md"
    page.write_text(text)
    return blocks(page)


@every_page
def test_every_command_is_run_or_marked(page: Path) -> None:
    assert [block.place for block in blocks(page) if block.is_command and not (block.is_run or block.reason)] == []


@every_page
def test_no_command_stands_where_none_is_looked_for(page: Path) -> None:
    others = [block for block in blocks(page) if not block.is_command]
    assert {block.kind for block in others} <= OTHERS
    assert [block.place for block in others if any(COMMAND.match(line) for line in block.text.splitlines())] == []


@every_page
def test_every_comment_is_understood_and_gives_a_reason(page: Path) -> None:
    comments = [line.strip() for line in page.read_text().splitlines() if "<!--" in line]
    assert [comment for comment in comments if not KNOWN.match(comment)] == []
    assert [block.place for block in blocks(page) if block.reason and len(block.reason.split()) < 3] == []


@every_page
def test_no_block_is_overlooked(page: Path) -> None:
    fences = len(re.findall(r"^ *```", page.read_text(), re.MULTILINE))
    starts = [page.read_text().splitlines()[block.line - 1].strip() for block in blocks(page)]
    assert 2 * sum(start.startswith("```") for start in starts) == fences


def test_a_page_is_read(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "# A\n<!-- not run: it needs AWS -->\n```bash\nmake a\n```\nSave it as `b.yml`:\n\n```yaml\nb: 1\n```\n\n"
        "<!-- ends with status: 2 -->\n    make c\n\n<!-- run: make d -->\n* e\n\n"
        "  ```console\n  $ f \\\n      g\n  shown\n  ```\n",
    )
    assert [(block.kind, block.is_run, block.status) for block in found] == [
        ("bash", False, 0),
        ("yaml", True, 0),
        ("bash", True, 2),
        ("bash", True, 0),
        ("console", True, 0),
    ]
    assert (found[1].file, found[4].steps) == ("b.yml", [("f \\\n    g\n", "shown\n")])


def test_a_page_without_a_world_gets_one(tmp_path: Path) -> None:
    assert beginning(read(tmp_path, "```bash\nmake world\n```\n")) == []
    (block,) = beginning(read(tmp_path, "```bash\nmake world-stop\n```\n"))
    assert block.is_run and (pages()[0].parent / block.text.split()[1]).is_file()


def test_a_mark_without_a_block_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"page\.md:2: there is no block"):
        read(tmp_path, "# A\n<!-- not run: it needs AWS -->\nwords\n\n    make b\n")


FIRST = "rotated (3 rows of MySQL 9.7.4 at 127.0.0.1:44809); next due 2027-01-02T21:27:03Z"
SHOWN = f"{FIRST}\nTASK [x] *****\nstate ... ok\n"
SAID = """\
rotated (3 rows of
MySQL 8.4.10 at 127.0.0.1:1); next due 2026-11-12T01:02:03.456Z
other
TASK [x] ***
state 7 days ok
"""


def test_what_differs_from_run_to_run_is_no_difference() -> None:
    assert missing(SHOWN, SAID) == ""


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (("3 rows", "2 rows"), FIRST),
        (("TASK [x]", "TASK [y]"), "TASK [x] *****"),
        (("ok", "overdue"), "state ... ok"),
    ],
)
def test_what_is_not_said_is_missing(change: tuple[str, str], line: str) -> None:
    assert missing(SHOWN, SAID.replace(*change)) == line


def test_lines_in_another_order_are_missing() -> None:
    assert missing("a\nb\n", "b\na\n") == "b"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    (tmp_path / "copy").mkdir()
    return Shell(tmp_path / "copy")


def command(text: str, kind: str = "bash", status: int = 0) -> Block:
    """Return a block of commands."""
    return Block("page.md", 1, kind, text, status=status)


def test_folder_and_variables_outlive_a_block(shell: Shell) -> None:
    (shell.copy / "inside").mkdir()
    assert shell.perform(command("cd inside\nexport NAME='a b'\n")) == ""
    assert shell.perform(command('$ echo "$NAME" in ${PWD##*/}\na b in inside\n', "console")) == ""


@pytest.mark.parametrize(
    ("block", "wrong"),
    [
        (command("false | cat\n"), "ended with status 1 instead of 0"),
        (command("true\n", status=2), "ended with status 0 instead of 2"),
        (command("$ echo a\nb\n$ true\n", "console"), "did not say 'b'"),
        (command("$ false\n$ true\n", "console"), "ended with status 1 instead of 0"),
    ],
)
def test_a_block_that_does_something_else_is_wrong(shell: Shell, block: Block, wrong: str) -> None:
    assert wrong in shell.perform(block)


def test_what_follows_a_wrong_block_is_left(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "copied", lambda: nullcontext(shell.copy))
    result = cli.Result()
    cli.run_page([command("true\n"), command("false\n"), command("true\n")], float("inf"), result)
    assert (result.run, result.left, result.wrong) == (2, 1, ["page.md:1"])


def test_what_comes_after_the_limit_is_left(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "copied", lambda: nullcontext(shell.copy))
    result = cli.Result()
    cli.run_page([command("sleep 60\n"), command("false\n")], time.monotonic() + 0.2, result)
    assert (result.run, result.left, result.wrong) == (0, 2, [])


def test_the_languages_of_commands_are_no_others() -> None:
    assert OTHERS.isdisjoint(COMMANDS)
