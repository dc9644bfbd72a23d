#!/usr/bin/env bash
# Run all molecule scenarios, or those that the arguments choose: tools/molecule.sh -s rotate
set -euo pipefail
cd "$(dirname "$0")/.."

PATH="$PWD/.venv/bin:$PATH"
export MOLECULE_EPHEMERAL_DIRECTORY=$PWD/.cache/molecule
# Nobody's own AWS account is meant.
unset "${!AWS_@}"

# Molecule destroys what a failed scenario leaves, but not after a signal.
end() {
    WORLD_FOLDER=$MOLECULE_EPHEMERAL_DIRECTORY/world PYTHONPATH=tools .venv/bin/python -m world down >/dev/null
    rm -rf "$MOLECULE_EPHEMERAL_DIRECTORY"
}

mkdir -p .cache
exec 9>.cache/molecule.lock
flock --nonblock 9 || { echo "molecule: another run in this checkout has not ended." >&2; exit 1; }
end
trap end EXIT
.venv/bin/python tests/support/checked.py molecule test "${@:---all}"
