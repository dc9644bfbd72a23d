# SPDX-License-Identifier: GPL-3.0-or-later
"""Give the engine's names their plain words, in whatever checkout it is run in; a second run changes nothing.

Run it in the root of a checkout, and after a merge again: what came in by the old names gets the new ones.
``python tools/rename.py --docstrings`` also writes the docstrings of all Python files in the imperative; without it
only those of the engine's rooms are.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path.cwd()
FOLDERS = ("plugins", "tests", "tools", "docs", "roles")
SUFFIXES = (".py", ".yml", ".md", ".j2")
ENGINE = "plugins/module_utils/"
ROOMS = tuple(f"{ENGINE}{room}/" for room in ("_decision", "_context", "_steps", "_rotation"))
# Files that use a cycle whose tags were mended, and those that pass a rotation's context on.
CYCLES = (f"{ENGINE}_", "tests/unit/test_mend.py", "tests/unit/test_effective.py")
CONTEXTS = (*ROOMS, f"{ENGINE}_backup/")

MOVES = {
    f"{ENGINE}_cycle/mend.py": f"{ENGINE}_cycle/effective.py",
    f"{ENGINE}_cycle/told.py": f"{ENGINE}_cycle/notice_state.py",
    "tests/unit/test_mend.py": "tests/unit/test_effective.py",
    "tests/unit/test_told.py": "tests/unit/test_notice_state.py",
}


@dataclass(frozen=True)
class Rule:
    """A pattern and what takes its place, in files under these beginnings of paths and with this text in them."""

    old: str
    new: str
    under: tuple[str, ...] = FOLDERS
    beside: str = ""

    def apply(self, name: str, text: str) -> str:
        """Return the text of the file of this name with the rule applied."""
        if not name.startswith(self.under) or self.beside not in text:
            return text
        return re.sub(self.old, self.new, text, flags=re.MULTILINE)


RULES = (
    # The cycle that counts, and what people have been told.
    Rule(r"_cycle([./])mend\b", r"_cycle\1effective"),
    Rule(r"_cycle([./])told\b", r"_cycle\1notice_state"),
    Rule(r"\bMendedCycle\b", "EffectiveCycle"),
    Rule(r"\bmended_cycle\b", "effective_cycle"),
    Rule(r"\bmended(?= = |: EffectiveCycle|\.[a-z]|\)?[,)\]]| if |\(|$)(?<!be mended)", "effective", CYCLES),
    Rule(r"\bTold\b(?=[(.,:)]| \|| =|$)", "NoticeState", beside="_cycle.notice_state"),
    Rule(r"(?<=-> )Told\b", "NoticeState", beside="class NoticeState"),
    Rule(r"\bTold\b(?=[(.,:)]|$)", "NoticeState", (f"{ENGINE}_cycle/notice_state.py",)),
    Rule(r"\bread_told\b", "read_notice_state"),
    Rule(r"(?<=[a-z)\]]\.)owed\b", "pending_notices"),
    Rule(r"\bowed(?=: tuple|=tuple)", "pending_notices"),
    Rule(r"\b_owed\(", "_pending_notices("),
    Rule(r"``owed``", "``pending_notices``"),
    Rule(r'\["owed"\]', '["pending_notices"]'),
    Rule(r'"owed"(?=: \[)', '"pending_notices"', ("plugins",)),
    Rule(r"C\(owed\)", "C(pending_notices)"),
    Rule(r"^owed:", "pending_notices:", ("plugins/modules",)),
    # What is decided.
    Rule(r"\bAction\.SETTLE\b", "Action.DISCARD_OLD"),
    Rule(r"\bAction\.RESTORE\b", "Action.ROLL_BACK"),
    Rule(r"\bAction\.HOLD\b", "Action.WAIT_FOR_HOOKS"),
    Rule(r'^    SETTLE = "settle"', '    DISCARD_OLD = "discard_old"'),
    Rule(r'^    RESTORE = "restore"(?=\n    TAKE_OVER)', '    ROLL_BACK = "roll_back"'),
    Rule(r'^    HOLD = "hold"', '    WAIT_FOR_HOOKS = "wait_for_hooks"'),
    Rule(r'"settle"', '"discard_old"'),
    Rule(r'"hold"', '"wait_for_hooks"'),
    Rule(r'(?<=== )"restore"|(?<=receipt\()"restore"|"restore"(?=, (?:0|True)\)|: Kind\.ROLLED)', '"roll_back"'),
    Rule(r"'restore'(?= if facts\.trigger)", "'roll_back'"),
    Rule(r"V\(settle\)", "V(discard_old)"),
    Rule(r"V\(restore\)", "V(roll_back)", ("plugins/modules",)),
    Rule(r"V\(hold\)", "V(wait_for_hooks)"),
    Rule(r"^\| settle \|", "| discard_old |"),
    Rule(r"^\| hold \|", "| wait_for_hooks |"),
    Rule(r"^\| restore \| take", "| roll_back | take"),
    Rule(r"\bremint\b", "as_new_version"),
    Rule(r"\b_settle\b", "_discard_old", (f"{ENGINE}_decision/",)),
    Rule(r"\b_restore\b", "_roll_back", (f"{ENGINE}_decision/",)),
    Rule(r"\b_restoring\b", "_rolling_back", (f"{ENGINE}_decision/",)),
    Rule(r"\b_hold\b", "_wait_for_hooks", (f"{ENGINE}_decision/",)),
    Rule(r"\brestores(?=\(|$)", "rolls_back", ROOMS),
    # What it is decided from.
    Rule(r"\buntidy\b", "tags_need_repair"),
    Rule(r"\bbegins_as\b", "effective_trigger"),
    Rule(r"\bspared(?=[=:`\"])|(?<=\.)spared\b", "skip_reason", ("plugins", "tests/unit", "tools")),
    Rule(r"\b_spared\b", "_skip_reason", ROOMS),
    Rule(r"(?<=facts\.)hold\b|\bhold(?==(?:True|run|context)|: bool)|(?<=``)hold(?=``)", "waits_for_hooks"),
    Rule(r"(?<=facts\.)held\b|\bheld(?==(?:secret|held\b|\"C\")|: str)|(?<=``)held(?=``)", "hooks_version"),
    Rule(r"\bfirst_class\b(?! = slice|\])", "primary_passwords"),
    # Hooks between two steps, in results, events and tags.
    Rule(r"\btags\.HELD\b", "tags.WAITS_FOR_HOOKS"),
    Rule(r'^HELD = "rotation/held"', 'WAITS_FOR_HOOKS = "rotation/waits-for-hooks"'),
    Rule(r"\bKind\.HELD\b", "Kind.WAITS_FOR_HOOKS"),
    Rule(r'^    HELD = "held"', '    WAITS_FOR_HOOKS = "waits_for_hooks"'),
    Rule(
        r'(?<=get\()"held"|"held"(?=\]|: (?:False|_is)|, "(?:kept_for|warnings)")',
        '"waits_for_hooks"',
        ("plugins", "tests"),
    ),
    Rule(r"\bheld(?==(?:True|False))", "waits_for_hooks", ("tests/unit",)),
    Rule(r"\.held(?= \| default)", ".waits_for_hooks"),
    Rule(r"RV\(held\)", "RV(waits_for_hooks)"),
    Rule(r"^held:", "waits_for_hooks:", ("plugins/modules",)),
    Rule(r"^\| `held` \|", "| `waits_for_hooks` |"),
    Rule(r"\b_is_held\b", "_waits_for_hooks"),
    # What matches what.
    Rule(r"\b(run|context)\.holds\b", r"\1.matches"),
    Rule(r"(?<=def )holds(?=\(self, stored)", "matches"),
    Rule(r"\bholders_of\b", "find_versions_by_hash"),
    Rule(r"\bholders\b(?!\(\))", "versions_by_hash", (*ROOMS, "tests/unit/test_view.py")),
    # What every step is handed.
    Rule(r"\bRun(?=[,(.)\]]|:$)|(?<=import )Run$|(?<=, )Run$", "RotationContext", beside="_context.context"),
    Rule(r"^class Run:", "class RotationContext:", (f"{ENGINE}_context/context.py",)),
    Rule(r"\bself\.run\b", "self.context", (f"{ENGINE}_backup/",)),
    Rule(r"\brun\.(?=[a-z_])", "context.", CONTEXTS, "RotationContext"),
    Rule(r"\brun(?=: RotationContext| = RotationContext)", "context", CONTEXTS),
    Rule(r"(?<=\()run(?=[,)])|(?<=, )run(?=[,)])", "context", CONTEXTS, "RotationContext"),
)
DOCSTRINGS = (
    (r'("""|^ +|\. )(?:Tell|Tells|Gives) whether ', r"\1Return True if "),
    (r'"""Give (?=the|what|a|an|one|how|when|those|every|each|all|so|its|whether|AWS|True|None)', '"""Return '),
    (r"(?<=\. )Gives (?=the|that|what)", "Returns "),
)


def files() -> Iterator[Path]:
    """Yield the files that names stand in, but for this one."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in SUFFIXES and path.is_file() and path.resolve() != Path(__file__).resolve():
                yield path


def renamed(name: str, text: str, *, docstrings: bool) -> str:
    """Return what the file of this name is to hold."""
    for rule in RULES:
        text = rule.apply(name, text)
    if name.endswith(".py") and (docstrings or name.startswith(ROOMS)):
        for old, new in DOCSTRINGS:
            text = re.sub(old, new, text, flags=re.MULTILINE)
    return text


def main() -> None:
    """Move files, then write names into all."""
    for old, new in MOVES.items():
        if (ROOT / old).exists():
            (ROOT / old).rename(ROOT / new)
    for path in files():
        name, before = path.relative_to(ROOT).as_posix(), path.read_text()
        after = renamed(name, before, docstrings="--docstrings" in sys.argv)
        if after != before:
            path.write_text(after)
            print(name)


if __name__ == "__main__":
    main()
