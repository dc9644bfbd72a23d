# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place where whatever was raised becomes a result, and where none of its text may come along."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils import _libraries
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._module.operation import Operation
from ansible_collections.dbops.rotation.plugins.module_utils._operations import VERIFY

ROOT = Path(__file__).resolve().parents[2]
HIDDEN = "Hidden-Value-1234"
PARAMS = {"client": "acme", "secret_id": "clients/acme", "password": HIDDEN}


class Surprise(Exception):
    """An exception that nobody expects."""


def outcome(work: Callable[[], dict[str, Any]], *, diff: bool = False, **params: Any) -> dict[str, Any]:
    def worked(_params: Mapping[str, Any], _check: bool) -> dict[str, Any]:
        return work()

    return Operation(VERIFY, {}, worked).outcome(PARAMS | params, check=False, diff=diff)


def raising(error: BaseException) -> Callable[[], dict[str, Any]]:
    def work() -> dict[str, Any]:
        held = HIDDEN  # a local of the frame, as a password would be
        assert held
        raise error

    return work


@pytest.mark.parametrize("error", [Surprise(HIDDEN), KeyError(HIDDEN), UnicodeDecodeError("x", b"x", 0, 1, HIDDEN)])
def test_a_surprise_is_told_by_class_file_and_line_and_never_by_its_text(error: Exception) -> None:
    result = outcome(raising(error))
    line = error.__traceback__.tb_next.tb_next.tb_lineno  # type: ignore[union-attr]
    assert f"An unexpected {type(error).__name__} in test_operation.py line {line}." in result["msg"]
    assert (result["failed"], result["changed"], result["error"]["code"]) == (True, False, "unexpected")
    assert HIDDEN not in json.dumps(result)


def test_a_surprise_does_not_claim_that_nothing_was_changed() -> None:
    result = outcome(raising(Surprise(HIDDEN)))
    assert result["error"]["state"].startswith("Unknown")
    assert result["error"]["next_step"]


def test_a_chain_of_surprises_shows_none_of_their_texts() -> None:
    def work() -> dict[str, Any]:
        try:
            raise Surprise(HIDDEN)
        except Surprise as error:
            raise ValueError(HIDDEN) from error

    assert HIDDEN not in json.dumps(outcome(work))


def test_a_failure_of_the_engine_is_told_in_parts() -> None:
    result = outcome(raising(RotationError("It broke.", code="x", next_step="Do this.")))
    assert result == {
        "failed": True,
        "changed": False,
        "msg": "acme: stopped at step 'prepare': It broke. State: Nothing was changed. Next: Do this.",
        "error": {
            "client": "acme",
            "step": "prepare",
            "code": "x",
            "cause": "It broke.",
            "state": "Nothing was changed.",
            "next_step": "Do this.",
        },
    }


def test_a_client_without_a_name_is_named_by_its_secret() -> None:
    assert outcome(raising(RotationError("It broke.", code="x")), client=None)["error"]["client"] == "clients/acme"


def test_a_missing_library_is_one_clear_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_libraries, "MISSING_LIBRARY", "pymysql")
    result = outcome(raising(AssertionError("the work began without it")))
    assert result["error"]["code"] == "missing_library"
    assert "'pymysql'" in result["msg"] and "requirements.txt" in result["msg"]


@pytest.mark.parametrize(
    ("name", "module", "attribute", "version"),
    [
        ("PyMySQL", "pymysql", "VERSION_STRING", "1.1.3"),
        ("botocore", "botocore", "__version__", "1.33.9"),
        ("cryptography", "cryptography", "__version__", "41.0.7"),
    ],
)
def test_an_old_library_is_one_clear_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, module: str, attribute: str, version: str
) -> None:
    monkeypatch.setattr(getattr(_libraries, module), attribute, version)
    error = outcome(raising(AssertionError("the work began with it")))["error"]
    assert error["code"] == "old_library"
    assert f"The Python library {name} is too old" in error["cause"]
    assert f"{version} was found, {_libraries.FLOORS[name]} or later is needed" in error["cause"]
    assert f"pip install '{name}>={_libraries.FLOORS[name]}'" in error["next_step"]


@pytest.mark.parametrize("version", ["1.2.0", "1.2.0.post1", "1.10.0", "2.0rc1"])
def test_a_library_that_is_new_enough_is_taken(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(_libraries.pymysql, "VERSION_STRING", version)
    assert outcome(lambda: {"changed": True}) == {"changed": True}


def test_the_floors_are_those_of_the_requirements() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    named = dict(line.split(">=") for line in lines if ">=" in line and "," not in line)
    named["botocore"] = f"{named.pop('boto3')}.0"  # the two count alike
    assert named == _libraries.FLOORS


@pytest.mark.parametrize(("diff", "expected"), [(True, {"changed": True, "diff": {}}), (False, {"changed": True})])
def test_a_diff_is_shown_only_where_asked_for(diff: bool, expected: dict[str, Any]) -> None:
    assert outcome(lambda: {"changed": True, "diff": {}}, diff=diff) == expected


def test_an_interrupt_is_no_failure_of_the_engine() -> None:
    with pytest.raises(KeyboardInterrupt):
        outcome(raising(KeyboardInterrupt()))
