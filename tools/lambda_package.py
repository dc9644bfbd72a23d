# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the package of the Lambda functions: the same bytes for the same sources.

make lambda
make lambda ARCH=arm64 CA=bundle.pem
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COLLECTION = Path("ansible_collections/dbops/rotation")
# What the functions run on: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html (Amazon Linux 2023).
PYTHON = "3.13"
PLATFORMS = {"x86_64": "x86_64", "arm64": "aarch64"}
LIBC = ("manylinux_2_34", "manylinux_2_28", "manylinux2014", "manylinux_2_17")
# Where Lambda unpacks it, so that a traceback names the files that are there.
UNPACKED = "/var/task"
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MOST_ZIPPED, MOST_UNZIPPED = 50 * 10**6, 250 * 10**6
# What pip notes of how it was called, and what a function never starts.
LEFT_OUT = ("*.dist-info/RECORD", "*.dist-info/INSTALLER", "*.dist-info/REQUESTED", "*.dist-info/direct_url.json")
FIRST_DAY = (1980, 1, 1, 0, 0, 0)


def main() -> None:
    """Build it, and say how large it is."""
    parser = argparse.ArgumentParser(description="Build the package of the Lambda functions.")
    parser.add_argument("--arch", choices=sorted(PLATFORMS), default="x86_64", help="the architecture of the functions")
    parser.add_argument(
        "--ca", type=Path, help="CA certificates of the database servers, the default of rotation_tls_ca_file"
    )
    parser.add_argument("--python", default=PYTHON, help="the version of the Lambda runtime")
    parser.add_argument("--to", type=Path, default=ROOT / "dist", help="the folder of the package")
    options = parser.parse_args()
    target = options.to / f"dbops-rotation-lambda-{version()}-{options.arch}.zip"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder, options.arch, options.python, options.ca)
        print(summary(pack(folder, target), folder))


def fill(folder: Path, arch: str, python: str, ca: Path | None) -> None:
    """Lay out the package in a folder."""
    compiler = interpreter(python)
    install_libraries(folder, arch, python)
    copy_engine(folder)
    if ca:
        shutil.copyfile(ca, folder / COLLECTION / "ca.pem")
    compile_all(folder, compiler)


def interpreter(python: str) -> str:
    """Find an interpreter of the runtime's minor version; only such a one compiles for it."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    installed = sorted(map(str, pyenv.glob(f"{python}.*/bin/python{python}")))
    for path in (sys.executable, shutil.which(f"python{python}"), *reversed(installed)):
        if path and minor_version(path) == python:
            return path
    raise SystemExit(
        f"Python {python} is not on this machine, and only it compiles for the functions' runtime. Install it"
        f" (pyenv install {python}, or the package python{python} of the system) and run the same command again."
    )


def minor_version(path: str) -> str:
    """Return the version of an interpreter; empty where it does not start, as a shim of pyenv may not."""
    command = [path, "-Ic", "import sys; print('%d.%d' % sys.version_info[:2])"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def install_libraries(folder: Path, arch: str, python: str) -> None:
    """Install the wheels for the runtime; nothing is built, and nothing comes that is not locked."""
    platforms = [f"--platform={libc}_{PLATFORMS[arch]}" for libc in LIBC]
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"),
            *("--no-compile", "--only-binary=:all:", "--implementation=cp", f"--python-version={python}", *platforms),
            *(f"--target={folder}", "--require-hashes", f"--requirement={ROOT / 'locks/lambda.txt'}"),
        ],
        check=True,
    )
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for pattern in LEFT_OUT:
        for path in folder.glob(pattern):
            path.unlink()


def copy_engine(folder: Path) -> None:
    """Copy the engine, the texts of the notices, and the handlers, which lie at the top."""
    parts = {"plugins/module_utils": "**/*.py", "roles/rotation/templates/notices": "*.j2"}
    for part, pattern in parts.items():
        for path in (ROOT / part).glob(pattern):
            copy(path, folder / COLLECTION / path.relative_to(ROOT))
    for path in (ROOT / "functions").glob("*.py"):
        copy(path, folder / path.name)


def copy(source: Path, target: Path) -> None:
    """Copy one file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def compile_all(folder: Path, compiler: str) -> None:
    """Compile beforehand, for the functions cannot write beside their sources. From inside: paths get into the code."""
    subprocess.run(
        [
            *(compiler, "-I", "-m", "compileall", "-q", "-j1", "--invalidation-mode=unchecked-hash"),
            *("-s.", f"-p{UNPACKED}", "."),
        ],
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        check=True,
    )


def pack(folder: Path, target: Path) -> Path:
    """Write the archive: sorted, and without times, owners and modes of this machine."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in files(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), FIRST_DAY)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return target


def files(folder: Path) -> Iterator[Path]:
    """Return all files in an order that is the same everywhere."""
    yield from sorted(
        (path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.relative_to(folder).as_posix()
    )


def summary(package: Path, folder: Path) -> str:
    """Return how large a package is; refuse one that Lambda would not take."""
    zipped, unzipped = package.stat().st_size, sum(path.stat().st_size for path in files(folder))
    if unzipped > MOST_UNZIPPED:
        raise SystemExit(f"{package} is {mega(unzipped)} unzipped, and Lambda takes {mega(MOST_UNZIPPED)}.")
    way = "" if zipped <= MOST_ZIPPED else f"; above {mega(MOST_ZIPPED)} it has to go through S3"
    return f"{package}: {mega(zipped)}, {mega(unzipped)} unzipped{way}"


def mega(size: int) -> str:
    """Write a size."""
    return f"{size / 10**6:.1f} MB"


def version() -> str:
    """Return the version of the collection."""
    lines = (ROOT / "plugins/module_utils/_version.py").read_text().splitlines()
    return next(line for line in lines if line.startswith("COLLECTION_VERSION")).split('"')[1]


if __name__ == "__main__":
    main()
