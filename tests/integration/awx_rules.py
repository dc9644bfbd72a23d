# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWX does with what it is given, where its modules depend on it; read off the serializers and models of AWX."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Item = dict[str, Any]
Lists = Mapping[str, Mapping[int, Item]]
# The kinds of notification that tests use, and which of their settings AWX encrypts.
PASSWORDS = {"email": {"password"}, "slack": {"token"}}
VAULT: Item = {
    "name": "Vault",
    "kind": "vault",
    "managed": True,
    "inputs": {
        "fields": [
            {"id": "vault_password", "label": "Vault Password", "type": "string", "secret": True},
            {"id": "vault_id", "label": "Vault Identifier", "type": "string"},
        ],
        "required": ["vault_password"],
    },
}
PLAYBOOK = re.compile(r"\s*-?\s*(hosts|include|import_playbook):")


def stored(kind: str, given: Item) -> Item:
    """An inventory without a kind has the kind ""."""
    return {**given, "kind": given.get("kind") or ""} if kind == "inventories" else given


def secret_fields(item: Item, types: Mapping[int, Item]) -> dict[str, set[str]]:
    """Which fields of an object have secrets, and under which names."""
    if item["type"] == "credentials":
        fields = types[item["credential_type"]]["inputs"]["fields"]
        return {"inputs": {field["id"] for field in fields if field.get("secret")}}
    if item["type"] == "notification_templates":
        return {"notification_configuration": PASSWORDS[item["notification_type"]]}
    return {}


def refusal(kind: str, part: str, given: Item, lists: Lists) -> Item | None:
    """Give what AWX answers, where it refuses."""
    if (kind, part) == ("job_templates", ""):
        return unknown_playbook(given, lists["projects"])
    if (kind, part) == ("job_templates", "survey_spec"):
        return bad_survey(given)
    if (kind, part) == ("credentials", ""):
        return bad_inputs(given, lists["credential_types"])
    return None


def unknown_playbook(template: Item, projects: Mapping[int, Item]) -> Item | None:
    if template["playbook"] in projects[template["project"]]["playbook_files"]:
        return None
    return {"playbook": ["Playbook not found for project."]}


def bad_survey(survey: Item) -> Item | None:
    wanted = {"type": str, "question_name": str, "variable": str, "required": bool}
    for number, question in enumerate(survey["spec"]):
        for name, kind in wanted.items():
            if not isinstance(question.get(name), kind):
                return {"error": f"'{name}' missing from survey question {number}"}
        if question["type"] == "multiplechoice" and question.get("default") not in [*question.get("choices", []), ""]:
            return {"error": f"Default choice must be answered from the choices listed, question {number}"}
    return None


def bad_inputs(credential: Item, types: Mapping[int, Item]) -> Item | None:
    inputs, written = types[credential["credential_type"]]["inputs"], credential.get("inputs", {})
    unknown = set(written) - {field["id"] for field in inputs["fields"]}
    missing = {name for name in inputs.get("required", []) if not written.get(name)}
    return {"inputs": sorted(unknown | missing)} if unknown or missing else None


def playbooks(project: Path) -> list[str]:
    """The files of a project that AWX takes for playbooks."""
    return sorted(str(path.relative_to(project)) for path in yaml_files(project) if is_playbook(path))


def yaml_files(project: Path) -> Iterator[Path]:
    """Those that AWX looks into: it follows no link, and leaves out roles, tasks, variables and hidden folders."""
    for folder, names, files in os.walk(project):
        left = {"roles", "tasks", "group_vars", "host_vars"}
        names[:] = [name for name in names if name not in left and not name.startswith(".")]
        yield from (Path(folder) / name for name in files if name.endswith((".yml", ".yaml")))


def is_playbook(path: Path) -> bool:
    """AWX does not parse it: a line has to begin like a play, or import one by the short name of the action."""
    return any(PLAYBOOK.match(line) for line in path.read_text(errors="ignore").splitlines())
