#!/usr/bin/env bash
# Stop the local world, then remove everything that git ignores as generated, but for .audit, which is a record.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -x .venv/bin/python ] && [ -d .cache ]; then
    for world in .cache/world .cache/molecule/world; do
        WORLD_FOLDER=$PWD/$world PYTHONPATH=tools .venv/bin/python -m world down
    done
fi
rm -rf .ansible .cache .mypy_cache .pytest_cache .ruff_cache .venv dbops-rotation-*.tar.gz
