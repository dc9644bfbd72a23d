# SPDX-License-Identifier: GPL-3.0-or-later
"""The locks: all that is installed, with hashes, in versions that the requirement files allow."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from locked import LOCKS, ROOT, locked, requirements
from packaging.utils import canonicalize_name

SCRIPT = (ROOT / "tools/lock.sh").read_text()
CALLS = {name: rest.split() for name, rest in re.findall(r"^lock (\w+) [\d.]+ (.*)$", SCRIPT, re.MULTILINE)}
SOURCES = {name: [word for word in words if not word.startswith("--")] for name, words in CALLS.items()}


def test_every_lock_is_written_by_the_script() -> None:
    assert {path.stem for path in LOCKS} == set(CALLS)


def test_every_requirement_file_is_locked() -> None:
    files = {path.relative_to(ROOT).as_posix() for folder in (ROOT, ROOT / "tests") for path in folder.glob("req*.txt")}
    assert files == {name for names in SOURCES.values() for name in names}


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_a_lock_has_what_its_files_require(name: str) -> None:
    pins = locked(name)
    for source in SOURCES[name]:
        for wanted in requirements(source):
            found = [pin for pin in pins if pin.name == canonicalize_name(wanted.name)]
            assert found, f"make lock: {wanted} of {source} is missing"
            versions = [str(pin.specifier).removeprefix("==") for pin in found]
            assert any(version in wanted.specifier for version in versions), f"make lock: {wanted} of {source}"


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_every_package_has_one_version_and_hashes(path: Path) -> None:
    entries = re.split(r"\n(?=\w)", path.read_text())[1:]
    assert len(entries) > 1
    for entry in entries:
        assert re.match(r"[\w.-]+==[\w.+-]+ (; .+ )?\\\n    --hash=sha256:[0-9a-f]{64}", entry), entry


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_no_lock_names_where_packages_come_from(path: Path) -> None:
    assert "://" not in path.read_text() and "index" not in path.read_text()


@pytest.mark.parametrize(("small", "large"), [("test", "dev"), ("nox", "dev"), ("lambda", "ee")])
def test_two_locks_agree(small: str, large: str) -> None:
    shared = {pin.name for pin in locked(small)} & {pin.name for pin in locked(large)}
    assert shared

    def versions(lock: str) -> set[str]:
        return {f"{pin.name}{pin.specifier}" for pin in locked(lock) if pin.name in shared}

    assert versions(small) <= versions(large)


def test_set_up_installs_locks_only() -> None:
    script = (ROOT / "tools/setup.sh").read_text()
    assert "--require-hashes" in script and "requirements" not in script
    named = {*re.findall(r"locks/(\w+)\.txt", script), *" ".join(re.findall(r"apart=\((.*?)\)", script)).split()}
    assert named <= set(CALLS)
