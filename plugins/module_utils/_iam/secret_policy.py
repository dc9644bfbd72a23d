# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resource policy of one secret: who may read it, who may rotate it, and nobody else.

It denies, so that no identity policy of the account, however wide, opens the secret to others. Statements of other
owners are kept; ours are known by their Sid.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._codes import Code
from .._errors import RotationError
from .policies import VERSION, Document

OURS = "DbopsRotation"
READING = ["secretsmanager:GetSecretValue"]
CHANGING = [
    "secretsmanager:CancelRotateSecret",
    "secretsmanager:PutSecretValue",
    "secretsmanager:RotateSecret",
    "secretsmanager:UpdateSecret",
    "secretsmanager:UpdateSecretVersionStage",
]
DELETING = ["secretsmanager:DeleteSecret"]


def principals(names: Iterable[str], secret_arn: str) -> list[str]:
    """Return the ARNs of principals; what is no ARN is the name of a role in the secret's account.

    Raises RotationError for an ARN that is nobody's in a condition on aws:PrincipalArn, which would lock out in silence
    whoever was meant.
    """
    _arn, partition, _service, _region, account = secret_arn.split(":")[:5]
    role = f"arn:{partition}:iam::{account}:role/"
    arns = {name if name.startswith("arn:") else role + name for name in names}
    for name in sorted(arns):
        _refuse_nobody(name)
    return sorted(arns)


def _refuse_nobody(name: str) -> None:
    kind, _slash, rest = (name.split(":", 5) + [""] * 5)[5].partition("/")
    if kind in ("role", "user", "federated-user") or "*" in kind:
        return
    account = (name.split(":") + [""] * 5)[4]
    kinds = {
        "assumed-role": f"a session; name its role: arn:aws:iam::{account}:role/{rest.partition('/')[0]}, with the"
        " role's path if it has one (aws iam get-role shows it)",
        "group": "a group, which AWS lets in nowhere; name its users or a role",
        "root": f"the account as a whole; name its roles, or all of them: arn:aws:iam::{account}:role/*",
    }
    raise RotationError(
        f"{name} lets nobody in, for it is {kinds.get(kind, 'neither a role nor a user; name one')}.",
        code=Code.INVALID_OPTION,
        next_step="Correct the readers and rotators ({option|readers}, {option|rotators}).",
    )


def with_ours(current: Document | None, readers: Sequence[str], rotators: Sequence[str]) -> Document:
    """Return the policy in which our statements are those of now."""
    return {**(current or {"Version": VERSION}), "Statement": [*others(current), *_statements(readers, rotators)]}


def without_ours(current: Document | None) -> Document | None:
    """Return the policy without our statements; None where nothing is left."""
    rest = others(current)
    return {**(current or {}), "Statement": rest} if rest else None


def others(current: Document | None) -> list[Document]:
    """Return the statements that are not ours."""
    statements = (current or {}).get("Statement", [])
    listed = statements if isinstance(statements, list) else [statements]
    return [statement for statement in listed if not str(statement.get("Sid", "")).startswith(OURS)]


def normal(value: Any) -> Any:
    """Return a policy in a form that can be compared: AWS writes a list of one as its element, and in its own order."""
    if isinstance(value, Mapping):
        return {key: normal(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        members = sorted((normal(member) for member in value), key=repr)
        return members[0] if len(members) == 1 else members
    return value


def _statements(readers: Sequence[str], rotators: Sequence[str]) -> list[Document]:
    exact = [reader for reader in readers if "*" not in reader]
    allow = _statement("Readers", "Allow", {"AWS": exact}, READING)
    return [
        *([allow] if exact else []),
        _deny("NobodyElseReads", READING, except_for=[*readers, *rotators]),
        _deny("NobodyElseChanges", CHANGING, except_for=rotators),
        _deny("NobodyDeletes", DELETING),
    ]


def _deny(sid: str, actions: list[str], *, except_for: Sequence[str] = ()) -> Document:
    statement = _statement(sid, "Deny", "*", actions)
    if not except_for:
        return statement
    return {**statement, "Condition": {"ArnNotLike": {"aws:PrincipalArn": sorted(set(except_for))}}}


def _statement(sid: str, effect: str, principal: Any, actions: list[str]) -> Document:
    return {"Sid": OURS + sid, "Effect": effect, "Principal": principal, "Action": actions, "Resource": "*"}
