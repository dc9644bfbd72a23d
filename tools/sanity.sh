#!/usr/bin/env bash
# ansible-test sanity, without docker, on a built copy: it refuses a checkout that is not under ansible_collections/.
# Arguments are passed on: tools/sanity.sh --test import
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
PATH="$root/.venv/bin:$PATH"
built=$root/.cache/sanity
home=$root/.cache/home
python_version=$(python -c 'import sys; print("%d.%d" % sys.version_info[:2])')

# Its environments and caches go under .cache, not to the user's home; pip still finds its configuration.
mkdir -p "$home/.config"
for config in .config/pip .pip; do
    if [ -e "$HOME/$config" ]; then ln -sfn "$HOME/$config" "$home/$config"; fi
done
export HOME=$home ANSIBLE_HOME=$home/.ansible

# ansible-test looks for this file before it downloads get-pip from a site of its own; Python brings a pip along.
pip_version=$(python - "$python_version" <<'PYTHON'
import sys
from types import SimpleNamespace
from ansible_test._internal.python_requirements import get_venv_packages

print(get_venv_packages(SimpleNamespace(version=sys.argv[1]))["pip"].replace(".", "_"))
PYTHON
)
mkdir -p "$home/.ansible/test/cache"
cat > "$home/.ansible/test/cache/get_pip_$pip_version.py" <<'PYTHON'
import ensurepip

ensurepip.bootstrap(default_pip=True)
PYTHON

rm -rf "$built"
mkdir -p "$built"
ansible-galaxy collection build --output-path "$built" "$root"
cd "$built"
ANSIBLE_COLLECTIONS_PATH=$built ansible-galaxy collection install --no-deps --offline \
    --collections-path "$built" dbops-rotation-*.tar.gz
cd ansible_collections/dbops/rotation
# A repository of its own, or ansible-test takes the checkout's, where .cache is ignored.
git init --quiet .
ansible-test sanity --python "$python_version" "$@"
