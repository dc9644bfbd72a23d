# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Secrets Manager takes as the name of a secret, so that a refusal comes before the first request.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
"""

from __future__ import annotations

import re

from ._codes import Code
from ._errors import RotationError
from ._next_step import option

NAME_LENGTH, ARN_LENGTH = 512, 2048
# "!" is only in the names that other services of AWS use for secrets of theirs.
UNFIT = re.compile(r"[^A-Za-z0-9/_+=.@!-]")
FIT = "ASCII letters, digits and /_+=.@-"


def is_arn(secret_id: str) -> bool:
    """Return True if a secret is named by its ARN."""
    return secret_id.startswith("arn:")


def refuse_unfit_name(secret_id: str, option_name: str = "secret_id") -> None:
    """Raise a RotationError where AWS has no secret of such a name or ARN, which names the characters at fault.

    ``option_name`` is the option that names it.
    """
    name = secret_id.split(":", 6)[-1] if is_arn(secret_id) else secret_id
    wrong = sorted(set(UNFIT.findall(name)))
    if wrong:
        names = ", ".join(ascii(char) if char.isspace() or not char.isprintable() else repr(char) for char in wrong)
        raise _unfit(secret_id, f"holds characters that AWS does not take: {names}", option_name)
    most = ARN_LENGTH if is_arn(secret_id) else NAME_LENGTH
    if not name or len(secret_id) > most:
        raise _unfit(secret_id[:80], f"is empty or longer than {most} characters", option_name)


def refuse_arn_as_name(secret_id: str) -> None:
    """Raise a RotationError where a secret would be created under an ARN, which only AWS makes."""
    if is_arn(secret_id):
        raise RotationError(
            f"There is no secret {secret_id!r}, and none can be created under an ARN: AWS makes the ARN of the name.",
            code=Code.INVALID_SECRET_ID,
            next_step="Name the secret in {option|secret_id} by its name (the part after ':secret:', without the six"
            " characters that AWS adds); or, if it should be there, check the region and the AWS account.",
        )


def _unfit(secret_id: str, what: str, option_name: str) -> RotationError:
    return RotationError(
        f"The name {secret_id!r} of the secret {what}.",
        code=Code.INVALID_SECRET_ID,
        next_step=f"Set {option(option_name)} for this client to a name of {FIT}; without it the name is made of the"
        " client's.",
    )
