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
HIDDEN = "$encrypted$"
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


# What a job template may ask for at the launch, and what a schedule may have of it.
PROMPTS = {
    "diff_mode": "diff_mode",
    "execution_environment": "execution_environment",
    "forks": "forks",
    "inventory": "inventory",
    "job_slice_count": "job_slice_count",
    "job_type": "job_type",
    "limit": "limit",
    "scm_branch": "scm_branch",
    "job_tags": "tags",
    "skip_tags": "skip_tags",
    "timeout": "timeout",
    "verbosity": "verbosity",
}
ASKED = {*PROMPTS.values(), "variables", "credential", "labels", "instance_groups"}
# What AWX fills in where nothing is given: every option of every object, as its models have them. Left out is
# custom_virtualenv, which this AWX only keeps.
FILLED_IN: dict[str, Item] = {
    "organizations": {"description": "", "max_hosts": 0},
    "teams": {"description": ""},
    "credential_types": {"description": "", "inputs": {}, "injectors": {}},
    "credentials": {"description": ""},
    "notification_templates": {"description": ""},
    "execution_environments": {"description": "", "pull": "", "credential": None},
    "projects": {
        "description": "",
        "scm_refspec": "",
        "scm_branch": "",
        "scm_clean": False,
        "scm_delete_on_update": False,
        "scm_track_submodules": False,
        "scm_update_on_launch": False,
        "scm_update_cache_timeout": 0,
        "allow_override": False,
        "timeout": 0,
        "default_environment": None,
        "credential": None,
        "signature_validation_credential": None,
    },
    "inventories": {
        "description": "",
        "variables": "",
        "kind": "",
        "host_filter": None,
        "prevent_instance_group_fallback": False,
    },
    "inventory_sources": {
        "description": "",
        "source_path": "",
        "source_vars": "",
        "scm_branch": "",
        "enabled_var": "",
        "enabled_value": "",
        "host_filter": "",
        "overwrite": False,
        "overwrite_vars": False,
        "timeout": 0,
        "verbosity": 1,
        "limit": "",
        "update_on_launch": False,
        "update_cache_timeout": 0,
        "credential": None,
        "execution_environment": None,
    },
    "job_templates": {
        "description": "",
        "job_type": "run",
        "scm_branch": "",
        "forks": 0,
        "limit": "",
        "verbosity": 0,
        "extra_vars": "",
        "job_tags": "",
        "force_handlers": False,
        "skip_tags": "",
        "start_at_task": "",
        "timeout": 0,
        "use_fact_cache": False,
        "execution_environment": None,
        "host_config_key": "",
        **{f"ask_{name}_on_launch": False for name in sorted(ASKED)},
        "survey_enabled": False,
        "become_enabled": False,
        "diff_mode": False,
        "allow_simultaneous": False,
        "job_slice_count": 1,
        "webhook_service": "",
        "webhook_credential": None,
        "prevent_instance_group_fallback": False,
    },
    "schedules": {"description": "", "extra_data": {}, "enabled": True, **dict.fromkeys(PROMPTS)},
}


def stored(kind: str, given: Item, before: Item | None = None) -> Item:
    """What AWX keeps: of a new object all options, and of a secret that is given as it is shown the one it has."""
    if kind == "inventories":
        given = {**given, "kind": given.get("kind") or ""}
    if before is None:
        return {**FILLED_IN.get(kind, {}), **given}
    if kind == "credentials" and "inputs" in given:
        kept = {name: before["inputs"].get(name) for name, value in given["inputs"].items() if value == HIDDEN}
        given = {**given, "inputs": {**given["inputs"], **kept}}
    return given


def secret_fields(item: Item, types: Mapping[int, Item]) -> dict[str, set[str]]:
    """Which fields of an object have secrets, and under which names."""
    if item["type"] == "credentials":
        fields = types[item["credential_type"]]["inputs"]["fields"]
        return {"inputs": {field["id"] for field in fields if field.get("secret")}}
    if item["type"] == "notification_templates":
        return {"notification_configuration": PASSWORDS[item["notification_type"]]}
    return {}


def refusal(kind: str, part: str, given: Item, lists: Lists) -> Item | None:
    """Return what AWX answers, where it refuses."""
    if (kind, part) == ("job_templates", ""):
        return unknown_playbook(given, lists["projects"])
    if (kind, part) == ("job_templates", "survey_spec"):
        return bad_survey(given)
    if (kind, part) == ("credentials", ""):
        return bad_inputs(given, lists["credential_types"])
    if (kind, part) == ("schedules", ""):
        return not_asked(given, lists["job_templates"][given["unified_job_template"]])
    return None


def not_asked(schedule: Item, template: Item) -> Item | None:
    """A schedule may have what its template has, or what it asks for: JobTemplate._accept_or_ignore_job_kwargs."""
    given = {name: schedule[name] for name in PROMPTS if schedule.get(name) is not None}
    wrong = [name for name in given if given[name] != template[name] and not template[f"ask_{PROMPTS[name]}_on_launch"]]
    return {name: ["Field is not configured to prompt on launch."] for name in wrong} or None


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
