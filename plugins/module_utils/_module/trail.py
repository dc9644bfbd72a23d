# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the audit trail is read: the options that name log group and spool, and what is done without one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from .._audit.history import logged
from .._audit.logs import log_group
from .._audit.spool import default_folder, spooled_lines
from .._codes import Code
from .._errors import RotationError
from .._next_step import option
from .options import Spec, aws_options

AUTO, SPOOL, LOGS = "auto", "spool", "logs"
TRAIL_SPEC: Spec = {
    "source": {"type": "str", "choices": [AUTO, SPOOL, LOGS], "default": AUTO},
    "log_group": {"type": "str"},
    "spool": {"type": "path"},
}


@dataclass
class Reading:
    """A look into the audit trail: for whom, by which options, and what could not be read.

    ``operation`` is whose options they are, in messages; ``whole`` asks for all sources.
    """

    operation: str
    client: str
    params: Mapping[str, Any]
    whole: bool = False
    warnings: list[str] = field(default_factory=list)

    def lines(self, pattern: str, since: datetime) -> list[str | bytes]:
        """Return the events that match, as lines; the spool gives all that it has.

        Raises RotationError where none can be read.
        """
        return [line for source in self._sources() for line in self._read(source, pattern, since)]

    def where(self) -> str:
        """Return in words which sources are read; a spool has only what its controller did."""
        names = {
            LOGS: f"the log group {self.params['log_group']}",
            SPOOL: f"the spool {self._folder} of this controller",
        }
        return " and ".join(names[source] for source in self._sources())

    @property
    def _folder(self) -> Path:
        return Path(self.params["spool"] or default_folder())

    def _sources(self) -> tuple[str, ...]:
        source, group = self.params["source"], self.params["log_group"]
        if source == LOGS and not group:
            raise RotationError(
                "The log group to read is not known.",
                code=Code.INVALID_OPTION,
                next_step=f"Set {self._option('log_group')}, or log_group of the callback rotation_audit.",
            )
        if source == AUTO:
            return (LOGS, SPOOL) if group else (SPOOL,)
        return (source,)

    def _read(self, source: str, pattern: str, since: datetime) -> list[str] | list[bytes]:
        """Read one source; of two, one that cannot be read becomes a warning, and the other one has to do."""
        try:
            if source == LOGS:
                return list(logged(log_group(self.params["log_group"], aws_options(self.params)), pattern, since))
            return list(self._spool_lines())
        except RotationError as error:
            if self.whole or self.params["source"] != AUTO:
                raise
            self.warnings.append(f"{self.client}: the history is not complete. {error.told(self.client)}")
            return []

    def _spool_lines(self) -> Iterator[bytes]:
        try:
            yield from spooled_lines(self._folder)
        except OSError as error:
            raise RotationError(
                f"The spool {self._folder} cannot be read ({error.strerror}).",
                code=Code.SPOOL_UNREADABLE,
                next_step=f"Run as the user who runs the rotations, or name another folder in {self._option('spool')}.",
            ) from None

    def _option(self, name: str) -> str:
        return option(f"{self.operation}.{name}")
