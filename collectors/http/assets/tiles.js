/** The key figures at the top: one large number each, a sentence below it, and a gauge where there is a limit. */

import { absence } from "./absence.js";
import { html, setText, svg } from "./dom.js";
import { count, display, duration, NONE, percent, perSecond, roundMoney } from "./quantities.js";
import { answers, outcomes } from "./troubles.js";

const MOST_SEGMENTS = 24;
/** Later than this is more than the scheduling of a busy machine. */
const ON_TIME_SECONDS = 0.1;
const LONG_AMOUNT = 10_000;

/** What each tile shows of a reading, by the id of its place; without a note its section tells no numbers for it. */
const TILES = {
  "tile-running": {
    section: "tasks",
    figure: ({ tasks: { running, slots, longestSilence } }) => ({
      value: count(running),
      of: limit(slots, "slots"),
      share: running / slots,
      segments: slots,
      note: since(running, longestSilence, {
        none: "No task runs.",
        told: (age) => `Progress within ${duration(Math.max(1, age))}.`,
        untold: "When they last progressed is not told.",
      }),
    }),
  },
  "tile-waiting": {
    section: "tasks",
    figure: ({ tasks: { waiting, capacity, longestWait } }) => ({
      value: count(waiting),
      of: limit(capacity, "places"),
      share: waiting / capacity,
      note: since(waiting, longestWait, {
        none: "No task waits for a slot.",
        told: (age) => `The first has waited ${duration(age)}.`,
        untold: "How long the first has waited is not told.",
      }),
    }),
  },
  "tile-success": {
    section: "tasks",
    figure: (reading) => {
      const { completed, failed, when } = outcomes(reading);
      const share = completed / (completed + failed);
      return { value: percent(share), share, note: successes(completed, failed, when, reading.tasks) };
    },
  },
  "tile-duration": {
    section: "tasks",
    figure: ({ tasks: { p50, p95 } }) => ({ value: duration(p50), note: quantiles(p50, p95) }),
  },
  "tile-model": {
    section: "models",
    figure: (reading) => {
      const { calls: all, unanswered } = answers(reading) ?? {};
      const share = (all - unanswered) / all;
      return { value: percent(share), share, note: answered(all, unanswered) };
    },
  },
  "tile-loop": {
    section: "service",
    figure: ({ service: { lag, blocked } }) => ({
      value: lag < ON_TIME_SECONDS ? "on time" : duration(lag),
      of: lag < ON_TIME_SECONDS ? undefined : "late",
      note: blocked === undefined ? undefined : `Blocked for ${duration(blocked)} since the start.`,
    }),
  },
  "tile-rpcs": {
    section: "rpcs",
    figure: ({ rpcs: { requests, errors } }, history) => ({
      value: perSecond(history.rate((reading) => reading.rpcs.requests) ?? (requests === undefined ? undefined : 0)),
      note: calls(requests, errors),
    }),
  },
  "tile-cost": {
    section: "models",
    figure: ({ models: { cost, input, output, priceUnknown, budgets } }) => {
      const day = tightest(budgets);
      const used = tokens(input, output, priceUnknown);
      return {
        ...amounts(cost),
        share: day?.share,
        segments: 1,
        note: day === undefined || used === undefined ? used : `${ofThisDay(day)} ${used}`,
      };
    },
  },
};

/** Fills the tiles of the document. */
export class Tiles {
  #parts = Object.entries(TILES).map(([id, { section, figure }]) => {
    const tile = document.getElementById(id);
    const parts = {
      id,
      tile,
      section,
      figure,
      value: html("span", { class: "value" }, NONE),
      of: html("span", { class: "of" }),
      gauge: svg("svg", { class: "gauge" }),
      note: html("dd", { class: "note" }),
    };
    tile.append(
      html("dd", { class: "number" }, parts.value, " ", parts.of),
      html("dd", { "aria-hidden": "true" }, parts.gauge),
      parts.note,
    );
    return parts;
  });

  /** Show the latest reading of a history; a tile that a trouble is about has its colour. */
  update(history, troubles) {
    const tones = new Map(troubles.toReversed().map(({ tile, tone }) => [tile, tone]));
    for (const { id, tile, section, figure, value, of, gauge, note } of this.#parts) {
      tile.className = ["card tile", tones.get(id)].filter(Boolean).join(" ");
      const told = figure(history.last, history);
      const known = told.value !== NONE;
      setText(value, told.value);
      setText(of, known ? told.of ?? "" : "");
      setText(note, told.note ?? absence(history.last, section));
      drawGauge(gauge, told);
    }
  }
}

