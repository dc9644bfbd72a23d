# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which options the functions take, and from where. The specifications of the operations are the list of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .._module.cycle_info import CYCLE_INFO
from .._module.notice import NOTICE
from .._module.options import Spec
from .._module.rotate import ROTATE

# How an option is called in a parameter: as the role's variable.
PREFIX = "rotation_"
# The collection's folder, in the checkout as in the package.
ROOT = Path(__file__).resolve().parents[3]
PACKAGED_CA = ROOT / "ca.pem"
OF_A_NOTICE = ("topic_arn", "environment")
SPEC: Spec = {**ROTATE.spec, **CYCLE_INFO.spec, **{name: NOTICE.spec[name] for name in OF_A_NOTICE}}

# What a function has not: a person's keys, a machine's socket and profile. A function has a role.
NOT_HERE = {
    *(name for name, one in SPEC.items() if one.get("no_log")),
    *("access_key", "hooks", "jump_host", "profile", "unix_socket"),
}
# What one run is asked for, which is nobody's setting.
OF_A_RUN = {
    *("before", "client", "force", "bring_forward_days", "reason", "requested_by", "secret_id", "steps", "trigger"),
}
# What is said of a controller: a function has its own way to AWS, its part of the quota, and a CA in its package.
OF_A_CONTROLLER = {
    *("aws_ca_bundle", "aws_config", "endpoint_url", "endpoint_urls", "region", "tls_ca_file", "validate_certs"),
    "write_share",
}
# What is said of one client: for all of them it would do what nobody asked for.
OF_A_CLIENT = {"accept_server_id", "adopt_rows", "kill_sessions", "server_ids", "server_label"}
# The way to AWS. Whoever may write a client's parameter may not read its secret, and with a proxy of their own, or
# without the check of certificates, they would see it pass.
OF_ALL = {"aws_ca_bundle", "aws_config", "endpoint_url", "endpoint_urls", "validate_certs"}

# Five functions at work at a time share AWS's quota of writes.
WRITE_SHARE = 0.16
# As in roles/rotation/defaults/main.yml, where that is not the operation's own.
DEFAULTS: Mapping[str, Any] = {"cycle_days": 40, "min_age": 600, "write_share": WRITE_SHARE}


def defaults() -> dict[str, Any]:
    """Return what holds where nobody says anything, besides the defaults of the operations."""
    packaged = {"tls_ca_file": str(PACKAGED_CA)} if PACKAGED_CA.is_file() else {}
    return {**DEFAULTS, **packaged}


def usual(option: str) -> Any:
    """Return what holds for an option where nobody says anything; None is as good as nothing in it."""
    return DEFAULTS.get(option, SPEC[option].get("default")) or None


def refused(option: str, *, for_one_client: bool) -> str:
    """Return why an option cannot be set here; empty where it can."""
    if option in NOT_HERE:
        return "a function cannot use it"
    if option not in SPEC:
        return "there is no such option"
    if option in OF_A_RUN:
        return "it is asked for in an event, and stored for nobody"
    if option in OF_A_CLIENT and not for_one_client:
        return "it is said of one client, and not stored for all"
    if option in OF_ALL and for_one_client:
        return "it is said of all clients, and not stored for one"
    return ""
