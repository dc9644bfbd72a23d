# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit trail of one run: an event is spooled at once, and shipped at a failure, when there are many or at the end.

Nothing here may stop a rotation: the callback warns of trouble once, at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from .._clean import one_line
from .._errors import RotationError
from .counts import Counts
from .event import Origin, encoded, event_of, run_event
from .limits import BATCH_BYTES, BATCH_EVENTS
from .outcome import FAILED, REFUSED, SUCCEEDED, Report
from .ship import Shipper
from .spool import RunSpool, remove_shipped

if TYPE_CHECKING:  # it loads the AWS SDK, which a run that ships nothing does without
    from .logs import LogGroup

# Seconds that the end of a run may wait for CloudWatch Logs, besides the one call that is under way.
SHIPPING_SECONDS = 30.0
# Seconds that all shipping of failures at once may take in a run; after that they wait for others, as any event does.
AT_ONCE_SECONDS = 30.0
# A service that gave trouble is left alone for so many seconds.
REST_SECONDS = 300.0


@dataclass(frozen=True)
class Settings:
    """Where events go. ``group`` gives the log group, None where events are not shipped."""

    folder: Path
    group: Callable[[], LogGroup] | None = None
    show: Callable[[str], None] | None = None
    keep_days: int = 90
    check_mode: bool = False


class Trail:
    """Takes what happened in one run; ``trouble`` is the text of a warning for people."""

    def __init__(self, settings: Settings, origin: Origin) -> None:
        """Begin the run; nothing is written before the first event."""
        self._settings = settings
        self._origin = origin
        self._began = monotonic()
        self._counts = Counts()
        self._spool: RunSpool | None = None
        self._unspooled: list[bytes] = []
        self._unshipped = (0, 0)
        self._at_once_left = AT_ONCE_SECONDS
        self._rests_until = self._began
        self._outage = ""
        self._seen = False
        self.trouble: list[str] = []

    def add(self, report: Report) -> None:
        """Take one result."""
        if report.check and not self._settings.check_mode:
            return
        self._seen = True
        self._counts.add(report)
        if report.worth_telling:
            self._write(encoded(event_of(report, self._origin, datetime.now(UTC))))
            if report.outcome in (FAILED, REFUSED):
                self._ship_at_once()

    def finish(self, *, failed: bool, check: bool) -> None:
        """End the run: write its own event, and ship what there is."""
        if not self._seen:
            return
        outcome = FAILED if failed else SUCCEEDED
        event = run_event(
            self._counts.numbers(),
            self._origin,
            datetime.now(UTC),
            outcome=outcome,
            check=check,
            seconds=monotonic() - self._began,
        )
        self._write(encoded(event))
        self._ship(last=True)
        if self._outage:
            self._tell(self._outage)
        if self.unkept:
            self._tell("The output of this run has the missing events, as lines of JSON.")
        elif self._unspooled and not self._settings.show:
            lost = len(self._unspooled)
            self._tell(
                f"{lost} event{'s'[: lost != 1]} got lost. Set ROTATION_AUDIT_SPOOL to a folder that you can write to."
            )
        if self._spool:
            self._spool.close()
        with suppress(OSError):
            remove_shipped(self._settings.folder, self._settings.keep_days)

    @property
    def unkept(self) -> list[str]:
        """Return what was to be shipped and has neither a disk nor a log group, unless it is shown anyway."""
        if self._settings.show or not self._settings.group:
            return []
        return [line.decode().rstrip("\n") for line in self._unspooled]

    def _write(self, line: bytes) -> None:
        if self._settings.show:
            self._settings.show(line.decode().rstrip("\n"))
        try:
            self._spool = self._spool or RunSpool(self._settings.folder, self._origin.run_id, datetime.now(UTC))
            self._spool.append(line)
        except OSError as error:
            self._unspooled.append(line)
            self._tell(f"Events could not be written to the spool {self._settings.folder} ({error.strerror}).")
        self._unshipped = (self._unshipped[0] + 1, self._unshipped[1] + len(line))
        if self._unshipped[0] >= BATCH_EVENTS or self._unshipped[1] >= BATCH_BYTES:
            self._ship(last=False)

    def _ship_at_once(self) -> None:
        """Ship a failure for an alarm that looks at the minutes in which it happened."""
        if self._at_once_left > 0 and self._unshipped[0]:
            began = monotonic()
            self._ship(last=False)
            self._at_once_left -= monotonic() - began

    def _ship(self, *, last: bool) -> None:
        if not self._settings.group or monotonic() < self._rests_until:
            return
        self._unshipped = (0, 0)
        try:
            shipper = Shipper(self._settings.group(), SHIPPING_SECONDS)
            self._ship_by(shipper, last=last)
            self._outage = ""
        except RotationError as error:
            self._rests_until = monotonic() + REST_SECONDS
            self._outage = f"Not all events were shipped; the next run ships the rest. {error.told()}"
        except OSError as error:
            where = f"The spool {self._settings.folder} could not be read or marked"
            self._tell(f"{where}, so events may come twice ({error.strerror}).")

    def _ship_by(self, shipper: Shipper, *, last: bool) -> None:
        try:
            # First what is nowhere else: a full disk may not take the marks of the rest either.
            shipper.ship_lines(self._unspooled)
            self._unspooled = []
            if self._spool:
                shipper.ship(self._spool.run)
            if last:
                if self._spool:
                    self._spool.run.retire()
                shipper.ship_others(self._settings.folder)
        finally:
            if shipper.rejected:
                self._tell(
                    f"CloudWatch Logs rejected {shipper.rejected} events, which are too old or no events; they are"
                    f" kept in {self._settings.folder}."
                )

    def _tell(self, text: str) -> None:
        line = one_line(text)
        if line not in self.trouble:
            self.trouble.append(line)
