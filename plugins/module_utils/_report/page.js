// SPDX-License-Identifier: GPL-3.0-or-later
// The table of the clients, and the timeline of those that it shows. All that is data becomes text, never HTML.
"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const report = read("data"), specs = read("specs");
  const at = (id) => document.getElementById(id);
  const DAY = 86400000, ROWS = 25, now = Date.parse(report.at);
  const TONES = { healthy: "good", "due in 7 days": "soon", paused: "calm" };
  const URGENCY = ["unreadable", "overdue", "failing", "unfinished", "paused", "due in 7 days", "healthy"];

  const moment = (time) => (time ? time.slice(0, 16).replace("T", " ") : "");
  const days = (client) => (client.due ? Math.floor((Date.parse(client.due) - now) / DAY) : "");
  const kept = (client) => (client.kept[1] ? `${client.kept[0]} of ${client.kept[1]}` : "");
  const failures = (client) => (client.failures ? client.failures.count : "");
  const urgency = (client) => URGENCY.indexOf(client.flags[0]);
  const COLUMNS = [
    { title: "Client", value: (client) => client.name },
    { title: "State", value: urgency, cell: (client) => client.flags.map(state) },
    { title: "Group", value: (client) => client.groups.join(", "), wide: true },
    { title: "Last", value: (client) => client.last || "", cell: (client) => moment(client.last), wide: true },
    { title: "Due", value: (client) => client.due || "", cell: (client) => moment(client.due) },
    { title: "Days left", value: days, wide: true },
    { title: "Due dates kept", value: (client) => client.kept[0] / client.kept[1] || 0, cell: kept, wide: true },
    { title: "Failed in a row", value: failures, wide: true },
  ];
  const view = { text: "", state: "", group: "", column: 1, down: false, first: 0, all: false, open: new Set() };

  function make(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children.flat());
    return made;
  }

  function state(flag) {
    return make("span", { class: `state ${TONES[flag] || ""}` }, flag);
  }

  function matching() {
    const words = view.text.toLowerCase();
    const text = (client) => [client.name, ...client.groups, client.cause || ""].join(" ").toLowerCase();
    const wanted = report.clients.filter((client) =>
      (!view.state || client.flags.includes(view.state)) && (!view.group || client.groups.includes(view.group)) && text(client).includes(words));
    const key = COLUMNS[view.column].value;
    const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
    return wanted.sort((a, b) => (view.down ? -1 : 1) * compare(key(a), key(b)) || compare(a.due || "", b.due || "") || compare(a.name, b.name));
  }

  function deed([time, what, trigger, by, about, code, seconds]) {
    const parts = [trigger.replace("_", " "), by && `by ${by}`, about, code, seconds && `${seconds.toFixed(1)} s`];
    return make("li", {}, make("strong", {}, `${moment(time)} ${what}`), ...parts.filter(Boolean).map((part) => ` · ${part}`));
  }

  function facts(client) {
    const failed = client.failures;
    return [
      client.cause,
      client.groups.length && `Groups: ${client.groups.join(", ")}`,
      client.last && `Last ${moment(client.last)}, every ${client.cycle_days} days, expected ${client.expected ? moment(client.expected) : "with the next run"}`,
      client.overlap_until && `Old password valid until ${moment(client.overlap_until)}`,
      client.paused && `Paused until ${moment(client.paused.until)}: ${client.paused.reason}`,
      failed && `Failed ${failed.count} times in a row, last at ${moment(failed.at)} in step ${failed.step}: ${failed.code}`,
    ].filter(Boolean);
  }

  function past(client) {
    const shown = facts(client).map((fact) => make("p", {}, fact));
    const list = make("ol", { reversed: "" }, [...client.events].reverse().map(deed));
    const more = client.left_out ? [make("p", {}, `${client.left_out} older ones are left out.`)] : [];
    const none = client.events.length ? [] : [make("p", {}, "The audit trail has nothing of it.")];
    return make("tr", { class: "past" }, make("td", { colspan: COLUMNS.length }, shown, list, more, none));
  }

  function row(client) {
    const open = view.open.has(client.name);
    const name = make("button", { type: "button", "aria-expanded": open }, client.name);
    name.addEventListener("click", () => {
      if (!view.open.delete(client.name)) view.open.add(client.name);
      draw();
      [...at("table").querySelectorAll("tbody button")].find((button) => button.textContent === client.name).focus();
    });
    const cells = COLUMNS.slice(1).map(({ value, cell, wide }) => {
      const content = (cell || value)(client);
      return make("td", wide ? { class: "wide" } : {}, Array.isArray(content) ? content : String(content));
    });
    const line = make("tr", {}, make("th", { scope: "row" }, name), cells);
    return open ? [line, past(client)] : [line];
  }

  function head() {
    at("table").tHead.rows[0].replaceChildren(...COLUMNS.map(({ title, wide }, number) => {
      const sorted = number === view.column ? { "aria-sort": view.down ? "descending" : "ascending" } : {};
      const button = make("button", { type: "button" }, title);
      button.addEventListener("click", () => {
        view.down = number === view.column && !view.down;
        view.column = number;
        view.first = 0;
        draw();
        at("table").tHead.rows[0].cells[number].firstChild.focus();
      });
      return make("th", { scope: "col", ...(wide ? { class: "wide" } : {}), ...sorted }, button);
    }));
  }

  function draw() {
    const wanted = matching();
    const page = view.all ? wanted : wanted.slice(view.first, view.first + ROWS);
    head();
    at("table").tBodies[0].replaceChildren(...page.flatMap(row));
    at("shown").textContent = wanted.length
      ? `${view.all ? 1 : view.first + 1} to ${(view.all ? 0 : view.first) + page.length} of ${wanted.length} clients`
      : "No client matches.";
    at("back").disabled = !view.first;
    at("forth").disabled = view.first + ROWS >= wanted.length;
    for (const tile of document.querySelectorAll(".tile"))
      tile.setAttribute("aria-pressed", view.state === tile.dataset.state);
    at("state").value = view.state;
    if (!view.all) show(page);
  }

  // The timeline: what the chart gets, for the clients on this page of the table.
  let timeline = null;
  const span = (client, kind, from, to) =>
    ({ client: client.name, kind, from, to, says: `${client.name}: ${kind}, ${day(from)} to ${day(to)}` });
  const mark = (client, kind, time) => ({ client: client.name, kind, at: Date.parse(time), says: `${client.name}: ${kind} ${moment(time)}` });
  const day = (time) => new Date(time).toISOString().slice(0, 10);

  function bars(client) {
    if (!client.due) return [];
    const last = Date.parse(client.last), due = Date.parse(client.due), cycle = client.cycle_days * DAY;
    const changes = client.events.filter(([, what]) => what === "rotated" || what === "onboarded").map(([time]) => Date.parse(time));
    const before = changes.filter((time) => time < last - 60000).pop();
    return [
      ...(before ? [span(client, "previous", before, last)] : []),
      span(client, "current", last, due),
      ...(client.flags.includes("overdue") ? [span(client, "overdue", due, now)] : []),
      span(client, "next", Math.max(due, client.flags.includes("overdue") ? now : 0), Math.max(due, now) + cycle),
    ];
  }

  function closed(client) {
    const { first, days: letters } = client.calendar || { days: "" };
    const kinds = { o: "window", f: "frozen" };
    const wanted = letters.includes("w") ? "of" : "f";
    const runs = [...letters.matchAll(/o+|f+/g)].filter(([run]) => wanted.includes(run[0])).map((found) => {
      const from = Date.parse(first) + found.index * DAY;
      return span(client, kinds[found[0][0]], from, from + found[0].length * DAY);
    });
    // One of no length for each client keeps the order of the table.
    return [span(client, "window", now, now), ...runs];
  }

  function marks(client) {
    if (!client.due) return [];
    return [mark(client, "rotated", client.last), mark(client, "due", client.due),
      ...(Date.parse(client.due) - Date.parse(client.expected) > DAY ? [mark(client, "expected", client.expected)] : [])];
  }

  function show(clients) {
    for (const [name, of] of Object.entries({ days: closed, bars, marks })) {
      const values = clients.flatMap(of);
      if (timeline) timeline.data(name, values);
      else specs.timeline.data.find((data) => data.name === name).values = values;
    }
    if (timeline) timeline.resize().runAsync();
  }

  // As a tree and not as code, for the policy of the page forbids to make code of texts. Only errors are logged.
  const CHARTS = { renderer: "svg", actions: false, ast: true, logLevel: 1, tooltip: { theme: "custom" } };

  function filter(name, value) {
    view[name] = value;
    view.first = 0;
    draw();
  }

  function choices(id, values) {
    at(id).append(...values.map((value) => make("option", { value }, value)));
    at(id).addEventListener("change", () => filter(id, at(id).value));
  }

  choices("state", URGENCY.filter((flag) => report.clients.some((client) => client.flags.includes(flag))));
  choices("group", [...new Set(report.clients.flatMap((client) => client.groups))].sort());
  at("text").addEventListener("input", () => filter("text", at("text").value));
  at("filters").addEventListener("submit", (event) => event.preventDefault());
  for (const tile of document.querySelectorAll(".tile"))
    tile.addEventListener("click", () => filter("state", [view.state, "clients"].includes(tile.dataset.state) ? "" : tile.dataset.state));
  for (const [id, step] of [["back", -ROWS], ["forth", ROWS]])
    at(id).addEventListener("click", () => { view.first += step; draw(); });
  at("theme").addEventListener("click", () => {
    const root = document.documentElement.style;
    const dark = root.colorScheme ? root.colorScheme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.colorScheme = dark ? "light" : "dark";
  });
  for (const [event, all] of [["beforeprint", true], ["afterprint", false]])
    addEventListener(event, () => { view.all = all; draw(); });

  draw();
  const drawn = Object.entries(specs).map(async ([name, spec]) => {
    const { view: chart } = await window.vegaEmbed(at(name), spec, CHARTS);
    at(name).querySelector("svg").setAttribute("aria-hidden", "true"); // the sentence above it says what it shows
    if (name === "timeline") timeline = chart;
  });
  Promise.all(drawn).then(() => {
    performance.mark("drawn");
    document.documentElement.setAttribute("data-drawn", "");
  });
})();
