#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Write locks/ from the requirement files: every package that is installed, with the hashes of its files.
# Versions stay as they are; --upgrade brings all of them up to date, --upgrade-package NAME one.
set -euo pipefail
cd "$(dirname "$0")/.."
options=("$@")

# lock NAME PYTHON REQUIREMENTS...
lock() {
    echo "locks/$1.txt"
    .cache/supply/bin/uv pip compile --quiet --universal --generate-hashes "--python-version=$2" \
        "--output-file=locks/$1.txt" "${@:3}" "${options[@]}"
}

lock dev 3.11 requirements.txt requirements-report.txt tests/requirements.txt tests/requirements-dev.txt tests/requirements-nox.txt
# What dev has, too, is the same there.
lock test 3.11 requirements.txt requirements-report.txt tests/requirements.txt --constraints=locks/dev.txt
lock nox 3.11 tests/requirements-nox.txt --constraints=locks/dev.txt
lock awscli 3.11 tests/requirements-awscli.txt
lock localstack 3.11 tests/requirements-localstack.txt
lock ministack 3.11 tests/requirements-ministack.txt
lock supply 3.11 tests/requirements-supply.txt
# The Python of the image and the one of the functions.
lock ee 3.13 requirements-ee.txt
lock lambda 3.13 requirements-lambda.txt --constraints=locks/ee.txt
