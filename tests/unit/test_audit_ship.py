# SPDX-License-Identifier: GPL-3.0-or-later
"""From the spool to a log group and back: at least once, whatever dies on the way, and never more than is taken."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber
from emulated import client_of
from moto.server import ThreadedMotoServer
from wire_check import findings

from ansible_collections.dbops.rotation.plugins.module_utils._audit import limits, trail
from ansible_collections.dbops.rotation.plugins.module_utils._audit.event import Origin, encoded, event_of
from ansible_collections.dbops.rotation.plugins.module_utils._audit.history import logged, of_client, past
from ansible_collections.dbops.rotation.plugins.module_utils._audit.limits import Entry, batches
from ansible_collections.dbops.rotation.plugins.module_utils._audit.logs import LogGroup, log_group
from ansible_collections.dbops.rotation.plugins.module_utils._audit.outcome import Report
from ansible_collections.dbops.rotation.plugins.module_utils._audit.ship import Shipper
from ansible_collections.dbops.rotation.plugins.module_utils._audit.spool import (
    RunSpool,
    remove_shipped,
    runs_to_ship,
    spooled_lines,
)
from ansible_collections.dbops.rotation.plugins.module_utils._audit.trail import Settings, Trail
from ansible_collections.dbops.rotation.plugins.module_utils._aws.errors import DENIED
from ansible_collections.dbops.rotation.plugins.module_utils._aws.refusals import OF_SERVICE
from ansible_collections.dbops.rotation.plugins.module_utils._aws.session import AwsOptions
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime.now(UTC)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
REGION = "eu-central-1"
CHILD = """
import json, os, signal, sys, time
from datetime import UTC, datetime
from pathlib import Path
from ansible_collections.dbops.rotation.plugins.module_utils._audit.logs import log_group
from ansible_collections.dbops.rotation.plugins.module_utils._audit.ship import Shipper
from ansible_collections.dbops.rotation.plugins.module_utils._audit.spool import RunSpool
from ansible_collections.dbops.rotation.plugins.module_utils._aws.errors import DENIED
from ansible_collections.dbops.rotation.plugins.module_utils._aws.session import AwsOptions
folder, url, name = Path(sys.argv[1]), *sys.argv[2:]
urls = json.dumps({"logs": url})
group = log_group(name, AwsOptions(region="eu-central-1", access_key="x", secret_key="x", endpoint_urls=urls))
put = group.put
"""
DIE_AFTER_SENDING = """
def put_and_die(stream, batch):
    put(stream, batch)
    os.kill(os.getpid(), signal.SIGKILL)
group.put = put_and_die
Shipper(group, 30).ship_others(folder)
"""
WRITE_AND_WAIT = """
spool = RunSpool(folder, "alive", datetime.now(UTC))
for line in sys.stdin.buffer:
    spool.append(line)
