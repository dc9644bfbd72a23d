# SPDX-License-Identifier: GPL-3.0-or-later
"""What the archives of a release contain, and what they may contain."""

from __future__ import annotations

import json
import tarfile
import zipfile
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path

LISTS = ("MANIFEST.json", "FILES.json")
# What ansible-galaxy packs. A * goes over folders, too.
COLLECTION = [
    *LISTS,
    *("CHANGELOG.rst", "CONTRIBUTING.md", "LICENSE", "LICENSES/GPL-3.0-or-later.txt", "README.md", "REUSE.toml"),
    *(
        "SECURITY.md",
        "bindep.txt",
        "execution-environment.yml",
        "requirements*.txt",
        "requirements*.yml",
        "locks/ee.txt",
    ),
    *("changelogs/*.yaml", "changelogs/fragments/*.yml", "docs/*.md", "docs/*.rst", "docs/*.yml", "docs/iam/*.json"),
    "docs/examples/*.py",
    *("docs/diagrams/*.mmd", "docs/diagrams/*.svg", "extensions/molecule/*.yml", "inventories/*.yml", "meta/*.yml"),
    *("playbooks/*.yml", "plugins/*.py", "roles/*.md", "roles/*.yml", "roles/*.j2", "tests/*.py", "tests/*.yml"),
    *("tests/requirements*.txt", "tests/unit/*.json"),
]
LIBRARIES = ["botocore", "cffi", "cryptography", "dateutil", "jinja2", "jmespath", "markupsafe", "nacl", "pycparser"]
LIBRARIES += ["pymysql", "tzdata", "urllib3"]
FUNCTIONS = [
    *(
        "ansible_collections/dbops/rotation/plugins/module_utils/*.py*",
        "*_function.py",
        "__pycache__/*.cpython-313.pyc",
    ),
    "ansible_collections/dbops/rotation/roles/rotation/templates/notices/*.j2",
    *("six.py", "_cffi_backend.*.so", "*.dist-info/*", *(f"{library}/*" for library in LIBRARIES)),
]
ENVIRONMENT = ["execution-environment.yml", "requirements.yml", "bindep.txt", "locks/ee.txt"]
HIDDEN = [".*", "*/.*"]
# What the locks vouch for.
FOREIGN = [*LIBRARIES, "*.dist-info"]


def unwanted(names: list[str], allowed: list[str]) -> list[str]:
    """Return the names that do not belong into an archive."""
    return [name for name in names if not matches(name, allowed) or matches(name, HIDDEN)]


def matches(name: str, patterns: list[str]) -> bool:
    """Return whether one of the patterns fits."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def members(archive: Path) -> dict[str, str]:
    """Return each file of an archive, with a digest of its mode and its bytes."""
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as zipped:
            return {one.filename: digest(one.external_attr, zipped.read(one)) for one in zipped.infolist()}
    with tarfile.open(archive) as packed:
        files = [(one, packed.extractfile(one)) for one in packed if not one.isdir()]
        return {one.name: digest(one.mode, in_order(one.name, file.read()) if file else b"") for one, file in files}


def digest(mode: int, content: bytes) -> str:
    """Return a digest of a file."""
    return sha256(b"%o " % mode + content).hexdigest()


def in_order(name: str, content: bytes) -> bytes:
    """Sort a list of ansible-galaxy, which has the order of the disk, and leave out its digest of the other one."""
    if name == "FILES.json":
        return json.dumps(sorted(json.loads(content)["files"], key=lambda file: file["name"])).encode()
    if name == "MANIFEST.json":
        return json.dumps(json.loads(content)["collection_info"], sort_keys=True).encode()
    return content
