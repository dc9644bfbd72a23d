# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Debian mirror the local world takes, from the ways in which apt's sources are written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from world.apt_source import find_mirror

pytestmark = pytest.mark.skipif(not shutil.which("apt-get"), reason="apt reads its own sources")
OLD = "deb http://mirror.invalid/debian bookworm main contrib # ours\n"
SIGNED = "deb [arch=amd64 signed-by=/keys/debian.gpg] http://mirror.invalid/debian/ bookworm main\n"
SECURITY = "deb http://mirror.invalid/debian-security bookworm-security main\n"
THIRD_PARTY = "deb https://other.invalid/apt stable main\n"
STANZAS = """\
Types: deb deb-src
# http://old.invalid/debian
URIs:
 http://mirror.invalid/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /keys/debian.gpg

Types: deb
URIs: http://mirror.invalid/debian-security
Suites: bookworm-security
Components: main
"""


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"sources.list": SECURITY + THIRD_PARTY + OLD}, "deb http://mirror.invalid/debian sid main\n"),
        (
            {"sources.list.d/a.list": SIGNED},
            "deb [signed-by=/keys/debian.gpg] http://mirror.invalid/debian sid main\n",
        ),
        (
            {"sources.list.d/a.sources": STANZAS},
            "deb [signed-by=/keys/debian.gpg] http://mirror.invalid/debian sid main\n",
        ),
        (
            {"sources.list": "# deb http://mirror.invalid/debian sid main\n", "sources.list.d/a.list": OLD},
            OLD.split(" bookworm", maxsplit=1)[0] + " sid main\n",
        ),
    ],
)
def test_the_archive_is_found(tmp_path, files, line):
    write(tmp_path, files)
    source = find_mirror(tmp_path)
    assert source is not None
    assert source.line("sid") == line


@pytest.mark.parametrize(
    "files", [{}, {"sources.list": ""}, {"sources.list.d/a.sources": STANZAS.replace("Types:", "Enabled: no\nTypes:")}]
)
def test_no_source_is_no_mirror(tmp_path, files):
    write(tmp_path, files)
    assert find_mirror(tmp_path) is None


def write(folder: Path, files: dict[str, str]) -> None:
    """Lay out an /etc/apt."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
