# SPDX-License-Identifier: GPL-3.0-or-later
"""Has every session of the SDK look at each request before it is built."""

from __future__ import annotations

from typing import Any

from . import findings

ID = "wire-check"


def install(sdk: Any) -> None:
    """Have every session checked that this process, or a fork of it, will make; once is enough."""
    if _watch in sdk._INITIALIZERS:
        return
    try:
        from . import check as _loaded  # noqa: F401  now, for forks to inherit
    except ImportError as error:
        findings.record(findings.Finding.unchecked(str(error)))
    else:
        sdk.register_initializer(_watch)


def _watch(session: Any) -> None:
    from . import check

    events = session.get_component("event_emitter")
    # Last, for the SDK itself fills in a token that the caller left out.
    events.register_last("before-parameter-build", check.check, unique_id=f"{ID}-check")
    events.register_first("before-call", check.answer, unique_id=f"{ID}-answer")
