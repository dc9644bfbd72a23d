# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One notice, or in one task those of all hosts that have notified a handler."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError

from ..module_utils._clean import one_line
from ..module_utils._errors import unexpected
from ..module_utils._module.operation import FROM_VARIABLES, failed_result
from ..module_utils._notice.details import DECISIVE, is_told
from ._action import EngineAction
from ._every_host import hosts_of_handler, options_in, variables_of
from ._notice_text import completed
from ._templates import evaluated

# As many as the SDK keeps connections to one service.
THREADS = 10
OTHERS = {"client": "the clients of this wave that are not named", "secret_id": ""}
LEFT = "Their passwords are changed. The next scheduled run sends the notices that are missing."
Result = dict[str, Any]


class NoticeAction(EngineAction):
    """Send the notices of many hosts in one worker; a worker for each would take longer than its notice."""

    def _work(self, variables: dict[str, Any]) -> Result:
        arguments = self._task.args
        if not arguments.get("client_options"):
            return super()._work(variables)
        if self._task.async_val or self._connection.transport != "local":
            raise AnsibleActionFail("client_options needs the connection 'local' and no async. No notice was sent.")
        results = self._of_all(hosts_of_handler(self._task, variables["inventory_hostname"]), arguments)
        return results[0] if len(results) == 1 else summed_up(results)

    def complete_arguments(self) -> None:
        """Add the text for people, and what the details say."""
        self._task.args = completed(self, self._task.args, self.operation.spec)

    def _of_all(self, hosts: Sequence[str], arguments: Mapping[str, Any]) -> list[Result]:
        """Return the result of each host that has a notice. Threads send; templates are not made for threads."""
        interrupted: list[Result] = []
        sending: list[Future[Result]] = []
        pool = ThreadPoolExecutor(THREADS)
        try:
            for host in hosts:
                sending += [pool.submit(notice) for notice in self._notices(host, arguments)]
            wait(sending)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # Ansible's task timeout is no Exception
            interrupted.append(failed_result(unexpected(error), OTHERS, LEFT))
        finally:
            pool.shutdown(cancel_futures=True)
        return [*(future.result() for future in sending if not future.cancelled()), *interrupted]

    def _notices(self, host: str, arguments: Mapping[str, Any]) -> list[Callable[[], Result]]:
        """Return what sends the notice of a host, if it has one; what is wrong with it is its own result."""
        try:
            params = self._params(host, arguments)
        except Exception as error:
            reason = error if isinstance(error, AnsibleError) else unexpected(error).cause
            failure = {"failed": True, "changed": False, "client": host, "msg": one_line(f"{host}: {reason}")}
            return [lambda: failure]
        return [partial(self.operation.outcome, params, check=self._task.check_mode, diff=False)] if params else []

    def _params(self, host: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        variables = variables_of(self._task, host)
        self._templar.available_variables = variables  # a templar of its own for each host would load all filters anew
        given = options_in(self._templar, str(arguments["client_options"]))
        # First what decides: nobody has to hear of an option that no notice needs.
        options = evaluated({name: given[name] for name in DECISIVE if name in given}, self._templar)
        if not is_told(options):
            return {}
        options |= evaluated({name: given[name] for name in given if name not in DECISIVE}, self._templar)
        self._refuse_without_settings(variables)
        self._task.args = self.options_of({FROM_VARIABLES: arguments.get(FROM_VARIABLES), **options}, host)
        self.complete_arguments()
        return self.validated()


def summed_up(results: Sequence[Result]) -> Result:
    """Return one result for those of several hosts; a failure among them is a warning, for each speaks for itself."""
    if not results:
        return {"skipped": True, "changed": False, "skip_reason": "No host has a notice to send."}
    lost = sum(not (result.get("delivered") or result["changed"]) for result in results)
    failures = [str(result["msg"]) for result in results if result.get("failed")]
    return {
        "changed": any(result["changed"] for result in results),
        "msg": f"{len(results)} notices, {lost} of them not delivered.",
        "warnings": [*(text for result in results for text in result.pop("warnings", ())), *failures],
        "results": list(results),
    }
