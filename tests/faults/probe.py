# SPDX-License-Identifier: GPL-3.0-or-later
"""A consumer that logs in all the time with AWSCURRENT while its client is rotated again and again."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack

from managed import secrets_manager

from .cases import Case
from .crowd import broken, crowd, for_all, settle
from .judge import logs_in
from .races import finish, start
from .report import Trial
from .setting import Setting

LOGINS, MOVED, REFUSED = "logins", "moved meanwhile", "refused"


class Consumer:
    """Reads the secret and logs in, in turns at every row; a password that is refused is read again."""

    def __init__(self, cases: Sequence[Case]) -> None:
        """Watch these clients, one after the other, in a thread."""
        self.seen: Counter[str] = Counter()
        self.refusals: list[str] = []
        self._cases = cases
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._consume, daemon=True)

    def __enter__(self) -> Consumer:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join(60)

    def _consume(self) -> None:
        while not self._over.is_set():
            for case in self._cases:
                for row in case.server.rows:
                    self._log_in(case, row)

    def _log_in(self, case: Case, row: str) -> None:
        version, password = read(case)
        self.seen[LOGINS] += 1
        if logs_in(case, row, password):
            return
        now, _password = read(case)
        self.seen[REFUSED if now == version else MOVED] += 1
        if now == version:
            self.refusals.append(f"{case.client.name} on {case.server.name}: AWSCURRENT {version} refused at {row}")


def read(case: Case) -> tuple[str, str]:
    """Version and password of AWSCURRENT, as a consumer reads them."""
    client = case.client
    answer = secrets_manager(client.aws).get_secret_value(SecretId=client.secret_id, VersionStage="AWSCURRENT")
    return answer["VersionId"], str(json.loads(answer["SecretString"])["password"])


def probe(setting: Setting, servers: Sequence[str], rotations: int, clients: int, overlap: int = 0) -> list[Trial]:
    """Rotate so often on each server, with consumers at work; with an overlap nothing read is ever refused."""
    with crowd(setting, servers, clients) as cases, ExitStack() as consumers:
        groups = {name: [case for case in cases if case.server.name == name] for name in servers}
        at_work = {name: consumers.enter_context(Consumer(group)) for name, group in groups.items()}
        for _number in range(-(-rotations // clients)):
            finish([start(setting, cases, "probed", rotation_overlap=overlap)])
        consumers.close()
        if not overlap:
            for_all(cases, settle)
        return [tried(name, groups[name], at_work[name], rotations, overlap) for name in servers]


def tried(server: str, cases: Sequence[Case], consumer: Consumer, rotations: int, overlap: int) -> Trial:
    """The figures of one server."""
    lines = [*consumer.refusals, *broken(cases)]
    # Two versions were there before.
    done = sum(len(case.known_passwords()) - 2 for case in cases)
    if done < rotations:
        lines.append(f"only {done} of {rotations} rotations")
    if overlap and consumer.seen[MOVED]:
        lines.append(f"{consumer.seen[MOVED]} logins were refused in spite of the overlap")
    figures = {"rotations": done, **{name: consumer.seen[name] for name in (LOGINS, REFUSED, MOVED)}}
    return Trial(f"consumer on {server}, overlap {overlap} s", figures, lines)
