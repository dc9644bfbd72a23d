#!/usr/bin/env bash
# Run the fault matrix, or the part of it that the arguments choose: tools/faults.sh --help
set -euo pipefail
cd "$(dirname "$0")/.."

export PYTHONPATH=tests:tests/support:tools:collections
exec .venv/bin/python tests/support/checked.py .venv/bin/python -m faults "$@"
