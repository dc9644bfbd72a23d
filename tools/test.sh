#!/usr/bin/env bash
# Run the named test suites, by default all but the slow one. Each of them runs even when one before it fails.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

suites=("$@")
[ $# -gt 0 ] || suites=(unit integration sim faults)
failed=()
for suite in "${suites[@]}"; do
    echo "== $suite"
    case $suite in
    slow) chosen=(tests/integration -m slow) ;;
    integration) chosen=(tests/integration -m "not slow") ;;
    *) chosen=("tests/$suite") ;;
    esac
    .venv/bin/python -m pytest "${chosen[@]}" || failed+=("$suite")
done
[ ${#failed[@]} -eq 0 ] || { echo "Failed: ${failed[*]}" >&2; exit 1; }
