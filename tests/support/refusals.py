# SPDX-License-Identifier: GPL-3.0-or-later
"""The error with which the engine refuses a call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError


def refusal_of(call: Callable[..., Any], *arguments: Any, **named: Any) -> RotationError:
    """Call, which has to raise one; give it."""
    with pytest.raises(RotationError) as caught:
        call(*arguments, **named)
    return caught.value
