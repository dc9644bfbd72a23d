# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmark makes of measured runs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from .measure import Measured
from .report import report
from .short import claimed, verdict

PAGE = (Path(__file__).resolve().parents[2] / "docs/performance.md").read_text()


def measured(name: str, clients: int, wall: float, cpu: float = 1) -> Measured:
    return Measured(f"{name} {clients}", clients, wall, cpu, 0, 0, clients, 0, Counter(), "")


@pytest.mark.parametrize(("share", "fails"), [(1, False), (0.51, False), (0.49, True)])
def test_the_short_form_fails_below_half_of_what_the_page_claims(share: float, fails: bool) -> None:
    claim = claimed(PAGE)
    told = verdict([measured("ours", 60, 6), measured("stock", 20, 2 * claim * share)], PAGE)
    assert bool(told) is fails
    assert not fails or (f"{claim * share:.1f} times as long" in told and f"claims {claim:g}" in told)


def test_the_page_tells_the_start_from_one_more_client() -> None:
    page = report([measured("ours", 10, 7, 5), measured("ours", 60, 17, 20), measured("stock", 20, 60, 40)], 5)
    assert "From 10 to 60 clients, one more takes 200 ms, and 300 ms of processor time; without clients" in page
    assert "a run would take 5.0 s." in page
    assert "the stock playbook (20 clients) takes 4.3 times the time of ours (10 clients)" in page
    assert "takes 10.6 times the time of ours (60 clients), and 6.0 times the processor time" in page
    assert "compiled" not in page
