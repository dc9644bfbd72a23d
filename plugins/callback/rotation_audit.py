# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: rotation_audit
type: notification
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Keep an audit trail of every rotation, and ship it to CloudWatch Logs
description:
  - Writes one event, as a line of JSON, for every rotation, rollback, reconciliation, onboarding, backup, restore,
    verification, notice and reset of a cycle, whether it succeeded, failed or was refused. Writes one event for the
    run, with its counts. C(docs/audit.md) of the collection describes the events. They never have a password or a hash.
  - Writes every event first to the spool, a folder on the controller. With O(log_group) it ships events from there to
    CloudWatch Logs. It ships a failure or refusal at once, other events when there are many, and all at the end of the
    run. The next run ships the rest. Every event arrives at least once. If it arrives twice, it has the same C(id).
  - Trouble with the spool or with AWS never stops a run. One warning at its end says what is wrong. With O(log_group),
    an event that could be neither spooled nor shipped is a line of the output.
  - The log group must exist. The callback creates the stream C(<date>/<controller>/<run id>).
notes:
  - Access to AWS comes from the environment of the controller, O(profile) or the role of the machine. It needs
    C(logs:CreateLogStream) and C(logs:PutLogEvents). C(playbooks/history.yml) needs C(logs:FilterLogEvents).
  - The spool must be on a file system of the machine itself, or its locks do not work.
requirements:
  - enabling, as C(callbacks_enabled = dbops.rotation.rotation_audit) in the section C([defaults]) of ansible.cfg
  - boto3 >= 1.34, on the controller, where events are shipped
options:
  spool:
    description:
      - The folder of the spool. The callback creates it.
      - By default C(dbops-rotation/spool) in E(XDG_STATE_HOME), or in C(~/.local/state).
    type: path
    env: [{name: ROTATION_AUDIT_SPOOL}]
    ini: [{section: callback_rotation_audit, key: spool}]
  keep_days:
    description:
      - Days after which a file with only shipped events is removed.
      - Without O(log_group) nothing is removed, because the spool is then the only place.
    type: int
    default: 90
    env: [{name: ROTATION_AUDIT_KEEP_DAYS}]
    ini: [{section: callback_rotation_audit, key: keep_days}]
  log_group:
    description:
      - The log group to ship to, such as V(/dbops/rotation). Without it nothing is shipped.
    type: str
    env: [{name: ROTATION_AUDIT_LOG_GROUP}]
    ini: [{section: callback_rotation_audit, key: log_group}]
  stdout:
    description:
      - Also write every event to the output of the run, as one line of JSON. For places where the spool does not
        outlive the run, such as execution environments, and where something collects the output.
      - By default true in a job of AWX (which sets E(AWX_HOST)) without O(log_group), because only the output remains
        there. Otherwise false.
    type: bool
    env: [{name: ROTATION_AUDIT_STDOUT}]
    ini: [{section: callback_rotation_audit, key: stdout}]
  check_mode:
    description:
      - Also write events in check mode. They have C(check) true.
    type: bool
    default: false
    env: [{name: ROTATION_AUDIT_CHECK_MODE}]
    ini: [{section: callback_rotation_audit, key: check_mode}]
  region:
    description:
      - The AWS region of the log group.
      - By default E(AWS_DEFAULT_REGION) or the region of the profile.
    type: str
    env: [{name: ROTATION_AUDIT_REGION}, {name: AWS_REGION}]
    ini: [{section: callback_rotation_audit, key: region}]
  profile:
    description:
      - A named AWS profile. By default E(AWS_PROFILE).
    type: str
    env: [{name: ROTATION_AUDIT_PROFILE}]
    ini: [{section: callback_rotation_audit, key: profile}]
  endpoint_url:
    description:
      - URL of CloudWatch Logs, such as that of an emulator or a VPC endpoint. No other service uses it.
      - By default E(AWS_ENDPOINT_URL_CLOUDWATCH_LOGS), E(AWS_ENDPOINT_URL), or the shared configuration file of AWS.
        For O(assume_role_arn) it is E(AWS_ENDPOINT_URL_STS).
    type: str
    env: [{name: ROTATION_AUDIT_ENDPOINT_URL}]
    ini: [{section: callback_rotation_audit, key: endpoint_url}]
  validate_certs:
    description:
      - Verify the certificate of the AWS endpoint.
    type: bool
    default: true
    env: [{name: ROTATION_AUDIT_VALIDATE_CERTS}]
    ini: [{section: callback_rotation_audit, key: validate_certs}]
  aws_ca_bundle:
    description:
      - The CA bundle that verifies the AWS endpoint. By default E(AWS_CA_BUNDLE).
    type: path
    env: [{name: ROTATION_AUDIT_CA_BUNDLE}]
    ini: [{section: callback_rotation_audit, key: aws_ca_bundle}]
  assume_role_arn:
    description:
      - ARN of a role to assume for shipping.
    type: str
    env: [{name: ROTATION_AUDIT_ASSUME_ROLE_ARN}]
    ini: [{section: callback_rotation_audit, key: assume_role_arn}]
  external_id:
    description:
      - The external ID that the role of O(assume_role_arn) requires.
    type: str
    env: [{name: ROTATION_AUDIT_EXTERNAL_ID}]
    ini: [{section: callback_rotation_audit, key: external_id}]
