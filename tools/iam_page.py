# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the tables of docs/iam.md and the policies in docs/iam/ from their source, plugins/module_utils/_iam.

Without an argument it rewrites them; with --check it only says whether they are up to date.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from generated import keep, replaced, write

from ansible_collections.dbops.rotation.plugins.module_utils._iam.grants import GRANTS
from ansible_collections.dbops.rotation.plugins.module_utils._iam.policies import Scope, policy
from ansible_collections.dbops.rotation.plugins.module_utils._next_step import filled
from ansible_collections.dbops.rotation.plugins.module_utils._readers import CommandLine

PAGE = Path(__file__).resolve().parents[1] / "docs" / "iam.md"
FOLDER = PAGE.with_suffix("")
BEGIN, END = "<!-- policies: begin -->", "<!-- policies: end -->"
HEAD = ("| action | on | without it | evidence |", "|---|---|---|---|")
ACCOUNT, REGION = "123456789012", "eu-central-1"
SCOPE = Scope(
    account=ACCOUNT,
    region=REGION,
    key_arn=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    topic_arn=f"arn:aws:sns:{REGION}:{ACCOUNT}:dbops-rotation",
    log_group="/dbops/rotation",
    trail_log_group="/cloudtrail",
    client_roles=("arn:aws:iam::210987654321:role/dbops-rotation-rotator",),
    fleet_role="arn:aws:iam::210987654321:role/dbops-rotation-fleet",
    source_secrets=(f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:legacy/*",),
    source_keys=(f"arn:aws:kms:{REGION}:{ACCOUNT}:key/5678efab-12ab-34cd-56ef-1234567890ab",),
    replica_keys=(f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/4321dcba-12ab-34cd-56ef-1234567890ab",),
    secret_tags={"environment": "production"},
    parameter="/dbops/rotation/settings",
    function_parameters=("/dbops/rotation/functions", "/dbops/rotation/clients/*"),
    in_vpc=True,
)


def lines() -> Iterator[str]:
    """Yield what stands between the two marks."""
    for duty, grants in GRANTS.items():
        yield from ("", f"### {duty}", "", f"The policy: [iam/{duty}.json](iam/{duty}.json)", "", *HEAD)
        for (on, breaks, evidence), alike in groupby(grants, lambda grant: (grant.on, grant.breaks, grant.evidence)):
            actions = ", ".join(f"`{grant.action}`" for grant in alike)
            yield f"| {actions} | {on} | {filled(breaks, '', CommandLine())} | {evidence} |"
    yield ""


def policies() -> Iterator[tuple[Path, str]]:
    """Yield the file of each policy, and its text."""
    for duty in GRANTS:
        yield FOLDER / f"{duty}.json", json.dumps(policy(duty, SCOPE), indent=2) + "\n"


def page(text: str) -> str:
    """Return the page with fresh tables."""
    return replaced(text, BEGIN, END, lines())


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    outdated = [write(PAGE, BEGIN, END, lines()), *(keep(path, text) for path, text in policies())]
    sys.exit(max(outdated))
