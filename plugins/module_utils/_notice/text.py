# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts of notices, from the role's own templates. Jinja keeps them compiled; Ansible would not."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from .._clean import cleaned
from .._codes import Code
from .._errors import RotationError
from .._next_step import present
from .._readers import variable

try:
    import jinja2
except ImportError:  # the package of the functions brings it along
    jinja2 = None  # type: ignore[assignment]

# The collection's folder, in a checkout as in a package.
TEMPLATES = Path(__file__).resolve().parents[3] / "roles/rotation/templates/notices"


def notice_text(event: str, client: str, secret_id: str, details: Mapping[str, Any], host: str = "") -> str:
    """Render the text of a notice, with details that cannot forge a line; ``host`` is the client in an inventory.

    Raises RotationError where that fails.
    """
    role = {"client": client, "secret_id": secret_id, "notice_event": event, "notice_details": cleaned(details)}
    variables = {"inventory_hostname": host or client, **{variable(name): value for name, value in role.items()}}
    try:
        return str(_environment().get_template(f"{event}.j2").render(variables))
    except Exception as error:  # a template's own text of it may hold a value
        raise RotationError(
            f"A plain text is sent, for the template of {event!r} cannot be used ({type(error).__name__}).",
            code=Code.UNEXPECTED,
        ) from None


@cache
def _environment() -> Any:
    """Return an environment with the settings of Ansible's template module."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        trim_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters["dbops.rotation.rotation_next_step"] = present
    return made
