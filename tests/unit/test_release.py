# SPDX-License-Identifier: GPL-3.0-or-later
"""What make release-check finds: other versions, other bytes, and files that do not belong into a release."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import release_check
import release_contents
from locked import ROOT

INSIDE = "ansible_collections/dbops/rotation/plugins/module_utils"


@pytest.mark.parametrize(
    "name",
    [
        "plugins/modules/__pycache__/x.cpython-311.pyc",
        "plugins/modules/x.pem",
        "tests/.pytest_cache/README.md",
        "changelogs/.plugin-cache.yaml",
        ".audit/events.json",
        "dist/x.zip",
        "inventories/production/vault.key",
    ],
)
def test_it_does_not_belong_into_the_collection(name: str) -> None:
    assert release_contents.unwanted(["README.md", "plugins/modules/x.py", name], release_contents.COLLECTION) == [name]


@pytest.mark.parametrize("name", ["ansible_collections/dbops/rotation/ca.pem", f"{INSIDE}/.env", "moto/core.py"])
def test_it_does_not_belong_into_the_functions(name: str) -> None:
    wanted = [f"{INSIDE}/x.py", "rotation_function.py", "botocore/cacert.pem"]
    assert release_contents.unwanted([*wanted, name], release_contents.FUNCTIONS) == [name]


def test_other_bytes_other_modes_and_other_files_are_differences(tmp_path: Path) -> None:
    for folder, files in (("one", {"a": "1", "b": "1", "c": "1"}), ("two", {"a": "1", "b": "2", "d": "1"})):
        (tmp_path / folder).mkdir()
        with zipfile.ZipFile(tmp_path / folder / "x.zip", "w") as archive:
            for name, content in files.items():
                archive.writestr(zipfile.ZipInfo(name), content)
    found = release_check.differences(tmp_path / "one", tmp_path / "two")
    assert found == ["x.zip: two builds differ in b, c, d"]
    assert release_check.differences(tmp_path / "one", tmp_path / "one") == []


def test_the_order_of_the_disk_is_no_difference() -> None:
    lists = [b'{"files": [{"name": "a"}, {"name": "b"}]}', b'{"files": [{"name": "b"}, {"name": "a"}]}']
    assert len({release_contents.in_order("FILES.json", content) for content in lists}) == 1


def test_a_tag_is_the_version_and_is_in_the_changelog() -> None:
    version = release_check.version(ROOT)
    assert release_check.wrong_versions(ROOT, "") == []
    assert f"the tag is 9.9.9, galaxy.yml has {version}" in release_check.wrong_versions(ROOT, "9.9.9")


def test_a_tag_before_its_changelog_is_refused(tmp_path: Path) -> None:
    for name in ("galaxy.yml", "CHANGELOG.rst", "plugins/module_utils/_version.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text().replace(release_check.version(ROOT), "7.7.7"))
    (tmp_path / "CHANGELOG.rst").write_text("")
    assert release_check.wrong_versions(tmp_path, "7.7.7") == [
        "CHANGELOG.rst has no v7.7.7: antsibull-changelog release"
    ]
