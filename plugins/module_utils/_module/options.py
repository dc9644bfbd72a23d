# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that modules share, and how they become what the engine takes.

They are plain data, so that a module and the action of the same name use one specification.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from .._aws.leaving_store import LeavingStore
from .._aws.native_store import NativeStore
from .._aws.policy_store import PolicyStore
from .._aws.secret_archive import SecretArchive
from .._aws.secret_store import SecretStore
from .._aws.session import OTHER_SERVICES, SERVICES, AwsOptions, make_client
from .._aws.throttles import Throttles
from .._aws.write_limit import DEFAULT_SHARE, Writes
from .._codes import Code
from .._context.request import DEFAULT_DEADLINE, DEFAULT_PER_SERVER, DEFAULT_REPLICA_WAIT, RotationRequest
from .._db.tls import MODES, VERIFY_IDENTITY, TlsOptions
from .._errors import RotationError
from .._password import DEFAULT_LENGTH, PasswordRules
from .._secret_value import refuse_line_end, refuse_other_type

Spec = dict[str, dict[str, Any]]
Store = TypeVar("Store", bound=SecretStore)

AWS_SPEC: Spec = {
    "region": {"type": "str", "aliases": ["aws_region"]},
    "access_key": {"type": "str", "aliases": ["aws_access_key_id", "aws_access_key"], "no_log": False},
    "secret_key": {"type": "str", "aliases": ["aws_secret_access_key", "aws_secret_key"], "no_log": True},
    "session_token": {"type": "str", "aliases": ["aws_session_token"], "no_log": True},
    "profile": {"type": "str", "aliases": ["aws_profile"]},
    "endpoint_url": {"type": "str", "aliases": ["aws_endpoint_url"]},
    "endpoint_urls": {"type": "dict"},
    "validate_certs": {"type": "bool", "default": True},
    "aws_ca_bundle": {"type": "path"},
    "aws_config": {"type": "dict"},
    "assume_role_arn": {"type": "str"},
    "external_id": {"type": "str", "no_log": False},
    "write_share": {"type": "float", "default": DEFAULT_SHARE},
    "onboard_tags": {"type": "dict"},
}
DATABASE_SPEC: Spec = {
    "tls_mode": {"type": "str", "choices": list(MODES), "default": VERIFY_IDENTITY},
    "tls_ca_file": {"type": "path"},
    "tls_server_name": {"type": "str"},
    "tls_client_cert": {"type": "path"},
    "tls_client_key": {"type": "path", "no_log": False},
    "unix_socket": {"type": "path"},
    "single_writer": {"type": "bool", "default": False},
    "server_ids": {"type": "list", "elements": "str", "default": []},
    "server_label": {"type": "str", "default": ""},
    "deadline": {"type": "float", "default": DEFAULT_DEADLINE},
}
# Raw, for YAML may have made a number or a truth value of it, and Ansible would make a text of that.
PASSWORD_SPEC: Spec = {"password": {"type": "raw", "no_log": True}}
REPLICA_WAIT: Spec = {"replica_wait": {"type": "float", "default": DEFAULT_REPLICA_WAIT}}
# What options may say about a change of a password.
CHANGE_SPEC: Spec = {
    "password_length": {"type": "int", "default": DEFAULT_LENGTH, "no_log": False},
    "password_exclude_characters": {"type": "str", "default": "", "no_log": False},
    "adopt_rows": {"type": "list", "elements": "str", "default": []},
    "accept_server_id": {"type": "str"},
    "allow_plaintext_statement": {"type": "bool", "default": False},
    "per_server": {"type": "int", "default": DEFAULT_PER_SERVER},
    **REPLICA_WAIT,
    "reason": {"type": "str", "default": ""},
}
CLIENT_SPEC: Spec = {
    "client": {"type": "str"},
    "secret_id": {"type": "str", "required": True, "no_log": False},
}
# What the options of a connection are, for actions and functions.
CONNECTION = {*CLIENT_SPEC, *DATABASE_SPEC, *AWS_SPEC}
MUTUALLY_EXCLUSIVE = (
    ("access_key", "profile"),
    ("secret_key", "profile"),
    ("session_token", "profile"),
)
# A notice that is not delivered is sent by the next run; nobody waits a minute for it.
SNS_PATIENCE = {"connect_timeout": 3, "read_timeout": 5, "retries": {"mode": "standard", "total_max_attempts": 2}}
REQUIRED_TOGETHER = (("access_key", "secret_key"), ("tls_client_cert", "tls_client_key"))


def secret_store(params: Mapping[str, Any], secret_id: str | None = None) -> SecretStore:
    """Return the secret that the options name."""
    return _store(SecretStore, params, secret_id)


def secrets_client(params: Mapping[str, Any]) -> Any:
    """Return a client of Secrets Manager, for requests about many secrets at once."""
    return make_client(aws_options(params), "secretsmanager")


def secret_archive(params: Mapping[str, Any], secret_id: str | None = None) -> SecretArchive:
    """Return the secret that the options name, to be kept or made anew as a whole."""
    return _store(SecretArchive, params, secret_id)


