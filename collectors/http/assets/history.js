/**
 * The readings of the last minutes, and what follows from two or more of them: rates, increases, restarts.
 *
 * Counters begin anew when the service restarts: one that is smaller than before has grown by its whole value.
 */

export const WINDOW_SECONDS = 300;
export const SLOT_SECONDS = 10;

const RATE_SECONDS = 10;

export class History {
  #entries = [];
  #interrupted = false;

  /** Add a reading; one that comes after an interruption does not connect to those before it. */
  add(reading) {
    const before = this.last;
    const restarted = before !== undefined && reading.service.uptime < before.service.uptime;
    this.#entries.push({ reading, gap: this.#interrupted || restarted, restarted });
    this.#interrupted = false;
    // Rates at the left edge need what was before it.
    const oldest = reading.time - WINDOW_SECONDS - RATE_SECONDS;
    this.#entries = this.#entries.filter((entry) => entry.reading.time >= oldest && entry.reading.time <= reading.time);
  }

  /** Note that the service did not answer. */
  interrupt() {
    this.#interrupted = true;
  }

  /** The latest reading. */
  get last() {
    return this.#entries.at(-1)?.reading;
  }

  /** The right edge of the window, in seconds. */
  get end() {
    return this.last?.time ?? 0;
  }

  /** The left edge of the window, in seconds. */
  get start() {
    return this.end - WINDOW_SECONDS;
  }

  /** When the service was first seen after a restart. */
  get restarts() {
    return this.#entries.filter(({ restarted }) => restarted).map(({ reading }) => reading.time);
  }

  /** Return a gauge as points {time, value, gap}; `of` reads it from a reading. */
  points(of) {
    return this.#entries.map(({ reading, gap }) => ({ time: reading.time, value: of(reading), gap }));
  }

  /** Return the rate of a counter per second as points, each over the ten seconds before it. */
  rates(of) {
    const totals = this.#totals(of);
    return totals.map((point, index) => {
      let first = totals.findIndex(({ time, value }) => time >= point.time - RATE_SECONDS && value !== undefined);
      if (first === index) first -= 1;
      const since = totals[first];
      const known = since?.value !== undefined && point.value !== undefined;
      return { ...point, value: known ? (point.value - since.value) / (point.time - since.time) : undefined };
    });
  }

  /** Return the latest rate of a counter. */
  rate(of) {
    return this.rates(of).at(-1)?.value;
  }

  /** Return by how much a counter grew in the last seconds, as far as it was seen. */
  grown(of, seconds) {
    const totals = this.#totals(of).filter(({ time, value }) => time >= this.end - seconds && value !== undefined);
    return totals.length === 0 ? undefined : totals.at(-1).value - totals[0].value;
  }

  /** Return by how much a counter grew in each slot of the window that has a reading: a map from the slot's start. */
  increases(of) {
    const slots = new Map();
    let before;
    for (const { time, value } of this.#totals(of)) {
      if (value === undefined) continue;
      const slot = Math.floor(time / SLOT_SECONDS) * SLOT_SECONDS;
      slots.set(slot, (slots.get(slot) ?? 0) + value - (before ?? value));
      before = value;
    }
    return slots;
  }

  /** Return a counter as it would stand had it never begun anew. */
  #totals(of) {
    let total = 0;
    let before;
    return this.points(of).map((point) => {
      if (!Number.isFinite(point.value)) return { ...point, value: undefined };
      if (before !== undefined) total += point.value >= before ? point.value - before : point.value;
      before = point.value;
      return { ...point, value: total };
    });
  }
}
