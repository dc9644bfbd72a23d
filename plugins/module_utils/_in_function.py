# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether this runs as a Lambda function."""

from __future__ import annotations

import os

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
SET_BY_LAMBDA = "AWS_LAMBDA_FUNCTION_NAME"


def in_function() -> bool:
    """Tell whether Lambda started this run."""
    return SET_BY_LAMBDA in os.environ