def _store(kind: type[Store], params: Mapping[str, Any], secret_id: str | None) -> Store:
    client, throttles = secrets_client(params), Throttles()
    throttles.watch(client)
    return kind(client, secret_id or params["secret_id"], Writes(params["write_share"]), throttles)


def policy_store(params: Mapping[str, Any]) -> PolicyStore:
    """Return the secret that the options name, with its resource policy."""
    return _store(PolicyStore, params, None)


def leaving_store(params: Mapping[str, Any]) -> LeavingStore:
    """Return the secret that the options name, to be taken out of management."""
    return _store(LeavingStore, params, None)


def native_store(params: Mapping[str, Any]) -> NativeStore:
    """Return the secret that the options name, with Secrets Manager's own rotation of it."""
    return _store(NativeStore, params, None)


def parameters_client(params: Mapping[str, Any]) -> Any:
    """Return a client of Parameter Store in the account of whoever runs; functions read it in no client's role."""
    return make_client(aws_options({**params, "assume_role_arn": None, "external_id": None}), "ssm")


def aws_client(params: Mapping[str, Any], service: str) -> Any:
    """Return a client of a service that sends a request once, for answers that can be done without."""
    once = {"retries": {"mode": "standard", "total_max_attempts": 1}}
    options = aws_options(params)
    return make_client(options, service, options.with_settings(once, always=True))


def sns_client(params: Mapping[str, Any], topic_arn: str) -> Any:
    """Return a client of SNS in the region of a topic, which does not wait as long as one of Secrets Manager."""
    options = aws_options(params)
    region = (topic_arn.split(":") + [""] * 3)[3]
    return make_client(options, "sns", replace(options.with_settings(SNS_PATIENCE), region=region or options.region))


def tls_options(params: Mapping[str, Any]) -> TlsOptions:
    """Return the transport that the options ask for."""
    return TlsOptions(
        mode=params["tls_mode"],
        ca_file=params["tls_ca_file"],
        server_name=params["tls_server_name"],
        client_cert=params["tls_client_cert"],
        client_key=params["tls_client_key"],
        unix_socket=params["unix_socket"],
    )


def rotation_request(params: Mapping[str, Any], *, trigger: str, check: bool, **computed: Any) -> RotationRequest:
    """Return the request that the options make; ``computed`` are parts that are no option as it stands."""
    parts: dict[str, Any] = {
        **same_name_options(RotationRequest, params),
        "tls": tls_options(params),
        "trigger": trigger,
        "check": check,
    }
    if "password_length" in params:
        parts["rules"] = PasswordRules(params["password_length"], params["password_exclude_characters"])
    return RotationRequest(**{**parts, **computed})


def same_name_options(kind: type, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the client's name and the options that a request has by their own names; a list becomes a set."""
    values = {field.name: params[field.name] for field in fields(kind) if field.name in params}
    plain = {name: frozenset(value) if isinstance(value, list) else value for name, value in values.items()}
    return {**plain, "client": client_name(params)}


def password_text(params: Mapping[str, Any], option: str) -> str | None:
    """Return the password of an option, if it is set; raises RotationError where it is no text, or has a line end."""
    password = params["password"]
    if password is None:
        return None
    refuse_other_type(password, option)
    refuse_line_end(password, option)
    return str(password)


def client_name(params: Mapping[str, Any]) -> str:
    """Return the name of the client for messages and tags."""
    return str(params["client"] or params["secret_id"])


def aws_options(params: Mapping[str, Any]) -> AwsOptions:
    """Return the access to AWS that the options ask for; raises RotationError where they make no sense."""
    special = ("aws_config", "region", "endpoint_url", "endpoint_urls", "write_share", "onboard_tags")
    same_options = {name: params[name] for name in AWS_SPEC if name not in special}
    return AwsOptions(
        **same_options,
        # The SDK knows AWS_DEFAULT_REGION and AWS_ENDPOINT_URL by itself; this and AWS_URL are amazon.aws's.
        region=params["region"] or os.environ.get("AWS_REGION"),
        aws_config=json.dumps(params["aws_config"] or {}, sort_keys=True),
        endpoint_urls=json.dumps(_endpoint_urls(params), sort_keys=True),
    )


def _endpoint_urls(params: Mapping[str, Any]) -> dict[str, str]:
    """Return the URL of each service; the one that has an option of its own is Secrets Manager's and nobody else's."""
    urls = {str(service): str(url) for service, url in (params["endpoint_urls"] or {}).items() if url}
    refuse_unknown_services(urls)
    own = params["endpoint_url"] or os.environ.get("AWS_URL")
    return {**urls, "secretsmanager": own} if own else urls


def refuse_unknown_services(urls: Mapping[str, Any]) -> None:
    """Raise a RotationError where a URL belongs to a service that gets no request."""
    unknown = sorted(map(str, urls.keys() - {*SERVICES, OTHER_SERVICES}))
    if unknown:
        raise RotationError(
            f"{{option|endpoint_urls}} names {', '.join(unknown)}, which is not asked for anything.",
            code=Code.INVALID_OPTION,
            next_step=f"It may name {', '.join(SERVICES)}, and {OTHER_SERVICES} for those that it does not name.",
        )
