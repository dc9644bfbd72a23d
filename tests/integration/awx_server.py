# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of AWX's REST interface as its modules use to make things: lists, objects, associations and surveys."""

from __future__ import annotations

import itertools
import json
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

HOST = "127.0.0.1"
REVISION = "4f1c2d9"
ALSO_CALLED = {"unified_job_templates": "job_templates"}
Item = dict[str, Any]


class AwxServer(ThreadingHTTPServer):
    """Keeps what it is given; secret inputs are shown as AWX shows them."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HOST, 0), Handler)
        self.lists: dict[str, dict[int, Item]] = defaultdict(dict)
        self.associations: dict[str, set[int]] = defaultdict(set)
        self.surveys: dict[str, Any] = {}
        self.writes: list[tuple[str, str]] = []
        self.numbers = itertools.count(1)

    def __enter__(self) -> AwxServer:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_port}"

    def names(self, kind: str) -> list[str]:
        return sorted(item["name"] for item in self.lists[kind].values())

    def named(self, kind: str, name: str) -> Item:
        (item,) = [item for item in self.lists[kind].values() if item["name"] == name]
        return item

    def create(self, kind: str, given: Item) -> Item:
        number = next(self.numbers)
        role = {"execute_role": {"id": 1000 + number}}
        made: Item = {"id": number, "url": f"/api/v2/{kind}/{number}/", "type": kind, "related": {}}
        for name in ("survey_spec", "update"):
            made["related"][name] = f"{made['url']}{name}/"
        self.lists[kind][number] = {**made, "summary_fields": {"object_roles": role}, "scm_revision": "", **given}
        return self.lists[kind][number]

    def fetch(self, project: int) -> Item:
        """Fetch a project: the same revision each time, at once."""
        self.lists["projects"][project]["scm_revision"] = REVISION
        done = {"status": "successful", "finished": "now", "failed": False, "scm_revision": REVISION}
        return self.create("project_updates", {"name": "update", **done})


class Handler(BaseHTTPRequestHandler):
    server: AwxServer

    def do_GET(self) -> None:
        kind, number, part = self.place()
        if part == "survey_spec":
            self.answer(200, self.server.surveys.get(f"{kind}/{number}", {}))
        elif part:
            self.list_of([{"id": one} for one in self.server.associations[self.key()]])
        elif number:
            self.answer(200, shown(self.server.lists[kind][number]))
        else:
            self.list_of([shown(item) for item in self.server.lists[kind].values() if self.wanted(item)])

    def do_POST(self) -> None:
        kind, number, part = self.place()
        given = self.body()
        self.server.writes.append(("POST", self.key()))
        if part == "survey_spec":
            self.server.surveys[f"{kind}/{number}"] = given
            self.answer(200, {})
        elif part == "update":
            self.answer(202, self.server.fetch(number))
        elif part:
            self.server.associations[self.key()].add(given["id"])
            self.answer(204, None)
        else:
            self.answer(201, shown(self.server.create(kind, given)))

    def do_PATCH(self) -> None:
        kind, number, _part = self.place()
        self.server.writes.append(("PATCH", self.key()))
        self.server.lists[kind][number].update(self.body())
        self.answer(200, shown(self.server.lists[kind][number]))

    def key(self) -> str:
        return urlsplit(self.path).path.removeprefix("/api/v2").strip("/")

    def place(self) -> tuple[str, int, str]:
        kind, number, part, *_rest = [*self.key().split("/"), "", ""]
        return ALSO_CALLED.get(kind, kind), int(number or 0), part

    def wanted(self, item: Item) -> bool:
        asked = dict(parse_qsl(urlsplit(self.path).query))
        either = {name.removeprefix("or__"): value for name, value in asked.items() if name.startswith("or__")}
        every = {name: value for name, value in asked.items() if not name.startswith(("or__", "not__"))}
        same = [str(item.get(name)) == value for name, value in every.items()]
        return all(same) and (not either or any(str(item.get(name)) == value for name, value in either.items()))

    def body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")

    def list_of(self, results: list[Item]) -> None:
        self.answer(200, {"count": len(results), "next": None, "results": results})

    def answer(self, status: int, content: Any) -> None:
        text = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.send_header("X-API-Product-Name", "AWX")
        self.send_header("X-API-Product-Version", "24.6.1")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments: Any) -> None:
        """Print nothing."""


def shown(item: Item) -> Item:
    """AWX never gives a secret input out again."""
    inputs = item.get("inputs")
    if isinstance(inputs, dict) and "secret_key" in inputs:
        return {**item, "inputs": {**inputs, "secret_key": "$encrypted$"}}
    return item
