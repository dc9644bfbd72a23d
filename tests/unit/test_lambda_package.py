# SPDX-License-Identifier: GPL-3.0-or-later
"""How the package of the Lambda functions is made; tests/integration/test_function_package.py makes it."""

from __future__ import annotations

import os
import zipfile
from importlib.metadata import requires
from pathlib import Path

import lambda_package
import pytest
from locked import locked
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = ("rotation_function", "sweep_function", "reset_cycle_function")


PACKED = {pin.name for pin in locked("lambda")}


@pytest.mark.parametrize("name", sorted(PACKED - {"tzdata"}))  # which is data, and not installed here
def test_what_a_library_stands_on_is_packed_too(name: str) -> None:
    needed = [Requirement(text) for text in requires(name) or ()]
    here = {"extra": "", "python_version": "3.13", "python_full_version": "3.13.0"}
    assert {canonicalize_name(one.name) for one in needed if not one.marker or one.marker.evaluate(here)} <= PACKED


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_handler_is_two_lines(name: str) -> None:
    lines = (ROOT / "functions" / f"{name}.py").read_text().splitlines()
    code = [line for line in lines if line and not line.startswith("#")]
    assert len(code) == 2 and code[0].endswith(" as handler")


def test_the_names_of_the_handlers_are_all() -> None:
    assert {path.stem for path in (ROOT / "functions").glob("*.py")} == set(FUNCTIONS)


def test_an_archive_knows_no_times_owners_and_modes(tmp_path: Path) -> None:
    packed = []
    for name, mode in (("one", 0o600), ("two", 0o755)):
        folder = tmp_path / name
        (folder / "b").mkdir(parents=True)
        for part in ("b/x.py", "a.py") if mode == 0o600 else ("a.py", "b/x.py"):
            (folder / part).write_text(part)
            (folder / part).chmod(mode)
            os.utime(folder / part, (mode, mode))
        packed.append(lambda_package.pack(folder, tmp_path / f"{name}.zip").read_bytes())
    assert packed[0] == packed[1]
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.namelist() == ["a.py", "b/x.py"]
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100644}


def test_a_runtime_without_its_interpreter_is_refused() -> None:
    with pytest.raises(SystemExit, match=r"Python 3\.99 is not on this machine.*pyenv install 3\.99"):
        lambda_package.interpreter("3.99")


def test_what_lambda_would_not_take_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/x").write_text("x" * 2000)
    package = lambda_package.pack(tmp_path / "folder", tmp_path / "x.zip")
    assert lambda_package.summary(package, tmp_path / "folder").endswith("0.0 MB, 0.0 MB unzipped")
    monkeypatch.setattr(lambda_package, "MOST_UNZIPPED", 1000)
    with pytest.raises(SystemExit, match="unzipped, and Lambda takes"):
        lambda_package.summary(package, tmp_path / "folder")
