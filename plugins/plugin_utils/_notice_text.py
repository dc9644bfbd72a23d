# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a notice, from a template on the controller."""

from __future__ import annotations

from collections.abc import Container, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.template import trust_as_template
from ansible.utils.display import Display

from ..module_utils._clean import cleaned, one_line
from ..module_utils._errors import RotationError
from ..module_utils._notice.details import as_options, of_rotation
from ..module_utils._notice.text import TEMPLATES, notice_text


def completed(action: ActionBase, arguments: Mapping[str, Any], options: Container[str]) -> dict[str, Any]:
    """Return the arguments of a notice with what ``details`` and ``template`` stand for; ``options`` are its names."""
    fields = dict(arguments)
    details = of_rotation(fields.pop("details", None) or {})
    template = fields.pop("template", None)
    text = {"text": _text(action, str(template), fields, details)} if template and "text" not in fields else {}
    return {**as_options(details, options), **text, **fields}


def _text(action: ActionBase, template: str, fields: Mapping[str, Any], details: Mapping[str, Any]) -> str:
    """Render a template; an error of it is a warning, and must not cost the notice."""
    try:
        path = action._find_needle("templates", template)
        return _by_jinja(action, path, fields, details) or _by_ansible(action, path, cleaned(details))
    except AnsibleError as error:
        Display().warning(one_line(f"A plain text is sent, for the template {template} cannot be used: {error}"))
        return ""


def _by_jinja(action: ActionBase, path: str, fields: Mapping[str, Any], details: Mapping[str, Any]) -> str:
    """Render a template of the role itself, unless somebody has edited it so that it needs more."""
    event, client, secret_id = (str(fields.get(name, "")) for name in ("event", "client", "secret_id"))
    host = str(action._templar.available_variables["inventory_hostname"])
    if Path(path).resolve() == TEMPLATES / f"{event}.j2":
        with suppress(RotationError):
            return notice_text(event, client, secret_id, details, host)
    return ""


def _by_ansible(action: ActionBase, path: str, details: Mapping[str, Any]) -> str:
    """Render as the template module does, with details that cannot forge a line."""
    source = trust_as_template(action._loader.get_text_file_contents(path))
    variables = {**action._templar.available_variables, "rotation_notice_details": details}
    templar = action._templar.copy_with_new_env(searchpath=[], available_variables=variables)
    return str(templar.template(source))
