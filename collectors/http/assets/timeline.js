/** Figures over the last minutes: lines of gauges and rates, and stacked columns of what happened. */

import { absence } from "./absence.js";
import { drawLines, drawStacks } from "./charts.js";
import { Figure } from "./figure.js";
import { SLOT_SECONDS, WINDOW_SECONDS } from "./history.js";
import { slotStarts } from "./plot.js";
import { clock, count, COUNT } from "./quantities.js";

const GATHERING = "Gathering the first numbers …";

/**
 * Lines over time. Its specification beside that of a Figure:
 *
 * - `series(reading)`: {name, tone, of, rate, filled, stepped, text}; `of` reads the number from a reading, `rate` says
 *   that it is a counter whose rate is shown;
 * - `section` of the scrape that tells the numbers;
 * - `quantity` of the axis, and `least`, which the axis reaches at least;
 * - `empty(history, known)`: why there is nothing to see, or undefined; `known` says that the window has a number.
 */
export class LinesFigure {
  #spec;
  #figure;
  #history;
  #lines = [];
  #marked;

  constructor(spec) {
    this.#spec = spec;
    this.#figure = new Figure(spec);
    this.element = this.#figure.element;
    this.#figure.onPoint((share) => this.#mark(share));
  }

  /** Show a history. */
  update(history) {
    this.#history = history;
    this.#lines = this.#spec.series(history.last).map((series) => ({
      ...series,
      points: series.rate ? history.rates(series.of) : history.points(series.of),
    }));
    const latest = this.#lines.map((line) => `${line.name} ${this.#text(line, line.points.at(-1)?.value)}`);
    const empty = this.#empty();
    this.#figure.setEmpty(empty);
    this.#figure.describe(empty ?? `${latest.join(", ")}; the last five minutes.`);
    this.#figure.setTable(["Time", ...this.#lines.map(({ name }) => name)], () => this.#rows());
    this.draw();
  }

  /** Draw again, in the size that the figure has now. */
  draw() {
    if (this.#history === undefined) return;
    const { quantity, least } = this.#spec;
    drawLines(this.#figure.canvas, this.#lines, { history: this.#history, quantity, least, marked: this.#marked });
    this.#figure.setLegend(this.#lines.map((line) => {
      const point = line.points.find(({ time }) => time === this.#marked) ?? line.points.at(-1);
      return { name: line.name, tone: line.tone, text: this.#text(line, point?.value) };
    }));
  }

  #empty() {
    const lines = this.#lines;
    const { last } = this.#history;
    if (lines.length > 0 && lines.every(({ of }) => of(last) === undefined)) return absence(last, this.#spec.section);
    const known = lines.some(({ points }) => points.some(({ value }) => Number.isFinite(value)));
    return this.#spec.empty?.(this.#history, known) ?? (known ? undefined : GATHERING);
  }

  #mark(share) {
    if (this.#history?.last === undefined) return;
    const wanted = this.#history.start + share * WINDOW_SECONDS;
    const times = share === undefined ? [] : this.#lines[0]?.points.map(({ time }) => time) ?? [];
    this.#marked = nearest(times.filter((time) => time >= this.#history.start), wanted);
    this.draw();
  }

  #rows() {
    const times = this.#lines[0]?.points.map(({ time }) => time) ?? [];
    const shown = times.map((time, index) => ({ time, index })).filter(({ time }) => time >= this.#history.start);
    // The last reading of each slot, the newest first.
    const last = new Map(shown.map((entry) => [Math.floor(entry.time / SLOT_SECONDS), entry]));
    return [...last.values()].reverse().map(({ time, index }) => [
      clock(time), ...this.#lines.map((line) => this.#text(line, line.points[index].value)),
    ]);
  }

  #text(line, value) {
    return (line.text ?? this.#spec.quantity.text)(value);
  }
}

/** Stacked columns, one for ten seconds. `series` are {name, tone, of}; `of` reads a counter of `section`. */
export class StacksFigure {
  #spec;
  #figure;
  #starts = [];
  #slots = [];
  #marked;

  constructor(spec) {
    this.#spec = spec;
    this.#figure = new Figure(spec);
    this.element = this.#figure.element;
    this.#figure.onPoint((share) => this.#mark(share));
  }

  /** Show a history. */
  update(history) {
    const { series, empty, section } = this.#spec;
    const { last } = history;
    const increases = series.map(({ of }) => history.increases(of));
    this.#starts = slotStarts(history);
    this.#slots = this.#starts.map((start) => increases.map((slots) => slots.get(start)));
    const why = series.every(({ of }) => of(last) === undefined) ? absence(last, section) : empty?.(history);
    this.#figure.setEmpty(why);
    const told = series.map(({ name }, index) => `${name} ${count(this.#sum(index))}`);
    this.#figure.describe(why ?? `${told.join(", ")} in the last five minutes.`);
    this.#figure.setTable(["Ten seconds from", ...series.map(({ name }) => name)], () => this.#rows());
    this.draw();
  }

  /** Draw again, in the size that the figure has now. */
  draw() {
    const { series } = this.#spec;
    if (this.#slots.length === 0) return;
    const part = (value, index) => ({ value: value ?? 0, tone: series[index].tone });
    const stacks = this.#slots.map((slot) => slot.map(part));
    drawStacks(this.#figure.canvas, stacks, COUNT, this.#marked);
    this.#figure.setLegend(series.map(({ name, tone }, index) => {
      const value = this.#marked === undefined ? this.#sum(index) : this.#slots[this.#marked][index];
      return { name, tone, text: count(value ?? 0) };
    }));
  }

  #sum(index) {
    return this.#slots.reduce((sum, slot) => sum + (slot[index] ?? 0), 0);
  }

  #mark(share) {
    const slots = this.#slots.length;
    this.#marked = share === undefined || slots === 0 ? undefined : Math.min(slots - 1, Math.floor(share * slots));
    this.draw();
  }

  #rows() {
    const slots = this.#starts.map((start, index) => ({ start, values: this.#slots[index] }));
    const seen = slots.filter(({ values }) => values.some((value) => value !== undefined));
    return seen.reverse().map(({ start, values }) => [clock(start), ...values.map(count)]);
  }
}

function nearest(times, wanted) {
  return times.reduce(
    (best, time) => (best === undefined || Math.abs(time - wanted) < Math.abs(best - wanted) ? time : best),
    undefined,
  );
}
