# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page: one file of HTML that needs no network, made of a document and of nothing else.

What is data becomes text: in HTML it is escaped, in JSON no < is left, and page.js makes nothing but text of it. A
policy in the page lets no other script run, even so.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from .charts import charts
from .facts import DUE_SOON, Document
from .figures import Figures, figures
from .library import javascript, to_vega
from .vega import CONFIG, Chart

ASSETS = Path(__file__).parent
# Every page has its document in one line of its own, so that a shell can take it out (docs/report.md).
DATA = re.compile(r'<script type="application/json" id="data">\n(.*)\n</script>')
MARKS = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
# What the page has of an exception, of all that its row says.
EXCEPTION = ("client", "kind", "since", "until", "reason")
TONES = {"healthy": "good", DUE_SOON: "soon", "paused": "calm"}


def page(document: Document) -> bytes:
    """Return the page of a document; the same document always gives the same page."""
    data, at_a_glance = as_json(document), figures(document)
    drawn, data_digest = charts(document), digest(data)
    specs = {chart.name: to_vega({**chart.spec, "config": CONFIG}) for chart in drawn}
    scripts = {"library": javascript(), "script": _asset("page.js")}
    parts = {
        **scripts,
        "style": Template(_asset("page.css")).substitute(digest=data_digest),
        "policy": " ".join(f"'sha256-{_hash(script)}'" for script in scripts.values()),
        "data": data,
        "specs": as_json(specs),
        "headline": escape(at_a_glance.headline),
        "tiles": _tiles(at_a_glance),
        "cards": _cards(document, at_a_glance),
        **{chart.name: _figure(chart) for chart in drawn},
        "at": _moment(document["at"]),
        "since": document["since"][:10],
        "clients": str(at_a_glance.clients),
        "version": escape(document["version"]),
        "digest": data_digest,
        "evidence": _evidence(document.get("evidence")),
    }
    return Template(_asset("page.html")).substitute(parts).encode()


def document_of(page: bytes) -> Document | None:
    """Return the document of a page; None where the file is something else."""
    found = DATA.search(page.decode(errors="replace"))
    try:
        document = json.loads(found[1]) if found else None
    except ValueError:
        return None
    return document if isinstance(document, dict) and isinstance(document.get("at"), str) else None


def as_json(value: Any) -> str:
    """Return JSON on one line that ends no script and begins no comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return "".join(MARKS.get(char, char) for char in text)


def digest(data: str) -> str:
    """Return the digest of a document as the page holds it."""
    return sha256(data.encode()).hexdigest()


def _tiles(figures: Figures) -> str:
    tile = (
        '<button type="button" class="tile {tone}" data-state="{state}" aria-pressed="false">'
        "<b>{count}</b>{state}</button>"
    )
    counts = {"clients": figures.clients, **figures.counts}
    return "\n".join(
        tile.format(tone=TONES.get(state, "bad") if count and state != "clients" else "", state=state, count=count)
        for state, count in counts.items()
    )


def _cards(document: Document, figures: Figures) -> str:
    run = document["last_run"]
    oldest = f"{figures.oldest_days} days" if figures.oldest else "unknown"
    when = _moment(run["time"]) if run else "none"
    counts = ", ".join(f"{run['counts'].get(name, 0)} {name}" for name in ("rotated", "failed")) if run else ""
    lines = (
        ("Oldest password", oldest, figures.oldest),
        ("Last scheduled run", when, f"{run['outcome']}: {counts}" if run else "The audit trail has none."),
        ("Rotated within the cycle", figures.kept_percent, f"{figures.kept} of {figures.due_dates} due dates kept"),
    )
    card = "<div class=card><dt>{}</dt><dd><b>{}</b><span>{}</span></dd></div>"
    return "\n".join(card.format(*map(escape, line)) for line in lines)


def _evidence(evidence: Mapping[str, Any] | None) -> str:
    """Return the exceptions that were collected for a period; nothing where nobody named their file."""
    if not evidence:
        return ""
    rows = [[row[name] for name in EXCEPTION] for row in evidence["exceptions"]]
    found = _rows(EXCEPTION, rows) if rows else "<p>There is no exception.</p>"
    not_read = "".join(f"<p>{escape(one)}</p>" for one in evidence["not_read"])
    return (
        f"<h3>Exceptions from {escape(evidence['from'])} to {escape(evidence['to'])}</h3>"
        f'<div class=scroll role=region tabindex=0 aria-label="Table of the exceptions">{found}</div>{not_read}'
        f"<p>SHA-256 of the evidence: <code>{escape(evidence['digest'])}</code></p>"
    )


def _figure(chart: Chart) -> str:
    # The table of the clients is that of the timeline.
    table, level = (_table(chart.headings, chart.rows), 2) if chart.headings else ("", 3)
    return (
        f'<h{level} id="{chart.name}-title">{chart.title}</h{level}><p id="{chart.name}-says">{escape(chart.says)}</p>'
        f'<div class="scroll" role="region" tabindex="0" aria-labelledby="{chart.name}-title">'
        f'<div class="chart" id="{chart.name}" role="img" aria-labelledby="{chart.name}-says"></div></div>{table}'
    )


def _table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    table = _rows(headings, rows)
    return f"<details><summary>As a table</summary><div class=scroll tabindex=0>{table}</div></details>"


def _rows(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f"<th scope=col>{heading}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _moment(time: str) -> str:
    return f"{time[:10]} {time[11:16]} UTC"


def _hash(script: str) -> str:
    return b64encode(sha256(script.encode()).digest()).decode()


@lru_cache
def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")
