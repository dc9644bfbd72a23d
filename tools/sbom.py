# SPDX-License-Identifier: GPL-3.0-or-later
"""List what the execution environment and the package of the functions contain (CycloneDX), and judge the licences.

make sbom
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

from lambda_package import PYTHON, ROOT

LOCKED = {"ee": "the execution environment", "lambda": "the package of the Lambda functions"}
# What may be combined with the GPL, version 3 or later: https://www.gnu.org/licenses/license-list.html
ACCEPTED = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "GPL-3.0-or-later", "ISC", "MIT", "MIT-0"}
# The names of classifiers, where a package has no identifier of SPDX.
NAMES = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: ISC License (ISCL)": "ISC",
    "License :: OSI Approved :: MIT License": "MIT",
}
# Packages whose metadata name none, and what is in their repository.
UNNAMED = {"dumb-init": {"MIT"}}


def main() -> None:
    """Write one file for each lock, print the licences, and fail if one is not accepted."""
    refused = []
    for lock, title in LOCKED.items():
        target = ROOT / "dist" / f"sbom-{lock}.cdx.json"
        target.parent.mkdir(exist_ok=True)
        write(lock, target)
        print(f"{target.relative_to(ROOT)}: {title}")
        for part in json.loads(target.read_text())["components"]:
            names = licences(part) or UNNAMED.get(part["name"], set())
            print(f"  {part['name']:20} {part['version']:14} {' or '.join(sorted(names))}")
            refused += [] if names & ACCEPTED else [part["name"]]
    if refused:
        sys.exit(f"sbom: the licence is not one of {sorted(ACCEPTED)}: {', '.join(refused)}")


def write(lock: str, target: Path) -> None:
    """Install what is locked into an empty environment, and list that."""
    with tempfile.TemporaryDirectory() as name:
        venv.create(name, symlinks=True)
        (packages,) = Path(name).glob("lib/python*/site-packages")
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
        # The locks are for that Python; the one here may be older.
        install += ["--ignore-requires-python", "--only-binary=:all:", f"--python-version={PYTHON}"]
        install += ["--no-deps", f"--target={packages}"]
        subprocess.run([*install, "--require-hashes", f"--requirement={ROOT / 'locks' / lock}.txt"], check=True)
        lister = [str(ROOT / ".cache/supply/bin/cyclonedx-py"), "environment", "--output-reproducible"]
        subprocess.run([*lister, f"--output-file={target}", f"{name}/bin/python"], check=True)


def licences(part: dict[str, Any]) -> set[str]:
    """Return the licences of which one may be chosen."""
    found = set()
    for entry in part.get("licenses", []):
        licence = entry.get("license", {})
        found.add(entry.get("expression") or licence.get("id") or licence.get("name", ""))
    return {NAMES.get(name, name) for text in found for name in text.split(" OR ")}


if __name__ == "__main__":
    main()
