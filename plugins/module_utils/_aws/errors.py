# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From botocore's exceptions to ours.

Messages of AWS are quoted only where the service is known to put names in them and nothing else, and never where one
holds what was to be stored; a validation error of botocore or the service may repeat a parameter, so of those only the
code is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from .._codes import Code
from .._errors import RotationError, SecretDenied, SecretNotFound, SwapLost
from .._libraries import botocore
from .._next_step import Kind, command
from .library_errors import client_error
from .refusals import KMS, describe_refusal, meaning_of

SECRETS_MANAGER = "secretsmanager"  # as IAM and botocore call the service of most calls
DENIED = (
    *("AccessDeniedException", "AccessDenied", "UnauthorizedOperation"),
    *("AuthorizationError", "AuthorizationErrorException"),
)
# How services say which action was denied; SNS writes its own name in capitals. Nothing else of the text is quoted.
NAMED = re.compile(r"not authorized to perform: ([A-Za-z0-9-]+):([A-Za-z0-9]+)\b")
PARAMETERS = "the parameters (arn:aws:ssm:REGION:ACCOUNT:parameter/NAME)"
# What an action is allowed on, where that is not a secret.
ALLOWED_ON = {
    "secretsmanager:ListSecrets": "the resource *, for it cannot be allowed on less,",
    "lambda:InvokeFunction": "the function",
    "sqs:SendMessage": "the work queue",
    "ssm:DeleteParameter": PARAMETERS,
    "ssm:GetParameters": PARAMETERS,
    "ssm:PutParameter": PARAMETERS,
    "ssm:GetParametersByPath": "the path (arn:aws:ssm:REGION:ACCOUNT:parameter/PATH)",
    "sts:AssumeRole": "the role, which has to trust this identity (with {option|external_id}, if it asks for one),",
}
# IAM knows one action for both calls, and SQS writes it in small letters.
SENDING = ("sqs:sendmessage", "sqs:sendmessagebatch")
# How Secrets Manager and Parameter Store say that a key was not to be used.
OF_KMS = ("Access to KMS", "ciphertext refers to")
# Secrets Manager and its emulators answer a lost compare-and-swap with either of them, and much else.
SWAP = ("InvalidParameterException", "InvalidRequestException")


def error_code(error: Any) -> str:
    """Return the code of an error that a service answered."""
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


def service_error(error: Any, doing: str, service: str = SECRETS_MANAGER) -> RotationError:
    """Return our exception for an error that the service answered."""
    code = error_code(error)
    if code == "ResourceNotFoundException":
        return SecretNotFound(
            f"Could not {doing}: there is no such secret, or no such version of it ({code}).",
            code=Code.SECRET_NOT_FOUND,
            next_step="Check {option|secret_id}, the region and the AWS account; a client that is not under management"
            f" yet is brought in so: {command(Kind.ONBOARD)}",
        )
    if code == "ResourceExistsException":
        return RotationError(
            f"Could not {doing}: somebody else has just created it.",
            code=Code.SECRET_EXISTS,
            state="The secret that exists is not this run's, and was not changed.",
            next_step="Run the same command again, which compares what is stored there.",
        )
    if code in DENIED:
        return _denied(error, doing, service)
    meaning = meaning_of(service, code)
    cause = f"Could not {doing}: {describe_refusal(error, meaning)}"
    if code in SWAP:
        return SwapLost(cause, code=Code.AWS_STATE, next_step=meaning.next_step)
    kind = Code.AWS_KMS if meaning.next_step == KMS else Code.AWS_ERROR
    return RotationError(cause, code=kind, next_step=meaning.next_step)


@contextmanager
def translated(
    doing: str,
    service: str = SECRETS_MANAGER,
    to_error: Callable[[Any, str, str], RotationError] = service_error,
    hidden: Iterable[str] = (),
) -> Iterator[None]:
    """Turn any exception of botocore into a RotationError about what was being done, at the service of the call.

    ``to_error`` makes it of the error that the service answered, what was being done and the service. A sentence of
    AWS that holds one of the ``hidden`` texts is not shown.
    """
    try:
        yield
    except botocore.exceptions.ClientError as error:
        if any(text in str(error.response.get("Error", {}).get("Message")) for text in hidden):
            error.response["Error"]["Message"] = ""
        raise to_error(error, doing, service) from None
    except botocore.exceptions.BotoCoreError as error:
        raise client_error(error, doing) from None


def denied_action(error: Any, service: str) -> str:
    """Return the action that AWS denied: as its message names it, or else the one of the call that was made."""
    match = NAMED.search(str(error.response["Error"].get("Message")))
    action = f"{match[1].lower()}:{match[2]}" if match else f"{service}:{error.operation_name}"
    return "sqs:SendMessage" if action.lower() in SENDING else action


def _denied(error: Any, doing: str, service: str) -> RotationError:
    cause = f"AWS does not allow this identity to {doing}"
    action = denied_action(error, service)
    if action.startswith("kms:"):
        return RotationError(f"{cause}: {action} is denied on its KMS key.", code=Code.AWS_KMS, next_step=KMS)
    if any(words in str(error.response["Error"].get("Message")) for words in OF_KMS):
        return RotationError(f"{cause}: the use of its KMS key is denied.", code=Code.AWS_KMS, next_step=KMS)
    on = ALLOWED_ON.get(action, "this secret")
    kind = RotationError if action in ALLOWED_ON or service != SECRETS_MANAGER else SecretDenied
    return kind(
        f"{cause}: {action} is denied.",
        code=Code.AWS_DENIED,
        next_step=f"Allow that action on {on} in the IAM policy of the identity that runs the rotation, then run"
        " the same command again.",
    )