print("written", flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
        server.stop()


@pytest.fixture
def group(url: str, request: pytest.FixtureRequest) -> LogGroup:
    name = f"/dbops/{abs(hash(request.node.nodeid))}"
    client_of("logs", endpoint_url=url).create_log_group(logGroupName=name)
    return log_group(name, access(url))


def access(url: str) -> AwsOptions:
    return AwsOptions(region=REGION, access_key="x", secret_key="x", endpoint_urls=json.dumps({"logs": url}))


def line(number: int, *, run: str = "run", name: str = "client_acme", at: datetime = NOW) -> bytes:
    report = Report("secretsmanager_mysql_rotate", name, {"version_id": f"v{number}"}, failed=False, check=False)
    return encoded(event_of(report, Origin(run, "controller", "rotate"), at + timedelta(milliseconds=number)))


def is_acme(event: Mapping[str, Any]) -> bool:
    return event.get("client") == "client_acme"


def spooled(folder: Path, run: str, lines: list[bytes]) -> None:
    """Leave what a run leaves that was over before it had shipped anything."""
    spool = RunSpool(folder, run, NOW)
    for one in lines:
        spool.append(one)
    spool.close()


def versions(group: LogGroup, name: str = "client_acme") -> Counter[str]:
    # moto gives everything for a pattern of this kind.
    events = [json.loads(text) for text in group.find(f'{{ $.client = "{name}" }}', 0)]
    return Counter(event["version_id"] for event in events if event.get("client") == name)


def names(folder: Path) -> list[str]:
    return sorted(path.suffix for path in folder.iterdir())


def child(script: str, folder: Path, group: LogGroup, url: str, **options: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", CHILD + script, str(folder), url, group.name]
    given = {**os.environ, **findings.inherited(ROOT / "collections")}
    return subprocess.Popen(command, env=given, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)


# Limits and batches


@pytest.mark.parametrize(
    "entries",
    [
        [Entry("x", number) for number in range(25_000)],
        [Entry("é" * 100_000, number) for number in range(30)],
        [Entry("x", number * 3_600_000) for number in range(100)],
        [Entry("x", number * 3_600_000) for number in [50, 49, 0, 30, 23, 24, 1]],
    ],
    ids=["many", "large", "long", "a clock that jumps"],
)
def test_no_batch_is_more_than_is_taken_and_nothing_is_left_out(entries: list[Entry]) -> None:
    made = list(batches(entries))
    assert [entry for batch in made for entry in batch] == entries and len(made) > 1
    for batch in made:
        times = [entry.timestamp for entry in batch]
        assert len(batch) <= 10_000 and max(times) - min(times) < 24 * 3_600_000
        assert sum(len(entry.message.encode()) + 26 for entry in batch) <= 1_048_576


def test_a_batch_is_filled() -> None:
    assert [len(batch) for batch in batches([Entry("x", 0)] * 10_001)] == [10_000, 1]
    fitting = Entry("x" * (limits.BATCH_BYTES // 4 - limits.OVERHEAD_BYTES), 0)
    assert [len(batch) for batch in batches([fitting] * 5)] == [4, 1]


# Shipping


def test_what_is_spooled_is_shipped_and_read_back(group: LogGroup, url: str, tmp_path: Path) -> None:
    lines = [line(number) for number in range(3)]
    spooled(tmp_path, "run", [lines[1], lines[0], lines[2]])
    Shipper(group, 30).ship_others(tmp_path)
    (stream,) = client_of("logs", endpoint_url=url).describe_log_streams(logGroupName=group.name)["logStreams"]
    assert stream["logStreamName"] == f"{NOW:%Y-%m-%d}/controller/run"
    assert [json.loads(text) for text in logged(group, of_client("client_acme"), LONG_AGO)] == [
        json.loads(one) for one in lines
    ]
    assert names(tmp_path) == [".shipped"]
    Shipper(group, 30).ship_others(tmp_path)
    assert set(versions(group).values()) == {1}


def test_a_process_that_is_killed_between_sending_and_marking_sends_again(
    group: LogGroup, url: str, tmp_path: Path
) -> None:
    spooled(tmp_path, "run", [line(0), line(1)])
    with child(DIE_AFTER_SENDING, tmp_path, group, url) as killed:
        assert killed.wait(30) == -signal.SIGKILL
    assert versions(group) == {"v0": 1, "v1": 1} and names(tmp_path) == [".jsonl"]
    Shipper(group, 30).ship_others(tmp_path)
    assert versions(group) == {"v0": 2, "v1": 2}
    events = past([*logged(group, of_client("client_acme"), LONG_AGO), *spooled_lines(tmp_path)], LONG_AGO, is_acme)
    assert [event["version_id"] for event in events] == ["v0", "v1"]


def test_a_mark_lets_the_next_one_go_on_from_there(group: LogGroup, tmp_path: Path) -> None:
    spooled(tmp_path, "run", [line(0), line(1)])
    (run,) = runs_to_ship(tmp_path)
    run.mark(len(line(0)))
    Shipper(group, 30).ship_others(tmp_path)
    assert versions(group) == {"v1": 1}


@pytest.mark.parametrize("mark", [b"", b"x", b"-1", b"999999"])
def test_a_mark_that_makes_no_sense_counts_as_none(group: LogGroup, tmp_path: Path, mark: bytes) -> None:
    spooled(tmp_path, "run", [line(0)])
    next(tmp_path.glob("*.jsonl")).with_suffix(".offset").write_bytes(mark)
    Shipper(group, 30).ship_others(tmp_path)
    assert versions(group) == {"v0": 1}


def test_two_shippers_at_once_send_everything_once(
    group: LogGroup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        spooled(tmp_path, f"run{number}", [line(number)])
    put = group.put

    def slowly(stream: str, batch: list[Entry]) -> list[Entry]:
        time.sleep(0.02)
        return put(stream, batch)

    monkeypatch.setattr(group, "put", slowly)
    shippers = [threading.Thread(target=Shipper(group, 30).ship_others, args=[tmp_path]) for _number in range(3)]
    for one in shippers:
        one.start()
    for one in shippers:
        one.join()
    assert versions(group) == {f"v{number}": 1 for number in range(12)}
    assert names(tmp_path) == [".shipped"] * 12


def test_a_file_that_another_shipper_has_just_finished_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spooled(tmp_path, "run", [line(0)])
    (path,) = tmp_path.iterdir()
    lock = fcntl.flock

    def too_late(file: int, how: int) -> None:
        if path.exists():
            path.rename(path.with_suffix(".shipped"))
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", too_late)
    assert list(runs_to_ship(tmp_path)) == []


def test_a_run_that_lives_is_left_to_itself_and_shipped_when_it_was_killed(
    group: LogGroup, url: str, tmp_path: Path
) -> None:
    with child(WRITE_AND_WAIT, tmp_path, group, url) as writer:
        assert writer.stdin and writer.stdout
        writer.stdin.write(line(0))
        writer.stdin.close()
        assert writer.stdout.readline() == b"written\n"
        Shipper(group, 30).ship_others(tmp_path)
        assert versions(group) == {} and names(tmp_path) == [".jsonl"]
        writer.kill()
    Shipper(group, 30).ship_others(tmp_path)
    assert versions(group) == {"v0": 1} and names(tmp_path) == [".shipped"]


def test_a_line_that_was_cut_off_or_is_no_event_does_not_stop_the_others(group: LogGroup, tmp_path: Path) -> None:
    spooled(tmp_path, "run", [line(0), b"\xff\n", b'{"time": 1}\n', line(1), line(2)[:20]])
    shipper = Shipper(group, 30)
    shipper.ship_others(tmp_path)
    assert versions(group) == {"v0": 1, "v1": 1} and shipper.rejected == 2
    assert next(tmp_path.glob("*.rejected")).read_bytes() == b'\xff\n{"time": 1}\n'


@pytest.mark.parametrize(
    ("rejected", "kept"),
    [
        ({"tooOldLogEventEndIndex": 2}, [0, 1]),
        ({"expiredLogEventEndIndex": 1}, [0]),
        ({"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 3}, [0, 3]),
        ({"tooNewLogEventStartIndex": 0}, [0, 1, 2, 3]),
    ],
)
def test_what_cloudwatch_does_not_keep_is_kept_here(tmp_path: Path, rejected: dict[str, int], kept: list[int]) -> None:
    logs = client_of("logs")
    lines = [line(number) for number in range(4)]
    spooled(tmp_path, "run", lines)
    with Stubber(logs) as stub:
        stub.add_response("create_log_stream", {})
        stub.add_response("put_log_events", {"rejectedLogEventsInfo": rejected})
        shipper = Shipper(LogGroup(logs, "/dbops"), 30)
        shipper.ship_others(tmp_path)
    assert next(tmp_path.glob("*.rejected")).read_bytes() == b"".join(lines[number] for number in kept)
    assert shipper.rejected == len(kept) and names(tmp_path) == [".rejected", ".shipped"]


def test_moto_too_refuses_what_is_too_old(group: LogGroup, tmp_path: Path) -> None:
    spooled(tmp_path, "run", [line(number, at=NOW - timedelta(days=20)) for number in range(3)])
    shipper = Shipper(group, 30)
    shipper.ship_others(tmp_path)
    assert versions(group) == {} and shipper.rejected >= 2


# Trouble


@pytest.mark.parametrize("code", [*OF_SERVICE["logs"], *DENIED, "SomethingElse"])
def test_every_refusal_is_told_by_its_code_and_nothing_is_marked(tmp_path: Path, code: str) -> None:
    logs = client_of("logs")
    spooled(tmp_path, "run", [line(0)])
    with Stubber(logs) as stub, pytest.raises(RotationError) as told:
        stub.add_response("create_log_stream", {})
        stub.add_client_error("put_log_events", code, "words-of-aws")
        Shipper(LogGroup(logs, "/dbops"), 30).ship_others(tmp_path)
    assert told.value.code == "logs_refused" and f"({code})" in told.value.cause
    assert "words-of-aws" not in str(told.value) and names(tmp_path) == [".jsonl"]
    assert ("logs:PutLogEvents is denied" in told.value.cause) is (code in DENIED)


def test_other_trouble_is_told_as_a_rotation_error(url: str) -> None:
    with pytest.raises(RotationError, match="no such log group"):
        log_group("/dbops/nowhere", access(url)).open_stream("x")
    with pytest.raises(RotationError, match="does not answer"):
        log_group("/dbops", access("http://127.0.0.1:9")).open_stream("x")
    with pytest.raises(RotationError, match=r"\(ValueError\)"), LogGroup(None, "/dbops")._calling("ship"):
        raise ValueError("words-of-aws")


def test_nobody_waits_long_for_a_dead_service() -> None:
    config = log_group("/dbops", access("http://127.0.0.1:9"))._client.meta.config
    assert (config.connect_timeout, config.read_timeout, config.retries["total_max_attempts"]) == (5, 10, 2)


def test_no_call_is_made_when_the_time_is_over(tmp_path: Path) -> None:
    spooled(tmp_path, "run", [line(0)])
    logs = client_of("logs")
    with Stubber(logs) as stub, pytest.raises(RotationError, match="time for shipping"):
        stub.add_response("create_log_stream", {})
        Shipper(LogGroup(logs, "/dbops"), -1).ship_others(tmp_path)
    assert names(tmp_path) == [".jsonl"]


@pytest.fixture
def small_disk() -> Iterator[int]:
    """No file gets larger than this."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    yield 1000
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_whole_lines_only(tmp_path: Path, small_disk: int) -> None:
    spool = RunSpool(tmp_path, "run", NOW)
    spool.append(b"x" * 600 + b"\n")
    with pytest.raises(OSError, match="large"):
        spool.append(b"y" * 600 + b"\n")
    spool.append(b"z\n")
    spool.close()
    assert list(spooled_lines(tmp_path)) == [b"x" * 600, b"z"]


class Run:
    """A trail with a result in it, and what is asked of its log group."""

    def __init__(self, folder: Path, group: LogGroup | None, **settings: Any) -> None:
        self.asked = 0
        self._group = group
        self.trail = Trail(
            Settings(folder, self._ask if group else None, **settings), Origin("run", "controller", "rotate")
        )

    def _ask(self) -> LogGroup:
        self.asked += 1
        assert self._group
        return self._group

    def add(self, number: int = 0, *, check: bool = False) -> None:
        result = {"version_id": f"v{number}", "rotated": True}
        self.trail.add(Report("secretsmanager_mysql_rotate", "client_acme", result, failed=False, check=check))

    def add_failure(self, number: int, code: str = "login_refused") -> None:
        result = {"version_id": f"v{number}", "error": {"step": "open", "code": code}}
        self.trail.add(Report("secretsmanager_mysql_rotate", "client_acme", result, failed=True, check=False))

    def finish(self) -> str:
        self.trail.finish(failed=False, check=False)
        return " ".join(self.trail.trouble)


def test_a_full_disk_sends_events_straight_to_the_log_group(group: LogGroup, tmp_path: Path, small_disk: int) -> None:
    run = Run(tmp_path, group)
    for number in range(5):
        run.add(number)
    told = run.finish()
    assert told.count("could not be written to the spool") == 1 and run.trail.unkept == []
    assert versions(group) == {f"v{number}": 1 for number in range(5)}


def test_marks_that_cannot_be_written_do_not_keep_events_back(
    group: LogGroup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(tmp_path, group)
    run.add(0)
    (path,) = tmp_path.iterdir()
    path.with_name(f".{path.stem}.offset.new").mkdir()
    monkeypatch.setattr(RunSpool, "append", full)
    run.add(1)
    told = run.finish()
    assert "could not be read or marked" in told and run.trail.unkept == []
    assert versions(group) == {"v0": 1, "v1": 1}
    path.with_name(f".{path.stem}.offset.new").rmdir()
    Shipper(group, 30).ship_others(tmp_path)
    assert versions(group) == {"v0": 2, "v1": 1} and names(tmp_path) == [".shipped"]


def full(_spool: RunSpool, _line: bytes) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_an_event_that_was_to_be_shipped_and_is_nowhere_is_shown(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    run = Run(tmp_path / "file", log_group("/dbops", access("http://127.0.0.1:9")))
    run.add()
    assert "as lines of JSON" in run.finish()
    assert [json.loads(one)["kind"] for one in run.trail.unkept] == ["rotation", "run"]


def test_without_a_log_group_a_spool_that_cannot_be_written_is_told_and_nothing_is_shown(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    run = Run(tmp_path / "file", None)
    run.add()
    told = run.finish()
    assert f"Events could not be written to the spool {tmp_path / 'file'} (" in told
    assert told.endswith("2 events got lost. Set ROTATION_AUDIT_SPOOL to a folder that you can write to.")
    assert run.trail.unkept == []


def test_a_service_that_is_down_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail, "BATCH_EVENTS", 2)
    run = Run(tmp_path, log_group("/dbops", access("http://127.0.0.1:9")))
    for number in range(6):
        run.add(number)
    told = run.finish()
    assert run.asked == 1 and told.count("the next run ships the rest") == 1
    assert len(list(spooled_lines(tmp_path))) == 7


def test_a_long_run_ships_in_between(group: LogGroup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail, "BATCH_EVENTS", 3)
    run = Run(tmp_path, group)
    for number in range(4):
        run.add(number)
    assert versions(group) == {"v0": 1, "v1": 1, "v2": 1} and names(tmp_path) == [".jsonl", ".offset"]
    assert run.finish() == ""
    assert versions(group)["v3"] == 1 and names(tmp_path) == [".shipped"]


@pytest.mark.parametrize("code", ["login_refused", "fence_busy"])
def test_what_failed_or_was_refused_is_shipped_at_once(group: LogGroup, tmp_path: Path, code: str) -> None:
    run = Run(tmp_path, group)
    run.add(0)
    assert versions(group) == {}
    run.add_failure(1, code)
    run.add(2)
    assert versions(group) == {"v0": 1, "v1": 1} and names(tmp_path) == [".jsonl", ".offset"]
    assert run.finish() == "" and versions(group) == {"v0": 1, "v1": 1, "v2": 1}


def test_shipping_failures_at_once_takes_a_bounded_time(
    group: LogGroup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, clock = group.put, [0.0]

    def slowly(stream: str, batch: list[Entry]) -> list[Entry]:
        clock[0] += trail.AT_ONCE_SECONDS * 2 / 3
        return put(stream, batch)

    monkeypatch.setattr(group, "put", slowly)
    monkeypatch.setattr(trail, "monotonic", lambda: clock[0])
    run = Run(tmp_path, group)
    for number in range(5):
        run.add_failure(number)
    assert versions(group) == {"v0": 1, "v1": 1} and run.asked == 2
    assert run.finish() == "" and versions(group) == {f"v{number}": 1 for number in range(5)}


def test_a_service_that_is_down_is_not_asked_for_every_failure(tmp_path: Path) -> None:
    run = Run(tmp_path, log_group("/dbops", access("http://127.0.0.1:9")))
    for number in range(5):
        run.add_failure(number)
    told = run.finish()
    assert run.asked == 1 and told.count("the next run ships the rest") == 1
    assert len(list(spooled_lines(tmp_path))) == 6 and names(tmp_path) == [".jsonl"]


def test_a_long_run_asks_again_when_the_outage_may_be_over_and_then_tells_of_none(
    group: LogGroup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, outage = group.put, [RotationError("It is down.", code="logs_refused")]

    def recovering(stream: str, batch: list[Entry]) -> list[Entry]:
        if outage:
            raise outage.pop()
        return put(stream, batch)

    monkeypatch.setattr(group, "put", recovering)
    monkeypatch.setattr(trail, "REST_SECONDS", 0.2)
    run = Run(tmp_path, group)
    run.add_failure(0)
    run.add_failure(1)
    assert run.asked == 1 and versions(group) == {}
    time.sleep(0.3)
    run.add_failure(2)
    assert versions(group) == {"v0": 1, "v1": 1, "v2": 1}
    assert run.finish() == "" and names(tmp_path) == [".shipped"]


def test_a_run_ships_its_own_events_even_if_older_ones_cannot_be(
    group: LogGroup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spooled(tmp_path, "old", [line(9, run="old")])
    put = group.put

    def picky(stream: str, batch: list[Entry]) -> list[Entry]:
        if stream.endswith("/old"):
            raise RotationError("It is denied.", code="logs_refused")
        return put(stream, batch)

    monkeypatch.setattr(group, "put", picky)
    run = Run(tmp_path, group)
    run.add()
    assert "It is denied." in run.finish() and names(tmp_path) == [".jsonl", ".shipped"]
    assert versions(group) == {"v0": 1}


def test_a_run_without_a_log_group_and_one_in_check_mode(tmp_path: Path) -> None:
    run = Run(tmp_path, None)
    run.add(check=True)
    assert run.finish() == "" and list(tmp_path.iterdir()) == []
    run = Run(tmp_path, None)
    run.add()
    assert run.finish() == "" and names(tmp_path) == [".jsonl"]
    assert [json.loads(one)["kind"] for one in spooled_lines(tmp_path)] == ["rotation", "run"]


def test_every_event_is_shown_where_that_is_asked_for(tmp_path: Path) -> None:
    shown: list[str] = []
    run = Run(tmp_path, None, show=shown.append)
    run.add()
    run.finish()
    assert [one.encode() for one in shown] == list(spooled_lines(tmp_path))


def test_an_event_that_is_shown_anyway_is_not_shown_again(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    shown: list[str] = []
    run = Run(tmp_path / "file", None, show=shown.append)
    run.add()
    run.finish()
    assert len(shown) == 2 and run.trail.unkept == []


def test_only_old_files_of_which_everything_was_shipped_are_removed(tmp_path: Path) -> None:
    for name in ("old.shipped", "old.jsonl", "old.rejected", "new.shipped"):
        (tmp_path / name).write_text("")
    for path in tmp_path.glob("old.*"):
        os.utime(path, (time.time() - 91 * 86400,) * 2)
    remove_shipped(tmp_path, 90)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.shipped", "old.jsonl", "old.rejected"]


# History


def test_the_past_of_a_client_is_each_event_once_in_the_order_of_time(group: LogGroup, tmp_path: Path) -> None:
    lines = [line(2), line(0), line(1), line(3, name="client_globex")]
    spooled(tmp_path, "run", lines)
    Shipper(group, 30).ship_others(tmp_path)
    both = partial(
        past, [*logged(group, of_client("client_acme"), LONG_AGO), *spooled_lines(tmp_path), "no event", b"{}"]
    )
    assert [event["version_id"] for event in both(LONG_AGO, is_acme)] == ["v0", "v1", "v2"]
    since = datetime.fromisoformat(json.loads(line(1))["time"])
    assert [event["version_id"] for event in both(since, is_acme)] == ["v1", "v2"]
    assert both(LONG_AGO, lambda event: event["client"] == "client_initech") == []


def test_the_log_group_is_asked_for_one_client_and_a_time() -> None:
    logs = client_of("logs")
    since = datetime(2026, 11, 1, tzinfo=UTC)
    expected = {
        "logGroupName": "/dbops",
        "filterPattern": '{ $.client = "a\\"b" }',
        "startTime": int(since.timestamp() * 1000) - 1000,
    }
    with Stubber(logs) as stub:
        stub.add_response("filter_log_events", {"events": [{"message": "1"}], "nextToken": "t"}, expected)
        stub.add_response("filter_log_events", {"events": [{"message": "2"}]}, {**expected, "nextToken": "t"})
        assert list(logged(LogGroup(logs, "/dbops"), of_client('a"b'), since)) == ["1", "2"]
