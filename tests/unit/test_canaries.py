# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever form a secret was written down in, the search finds it, and nothing that only looks like it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest
from canaries import MINIMUM, Canary, Search, forms, hits, new_canary
from leaks import leaks

SECRET = new_canary()
# As programs write it, without the forms that the search knows.
WRITTEN = {
    "plain": SECRET.encode(),
    "JSON": json.dumps({"password": SECRET}).encode(),
    "JSON in JSON": json.dumps({"Message": json.dumps({"password": SECRET})}).encode(),
    "JSON, not ASCII": json.dumps(SECRET, ensure_ascii=False).encode(),
    "repr": repr({"password": SECRET}).encode(),
    "repr of bytes": repr(SECRET.encode()).encode(),
    "URL": f"mysql://root:{quote(SECRET, safe='')}@db".encode(),
    "UTF-16": f"it is {SECRET}".encode("utf-16"),
    "UTF-16, the other way": f"it is {SECRET}".encode("utf-16-be"),
    "hex": SECRET.encode().hex().encode(),
}


@pytest.mark.parametrize("form", WRITTEN)
@pytest.mark.parametrize("before", range(8))
def test_every_form_is_found_wherever_it_begins(form: str, before: int) -> None:
    assert hits(b"x" * before + WRITTEN[form] + b"y" * 9, [SECRET])


@pytest.mark.parametrize("text", [SECRET, "Aa1-0123456789abc"], ids=["odd", "plain"])
@pytest.mark.parametrize("before", range(6))
@pytest.mark.parametrize("behind", range(4))
def test_base64_of_a_text_with_the_secret_in_it(text: str, before: int, behind: int) -> None:
    inside = b"u" * before + text.encode() + b"v" * behind
    assert hits(base64.b64encode(inside), [text]) and hits(base64.urlsafe_b64encode(inside), [text])


def test_each_form_alone_is_found() -> None:
    for form, written in forms(SECRET):
        assert form in {hit.form for hit in Search([Canary(SECRET)]).hits(b"..." + written + b"...")}, form


def test_nothing_is_found_where_nothing_is() -> None:
    assert hits(SECRET[:-1].encode() + b"." + SECRET[1:].encode(), [SECRET]) == set()
    assert hits(base64.b64encode(SECRET[2:-2].encode()), [SECRET]) == set()


def test_one_secret_is_told_from_another() -> None:
    others = [new_canary() for _number in range(20)]
    found = hits(f"{others[3]} {others[7]}".encode(), others)
    assert {hit.canary.text for hit in found} == {others[3], others[7]}


@pytest.mark.parametrize("length", [MINIMUM - 1, MINIMUM])
def test_a_short_secret_is_looked_for_as_it_is(length: int) -> None:
    text = "aB3"[: length % 3 + 1] + "x" * (length - length % 3 - 1)
    assert hits(f"it is {text}!".encode(), [text]) and not hits(b"it is another one!", [text])


def test_files_are_named_by_where_the_secret_is(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(base64.b64encode(SECRET.encode()))
    (tmp_path / "other").write_text("nothing")
    assert leaks(tmp_path.iterdir(), [SECRET]) == {("log", SECRET[:4])}
