/** Asks the service again and again: quickly while it answers, ever more slowly while it does not. */

import { parse } from "./exposition.js";
import { read } from "./reading.js";

const INTERVAL_SECONDS = 2;
const HIDDEN_INTERVAL_SECONDS = 10;
const LONGEST_INTERVAL_SECONDS = 16;
const PATIENCE_SECONDS = 5;

export class Poller {
  #listener;
  #timer;
  #asking = false;
  #failures = 0;

  /** `listener` has answered(reading, ready) and failed(reason, seconds until the next try). */
  constructor(listener) {
    this.#listener = listener;
  }

  /** Ask now, and from now on. */
  start() {
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.ask();
    });
    this.ask();
  }

  /** Ask now, unless an answer is on its way already. */
  async ask() {
    if (this.#asking) return;
    this.#asking = true;
    clearTimeout(this.#timer);
    try {
      const answer = await this.#answer();
      if (answer !== null) this.#listener.answered(answer.reading, answer.ready);
    } finally {
      this.#asking = false;
      this.#timer = setTimeout(() => this.ask(), this.#pause() * 1000);
    }
  }

  async #answer() {
    try {
      const [reading, ready] = await Promise.all([askMetrics(), askReady()]);
      this.#failures = 0;
      return { reading, ready };
    } catch (error) {
      this.#failures += 1;
      this.#listener.failed(reason(error), this.#pause());
      return null;
    }
  }

  #pause() {
    if (this.#failures === 0) return document.hidden ? HIDDEN_INTERVAL_SECONDS : INTERVAL_SECONDS;
    return Math.min(INTERVAL_SECONDS * 2 ** (this.#failures - 1), LONGEST_INTERVAL_SECONDS);
  }
}

class StatusError extends Error {}

async function askMetrics() {
  const response = await get("metrics");
  if (!response.ok) throw new StatusError(`/metrics answers ${response.status}`);
  const now = Date.now();
  const serviceNow = Date.parse(response.headers.get("Date") ?? "");
  return read(parse(await response.text()), now / 1000, (Number.isNaN(serviceNow) ? now : serviceNow) / 1000);
}

async function askReady() {
  const response = await get("-/ready");
  return response.ok;
}

function get(path) {
  return fetch(path, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_SECONDS * 1000) });
}

function reason(error) {
  if (error instanceof StatusError) return error.message;
  if (error.name === "TimeoutError") return `no answer within ${PATIENCE_SECONDS} seconds`;
  return "no connection";
}
