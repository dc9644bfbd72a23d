# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the Debian mirror that this machine already uses. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

APT = Path("/etc/apt")
ONE_LINE = re.compile(r"^deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>.+)$")


@dataclass(frozen=True)
class Source:
    """One package source: where it is, what it serves, and the key file that signs it."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""

    def line(self, suite: str) -> str:
        """The one-line form of this source for another suite of the same mirror."""
        options = f"[signed-by={self.signed_by}] " if self.signed_by else ""
        return f"deb {options}{self.uri} {suite} main\n"

    @property
    def rank(self) -> tuple[bool, bool]:
        """Sorts the Debian archive proper before third parties and security-only mirrors."""
        security = any("security" in suite for suite in self.suites) or "security" in self.uri
        return security, not self.uri.rstrip("/").endswith("/debian")


def find_mirror(apt: Path = APT) -> Source | None:
    """The best source for packages of any Debian suite, or None where none is configured."""
    usable = [source for source in configured(apt) if "main" in source.components]
    return min(usable, key=lambda source: source.rank, default=None)


def configured(apt: Path) -> Iterator[Source]:
    """Every enabled binary source, whichever of apt's two notations and places it is written in."""
    parts = apt / "sources.list.d"
    for path in [apt / "sources.list", *sorted(parts.glob("*.list"))]:
        if path.is_file():
            yield from one_line(path.read_text(errors="replace"))
    for path in sorted(parts.glob("*.sources")):
        yield from deb822(path.read_text(errors="replace"))


def one_line(text: str) -> Iterator[Source]:
    """Sources of the form `deb [options] uri suite component...`."""
    for line in text.splitlines():
        found = ONE_LINE.match(line.split("#")[0].strip())
        if found:
            options = dict(item.partition("=")[::2] for item in (found["options"] or "").split())
            yield Source(
                found["uri"],
                (found["suite"],),
                tuple(found["components"].split()),
                key_file(options.get("signed-by", "")),
            )


def deb822(text: str) -> Iterator[Source]:
    """Sources of the form of stanzas with `URIs:`, `Suites:` and `Components:` fields."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for stanza in re.split(r"\n\s*\n", "\n".join(lines)):
        fields = stanza_fields(stanza)
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() in ("no", "false"):
            continue
        suites, components = tuple(fields.get("suites", "").split()), tuple(fields.get("components", "").split())
        for uri in fields.get("uris", "").split():
            yield Source(uri, suites, components, key_file(fields.get("signed-by", "")))


def stanza_fields(stanza: str) -> dict[str, str]:
    """The fields of one stanza, names in lower case, continued lines joined."""
    joined = re.sub(r"\n[ \t]+", " ", stanza)
    pairs = (line.partition(":") for line in joined.splitlines() if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def key_file(value: str) -> str:
    """The value when it names key files; a key written into the source itself is left to apt's own trust."""
    return value if value.startswith("/") and " " not in value else ""