seealso:
  - module: dbops.rotation.rotation_history_info
"""

EXAMPLES = r"""
# ansible.cfg
# [defaults]
# callbacks_enabled = dbops.rotation.rotation_audit
#
# [callback_rotation_audit]
# log_group = /dbops/rotation
# region = eu-central-1
"""

import functools
import json
import socket
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible import context
from ansible.plugins.callback import CallbackBase

from ..module_utils._audit.event import Origin
from ..module_utils._audit.outcome import RECORDED, reports_of
from ..module_utils._audit.spool import default_folder
from ..module_utils._audit.trail import Settings, Trail
from ..module_utils._next_step import present
from ..module_utils._readers import reading
from ..module_utils._results import module_name
from ..plugin_utils._audit_options import CONNECTION
from ..plugin_utils._awx_job import in_awx_job
from ..plugin_utils._reader import of_playbook

if TYPE_CHECKING:
    from ..module_utils._audit.logs import LogGroup


def quiet(method: Callable[..., None]) -> Callable[..., None]:
    """Turn whatever goes wrong in a callback into a warning for who runs the playbook: no audit trail may end a run."""

    @functools.wraps(method)
    def guarded(self: CallbackModule, *arguments: Any, **options: Any) -> None:
        try:
            with reading(self._reader):
                method(self, *arguments, **options)
        except Exception as error:  # its text may hold anything
            self.warn_once(f"Audit event lost: {type(error).__name__}.")

    return guarded


class CallbackModule(CallbackBase):
    """Hand results of our modules to the trail of the run."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "dbops.rotation.rotation_audit"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._trail: Trail | None = None
        self._warned = False
        self._reader = of_playbook()

    @quiet
    def v2_playbook_on_start(self, playbook: Any) -> None:
        self._trail, self._warned = None, False
        name = Path(playbook._file_name).stem
        self._trail = Trail(self._settings(), Origin(str(uuid.uuid4()), socket.gethostname(), name))

    @quiet
    def v2_runner_on_ok(self, result: Any) -> None:
        self._add(result, failed=False)

    @quiet
    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._add(result, failed=True)

    @quiet
    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._add(result, failed=True)

    @quiet
    def v2_playbook_on_stats(self, stats: Any) -> None:
        if self._trail:
            failed = bool(stats.failures or stats.dark)
            self._trail.finish(failed=failed, check=bool(context.CLIARGS.get("check")))
            for line in self._trail.unkept:
                self._display.display(line)
            if self._trail.trouble:
                self.warn_once(present(" ".join(self._trail.trouble), ""))

    def warn_once(self, text: str) -> None:
        """Warn, but not for every event of a run."""
        if not self._warned:
            self._display.warning(f"The audit trail is incomplete: {text} The rotations are not affected.")
        self._warned = True

    def _add(self, result: Any, *, failed: bool) -> None:
        module, check = module_name(result.task.action), bool(result.task.check_mode)
        if self._trail is None or module not in RECORDED:
            return
        for report in reports_of(module, result.host.get_name(), result.result, failed=failed, check=check):
            self._trail.add(report)

    def _settings(self) -> Settings:
        return Settings(
            folder=Path(self.get_option("spool") or default_folder()),
            group=self._log_group if self.get_option("log_group") else None,
            show=self._display.display if self._is_shown() else None,
            keep_days=self.get_option("keep_days"),
            check_mode=self.get_option("check_mode"),
        )

    def _is_shown(self) -> bool:
        choice = self.get_option("stdout")
        return bool(in_awx_job() and not self.get_option("log_group") if choice is None else choice)

    def _log_group(self) -> LogGroup:
        # The AWS SDK takes longer to load than all the rest, so a run that ships nothing does without.
        from ..module_utils._audit.logs import log_group
        from ..module_utils._aws.session import AwsOptions

        options = {option: self.get_option(option) for option in CONNECTION if option != "endpoint_url"}
        urls = json.dumps({"logs": self.get_option("endpoint_url")})
        return log_group(self.get_option("log_group"), AwsOptions(**options, endpoint_urls=urls))
