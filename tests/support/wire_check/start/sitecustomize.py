# SPDX-License-Identifier: GPL-3.0-or-later
"""Python runs this first in every process that has this folder on its PYTHONPATH; it needs no package."""

from __future__ import annotations

import importlib.util
import os
import sys

NAME = "wire_check"
FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# By its path: what lies beside the package must not be seen by programs that know nothing of the tests.
spec = importlib.util.spec_from_file_location(
    NAME, os.path.join(FOLDER, "__init__.py"), submodule_search_locations=[FOLDER]
)
if spec and spec.loader and os.environ.get("WIRE_CHECK_FINDINGS"):
    sys.modules[NAME] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[NAME])
    importlib.import_module(f"{NAME}.hook").await_the_sdk()
