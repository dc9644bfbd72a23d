# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits for botocore to be imported, and then looks at each request before it is built.

Only what Python needs at its start is imported here: most processes never ask AWS.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder
from typing import Any

SDK = "botocore"
ID = "wire-check"


def await_the_sdk() -> None:
    """Have every session of the SDK checked that this process or a fork of it will make."""
    if SDK in sys.modules:
        _install(sys.modules[SDK])
    elif not any(isinstance(finder, _Awaiting) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Awaiting())


class _Awaiting(MetaPathFinder):
    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name != SDK:
            return None
        spec = PathFinder.find_spec(name, path)
        if spec and spec.loader:
            _after(spec.loader)
        return spec


def _after(loader: Any) -> None:
    load = loader.exec_module

    def load_and_install(module: Any) -> None:
        load(module)
        _install(module)

    loader.exec_module = load_and_install


def _install(sdk: Any) -> None:
    if not any(initializer is _watch for initializer in sdk._INITIALIZERS):
        sdk.register_initializer(_watch)
        from . import findings

        try:
            from . import check as _loaded  # noqa: F401  for forks to inherit
        except ImportError as error:
            findings.record(findings.Finding.unchecked(str(error)))


def _watch(session: Any) -> None:
    from . import check

    events = session.get_component("event_emitter")
    # Last, for the SDK itself fills in a token that the caller left out.
    events.register_last("before-parameter-build", check.check, unique_id=f"{ID}-check")
    events.register_first("before-call", check.answer, unique_id=f"{ID}-answer")
