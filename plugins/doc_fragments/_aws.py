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
      - By default E(AWS_REGION), E(AWS_DEFAULT_REGION) or the region of the profile.
    type: str
    aliases: [aws_region]
  access_key:
    description:
      - AWS access key ID.
      - Without a key, credentials come from the usual places of the AWS SDK (environment, profile, role of the
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
      - A named AWS profile. By default E(AWS_PROFILE).
    type: str
    aliases: [aws_profile]
  endpoint_url:
    description:
      - URL of Secrets Manager, such as that of a VPC endpoint, if it is not the usual one. No other service uses it.
      - By default E(AWS_URL), E(AWS_ENDPOINT_URL_SECRETS_MANAGER), E(AWS_ENDPOINT_URL), or the shared configuration
        file of AWS.
    type: str
    aliases: [aws_endpoint_url]
  endpoint_urls:
    description:
      - URLs of other services, as a dictionary with the keys V(sts), V(sns), V(ssm), V(logs), V(iam) and
        V(cloudwatch), if they are not the usual ones. V(default) is for every service that is not named, for example
        with an emulator.
      - For other services, AWS's variables such as E(AWS_ENDPOINT_URL_SNS) and its shared configuration file apply.
    type: dict
  validate_certs:
    description:
      - Verify the certificate of the AWS endpoint.
    type: bool
    default: true
  aws_ca_bundle:
    description:
      - The CA bundle that verifies the AWS endpoint. By default E(AWS_CA_BUNDLE).
    type: path
  aws_config:
    description:
      - A dictionary that modifies the botocore configuration, such as timeouts and proxies.
    type: dict
  assume_role_arn:
    description:
      - ARN of a role to assume for this task, for a client with its secret in another AWS account.
      - The temporary credentials stay in the process that runs the task and are never returned.
    type: str
  external_id:
    description:
      - The external ID that the role of O(assume_role_arn) requires.
    type: str
  write_share:
    description:
      - The share of AWS's quota (50 writes of a kind per second, account and region) that all tasks of a controller may
        use together, from 0 to 1. V(0) is no limit. The rest is for others who write to secrets.
      - A rotation waits for its turn before it changes anything, at most until its deadline.
      - The counter adds up all accounts and regions. Each controller has its own. If several controllers work at the
        same time, such as job slices of AWX, give each its part of the share.
      - A task on another host than the controller, or with C(async), has a counter of its own and never waits.
    type: float
    default: 0.8
  onboard_tags:
    description:
      - The tags that onboarding wrote, such as those that an IAM policy requires of the secret. If AWS denies a call,
        the message names the tags that the secret lacks.
    type: dict
notes:
  - A task on another host than the controller (a jump host) reads environment variables and AWS configuration files
    there.
"""
