# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vega and Vega-Lite, which vl-convert carries in its package. Only the report needs them, so only it imports them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from .._codes import Code
from .._errors import RotationError

PINNED = "1.9.0.post1"


@lru_cache
def javascript() -> str:
    """Return what draws the charts in a browser, as one script. Raises RotationError where it is not installed."""
    script: str = _converter().javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def to_vega(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a chart as a browser draws it at once. Raises RotationError where the library is not installed."""
    vega: dict[str, Any] = _converter().vegalite_to_vega(spec)
    return vega


def _converter() -> Any:
    try:
        import vl_convert
    except ImportError:
        raise RotationError(
            "The Python library 'vl_convert', which draws the charts of a report, is not installed for the Python that"
            " runs this task.",
            code=Code.MISSING_LIBRARY,
            next_step=f"Install it there: python -m pip install vl-convert-python=={PINNED}"
            " (requirements-report.txt of the collection).",
        ) from None
    return vl_convert
