#!/usr/bin/env bash
# Simulate a year of a fleet: tools/sim.sh --help
set -euo pipefail
cd "$(dirname "$0")/.."

export PYTHONPATH=tests:tests/support:tools:collections
exec .venv/bin/python tests/support/checked.py .venv/bin/python -m sim "$@"
