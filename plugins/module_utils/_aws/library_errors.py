# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong on this side of AWS, in exceptions of botocore: the way there, and who this run is.

Only fields that botocore names are shown of an exception; its text may hold the output of a program or a parameter.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .._certificates import certificate_fault
from .._clean import one_line
from .._codes import Code
from .._errors import RotationError
from .refusals import AGAIN, CREDENTIALS, ENDPOINT_OPTIONS, SHAPE, WORDS_LENGTH

CERTIFICATE = f"Check {{option|aws_ca_bundle}} and the endpoint ({ENDPOINT_OPTIONS})."
ENDPOINT = (
    "Check the network from here to AWS, {option|region}, the proxy (HTTPS_PROXY, NO_PROXY) and the"
    f" endpoint ({ENDPOINT_OPTIONS}); then run the same command again."
)
SIGN_IN = (
    "Sign in as the user who runs this: aws sso login (with --profile NAME where the configuration has several); then"
    " run the same command again. A schedule needs a role or keys instead, for a sign-in ends."
)
NO_CREDENTIALS = (
    "Give some: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile ({option|profile}, AWS_PROFILE), or a role of"
    " the machine (in a container on EC2 the hop limit of the metadata service has to be 2). aws sts"
    " get-caller-identity, as the same user with the same environment, shows whether there are any."
)
CONFIGURATION = (
    "Correct it (AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE, or config and credentials in ~/.aws), or give keys that"
    " need none; aws configure list shows what AWS's own tools make of it."
)
PROFILES = (
    "Correct {option|profile} or AWS_PROFILE, or configure it; aws configure list-profiles shows those of this user."
)
FETCHED_BY = {
    "custom-process": "Run the credential_process of the AWS configuration by hand, as the same user, and see what it"
    " says.",
    "iam-role": "See whether the machine has a role, and whether its metadata service answers:"
    " aws sts get-caller-identity.",
}
SIGNED_OUT = ("the AWS sign-in (SSO) of this user is not there or has ended", SIGN_IN)
WRONG_CONFIGURATION = ("the AWS configuration makes no sense: {error_msg}", CONFIGURATION)

# Exceptions of botocore itself: class name -> what happened, remedy. In braces is what botocore names.
CLIENT_SIDE = {
    "NoCredentialsError": ("no AWS credentials were found", NO_CREDENTIALS),
    "PartialCredentialsError": (
        "the AWS credentials are incomplete: {cred_var} is missing ({provider})",
        f"Complete them. {CREDENTIALS}",
    ),
    "CredentialRetrievalError": ("the AWS credentials could not be fetched ({provider})", CREDENTIALS),
    "MetadataRetrievalError": ("the AWS credentials could not be fetched", FETCHED_BY["iam-role"]),
    "TokenRetrievalError": SIGNED_OUT,
    "SSOError": SIGNED_OUT,
    "SSOTokenLoadError": SIGNED_OUT,
    "UnauthorizedSSOTokenError": SIGNED_OUT,
    "NoAuthTokenError": SIGNED_OUT,
    "ProfileNotFound": ("the AWS profile {profile!r} does not exist here", PROFILES),
    "ConfigNotFound": ("the file {path} is not there, or cannot be read as a configuration of AWS", CONFIGURATION),
    "ConfigParseError": ("the file {path} cannot be read as a configuration of AWS", CONFIGURATION),
    "InvalidConfigError": WRONG_CONFIGURATION,
    "InfiniteLoopConfigError": (
        "the profiles of the AWS configuration lead in a circle ({source_profile})",
        CONFIGURATION,
    ),
    "UnknownCredentialError": ("the AWS configuration names a source of credentials that there is not", CONFIGURATION),
    "RefreshWithMFAUnsupportedError": (
        "the profile asks for an MFA code again",
        "Get a session before: aws sts get-session-token --serial-number ARN_OF_THE_DEVICE --token-code CODE.",
    ),
    "NoRegionError": ("no AWS region is set", "Set {option|region}, AWS_REGION or the profile's region."),
    "InvalidRegionError": ("the AWS region is not a valid name", "Correct {option|region} or AWS_REGION."),
    "EndpointConnectionError": ("the AWS endpoint does not answer", ENDPOINT),
    "ConnectTimeoutError": ("the AWS endpoint does not answer in time", ENDPOINT),
    "ReadTimeoutError": ("AWS accepted the call but did not answer in time", AGAIN),
    "ConnectionClosedError": ("AWS closed the connection without an answer", AGAIN),
    "ProxyConnectionError": (
        "the proxy does not answer",
        "Check HTTPS_PROXY and NO_PROXY (a VPC endpoint belongs into NO_PROXY); then run the same command again.",
    ),
    "HTTPClientError": ("the connection to AWS broke", ENDPOINT),
    "SSLError": ("the certificate of the AWS endpoint is not trusted", CERTIFICATE),
    "ParamValidationError": ("botocore refused the shape of the call", SHAPE),
}
# Newer releases of botocore have exceptions for aws login besides.
LATER_SIDE = {
    "LoginError": ("the AWS sign-in (aws login) of this user is not there or has ended", "Sign in: aws login."),
}


def client_error(error: Any, doing: str) -> RotationError:
    """Return our exception for one of botocore's own."""
    names = [cls.__name__ for cls in type(error).__mro__]
    messages = {**CLIENT_SIDE, **LATER_SIDE}
    name = next((name for name in names if name in messages), names[0])
    what, remedy = messages.get(name, ("the AWS library gave up", ENDPOINT))
    if name == "CredentialRetrievalError":
        remedy = FETCHED_BY.get(error.kwargs.get("provider"), remedy)
    if name in ("SSLError", "HTTPClientError"):
        what, remedy = _wrong_certificate(error) or (what, remedy)
    message = one_line(what.format_map(_Fields(error.kwargs)), WORDS_LENGTH)
    return RotationError(f"Could not {doing}: {message} ({names[0]}).", code=Code.AWS_UNREACHABLE, next_step=remedy)


def _wrong_certificate(error: Any) -> tuple[str, str] | None:
    """Return what is wrong with the certificate of the endpoint, or with the file that should prove it."""
    causes = list(_causes(error.kwargs.get("error")))
    if any(isinstance(cause, FileNotFoundError) for cause in causes):
        return "the file of the CA bundle is not there", "Correct {option|aws_ca_bundle} or AWS_CA_BUNDLE."
    fault = next((fault for cause in causes if (fault := certificate_fault(cause))), None)
    return (f"the certificate of the AWS endpoint {fault.what}", fault.next_step or CERTIFICATE) if fault else None


def _causes(error: Any) -> Iterator[BaseException]:
    """Return an exception and those that it was made of, which libraries keep in several ways."""
    while isinstance(error, BaseException):
        yield error
        inner = [one for one in (*error.args, getattr(error, "reason", None)) if isinstance(one, BaseException)]
        error = next(iter(inner), error.__cause__ or error.__context__)


class _Fields(dict[str, Any]):
    """What botocore names in an exception; what it does not name is left out."""

    def __missing__(self, _name: str) -> str:
        return ""
