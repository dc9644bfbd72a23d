#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Prepare .venv and the database servers, once; then instant. With "dev" or "--dev" also what lint, molecule and the slow
# tests need, a browser among it; with "--supply" what make lock, scan, sbom and release-check need. Packages come by the
# hashes of locks/.
# PYTHON names another interpreter than python3, MYSQLD and MARIADBD other servers than the ones found.
set -euo pipefail
cd "$(dirname "$0")/.."

locked=locks/test.txt
stamp=.venv/.setup
log=.cache/setup.log
apart=()
fetched=(fetch)
export PYTHONPATH=tools
case ${1:-} in
"") ;;
dev | --dev)
    locked=locks/dev.txt
    stamp=.venv/.setup-dev
    apart=(awscli localstack ministack)
    fetched=(fetch browser)
    ;;
--supply) apart=(supply) ;;
*)
    echo "setup: the arguments are: --dev, --supply" >&2
    exit 2
    ;;
esac

fail() {
    echo "setup: $*" >&2
    exit 1
}

# What the packages in an environment depend on: its Python, and a lock. Empty when it does not work, as after an upgrade
# of Python.
fingerprint() {
    "$1/bin/python" -c 'import sys; print(sys.version)' 2>/dev/null || return 0
    cat "$2"
}

is_ready() {
    [ -f "$1" ] && fingerprint "$2" "$3" | cmp --silent - "$1"
}

make_venv() {
    local python=${PYTHON:-python3}
    command -v "$python" >/dev/null || fail "there is no $python: install Python 3.11 or newer."
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "$("$python" --version) is too old: install Python 3.11 or newer and name it with PYTHON=/path/to/python3."
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python cannot make virtual environments: install its venv module (Debian: apt-get install python3-venv)."
    "$python" -m venv --clear "$1" >"$log" 2>&1 || fail "python -m venv failed: see $log."
}

# install_packages STAMP ENVIRONMENT LOCK
install_packages() {
    is_ready "$@" && return
    [ -n "$(fingerprint "$2" /dev/null)" ] || make_venv "$2"
    echo "packages: installing into $2"
    # Compiling all of them takes a third of the time, and most modules are never imported.
    "$2/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check --no-deps --require-hashes -r "$3" \
        >"$log" 2>&1 ||
        fail "pip could not install the packages ($(grep '^ERROR' "$log" | tail -n 1)): see $log."
    fingerprint "$2" "$3" >"$1"
    echo "packages: ready"
}

# The pins of an emulator fit neither ours nor another's, and the tools of a release are no part of what they look at.
install_apart() {
    local name
    for name in "${apart[@]}"; do
        install_packages ".cache/$name/.setup" ".cache/$name" "locks/$name.txt"
    done
}

# With Python's standard library only.
fetch() {
    local what
    for what in "${fetched[@]}"; do
        .venv/bin/python -S -m world "$what" || return
    done
}

if is_ready "$stamp" .venv "$locked"; then
    install_apart
    fetch
    exit
fi

mkdir -p .cache
[ -n "$(fingerprint .venv /dev/null)" ] || make_venv .venv
# Both take long, and they share nothing.
# Under job control they form a process group, which can be ended as a whole.
set -m
fetch &
servers=$!
set +m
trap 'kill -- "-$servers" 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM
install_packages "$stamp" .venv "$locked"
install_apart
wait "$servers" || exit 1
trap - EXIT INT TERM
