/** The key figures at the top: one large number each, a sentence below it, and a gauge where there is a limit. */

import { html, setText, svg } from "./dom.js";
import { count, duration, MISSING, money, NONE, percent, perSecond } from "./quantities.js";

const MOST_SEGMENTS = 24;

/** What each tile shows of a reading, by the id of its place. */
const TILES = {
  "tile-running": ({ tasks: { running, slots, longestSilence } }) => ({
    value: count(running),
    of: `of ${count(slots)} slots`,
    share: running / slots,
    segments: slots,
    note: since(running, longestSilence, "No task runs.", (age) => `Progress within ${duration(Math.max(1, age))}.`),
  }),
  "tile-waiting": ({ tasks: { waiting, capacity, longestWait } }) => ({
    value: count(waiting),
    of: `of ${count(capacity)} places`,
    share: waiting / capacity,
    note: since(waiting, longestWait, "No task waits for a slot.", (age) => `The first has waited ${duration(age)}.`),
  }),
  "tile-success": ({ tasks: { successRate, created, ended } }) => ({
    value: percent(successRate),
    share: successRate,
    note: ended === 0 ? "No task has ended yet." : outcomes(created),
  }),
  "tile-duration": ({ tasks: { p50, p95 } }) => ({
    value: duration(p50),
    note: quantiles(p50, p95),
  }),
  "tile-rpcs": ({ rpcs: { requests, errors } }, history) => ({
    value: perSecond(history.rate((reading) => reading.rpcs.requests) ?? (requests === undefined ? undefined : 0)),
    note: calls(requests, errors),
  }),
  "tile-cost": ({ models: { cost, input, output, priceUnknown } }) => ({
    ...amounts(cost),
    note: tokens(input, output, priceUnknown),
  }),
};

/** Fills the tiles of the document. */
export class Tiles {
  #parts = Object.entries(TILES).map(([id, figure]) => {
    const tile = document.getElementById(id);
    const parts = {
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
    for (const { figure, value, of, gauge, note } of this.#parts) {
      const told = figure(history.last, history);
      const known = told.value !== NONE;
      setText(value, told.value);
      setText(of, known ? told.of ?? "" : "");
      setText(note, told.note);
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

function since(number, age, none, sentence) {
  if (number === undefined) return MISSING;
  return age === undefined ? none : sentence(age);
}

function quantiles(p50, p95) {
  if (p50 === undefined) return MISSING;
  return Number.isNaN(p50) ? "No task has ended in the last ten minutes." : `95 % end within ${duration(p95)}.`;
}

function outcomes({ completed, failed, cancelled }) {
  if (completed === undefined) return MISSING;
  return `${count(completed)} completed, ${count(failed)} failed, ${count(cancelled)} cancelled.`;
}

function calls(requests, errors) {
  if (requests === undefined) return MISSING;
  if (requests === 0) return "No RPC has been called yet.";
  return `${count(requests)} since the start, ${errors === 0 ? "no errors" : `${percent(errors / requests)} errors`}.`;
}

function tokens(input, output, priceUnknown) {
  if (input === undefined) return MISSING;
  if (input + output === 0) return "No tokens have been used yet.";
  const unpriced = priceUnknown > 0 ? ` ${count(priceUnknown)} calls have no known price.` : "";
  return `${count(input)} tokens read, ${count(output)} written.${unpriced}`;
}

function amounts(cost) {
  const spent = [...cost].filter(([, amount]) => amount > 0).sort(([, left], [, right]) => right - left);
  const [first, ...others] = spent.length > 0 ? spent : [...cost].slice(0, 1);
  if (first === undefined) return { value: NONE };
  const also = others.map(([currency, amount]) => money(amount, currency));
  return { value: money(first[1], first[0]), of: also.length > 0 ? `and ${also.join(", ")}` : undefined };
}
