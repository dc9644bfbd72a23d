# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From connection options to an AWS client."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from copy import copy
from dataclasses import asdict, dataclass, field, replace
from functools import cache, lru_cache
from threading import RLock
from typing import Any

from .._codes import Code
from .._errors import RotationError
from .._files import signature
from .._libraries import botocore
from .credentials import POOL, PooledCredentials, refuse_prompt
from .errors import translated

ROLE_SESSION_NAME = "dbops-rotation"
ROLE_SECONDS = 3600  # what every role grants, also to another role
RETRIES = {"mode": "standard", "total_max_attempts": 5}
WARMED = ("secretsmanager", "sns")
# Clients with roles of their own would otherwise fill the memory of a process that works for many of them.
KEPT = 16
# The services that get requests, by the SDK's names, and the key of the URL of all others.
SERVICES = ("cloudwatch", "iam", "logs", "secretsmanager", "sns", "ssm", "sts")
OTHER_SERVICES = "default"
# The SDK asks an instance's metadata service once, and that one may be busy with many workers.
METADATA = {
    "metadata_service_num_attempts": (*("metadata_service_num_attempts", "AWS_METADATA_SERVICE_NUM_ATTEMPTS", 3, int),),
}
# A session that reads nothing of this machine's configuration.
DETACHED = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}

# A client may be used by several threads, but a session makes only one at a time.
_MAKING = RLock()


@dataclass(frozen=True)
class AwsOptions:
    """The connection options, named as amazon.aws names them; what is None comes from the usual AWS chain.

    ``aws_config`` and ``endpoint_urls`` are JSON, because options have to be comparable. The latter is the URL of each
    service, and of all others under "default"; a service without one is where AWS's own settings say
    (AWS_ENDPOINT_URL_SNS, the shared configuration file).
    """

    region: str | None = None
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    profile: str | None = None
    validate_certs: bool = True
    aws_ca_bundle: str | None = None
    aws_config: str = "{}"
    endpoint_urls: str = "{}"
    assume_role_arn: str | None = None
    external_id: str | None = field(default=None, repr=False)

    def endpoint_url(self, service: str) -> str | None:
        """Return the URL of a service; None where that is for the SDK to find out."""
        urls = json.loads(self.endpoint_urls)
        return urls.get(service) or urls.get(OTHER_SERVICES) or None

    def with_settings(self, settings: Mapping[str, Any], *, always: bool = False) -> AwsOptions:
        """Return these options with settings of botocore that count where there are none, or always."""
        options = json.loads(self.aws_config)
        config = {**options, **settings} if always else {**settings, **options}
        return replace(self, aws_config=json.dumps(config, sort_keys=True))


def warm() -> None:
    """Load what the SDK knows of the services, for forks to inherit; no credentials are looked for, nothing is sent.

    It only saves time, so nothing that goes wrong here may end a run; whoever needs it reports what matters of it.
    """
    if botocore:
        nobody = AwsOptions(region="us-east-1", access_key="none", secret_key="none")
        with suppress(Exception):
            for service in WARMED:
                _client(_session(0, nobody), nobody, service)


def make_client(options: AwsOptions, service: str, tuned: AwsOptions | None = None) -> Any:
    """Return the process's client of one service; it is made once for each set of options.

    ``tuned`` are the same options with what only this service needs; who asks is settled once, by the first ones. A
    fork makes its own, for an open connection must not be used by two. Raises RotationError where region, profile or
    credentials are not to be had, or where AWS refuses the role.
    """
    with _MAKING:
        return _cached_client(os.getpid(), options, service, tuned or options, signature(options.aws_ca_bundle))


def forget_clients() -> None:
    """Let the next clients be made anew, with credentials that are fetched anew."""
    _forget()
    POOL.clear()


def forget_unless_lasting() -> None:
    """Let the next clients be made anew if those that were made have credentials that may be over by now, or none."""
    if not PooledCredentials.lasting:
        PooledCredentials.lasting = True
        _forget()


def _forget() -> None:
    _cached_client.cache_clear()
    _session.cache_clear()


@lru_cache(KEPT)
def _cached_client(process: int, options: AwsOptions, service: str, tuned: AwsOptions, _authorities: Any) -> Any:
    try:
        with translated(f"prepare the connection to {service}"):
            return _client(_session(process, options), tuned, service)
    except TypeError:  # a setting of another type than botocore's
        raise _unfit_setting() from None
    except ValueError:  # botocore's answer to an endpoint that is no URL
        raise RotationError(
            f"botocore cannot use the options of the connection to {service}; most likely {_endpoint_option(service)}"
            " is not a URL.",
            code=Code.INVALID_OPTION,
            next_step="Set it to a URL such as https://vpce.example.com, or leave it empty.",
        ) from None


