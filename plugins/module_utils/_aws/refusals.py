# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the services refuse, as data: what happened, what to do, and whether AWS's own sentence may be shown.

The codes are those that the API references of the services document for the calls that are made, and those of
https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html. A sentence is shown only where it is known to
speak of names, states and policies; those of refused signatures and of shapes may repeat what was sent.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .._clean import one_line

WORDS_LENGTH = 300
# How every service begins a sentence that repeats a value.
REPEATS_VALUE = "validation error"


class Refusal(NamedTuple):
    """One code: what happened, what to do, and whether AWS's sentence may be shown."""

    what: str
    next_step: str
    quoted: bool = False


AGAIN = "Run the same command again when AWS answers again."
LATER = "Run the same command again, later or with fewer forks."
CREDENTIALS = (
    "Check the AWS credentials of this run (environment, profile, role, or {option|access_key}); aws sts"
    " get-caller-identity, with the same environment, shows who they are."
)
RENEW = "Get new credentials (aws sso login, aws sts assume-role, or the tool that gave these), then run it again."
CLOCK = f"Set this host's clock (NTP). {CREDENTIALS}"
KMS = "Allow this identity kms:Decrypt and kms:GenerateDataKey on that key, then run the same command again."
KEY_STATE = (
    "See to the key: aws kms describe-key --key-id KEY. A key that is disabled: aws kms enable-key; one that waits for"
    " deletion: aws kms cancel-key-deletion, then enable it. Then run the same command again."
)
SHAPE = "Check {option|secret_id} and the other variables."
ENDPOINT_OPTIONS = "{option|endpoint_url}, {option|endpoint_urls} and AWS_ENDPOINT_URL"
QUOTA = (
    "See the quotas of the account in Service Quotas, and ask for more or clear up; then run the same command again."
)
PRINCIPALS = "Check that every role and user that the policy names exists, and that its ARN is written right."
STATE = "Run the same command again, which decides from what it finds; if AWS answers the same, correct what it names."
TOPIC = "Check {option|topic_arn}; aws sns get-topic-attributes --topic-arn ARN shows the topic."
TOPIC_KEY = "Allow this identity kms:GenerateDataKey and kms:Decrypt on the topic's key, in the key's policy too."
GROUP = "Make it ({playbook|provision} does), or correct log_group of the callback rotation_audit."

LABEL = "Take the label away: aws ssm unlabel-parameter-version; then run the same command again."
NAMES = "Check {option|client_parameters} and the name of the client."

THROTTLED = Refusal("AWS throttles the calls and did so through every retry", LATER)
INTERNAL = Refusal("the service had an internal error", AGAIN)
UNKNOWN_KEYS = Refusal("AWS does not know these credentials", CREDENTIALS)
SIGNATURE = Refusal("AWS refused the signature of the call", CLOCK)
EXPIRED = Refusal("the AWS session has expired", RENEW)
BAD_SHAPE = Refusal("the service refused the shape of the call", SHAPE)
UNAVAILABLE = Refusal("the service is not available", AGAIN)
NOT_FOUND_TOPIC = Refusal("there is no such topic", TOPIC)
TOPIC_PARAMETER = Refusal("the topic's ARN or a part of the message has not the form that SNS takes", TOPIC, True)
SECRET_KEY = Refusal("the KMS key of the secret cannot be used", KMS)
AS_THINGS_STAND = Refusal("Secrets Manager refused as things stand now", STATE, True)
PATH_REFUSED = Refusal("Parameter Store refused the shape of the call", "Check {option|parameter_path}.")
POLICY = Refusal("AWS does not take the policy", PRINCIPALS, True)

