#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Look for known vulnerabilities in what the locks name, and for secrets in all files and in all commits.
# tools/scan.sh secrets FOLDER looks for secrets in a folder alone.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.cache/supply/bin
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
status=0

# It reads file names from standard input, below the current folder: it skips all others without a word. Without the
# detectors that guess, for tests are full of passwords.
find_secrets() {
    xargs -0 "$bin/detect-secrets-hook" --no-verify --disable-plugin Base64HighEntropyString \
        --disable-plugin HexHighEntropyString --disable-plugin KeywordDetector
}

# A scan that finds nothing says something only if it can find.
is_able() {
    echo "key = $(printf 'AKIA%s' QYLPMN5HHHFPIZQ2)" >"$scratch/planted.txt"
    (cd "$scratch" && ! printf 'planted.txt\0' | find_secrets >/dev/null 2>&1) ||
        { echo "scan: a planted key was not found" >&2; exit 1; }
}

is_able
if [ "${1:-}" = secrets ]; then
    cd "$2"
    find . -type f -print0 | find_secrets
    exit
fi

echo "== secrets in files"
git ls-files -z | find_secrets || status=1
echo "== secrets in commits"
git log --all --patch --no-color >"$scratch/history.txt"
(cd "$scratch" && printf 'history.txt\0' | find_secrets) || status=1
for lock in locks/*.txt; do
    echo "== vulnerabilities in $lock"
    # What could not be asked about is a failure, too.
    "$bin/pip-audit" --strict --disable-pip --require-hashes --progress-spinner off --requirement "$lock" || status=1
done
exit "$status"