function drawGauge(gauge, { share, segments }) {
  if (share === undefined || Number.isNaN(share)) {
    gauge.replaceChildren();
    return;
  }
  const wanted = segments <= MOST_SEGMENTS ? segments : 1;
  const gap = wanted > 1 ? 1.2 : 0;
  const width = (100 - gap * (wanted - 1)) / wanted;
  const segment = (index, part, className) => svg("rect", {
    x: `${index * (width + gap)}%`, width: `${width * part}%`, height: "100%", rx: 3, class: className,
  });
  const parts = Array.from({ length: wanted }, (_, index) => Math.min(1, Math.max(0, share * wanted - index)));
  gauge.replaceChildren(...parts.flatMap((part, index) => [
    segment(index, 1, "track"), ...(part > 0 ? [segment(index, part, "filled")] : []),
  ]));
}

function limit(number, name) {
  return number === undefined ? undefined : `of ${count(number)} ${name}`;
}

function since(number, age, { none, told, untold }) {
  if (number === undefined) return undefined;
  if (age !== undefined) return told(age);
  return number === 0 ? none : untold;
}

function quantiles(p50, p95) {
  if (p50 === undefined) return undefined;
  return Number.isNaN(p50) ? "No task has ended in the last ten minutes." : `95 % end within ${duration(p95)}.`;
}

function successes(completed, failed, when, { successRate, created, ended }) {
  if (completed === undefined) return undefined;
  if (ended === 0) return "No task has ended yet.";
  const all = completed + failed;
  const lately = all === 0
    ? `No task succeeded or failed ${when}.`
    : `${count(completed)} of ${count(all)} tasks ${when}.`;
  if (created.completed === completed && created.failed === failed) return lately;
  return `${lately} Since the start ${percent(successRate)} of ${count(created.completed + created.failed)}.`;
}

function answered(all, unanswered) {
  if (all === undefined) return undefined;
  return all === 0
    ? "No model was called in the last 5 minutes."
    : `${count(all - unanswered)} of ${count(all)} calls in the last 5 minutes.`;
}

function calls(requests, errors) {
  if (requests === undefined) return undefined;
  if (requests === 0) return "No RPC has been called yet.";
  const failed = errors === 0 ? "no RPC errors" : `${percent(errors / requests)} RPC errors`;
  return `${count(requests)} since the start, ${failed}.`;
}

function tokens(input, output, priceUnknown) {
  if (input === undefined) return undefined;
  if (input + output === 0) return "No tokens have been used yet.";
  const calls = priceUnknown === 1 ? "call has" : "calls have";
  const unpriced = priceUnknown > 0 ? ` ${count(priceUnknown)} ${calls} no known price.` : "";
  return `${count(input)} tokens read, ${count(output)} written.${unpriced}`;
}

/** Return the day's budget of which most is spent, or undefined without a budget. */
function tightest(budgets) {
  return budgets.toSorted((one, other) => other.share - one.share)[0];
}

function ofThisDay({ currency, spent, limit: allowed }) {
  const [part, all] = [spent, allowed].map((amount) => roundMoney(amount, currency, { most: LONG_AMOUNT }));
  return `Of this day's ${all}, ${part} is spent.`;
}

/** Return two amounts at most, in the order of the page: amounts of different currencies have none of their own. */
function amounts(cost) {
  const spent = [...cost].filter(([, amount]) => amount > 0);
  const [first, second] = (spent.length > 0 ? spent : [...cost].slice(0, 1)).map(([currency, amount]) => (
    roundMoney(amount, currency, { most: LONG_AMOUNT, currencyDisplay: display(currency, cost.keys()) })
  ));
  if (first === undefined) return { value: NONE };
  const more = spent.length > 2 ? `, and ${spent.length - 2} more` : "";
  // A code may stand above its amount: on a phone both are as wide as the tile.
  return { value: first.replace("\u00a0", " "), of: second === undefined ? undefined : `and ${second}${more}` };
}
