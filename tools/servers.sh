#!/usr/bin/env bash
# Run the integration tests on every server, or on those that are named: tools/servers.sh mariadb-10.5 mariadb-11.8
set -euo pipefail
cd "$(dirname "$0")/.."

export PYTHONPATH=tools
exec .venv/bin/python tools/servers.py "$@"
