# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict on what a run said and wrote: P4, P5 and P7 of the design."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence

from canaries import hits

from .cases import GUESS, LEAK, SILENT, Case
from .controller import Controller
from .judge import Sight


def judge_told(case: Case, run: Controller, *, survived: bool) -> None:
    """P4: a failure is told, by the exit status and by a message that says step, state and what to do next."""
    result = case.result = run.results().get(case.client.name, {})
    status = result.get("status")
    if status != "ok" and run.status == 0:
        case.found(SILENT, f"the exit status is 0 although the client's result is {status or 'missing'}")
    if survived and not status:
        case.found(SILENT, "the run went on, but told nothing of this client")
    if status not in (None, "ok") and not is_told(case, result.get("msg", "")):
        case.found(SILENT, f"a message without step, state or next command: {result.get('msg')}")


def is_told(case: Case, message: str) -> bool:
    """Whether a message has the form of every failure."""
    # Before it has read the secret, the function knows no name of the client.
    name = "|".join(map(re.escape, (case.client.name, case.client.secret_id)))
    return bool(re.fullmatch(rf"({name}): stopped at step '[a-z ]+': \S.* State: \S.* Next: \S.*", message, re.DOTALL))


def judge_claim(case: Case, sight: Sight) -> None:
    """P4: what is called done is done."""
    if case.result.get("status") != "ok" or (case.fault and case.fault.human) or case.path.overlap or is_kept(case):
        return
    if sight.with_others:
        case.found(SILENT, f"called done, but another password is on {sight.with_others}")
    if not sight.recorded and not case.result.get("warnings"):
        case.found(SILENT, "called done, but not recorded, without a warning")


def is_kept(case: Case) -> bool:
    """Whether the run said that the old password stays valid because a replica region lags."""
    return any("stays valid, because replica regions" in text for text in case.result.get("warnings") or [])


def judge_guesses(cases: Sequence[Case], refused: Counter[str], before: Counter[str], runs: int = 1) -> None:
    """P7: at most one refused login of each account in a run."""
    for case in cases:
        more = refused[case.client.user] - before[case.client.user]
        if more > runs:
            case.found(GUESS, f"{more} refused logins in {runs} run(s)")


def judge_leaks(cases: Sequence[Case], written: dict[str, bytes]) -> None:
    """P5: no password of any version is in what was written anywhere, in any form."""
    owners = {password: case for case in cases for password in case.known_passwords()}
    for place, text in written.items():
        for password in {hit.canary.text for hit in hits(text, owners)}:
            owners[password].found(LEAK, f"a password is in the {place}")
    for case in cases:
        if hits(json.dumps(case.described()[1]).encode(), owners):
            case.found(LEAK, "a password is in the tags")
