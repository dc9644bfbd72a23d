#!/usr/bin/env bash
# Run the named test suites, by default unit then integration. Both run even when the first fails.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

suites=("$@")
[ $# -gt 0 ] || suites=(unit integration)
failed=()
for suite in "${suites[@]}"; do
    echo "== $suite"
    .venv/bin/python -m pytest "tests/$suite" || failed+=("$suite")
done
[ ${#failed[@]} -eq 0 ] || { echo "Failed: ${failed[*]}" >&2; exit 1; }
