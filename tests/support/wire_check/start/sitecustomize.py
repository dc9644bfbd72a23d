# SPDX-License-Identifier: GPL-3.0-or-later
"""Python runs this first in every process that has this folder on its PYTHONPATH.

Most of them never ask AWS, so the package comes with the SDK, and here nothing is imported that is not there anyway.
"""

from __future__ import annotations

import os
import sys

NAME = "wire_check"
FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SDK = "botocore"


class Awaiting:
    """A finder that finds nothing itself, and brings the check to the SDK when that is imported."""

    def find_spec(self, name, path, target=None):
        if name != SDK:
            return None
        from importlib.machinery import PathFinder

        spec = PathFinder.find_spec(name, path)
        if spec and spec.loader:
            load = spec.loader.exec_module

            def load_and_install(module):
                load(module)
                package().install(module)

            spec.loader.exec_module = load_and_install  # type: ignore[method-assign]
        return spec


def package():
    """Return the module that is to be installed; what lies beside the package must not be seen by other programs."""
    import importlib.util

    if NAME not in sys.modules:
        path = os.path.join(FOLDER, "__init__.py")
        spec = importlib.util.spec_from_file_location(NAME, path, submodule_search_locations=[FOLDER])
        assert spec and spec.loader
        sys.modules[NAME] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[NAME])
    return importlib.import_module(f"{NAME}.hook")


if os.environ.get("WIRE_CHECK_FINDINGS"):
    sys.meta_path.insert(0, Awaiting())
