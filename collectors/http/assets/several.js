/** One figure for each of some names that only readings tell, such as currencies, whose amounts share no axis. */

import { html } from "./dom.js";

/**
 * - `names(reading)`: those that have something to show now; once seen, a name keeps its figure;
 * - `make(name)`: its figure; without a name the one that stands there until the first one is seen.
 */
export class SeveralFigures {
  #spec;
  #figures = new Map();

  constructor(spec) {
    this.#spec = spec;
    this.element = html("div", { class: "several" });
  }

  /** Show a history. */
  update(history) {
    const seen = [...this.#figures.keys()].filter((name) => name !== undefined);
    const names = [...new Set([...seen, ...this.#spec.names(history.last)])];
    this.#show(names.length === 0 ? [undefined] : names);
    for (const figure of this.#figures.values()) figure.update(history);
  }

  /** Draw again, in the size that the figures have now. */
  draw() {
    for (const figure of this.#figures.values()) figure.draw();
  }

  #show(names) {
    const shown = [...this.#figures.keys()];
    if (names.length === shown.length && names.every((name, index) => name === shown[index])) return;
    this.#figures = new Map(names.map((name) => [name, this.#figures.get(name) ?? this.#spec.make(name)]));
    this.element.replaceChildren(...[...this.#figures.values()].map(({ element }) => element));
  }
}
