/** Cards that are tables: bars by name, RPC methods, model providers, facts and the sections of the scrape. */

import { absence } from "./absence.js";
import { breakable, html, setText, svg } from "./dom.js";
import { count, duration, NONE, percent, perSecond } from "./quantities.js";

/** A card with a title and a table of rows that `rows(history)` returns, undefined where `section` tells none. */
class TableCard {
  #spec;
  #body = html("tbody");
  #empty = html("p", { class: "empty" });
  #shown;

  constructor(spec) {
    this.#spec = spec;
    const titleId = `${spec.key}-title`;
    const columns = spec.columns.map(({ name, className }) => (
      html("th", { scope: "col", class: className }, html("span", {}, name))
    ));
    const caption = html("caption", { class: "unseen" }, spec.title);
    this.element = html(
      "section",
      { class: `card ${spec.className ?? ""}`, id: spec.key, "aria-labelledby": titleId },
      html("h3", { id: titleId }, spec.title),
      html("p", { class: "note" }, spec.note),
      html("table", {}, caption, html("thead", {}, html("tr", {}, ...columns)), this.#body),
      this.#empty,
    );
  }

  /** Show the latest reading of a history. */
  update(history) {
    const rows = this.#spec.rows(history);
    const { section, empty: none } = this.#spec;
    const empty = rows === undefined ? absence(history.last, section) : rows.length === 0 ? none : "";
    setText(this.#empty, empty);
    this.element.classList.toggle("is-empty", empty !== "");
    const shown = JSON.stringify(rows);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#body.replaceChildren(...(rows ?? []).map(([name, ...cells]) => html(
      "tr",
      {},
      html("th", { scope: "row" }, ...breakable(name)),
      ...cells.map((cell, index) => html("td", { class: this.#spec.columns[index + 1].className }, ...render(cell))),
    )));
  }
}

/** Bars by name, the longest first. `values(reading)` returns a map, undefined where it is missing. */
export function barsCard({ values, text, tone, columns, ...spec }) {
  return new TableCard({
    ...spec,
    className: "bars",
    columns: [{ name: columns[0] }, { name: "Bar", className: "bar" }, { name: columns[1], className: "num" }],
    rows: ({ last }) => {
      const found = values(last);
      if (found === undefined) return undefined;
      const known = [...found].filter(([, value]) => value > 0).sort(([, left], [, right]) => right - left);
      const longest = Math.max(...known.map(([, value]) => value));
      return known.map(([name, value]) => [name.replaceAll("_", " "), { share: value / longest, tone }, text(value)]);
    },
  });
}

/** The RPC methods that were called, the busiest first. */
export function methodsCard(spec) {
  return new TableCard({
    ...spec,
    columns: [
      { name: "Method" },
      { name: "Requests", className: "num" },
      { name: "Rate", className: "num wide" },
      { name: "Mean", className: "num" },
      { name: "Errors", className: "num words" },
    ],
    empty: "No RPC has been called yet.",
    rows: (history) => {
      const { methods } = history.last.rpcs;
      if (methods.length === 0) return undefined;
      const called = methods.filter(({ requests }) => requests > 0);
      return called.sort((left, right) => right.requests - left.requests).map((method) => [
        method.name,
        count(method.requests),
        perSecond(history.rate((reading) => requestsOf(reading, method.name))),
        duration(method.meanSeconds),
        method.codes.map(([code, number]) => `${count(number)} ${code}`).join(", ") || "none",
      ]);
    },
  });
}

/** The model providers that were asked. */
export function providersCard(spec) {
  return new TableCard({
    ...spec,
    columns: [
      { name: "Provider" },
      { name: "Calls", className: "num" },
      { name: "Good", className: "num" },
      { name: "Mean", className: "num" },
    ],
    empty: "No model has been called yet.",
    rows: ({ last }) => {
      const { providers } = last.models;
      if (providers.length === 0) return undefined;
      const asked = providers.filter(({ calls }) => calls > 0);
      return asked.map(({ name, calls, good, meanSeconds }) => [
        name, count(calls), percent(good / calls), duration(meanSeconds),
      ]);
    },
  });
}

/** The types of sandboxes that there were; the time is that of those which were made while their task waited. */
export function sandboxTypesCard(spec) {
  return new TableCard({
    ...spec,
    columns: [
      { name: "Type" },
      { name: "Open", className: "num" },
      { name: "Created", className: "num" },
      { name: "Died", className: "num" },
      { name: "95 % open in", className: "num" },
    ],
    empty: "No sandbox has been created yet.",
    rows: ({ last }) => {
      const { types } = last.sandboxes;
      if (types.length === 0) return undefined;
      return types.filter(({ created }) => created > 0).map(({ name, open, created, died, opening }) => [
        name, count(open), count(created), count(died), bound(opening),
      ]);
    },
  });
}

/** Single facts; `facts(reading)` returns pairs of name and text. */
export function factsCard({ facts, ...spec }) {
  return new TableCard({
    ...spec,
    columns: [{ name: "What" }, { name: "Now", className: "num" }],
    rows: ({ last }) => facts(last),
  });
}

/** How each section of the last scrape went. */
export function sectionsCard(spec) {
  return new TableCard({
    ...spec,
    className: "sections",
    columns: [{ name: "Section" }, { name: "State" }, { name: "Time", className: "num" }],
    rows: ({ last }) => last.sections.map(({ name, success, seconds }) => [
      name, { good: success }, Number.isFinite(seconds) ? duration(seconds) : NONE,
    ]),
  });
}

function bound(opening) {
  if (opening === undefined) return NONE;
  const { within, longest } = opening;
  return Number.isFinite(within) ? duration(within) : `over ${duration(longest)}`;
}

function requestsOf(reading, name) {
  return reading.rpcs.methods.find((method) => method.name === name)?.requests;
}

function render(cell) {
  if (cell.share !== undefined) {
    const bar = svg("rect", { width: `${cell.share * 100}%`, height: "100%", rx: 3, class: `fill-${cell.tone}` });
    return [svg("svg", { class: "measure", "aria-hidden": "true" }, bar)];
  }
  if (cell.good !== undefined) {
    return [html("span", { class: cell.good ? "state good" : "state bad" }, cell.good ? "✓ read" : "✕ failed")];
  }
  return breakable(cell);
}
