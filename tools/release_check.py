# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the last commit as a release into dist/: twice, with one result, and with nothing that does not belong to it.

make release-check
make release-check TAG=0.2.0    # the release itself, which the changelog has to know
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from hashlib import sha256
from pathlib import Path

import release_contents
from lambda_package import PLATFORMS, ROOT

BIN = Path(sys.executable).parent
ALLOWED = {
    "dbops-rotation-ee-": release_contents.ENVIRONMENT,
    "dbops-rotation-lambda-": release_contents.FUNCTIONS,
    "dbops-rotation-": release_contents.COLLECTION,
}


def main() -> None:
    """Build, check, and list what was built."""
    tag = sys.argv[1] if len(sys.argv) > 1 else ""
    with tempfile.TemporaryDirectory() as name:
        builds = [build(checkout(Path(name) / part), Path(name) / f"{part}-built") for part in ("one", "two")]
        faults = [*wrong_versions(Path(name) / "one", tag), *differences(*builds)]
        for archive in sorted(builds[0].iterdir()):
            faults += contents(archive, Path(name) / f"{archive.name}-unpacked")
        if faults:
            sys.exit("release-check: " + "\n".join(faults))
        publish(builds[0], ROOT / "dist")


def checkout(folder: Path) -> Path:
    """Lay out the files of the last commit."""
    folder.mkdir()
    files = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    subprocess.run(["tar", "-x"], cwd=folder, input=files.stdout, check=True)
    return folder


def build(source: Path, target: Path) -> Path:
    """Build the collection, the functions, and what the execution environment is made of."""
    run(source, BIN / "ansible-galaxy", "collection", "build", "--output-path", target)
    for arch in PLATFORMS:
        run(source, sys.executable, "tools/lambda_package.py", "--arch", arch, "--to", target)
    with tarfile.open(target / f"dbops-rotation-ee-{version(source)}.tar.gz", "w:gz") as archive:
        for name in release_contents.ENVIRONMENT:
            archive.add(source / name, name)
    return target


def run(folder: Path, *command: str | Path) -> None:
    """Run a command in a folder; end with what it printed if it fails."""
    ended = subprocess.run([*map(str, command)], cwd=folder, capture_output=True, text=True, check=False)
    if ended.returncode:
        sys.exit(ended.stdout + ended.stderr)


def version(source: Path) -> str:
    """Return the version that galaxy.yml names."""
    (found,) = re.findall(r"^version: (\S+)$", (source / "galaxy.yml").read_text(), re.MULTILINE)
    return str(found)


def wrong_versions(source: Path, tag: str) -> list[str]:
    """Return where another version than galaxy.yml's is named; before a release, its changelog may be in fragments."""
    wanted = version(source)
    faults = [f"the tag is {tag}, galaxy.yml has {wanted}"] if tag not in ("", wanted) else []
    if f'COLLECTION_VERSION = "{wanted}"' not in (source / "plugins/module_utils/_version.py").read_text():
        faults.append(f"plugins/module_utils/_version.py does not name {wanted}")
    released = f"\nv{wanted}\n" in (source / "CHANGELOG.rst").read_text()
    coming = not tag and (source / f"changelogs/fragments/{wanted}.yml").is_file()
    return [*faults, *([] if released or coming else [f"CHANGELOG.rst has no v{wanted}: antsibull-changelog release"])]


def differences(one: Path, two: Path) -> list[str]:
    """Return what two builds of one commit do not share."""
    faults = []
    for archive in sorted(one.iterdir()):
        first, second = (release_contents.members(folder / archive.name) for folder in (one, two))
        differing = sorted(dict(first.items() ^ second.items()))
        faults += [f"{archive.name}: two builds differ in {', '.join(differing)}"] if differing else []
    return faults


def contents(archive: Path, folder: Path) -> list[str]:
    """Return what an archive should not contain: files that no list names, and secrets in what is ours."""
    allowed = next(names for start, names in ALLOWED.items() if archive.name.startswith(start))
    found = release_contents.unwanted(list(release_contents.members(archive)), allowed)
    shutil.unpack_archive(archive, folder)
    for path in (path for pattern in release_contents.FOREIGN for path in folder.glob(pattern)):
        shutil.rmtree(path)
    scan = [str(ROOT / "tools/scan.sh"), "secrets", str(folder)]
    secrets = subprocess.run(scan, capture_output=True, text=True, check=False)
    printed = [secrets.stdout + secrets.stderr] if secrets.returncode else []
    return [*(f"{archive.name}: {name} is in no list" for name in found), *printed]


def publish(built: Path, dist: Path) -> None:
    """Copy the archives to dist/, with their digests."""
    dist.mkdir(exist_ok=True)
    lines = [f"{sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(built.iterdir())]
    for path in built.iterdir():
        shutil.copy(path, dist)
    (dist / "SHA256SUMS").write_text("".join(lines))
    print("".join(lines), end="")


if __name__ == "__main__":
    main()
