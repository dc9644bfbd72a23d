# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens at each request: what is wrong with it is recorded, and answered if AWS is to be played."""

from __future__ import annotations

import os
from typing import Any

from botocore.awsrequest import AWSResponse

from . import caller, findings
from .model import violations as against_the_model
from .rules import violations as against_the_rules
from .violation import Violation

# Set: requests that AWS would refuse are not sent, and get AWS's answer.
ANSWERS = "WIRE_CHECK_ANSWERS"


def violations(operation: Any, params: dict[str, Any]) -> list[Violation]:
    """Return what AWS would refuse in a request; the rules are for what has the types of the model."""
    service = operation.service_model.service_name
    found = list(against_the_model(operation, params))
    return found or list(against_the_rules(service, operation.name, params))


def check(params: dict[str, Any], model: Any, context: dict[str, Any], **_given: Any) -> None:
    """Record what is wrong with a request that is about to be built."""
    found = violations(model, params)
    for violation in found:
        named = f"{model.service_model.service_name}.{model.name}"
        findings.record(findings.Finding.of(violation, named, caller.line()))
    context["wire_check"] = found


def answer(context: dict[str, Any], model: Any, params: dict[str, Any], **_given: Any) -> Any:
    """Return AWS's refusal of a request, or None to have it sent."""
    found = context.get("wire_check")
    if not (found and os.environ.get(ANSWERS)):
        return None
    first = found[0]
    error = {"Type": "Sender", "Code": first.code, "Message": first.told(len(found))}
    metadata = {"HTTPStatusCode": 400, "RequestId": "wire-check", "HTTPHeaders": {}, "RetryAttempts": 0}
    return AWSResponse(params["url"], 400, {}, None), {"Error": error, "ResponseMetadata": metadata}
