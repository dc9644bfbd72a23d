# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS in this process (moto), out of reach of the settings of the person who runs the tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from moto import mock_aws

from ansible_collections.dbops.rotation.plugins.module_utils._aws.session import forget_clients


@contextmanager
def emulated_aws() -> Iterator[None]:
    """Return an empty AWS to clients that are made within."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        forget_clients()
        with mock_aws():
            yield
        forget_clients()
