# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The AWS options, named as amazon.aws names them."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  region:
    description:
      - The AWS region of the secret.
      - If it is not set, E(AWS_REGION), E(AWS_DEFAULT_REGION) or the region of the profile is used.
    type: str
    aliases: [aws_region]
  access_key:
    description:
      - AWS access key ID.
      - If no key is given, credentials come from the usual places of the AWS SDK (environment, profile, role of the
        machine).
      - Mutually exclusive with O(profile).
    type: str
    aliases: [aws_access_key_id, aws_access_key]
  secret_key:
    description:
      - AWS secret access key. Mutually exclusive with O(profile).
    type: str
    aliases: [aws_secret_access_key, aws_secret_key]
  session_token:
    description:
      - AWS STS session token of temporary credentials. Mutually exclusive with O(profile).
    type: str
    aliases: [aws_session_token]
  profile:
    description:
      - A named AWS profile. If it is not set, E(AWS_PROFILE) is used.
    type: str
    aliases: [aws_profile]
  endpoint_url:
    description:
      - URL of Secrets Manager, such as that of a VPC endpoint, where it is not the usual one. No other service is asked
        there.
      - The environment variable E(AWS_URL) may also be used. Without either, E(AWS_ENDPOINT_URL_SECRETS_MANAGER),
        E(AWS_ENDPOINT_URL) and the shared configuration file of AWS say where it is, if they do.
    type: str
    aliases: [aws_endpoint_url]
  endpoint_urls:
    description:
      - URLs of the other services, as a dictionary with the keys V(sts), V(sns), V(ssm), V(logs) and V(iam), where they
        are not the usual ones. V(default) is for all that are not named, as with an emulator.
      - For a service without one, the variables of AWS such as E(AWS_ENDPOINT_URL_SNS) and its shared configuration
        file count.
    type: dict
  validate_certs:
    description:
      - Whether the certificate of the AWS endpoint is verified.
    type: bool
    default: true
  aws_ca_bundle:
    description:
      - The CA bundle that verifies the AWS endpoint. If it is not set, E(AWS_CA_BUNDLE) is used.
    type: path
  aws_config:
    description:
      - A dictionary that modifies the botocore configuration, such as timeouts and proxies.
    type: dict
  assume_role_arn:
    description:
      - ARN of a role to assume for this task, for clients whose secrets lie in AWS accounts of their own.
      - The temporary credentials stay in the process that runs the task and are never returned.
    type: str
  external_id:
    description:
      - The external ID that the role of O(assume_role_arn) asks for.
    type: str
  write_share:
    description:
      - The share of AWS's quota (50 writes of a kind per second, account and region) that all tasks of a controller may
        use together, from 0 to 1. V(0) is no limit. The rest is left to others who write to secrets.
      - A rotation waits for its turn before it changes anything, as long as its deadline allows.
      - All accounts and regions count together. A controller counts alone, so if several work at the same time (job
        slices of AWX, for example), each of them needs its part of the share.
      - A task that runs on another host than the controller, or C(async), counts alone and never waits.
    type: float
    default: 0.8
  onboard_tags:
    description:
      - The tags that onboarding wrote, such as those that the IAM policy of this identity asks of the secret. Where AWS
        denies a call, the message names those that the secret lacks.
    type: dict
notes:
  - If the task runs on another host than the controller (a jump host), environment variables and AWS configuration
    files are read there.
"""
