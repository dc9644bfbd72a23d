# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the audit trail is: the options of the callback that writes it, for those who read it."""

from __future__ import annotations

from typing import Any

from ansible import constants
from ansible.plugins.loader import callback_loader

CALLBACK = "dbops.rotation.rotation_audit"
PLACES = ("log_group", "spool")
CONNECTION = (
    *("region", "profile", "endpoint_url", "validate_certs", "aws_ca_bundle", "assume_role_arn", "external_id"),
)
KEYS = ("access_key", "secret_key", "session_token", "aws_config")


def add_audit_options(arguments: dict[str, Any]) -> None:
    """Add to the arguments of a task the callback's options from ansible.cfg or the environment.

    The callback's way to AWS is taken as a whole, or not at all where the task names one of its own.
    """
    own = arguments.keys() & {*CONNECTION, *KEYS}
    for name in (*PLACES, *(() if own else CONNECTION)):
        value = _option(name)
        if value is not None and name == "endpoint_url":
            arguments["endpoint_urls"] = {"logs": value, **(arguments.get("endpoint_urls") or {})}
        elif value is not None:
            arguments.setdefault(name, value)


def _option(name: str) -> Any:
    # Its options are known under the name that it was loaded by, which is not the one that people write.
    loaded = callback_loader.get(CALLBACK, class_only=True)
    return constants.config.get_config_value(name, plugin_type="callback", plugin_name=loaded._load_name)
