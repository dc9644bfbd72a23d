# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors in the files that configure AWX, without a call of AWX."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ansible.parsing.dataloader import DataLoader

try:
    from dateutil.rrule import rrulestr
except ImportError:
    rrulestr = None  # type: ignore[assignment]

START = re.compile(r"DTSTART(?:;TZID=(?P<zone>[^:]+))?:\d{8}T\d{6}(?P<utc>Z?)$")
MESSAGES = {"started", "success", "error", "workflow_approval"}
# AWX does not parse a file: it looks for a line that begins like a play, or imports one by the action's short name.
LISTED = re.compile(r"^\s*-?\s*(hosts|import_playbook):", re.MULTILINE)
# What the schedules of AWX refuse, though RFC 5545 has it.
REFUSED = {
    "FREQ=SECONDLY": r"\bFREQ=SECONDLY\b",
    "BYDAY with a number": r"\bBYDAY=[^;]*\d",
    "EXDATE": r"^EXDATE\b",
    "RDATE": r"^RDATE\b",
    "COUNT above 999": r"\bCOUNT=\d{4,}",
    "COUNT and UNTIL in one rule": r"\bCOUNT=.*\bUNTIL=|\bUNTIL=.*\bCOUNT=",
}
# dateutil takes any number here; with one above the last there is no day to start on, or with 0 no end of the search.
LAST = {"BYMONTH": 12, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYHOUR": 23, "BYMINUTE": 59}
NUMBERS = re.compile(rf"\b({'|'.join(LAST)})=([-+\d,]+)")


def findings(written: Mapping[str, Any], checkout: Path) -> Iterator[str]:
    """Return a sentence for each thing that AWX would refuse or a playbook would not read."""
    templates: Sequence[Mapping[str, Any]] = written["job_templates"]
    for template in templates:
        yield from template_findings(template, {entry["name"] for entry in written["inventories"]}, checkout)
    names = {template["name"] for template in templates}
    for schedule in written["schedules"]:
        yield from unknown(f"The schedule '{schedule['name']}'", "job template", {schedule["job_template"]}, names)
        yield from (f"The schedule '{schedule['name']}': {text}" for text in rule_findings(schedule["rrule"]))
    yield from unknown("The list of what operators may start", "job template", set(written["execute"]), names)
    missing = sorted(MESSAGES - set(written["messages"]))
    if missing:
        yield f"The notification has no message for {', '.join(missing)}, and AWX needs all four."


def template_findings(template: Mapping[str, Any], inventories: set[str], checkout: Path) -> Iterator[str]:
    name = f"The job template '{template['name']}'"
    yield from unknown(name, "inventory", {template["inventory"]}, inventories)
    playbook = checkout / template["playbook"]
    if not playbook.is_file():
        yield f"{name} names the playbook {template['playbook']}, which the project does not have."
        return
    if not LISTED.search(playbook.read_text(encoding="utf-8")):
        yield f"{name} names the playbook {template['playbook']}, which AWX does not list: it has no hosts of its own."
    in_playbook = variables(checkout, template["playbook"])
    for question in template.get("survey", []):
        if question["variable"] not in in_playbook:
            yield f"{name} asks for {question['variable']}, which {template['playbook']} does not read."
    for variable in sorted(set(template.get("extra_vars", {})) - in_playbook):
        yield f"{name} sets {variable}, which {template['playbook']} does not read."


def unknown(where: str, kind: str, names: set[str], choices: set[str]) -> Iterator[str]:
    for name in sorted(names - choices):
        yield f"{where} names the {kind} '{name}', which is not defined."


def variables(checkout: Path, playbook: str) -> set[str]:
    """Return the variables of a playbook and of the entry points that it goes to."""
    text = (checkout / playbook).read_text(encoding="utf-8")
    names = set(re.findall(r"\brotation_\w+", text))
    for play in DataLoader().load_from_file(str(checkout / playbook)):
        if "ansible.builtin.import_playbook" in play:
            names |= variables(checkout, str(Path(playbook).parent / play["ansible.builtin.import_playbook"]))
        for task in play.get("tasks", []):
            role = task.get("ansible.builtin.import_role")
            names |= options(checkout, role["name"], role.get("tasks_from", "main")) if role else set()
    return names


def options(checkout: Path, role: str, entry_point: str) -> set[str]:
    path = checkout / "roles" / role.rpartition(".")[2] / "meta/argument_specs.yml"
    entries = DataLoader().load_from_file(str(path))["argument_specs"]
    # A playbook may go to a part of an entry point, such as the guard, which has no options of its own.
    return set(entries[entry_point]["options"]) if entry_point in entries else set()


def rule_findings(text: str) -> list[str]:
    """Return what AWX would refuse of a start and its rules, which stand on one line."""
    return list(form_findings(text)) or list(parser_findings(text))


def form_findings(text: str) -> Iterator[str]:
    """Yield what AWX refuses, or never starts, although its parser reads it."""
    start, *rules = text.split()
    yield from start_findings(start)
    if not any(rule.startswith("RRULE:") for rule in rules):
        yield "it has no RRULE."
    for rule in rules:
        is_rule = rule.startswith(("RRULE:", "EXRULE:"))
        if is_rule and "INTERVAL=" not in rule:
            yield f"{rule} has no INTERVAL, which AWX needs."
        if is_rule and "FREQ=" not in rule:
            yield f"{rule} has no FREQ."
        yield from (f"AWX does not take {what}." for what, pattern in REFUSED.items() if re.search(pattern, rule))
        yield from number_findings(rule)


def number_findings(rule: str) -> Iterator[str]:
    if re.search(r"\bINTERVAL=0+\b", rule):
        yield f"{rule} has an INTERVAL of 0."
    for name, numbers in NUMBERS.findall(rule):
        for number in re.findall(r"\d+", numbers):
            if int(number) > LAST[name]:
                yield f"{name} goes up to {LAST[name]}, not {number}."


def parser_findings(text: str) -> Iterator[str]:
    """Yield why the parser that AWX uses cannot read it."""
    if rrulestr is None:
        yield "python-dateutil is missing, which reads it. Install it for the Python that runs Ansible."
        return
    try:
        rrulestr(text, forceset=True)
    except (ValueError, TypeError, OverflowError) as error:
        yield f"AWX cannot read it: {error}."


def start_findings(start: str) -> Iterator[str]:
    match = START.match(start)
    if match is None or bool(match["zone"]) == bool(match["utc"]):
        yield "it does not begin with DTSTART;TZID=Europe/Berlin:20260101T001500 or DTSTART:20260101T001500Z."
    elif match["zone"]:
        try:
            ZoneInfo(match["zone"])
        except (ZoneInfoNotFoundError, ValueError):
            yield f"there is no time zone {match['zone']}."
