# SPDX-License-Identifier: GPL-3.0-or-later
"""The package of the Lambda functions: its bytes are the same, it needs nothing else, and it rotates."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest
from function_calls import queue_event, visit
from functions_at_work import at_work, due
from managed import ManagedClient
from world.aws import AwsEmulator
from world.certificates import Authority

ROOT = Path(__file__).resolve().parents[2]
HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
FUNCTIONS = ("rotation_function", "sweep_function", "reset_cycle_function")
# What Lambda does, in a Python that finds nothing but the package.
CALL = """
import json, sys
sys.path[:] = [{folder!r}, *(path for path in sys.path if "site-packages" not in path)]
from rotation_function import handler
class Context:
    function_name, aws_request_id = "dbops-rotation-rotate", "a-request"
    get_remaining_time_in_millis = staticmethod(lambda: 180000)
handler(json.load(sys.stdin), Context())
"""

# It downloads.
pytestmark = pytest.mark.slow


def build(to: Path) -> Path:
    """Build it for the interpreter of the tests, which has to import it."""
    command = [sys.executable, str(ROOT / "tools/lambda_package.py"), "--python", HERE, "--to", str(to)]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    (package,) = to.glob("dbops-rotation-lambda-*-x86_64.zip")
    return package


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("dist"))


def test_two_builds_have_the_same_bytes(package: Path, tmp_path: Path) -> None:
    assert sha256(build(tmp_path).read_bytes()).digest() == sha256(package.read_bytes()).digest()


def test_it_holds_no_ansible_and_no_tests(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {"ansible_collections", "botocore", "cryptography", "jinja2", "nacl", "pymysql"} <= tops
    assert not {top for top in tops if top == "ansible" or top.startswith(("ansible_core", "ansible-"))}
    ours = [name for name in names if name.startswith("ansible_collections/")]
    assert all(name.split("/")[3] in ("plugins", "roles") for name in ours)
    assert {name.split("/")[4] for name in ours if "/plugins/" in name} == {"module_utils"}
    assert sum(name.endswith(".j2") for name in ours) == 5
    assert {f"{name}.py" for name in FUNCTIONS} <= set(names)


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
        [sys.executable, "-I", "-S", "-B", "-c", code], env={}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def test_it_rotates_a_real_server(
    package: Path, tmp_path: Path, mysql_client: ManagedClient, aws: AwsEmulator, authority: Authority
) -> None:
    with zipfile.ZipFile(package) as archive:
        archive.extractall(tmp_path)
    client = due(mysql_client)
    with at_work(aws, authority) as functions:
        event = json.dumps(queue_event(visit(client.name, client.secret_id)))
        run = subprocess.run(
            [sys.executable, "-I", "-B", "-c", CALL.format(folder=str(tmp_path))],
            env=dict(functions.environment),
            input=event,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        new = client.stored()["password"]
        assert run.returncode == 0 and new != client.password and client.opens(new), run.stdout + run.stderr
        assert [notice["event"] for notice in functions.notices()] == ["rotated"]
        assert new not in run.stdout + run.stderr
