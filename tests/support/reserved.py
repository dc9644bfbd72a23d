# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets Manager's own rotation over a world in memory: it reserves a version, and calls the steps until they end."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from memory_world import PowerCut, World, rotate_in

from ansible_collections.dbops.rotation.plugins.module_utils._context.request import ALL, STORE
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError

T = "T" * 32
ATTEMPTS = 4


def reserve(world: World) -> str:
    """Put AWSPENDING on a version without a value, or take up the one that an earlier rotation has left there."""
    if world.stages.get("AWSPENDING") in (None, world.stages["AWSCURRENT"]):
        world.stages["AWSPENDING"] = T
    return world.stages["AWSPENDING"]


def create(world: World, token: str, **more: Any) -> dict[str, Any]:
    return _step(world, token, steps=STORE, **more)


def test(world: World, token: str, **more: Any) -> dict[str, Any]:
    return _step(world, token, steps=ALL, check=True, **more)


def finish(world: World, token: str, **more: Any) -> dict[str, Any]:
    return _step(world, token, steps=ALL, **more)


STEPS: tuple[Callable[..., dict[str, Any]], ...] = (create, test, finish)


def _step(world: World, token: str, **more: Any) -> dict[str, Any]:
    return rotate_in(world, "on_demand", token=token, requested_by="secretsmanager", **more)


def rotate_by_aws(world: World, token: str) -> None:
    """Call all steps, and all of them again where one fails; raises what the last attempt failed with."""
    for _attempt in range(ATTEMPTS - 1):
        with contextlib.suppress(PowerCut, RotationError):
            return _call_all(world, token)
    return _call_all(world, token)


def _call_all(world: World, token: str) -> None:
    for step in STEPS:
        step(world, token)
    if world.stages.get("AWSPENDING") == world.stages["AWSCURRENT"]:
        del world.stages["AWSPENDING"]
