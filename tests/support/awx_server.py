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

from awx_rules import HIDDEN, VAULT, Item, playbooks, refusal, secret_fields, stored
from managed import ROOT

HOST = "127.0.0.1"
REVISION = "4f1c2d9"
ALSO_CALLED = {"unified_job_templates": "job_templates"}

KEY = "an-AWS-secret-key-for-AWX"


class AwxServer(ThreadingHTTPServer):
    """Keeps what it is given, refuses what AWX would, and shows secrets as AWX does."""

    daemon_threads = True

    def __init__(self, token: str = "token") -> None:
        super().__init__((HOST, 0), Handler)
        self.token = token
        self.lists: dict[str, dict[int, Item]] = defaultdict(dict)
        self.associations: dict[str, list[int]] = defaultdict(list)
        self.surveys: dict[str, Any] = {}
        self.requests: list[tuple[str, str]] = []
        self.numbers = itertools.count(1)
        self.create("credential_types", VAULT)

    def __enter__(self) -> AwxServer:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_port}"

    @property
    def writes(self) -> list[tuple[str, str]]:
        return [(method, path) for method, path in self.requests if method != "GET"]

    def names(self, kind: str) -> list[str]:
        return sorted(item["name"] for item in self.lists[kind].values())

    def named(self, kind: str, name: str) -> Item:
        (item,) = [item for item in self.lists[kind].values() if item["name"] == name]
        return item

    def create(self, kind: str, given: Item) -> Item:
        number = next(self.numbers)
        made: Item = {"id": number, "url": f"/api/v2/{kind}/{number}/", "type": kind, "related": {}}
        for name in ("survey_spec", "update"):
            made["related"][name] = f"{made['url']}{name}/"
        roles = {"execute_role": {"id": 1000 + number}, "read_role": {"id": 2000 + number}}
        summary: Item = {"object_roles": roles}
        self.lists[kind][number] = {**made, "summary_fields": summary, **stored(kind, given)}
        if kind == "projects":
            self.lists[kind][number] |= {"scm_revision": "", "playbook_files": []}
            summary["current_update"] = {"id": self.begin_fetching(number)["id"]}
        return self.lists[kind][number]

    def begin_fetching(self, project: int) -> Item:
        """AWX does this by itself for a new project; before it is done there are no playbooks."""
        given = {"name": "update", "project": project, "status": "running", "finished": None, "failed": False}
        return self.create("project_updates", given)

    def finish_fetching(self, update: Item) -> None:
        update |= {"status": "successful", "finished": "now", "scm_revision": REVISION}
        project = self.lists["projects"][update["project"]]
        project |= {"scm_revision": REVISION, "playbook_files": playbooks(ROOT)}
        project["summary_fields"].pop("current_update", None)

    def shown(self, item: Item) -> Item:
        """AWX gives no secret out again."""
        hidden = {
            field: {name: HIDDEN if name in secret and value else value for name, value in item[field].items()}
            for field, secret in secret_fields(item, self.lists["credential_types"]).items()
        }
        return {**item, **hidden}


class Handler(BaseHTTPRequestHandler):
    server: AwxServer

    def do_GET(self) -> None:
        kind, number, part = self.place()
        if part == "survey_spec":
            self.answer(200, self.server.surveys.get(f"{kind}/{number}", {}))
        elif part:
            self.list_of([{"id": one} for one in self.server.associations[self.key()]])
        elif number:
            item = self.server.lists[kind][number]
            self.answer(200, self.server.shown(item))
            if kind == "project_updates" and not item["finished"]:
                self.server.finish_fetching(item)
        else:
            self.list_of([self.server.shown(item) for item in self.server.lists[kind].values() if self.wanted(item)])

    def do_POST(self) -> None:
        kind, number, part = self.place()
        given = self.body()
        if self.refused(kind, part, given):
            return
        if part == "survey_spec":
            self.server.surveys[f"{kind}/{number}"] = given
            self.answer(200, {})
        elif part == "update":
            update = self.server.begin_fetching(number)
            self.server.finish_fetching(update)
            self.answer(202, update)
        elif part:
            self.associate(given)
        else:
            self.answer(201, self.server.shown(self.server.create(kind, given)))

    def do_PATCH(self) -> None:
        kind, number, _part = self.place()
        item, given = self.server.lists[kind][number], self.body()
        if not self.refused(kind, "", {**item, **given}):
            item |= stored(kind, given, item)
            self.answer(200, self.server.shown(item))

    def associate(self, given: Item) -> None:
        there = self.server.associations[self.key()]
        if given.get("disassociate"):
            there.remove(given["id"])
        else:
            there.append(given["id"])
        self.answer(204, None)

    def refused(self, kind: str, part: str, given: Item) -> bool:
        """Answer what AWX says of something that it does not take."""
        reason = refusal(kind, part, given, self.server.lists)
        if reason:
            self.answer(400, reason)
        return bool(reason)

    def key(self) -> str:
        return urlsplit(self.path).path.removeprefix("/api/v2").strip("/")

    def place(self) -> tuple[str, int, str]:
        kind, number, part, *_rest = [*self.key().split("/"), "", ""]
        return ALSO_CALLED.get(kind, kind), int(number or 0), part

    def wanted(self, item: Item) -> bool:
        asked = dict(parse_qsl(urlsplit(self.path).query))
        either = {name.removeprefix("or__"): value for name, value in asked.items() if name.startswith("or__")}
        every = {name: value for name, value in asked.items() if not name.startswith(("or__", "not__"))}
        same = [str(self.value(item, name)) == value for name, value in every.items()]
        return all(same) and (not either or any(str(item.get(name)) == value for name, value in either.items()))

    def value(self, item: Item, name: str) -> Any:
        """Return a field, or one of the inventory that the object belongs to."""
        within, _separator, field = name.rpartition("__")
        return (self.server.lists["inventories"][item[within]] if within else item).get(field)

    def parse_request(self) -> bool:
        """Note every request, and let nobody in without the token."""
        if not super().parse_request():
            return False
        self.server.requests.append((self.command, self.key()))
        if self.headers.get("Authorization") == f"Bearer {self.server.token}":
            return True
        self.answer(401, {"detail": "Authentication credentials were not provided."})
        return False

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
