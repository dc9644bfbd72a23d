#!/usr/bin/env bash
# Measure a fleet's rotation against a playbook of stock collections: tools/bench.sh --help
set -euo pipefail
cd "$(dirname "$0")/.."

export PYTHONPATH=tests:tests/support:tools:collections
exec .venv/bin/python tests/support/checked.py .venv/bin/python -m bench "$@"
