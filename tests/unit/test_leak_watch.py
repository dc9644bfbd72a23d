# SPDX-License-Identifier: GPL-3.0-or-later
"""The watch of the leak check keeps what was there for a moment, and says so if it could not look."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from leakcheck.watch import Watch


def test_a_file_that_is_gone_at_the_end_was_seen(tmp_path: Path) -> None:
    with Watch(tmp_path, {}) as watch:
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder/part").write_text("it is here")
        watch.look_twice()
        shutil.rmtree(tmp_path / "folder")
        watch.look_twice()
    assert b"it is here" in watch.files.values()


def test_a_watch_that_broke_off_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Watch, "_look_at_files", lambda _watch: 1 / 0)
    with pytest.raises(ZeroDivisionError), Watch(tmp_path, {}) as watch:
        watch.look_twice()
