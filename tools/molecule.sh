#!/usr/bin/env bash
# Run all molecule scenarios, or those that the arguments choose: tools/molecule.sh -s schedule_cron
set -euo pipefail
cd "$(dirname "$0")/.."

PATH="$PWD/.venv/bin:$PATH"
exec molecule test "${@:---all}"