def _endpoint_option(service: str) -> str:
    return (
        "{option|endpoint_url}" if service == "secretsmanager" else f"the one of {{option|endpoint_urls}} for {service}"
    )


@cache
def _loader_session() -> Any:
    """Return the session whose knowledge of the services all others use; it never gets credentials."""
    return botocore.session.Session(session_vars=DETACHED)


def _new_session(profile: str | None, settings: Mapping[str, Any] | None = None) -> Any:
    """Return a session of its own with what the loader session has loaded, which takes a tenth of the time."""
    handlers = copy(_loader_session().get_component("event_emitter"))
    session = botocore.session.Session(
        session_vars=settings or METADATA, event_hooks=handlers, include_builtin_handlers=False, profile=profile
    )
    session.register_component("data_loader", _loader_session().get_component("data_loader"))
    return session


@lru_cache(KEPT)
def _session(_process: int, options: AwsOptions) -> Any:
    session = _with_keys(options) if options.access_key else _with_profile(options)
    return _in_role(session, options) if options.assume_role_arn else session


def _with_keys(options: AwsOptions) -> Any:
    """Return a session with the keys of the options."""
    session = _session_without_profile()
    session.set_credentials(options.access_key, options.secret_key, options.session_token)
    return session


def _session_without_profile() -> Any:
    """Return a session that needs no profile, though it heeds the settings of one that the environment names."""
    session = _new_session(None)
    try:
        session.get_scoped_config()
    except botocore.exceptions.BotoCoreError:  # it is not there, or the file cannot be read
        return _new_session(None, {**METADATA, **DETACHED})
    return session


def _with_profile(options: AwsOptions) -> Any:
    """Return a session that finds its credentials itself, as any tool of AWS does."""
    session = _new_session(options.profile)
    resolver = session.get_component("credential_provider")
    refuse_prompt(resolver)
    key = {"profile": options.profile, "region": options.region}
    session.register_component("credential_provider", PooledCredentials(resolver.load_credentials, key))
    return session


def _in_role(session: Any, options: AwsOptions) -> Any:
    """Return a session in the role; the identity that asks for it is looked up only where no worker has it yet."""
    role_session = _session_without_profile() if options.access_key else _new_session(options.profile)

    def assume() -> Any:
        credentials = _role_credentials(session, options)
        return botocore.credentials.RefreshableCredentials.create_from_metadata(
            metadata=credentials, refresh_using=lambda: _role_credentials(session, options), method="assume-role"
        )

    role_session.register_component("credential_provider", PooledCredentials(assume, asdict(options)))
    return role_session


def _role_credentials(session: Any, options: AwsOptions) -> dict[str, Any]:
    request = {
        "RoleArn": options.assume_role_arn,
        "RoleSessionName": ROLE_SESSION_NAME,
        "DurationSeconds": ROLE_SECONDS,
    }
    if options.external_id:
        request["ExternalId"] = options.external_id
    client = _client(session, options, "sts")
    with translated("assume the role", "sts"):
        credentials = client.assume_role(**request)["Credentials"]
    return {
        "access_key": credentials["AccessKeyId"],
        "secret_key": credentials["SecretAccessKey"],
        "token": credentials["SessionToken"],
        "expiry_time": credentials["Expiration"].isoformat(),
    }


def _client(session: Any, options: AwsOptions, service: str) -> Any:
    config = botocore.config.Config(
        connect_timeout=5, read_timeout=10, retries=RETRIES, user_agent_extra=ROLE_SESSION_NAME
    ).merge(_settings(options.aws_config))
    verify = (options.aws_ca_bundle or None) if options.validate_certs else False
    return session.create_client(
        service, region_name=options.region, endpoint_url=options.endpoint_url(service), verify=verify, config=config
    )


def refuse_unknown_settings(aws_config: str) -> None:
    """Raise a RotationError where botocore takes no such settings; without botocore nothing is known of them."""
    if botocore:
        _settings(aws_config)


def _settings(aws_config: str) -> Any:
    try:
        return botocore.config.Config(**json.loads(aws_config))
    except TypeError:  # a name that botocore does not know
        raise RotationError(
            "{option|aws_config} holds a setting that botocore's Config does not know.",
            code=Code.INVALID_OPTION,
            next_step="Use the names of botocore.config.Config, such as connect_timeout and proxies.",
        ) from None
    except (AttributeError, ValueError, botocore.exceptions.BotoCoreError):  # such as retries, which are looked at
        raise _unfit_setting() from None


def _unfit_setting() -> RotationError:
    return RotationError(
        "{option|aws_config} holds a value that botocore's Config does not take.",
        code=Code.INVALID_OPTION,
        next_step="Correct it; the documentation of botocore.config.Config says which values a setting may have.",
    )
