#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Prepare .cache/ministack, the AWS that judges policies in tests/integration/test_iam_enforced.py; instant if it is there.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=.cache/ministack
requirements=tests/requirements-ministack.txt

if ! "$folder/bin/python" -c 'import ministack' 2>/dev/null || ! cmp --silent "$requirements" "$folder/.setup"; then
    echo "packages: installing into $folder"
    "${PYTHON:-python3}" -m venv --clear "$folder"
    "$folder/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check -r "$requirements"
    cp "$requirements" "$folder/.setup"
    echo "packages: ready"
fi
