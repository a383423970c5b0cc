/** A chart with all that belongs to it: title, legend, empty state, accessible name, and the table behind it. */

import { fillRows, html, setText, svg } from "./dom.js";
import { shareAt } from "./plot.js";

/** `key` names it in the document; `title` and `note` are read by people. */
export class Figure {
  #legend = new Map();
  #caption;
  #head = html("thead");
  #body = html("tbody");
  #details;
  #rows = () => [];

  constructor({ key, title, note }) {
    const titleId = `${key}-title`;
    this.title = title;
    this.canvas = svg("svg", { role: "img", class: "canvas", "aria-label": title });
    this.legend = html("ul", { class: "legend" });
    this.empty = html("p", { class: "empty" });
    this.#caption = html("caption", {}, title);
    this.#details = html(
      "details",
      {},
      html("summary", {}, "Table", html("span", { class: "unseen" }, ` of ${title.toLowerCase()}`)),
      html(
        "div",
        { class: "scroll", tabindex: "0", role: "region", "aria-label": `Table of ${title.toLowerCase()}` },
        html("table", {}, this.#caption, this.#head, this.#body),
      ),
    );
    this.#details.addEventListener("toggle", () => this.#fill());
    this.element = html(
      "figure",
      { class: "card", id: key, "aria-labelledby": titleId },
      html("figcaption", {}, html("h3", { id: titleId }, title), html("p", { class: "note" }, note)),
      this.legend,
      html("div", { class: "plot" }, this.canvas, this.empty),
      this.#details,
    );
  }

  /** Tell what the chart shows now to those who do not see it. */
  describe(summary) {
    this.canvas.setAttribute("aria-label", `${this.title}: ${summary}`);
  }

  /** Say why there is nothing to see, or nothing where there is. */
  setEmpty(text) {
    setText(this.empty, text ?? "");
    this.element.classList.toggle("is-empty", text !== undefined);
  }

  /** Show the series with their values: a list of {name, tone, text}. */
  setLegend(items) {
    const names = items.map(({ name }) => name);
    if (names.join("\n") !== [...this.#legend.keys()].join("\n")) {
      this.#legend = new Map(items.map(({ name }) => [name, html("b")]));
      this.legend.replaceChildren(...items.map(({ name, tone }) => html(
        "li", {}, html("i", { class: `key back-${tone}`, "aria-hidden": "true" }), name, " ", this.#legend.get(name),
      )));
    }
    for (const { name, text } of items) setText(this.#legend.get(name), text);
  }

  /** Set the table's columns, and a function that returns its rows when they are looked at. */
  setTable(columns, rows) {
    this.#head.replaceChildren(html("tr", {}, ...columns.map((name) => html("th", { scope: "col" }, name))));
    this.#rows = rows;
    this.#fill();
  }

  /** Call `listener` with the share of the plot's width that the pointer is at, undefined when it leaves. */
  onPoint(listener) {
    this.canvas.addEventListener("pointermove", ({ clientX }) => listener(shareAt(this.canvas, clientX)));
    this.canvas.addEventListener("pointerleave", () => listener(undefined));
  }

  #fill() {
    if (this.#details.open) fillRows(this.#body, this.#rows());
  }
}
