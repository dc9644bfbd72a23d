# SPDX-License-Identifier: GPL-3.0-or-later
"""The package of the Lambda functions: what is in it, that its bytes are the same, and that it needs nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from hashlib import sha256
from importlib.metadata import requires
from pathlib import Path

import lambda_package
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
FUNCTIONS = ("rotation_function", "sweep_function", "reset_cycle_function")


def requirements(name: str) -> dict[str, Requirement]:
    lines = [line.partition("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    return {canonicalize_name(one.name): one for one in map(Requirement, filter(None, lines))}


PACKED, ENVIRONMENT = requirements("requirements-lambda.txt"), requirements("requirements-ee.txt")


def test_every_version_is_pinned_once() -> None:
    for name, one in PACKED.items():
        pinned = [str(found.specifier) for found in (one, ENVIRONMENT.get(name)) if found and found.specifier]
        assert len(pinned) == 1 and pinned[0].startswith("=="), name
    assert PACKED["botocore"].specifier == ENVIRONMENT["boto3"].specifier


@pytest.mark.parametrize("name", sorted(PACKED.keys() - {"tzdata"}))  # which is data, and not installed here
def test_what_a_library_stands_on_is_packed_too(name: str) -> None:
    needed = [Requirement(text) for text in requires(name) or ()]
    here = {"extra": "", "python_version": "3.13", "python_full_version": "3.13.0"}
    assert {canonicalize_name(one.name) for one in needed if not one.marker or one.marker.evaluate(here)} <= set(PACKED)


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


def test_a_runtime_without_its_interpreter_is_told() -> None:
    with pytest.raises(SystemExit, match=r"Python 3\.99 is not on this machine.*pyenv install 3\.99"):
        lambda_package.interpreter("3.99")


def test_what_lambda_would_not_take_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/x").write_text("x" * 2000)
    package = lambda_package.pack(tmp_path / "folder", tmp_path / "x.zip")
    assert lambda_package.told(package, tmp_path / "folder").endswith("0.0 MB, 0.0 MB unzipped")
    monkeypatch.setattr(lambda_package, "MOST_UNZIPPED", 1000)
    with pytest.raises(SystemExit, match="unzipped, and Lambda takes"):
        lambda_package.told(package, tmp_path / "folder")


def build(to: Path) -> Path:
    """Build it for the interpreter of the tests, which has to import it."""
    command = [sys.executable, ROOT / "tools/lambda_package.py", "--python", HERE, "--to", to]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    (package,) = to.glob("dbops-rotation-lambda-*-x86_64.zip")
    return package


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.mark.slow
def test_two_builds_have_the_same_bytes(package: Path, tmp_path: Path) -> None:
    assert sha256(build(tmp_path).read_bytes()).digest() == sha256(package.read_bytes()).digest()


@pytest.mark.slow
def test_it_holds_no_ansible_and_no_tests(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {"ansible_collections", "botocore", "cryptography", "jinja2", "nacl", "pymysql"} <= tops
    assert not {top for top in tops if top == "ansible" or top.startswith(("ansible_core", "ansible-"))}
    ours = [name for name in names if name.startswith("ansible_collections/")]
    assert all(name.split("/")[3] in ("plugins", "roles") for name in ours)
    assert {name.split("/")[4] for name in ours if "/plugins/" in name} == {"module_utils"}
    assert sum(name.endswith(".j2") for name in ours) == 4
    assert {f"{name}.py" for name in FUNCTIONS} <= set(names)


@pytest.mark.slow
def test_a_python_without_ansible_and_without_the_checkout_imports_it(package: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        archive.extractall(tmp_path)
    loads = "; ".join(f"assert callable(__import__({name!r}).handler)" for name in FUNCTIONS)
    code = (
        f"import sys; sys.path[:] = [{str(tmp_path)!r}, *(p for p in sys.path if 'site-packages' not in p)]; {loads};"
        " import botocore, cryptography, jinja2, nacl.bindings, pymysql;"
        f" strange = [m for m in list(sys.modules.values()) if {str(ROOT)!r} in str(getattr(m, '__file__', ''))];"
        " assert strange == [] and 'ansible' not in sys.modules, strange"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-B", "-c", code], cwd=tmp_path, env={}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
