#!/usr/bin/env bash
# Run every linter, even after one has failed; fail if any did.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
PATH="$PWD/.venv/bin:$PATH"
failed=()

check() {
    echo "== $*"
    "$@" || failed+=("$1")
}

check ruff check .
check ruff format --check .
check mypy -p ansible_collections.dbops.rotation.plugins
check mypy tools
check mypy --allow-untyped-defs --allow-incomplete-defs --allow-untyped-calls --allow-any-generics --allow-subclassing-any tests
check yamllint --strict .
check ansible-lint --offline --profile production
check antsibull-docs lint-collection-docs --plugin-docs --check-extra-docs-refs .
check antsibull-changelog lint
check reuse lint --quiet

[ ${#failed[@]} -eq 0 ] || { echo "Failed: ${failed[*]}" >&2; exit 1; }
