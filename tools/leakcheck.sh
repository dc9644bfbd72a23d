#!/usr/bin/env bash
# Look for passwords in all that runs touch, in the modes that the arguments choose: tools/leakcheck.sh --help
set -euo pipefail
cd "$(dirname "$0")/.."

export PYTHONPATH=tests:tests/support:tools:collections
exec .venv/bin/python tests/support/checked.py .venv/bin/python -u -m leakcheck "$@"