# Any service: code -> what it means. "Exception" at the end of a code is left out.
COMMON = {
    "ExpiredToken": EXPIRED,
    "RequestExpired": Refusal("the call came too late, so this host's clock is wrong", CLOCK),
    "RequestTimeTooSkewed": Refusal("this host's clock is wrong", CLOCK),
    "InvalidClientTokenId": UNKNOWN_KEYS,
    "InvalidAccessKeyId": UNKNOWN_KEYS,
    "UnrecognizedClient": UNKNOWN_KEYS,
    "NotAuthorized": UNKNOWN_KEYS,
    "MissingAuthenticationToken": UNKNOWN_KEYS,
    "InvalidSignature": SIGNATURE,
    "SignatureDoesNotMatch": SIGNATURE,
    "IncompleteSignature": SIGNATURE,
    "OptInRequired": Refusal("the AWS account is not signed up for the service", "Sign the account up for it."),
    "InvalidAction": Refusal(
        "the service at that endpoint does not know the call", f"Check the region and {ENDPOINT_OPTIONS}."
    ),
    "UnknownOperation": Refusal(
        "the service at that endpoint does not know the call", f"Check the region and {ENDPOINT_OPTIONS}."
    ),
    "Throttling": THROTTLED,
    "Throttled": THROTTLED,
    "TooManyRequests": THROTTLED,
    "RequestLimitExceeded": THROTTLED,
    "InternalFailure": INTERNAL,
    "InternalError": INTERNAL,
    "InternalServiceError": INTERNAL,
    "ServiceFailure": INTERNAL,
    "ServiceUnavailable": UNAVAILABLE,
    "Validation": BAD_SHAPE,
    "ValidationError": BAD_SHAPE,
    "LimitExceeded": Refusal("a quota of the account is used up", QUOTA, True),
}
# One service: code -> what it means there.
OF_SERVICE = {
    "secretsmanager": {
        "InternalServiceError": Refusal("Secrets Manager had an internal error", AGAIN),
        "ServiceUnavailable": Refusal("Secrets Manager is not available", AGAIN),
        "DecryptionFailure": SECRET_KEY,
        "EncryptionFailure": SECRET_KEY,
        "InvalidNextToken": Refusal("the listing was cut off", "Run the same command again."),
        "InvalidParameter": AS_THINGS_STAND,
        "InvalidRequest": AS_THINGS_STAND,
        "MalformedPolicyDocument": POLICY,
        "PreconditionNotMet": Refusal("the secret changed meanwhile", "Run the same command again.", True),
        "PublicPolicy": Refusal(
            "the policy would let everybody in, which the account forbids", "Name single roles, no *.", True
        ),
    },
    "sns": {
        "NotFound": NOT_FOUND_TOPIC,
        "ResourceNotFound": NOT_FOUND_TOPIC,
        "KMSAccessDenied": Refusal("the use of the topic's KMS key is denied", TOPIC_KEY, True),
        "KMSDisabled": Refusal("the topic's KMS key is disabled", KEY_STATE, True),
        "KMSInvalidState": Refusal("the topic's KMS key cannot be used in its present state", KEY_STATE, True),
        "KMSNotFound": Refusal(
            "the topic's KMS key does not exist",
            "Give the topic a key that exists (KmsMasterKeyId); {playbook|provision} does.",
            True,
        ),
        "KMSOptInRequired": Refusal(
            "the topic's KMS key needs a subscription of the AWS account", "Sign the account up for KMS.", True
        ),
        "KMSThrottling": Refusal("the use of the topic's KMS key is throttled", LATER),
        "InvalidParameter": TOPIC_PARAMETER,
        "InvalidParameterValue": TOPIC_PARAMETER,
        "ParameterValueInvalid": TOPIC_PARAMETER,
        "Validation": TOPIC_PARAMETER._replace(quoted=False),
        "InvalidSecurity": SIGNATURE,
        "EndpointDisabled": Refusal(
            "the endpoint of a subscription is disabled",
            "Enable it: aws sns set-endpoint-attributes, or take the subscription away.",
        ),
        "PlatformApplicationDisabled": Refusal(
            "the platform application of a subscription is disabled",
            "Enable it: aws sns set-platform-application-attributes, or take the subscription away.",
        ),
    },
    "sts": {
        "MalformedPolicyDocument": POLICY,
        "PackedPolicyTooLarge": Refusal(
            "the policies and tags of the session are too large", "Make the policy of the role's session smaller.", True
        ),
        "RegionDisabled": Refusal(
            "STS is not switched on in this region for the account of the role",
            "Switch it on there (IAM, account settings), or name another region in {option|region}.",
            True,
        ),
        "IDPRejectedClaim": Refusal("the identity provider refused the web identity token", RENEW, True),
        "IDPCommunicationError": Refusal("AWS could not reach the identity provider", AGAIN),
        "InvalidIdentityToken": Refusal("the web identity token cannot be used", RENEW),
        "InvalidContextAssertion": Refusal("the context of the session cannot be used", RENEW),
    },
    "logs": {
        "ResourceNotFound": Refusal("there is no such log group", GROUP),
        "InvalidParameter": Refusal("CloudWatch Logs refused the shape of the call", GROUP),
        "OperationAborted": Refusal("others changed the log group at the same time", "Run the same command again."),
        "DataAlreadyAccepted": Refusal("the events had arrived already", "Nothing has to be done."),
        "InvalidSequenceToken": Refusal("others wrote to the stream at the same time", "Run the same command again."),
        "ResourceAlreadyExists": Refusal("it exists already", "Run the same command again."),
    },
    "ssm": {
        "InternalServerError": Refusal("Parameter Store had an internal error", AGAIN),
        "InvalidKeyId": Refusal("the KMS key of a SecureString cannot be used", KEY_STATE),
        "InvalidNextToken": Refusal("the listing was cut off", "Run the same command again."),
        "ParameterAlreadyExists": Refusal(
            "others stored the parameter at the same time", "Run the same command again."
        ),
        "ParameterLimitExceeded": Refusal("the account has no room for another parameter", QUOTA),
        "ParameterNotFound": Refusal("there is no such parameter", NAMES),
        "ParameterMaxVersionLimitExceeded": Refusal("the oldest version of the parameter has a label", LABEL),
        "TooManyUpdates": Refusal("others change the parameter at the same time", LATER),
        **dict.fromkeys(
            (
                *("HierarchyLevelLimitExceeded", "HierarchyTypeMismatch", "IncompatiblePolicy"),
                *("InvalidAllowedPattern", "InvalidPolicyAttribute", "InvalidPolicyType", "ParameterPatternMismatch"),
                *("PoliciesLimitExceeded", "UnsupportedParameterType"),
            ),
            Refusal("Parameter Store does not take the parameter", NAMES),
        ),
        **dict.fromkeys(("InvalidFilterKey", "InvalidFilterOption", "InvalidFilterValue"), PATH_REFUSED),
        "Validation": PATH_REFUSED,
    },
    "iam": {
        "InvalidInput": BAD_SHAPE,
        "NoSuchEntity": Refusal(
            "IAM does not know this identity", "Nothing has to be done: what it may do cannot be simulated."
        ),
        "PolicyEvaluation": Refusal("the policies of this identity cannot be evaluated", PRINCIPALS, True),
    },
}
NOT_AWS = Refusal(
    "what answered is not AWS, but a proxy or another server",
    f"Check the proxy (HTTPS_PROXY, NO_PROXY) and {ENDPOINT_OPTIONS}; then run the same command again.",
)
UNKNOWN = Refusal(
    "the service refused",
    "Run the same command again; if the code is the same, the service's API reference explains it.",
)


def meaning_of(service: str, aws_code: str) -> Refusal:
    """Return what a code of AWS means at a service."""
    if aws_code.isdecimal():  # the status of an answer that holds no code
        return UNAVAILABLE if aws_code.startswith("5") else NOT_AWS
    name = aws_code.removesuffix("Exception")
    return OF_SERVICE.get(service, {}).get(name) or COMMON.get(name) or UNKNOWN


def describe_refusal(error: Any, meaning: Refusal) -> str:
    """Return what happened with its code, and AWS's sentence where it may be shown."""
    code = error.response.get("Error", {}).get("Code", "Unknown")
    words = one_line(str(error.response.get("Error", {}).get("Message") or ""), WORDS_LENGTH)
    if not meaning.quoted or not words or REPEATS_VALUE in words:
        return f"{meaning.what} ({code})."
    return f"{meaning.what} ({code}: {words.rstrip('.')})."
