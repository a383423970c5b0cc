/** A figure of how a histogram's observations are spread, all since the service's start. */

import { absence } from "./absence.js";
import { drawBuckets } from "./charts.js";
import { Figure } from "./figure.js";
import { count, COUNT, duration, NONE, percent } from "./quantities.js";

const UNITS = [[3600, "h"], [60, "min"], [1, "s"], [0.001, "ms"]];

/** Beside what a Figure needs: `of` reads the histogram of `section`, `empty` says what has not happened yet. */
export class HistogramFigure {
  #spec;
  #figure;
  #counts = [];
  #labels = [];

  constructor(spec) {
    this.#spec = spec;
    this.#figure = new Figure(spec);
    this.element = this.#figure.element;
  }

  /** Show the latest reading of a history. */
  update(history) {
    const { of, section, empty: none } = this.#spec;
    const histogram = of(history.last);
    const { bounds, counts, sum, count: total } = histogram ?? { bounds: [], counts: [], sum: 0, count: 0 };
    this.#counts = counts;
    this.#labels = bounds.map((bound) => (Number.isFinite(bound) ? short(bound) : "longer"));
    const empty = histogram === undefined ? absence(history.last, section) : total === 0 ? none : undefined;
    this.#figure.setEmpty(empty);
    const mean = total > 0 ? sum / total : undefined;
    this.#figure.describe(empty ?? `${count(total)} in all, ${duration(mean)} in the mean.`);
    this.#figure.setLegend([
      { name: this.#spec.unit, tone: this.#spec.tone, text: count(total) },
      { name: "mean", tone: "none", text: duration(mean) },
    ]);
    this.#figure.setTable(["Up to", "Number", "Share"], () => counts.map((each, index) => [
      this.#labels[index], count(each), total > 0 ? percent(each / total) : NONE,
    ]));
    this.draw();
  }

  /** Draw again, in the size that the figure has now. */
  draw() {
    if (this.#counts.length > 0) drawBuckets(this.#figure.canvas, this.#counts, this.#labels, COUNT, this.#spec.tone);
  }
}

/** Return a bound in one unit, as short as an axis needs it. */
function short(seconds) {
  const [size, name] = UNITS.find(([unit]) => seconds >= unit) ?? UNITS.at(-1);
  return `${Number((seconds / size).toPrecision(3))} ${name}`;
}
