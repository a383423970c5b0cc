/** The key figures at the top: one large number each, a sentence below it, and a gauge where there is a limit. */

import { absence } from "./absence.js";
import { html, setText, svg } from "./dom.js";
import { count, display, duration, NONE, percent, perSecond, roundMoney } from "./quantities.js";

const MOST_SEGMENTS = 24;
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
    figure: ({ tasks: { successRate, created, ended } }) => ({
      value: percent(successRate),
      share: successRate,
      note: ended === 0 ? "No task has ended yet." : outcomes(created),
    }),
  },
  "tile-duration": {
    section: "tasks",
    figure: ({ tasks: { p50, p95 } }) => ({ value: duration(p50), note: quantiles(p50, p95) }),
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
    figure: ({ models: { cost, input, output, priceUnknown } }) => ({
      ...amounts(cost),
      note: tokens(input, output, priceUnknown),
    }),
  },
};

/** Fills the tiles of the document. */
export class Tiles {
  #parts = Object.entries(TILES).map(([id, { section, figure }]) => {
    const tile = document.getElementById(id);
    const parts = {
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

  /** Show the latest reading of a history. */
  update(history) {
    for (const { section, figure, value, of, gauge, note } of this.#parts) {
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

function outcomes({ completed, failed, cancelled }) {
  if (completed === undefined) return undefined;
  return `${count(completed)} completed, ${count(failed)} failed, ${count(cancelled)} cancelled.`;
}

function calls(requests, errors) {
  if (requests === undefined) return undefined;
  if (requests === 0) return "No RPC has been called yet.";
  return `${count(requests)} since the start, ${errors === 0 ? "no errors" : `${percent(errors / requests)} errors`}.`;
}

function tokens(input, output, priceUnknown) {
  if (input === undefined) return undefined;
  if (input + output === 0) return "No tokens have been used yet.";
  const calls = priceUnknown === 1 ? "call has" : "calls have";
  const unpriced = priceUnknown > 0 ? ` ${count(priceUnknown)} ${calls} no known price.` : "";
  return `${count(input)} tokens read, ${count(output)} written.${unpriced}`;
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
