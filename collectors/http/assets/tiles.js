/** The key figures at the top: one large number each, a sentence below it, and a gauge where there is a limit. */

import { html, setText, svg } from "./dom.js";
import { count, duration, money, NONE, percent, perSecond } from "./quantities.js";

const MOST_SEGMENTS = 24;

/** Return the tiles by the ids of their places. */
const TILES = {
  "tile-running": ({ tasks: { running, slots, longestSilence } }) => ({
    value: count(running),
    of: `of ${count(slots)} slots`,
    share: running / slots,
    segments: slots,
    note: longestSilence === undefined ? "No task runs." : `Progress within the last ${duration(Math.max(1, longestSilence))}.`,
  }),
  "tile-waiting": ({ tasks: { waiting, capacity, longestWait } }) => ({
    value: count(waiting),
    of: `of ${count(capacity)} places`,
    share: waiting / capacity,
    note: longestWait === undefined ? "Nobody waits for a slot." : `The first has waited ${duration(longestWait)}.`,
  }),
  "tile-success": ({ tasks: { successRate, created, ended } }) => ({
    value: percent(successRate),
    share: successRate,
    note: ended === 0 ? "No task has ended yet." : outcomes(created),
  }),
  "tile-duration": ({ tasks: { p50, p95 } }) => ({
    value: duration(p50),
    note: Number.isFinite(p50) ? `95 % end within ${duration(p95)}.` : "No task has ended in the last ten minutes.",
  }),
  "tile-rpcs": ({ rpcs: { requests, errors } }, history) => ({
    value: perSecond(history.rate((reading) => reading.rpcs.requests) ?? (requests === undefined ? undefined : 0)),
    note: requests > 0 ? `${count(requests)} since the start, ${percent(errors / requests)} errors.` : "No RPC has been called yet.",
  }),
  "tile-cost": ({ models: { cost, input, output, priceUnknown } }) => ({
    ...amounts(cost),
    note: priceUnknown > 0
      ? `${count(input)} tokens read, ${count(output)} written; ${count(priceUnknown)} calls without a known price.`
      : `${count(input)} tokens read, ${count(output)} written.`,
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
    tile.append(html("dd", { class: "number" }, parts.value, " ", parts.of), html("dd", { "aria-hidden": "true" }, parts.gauge), parts.note);
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
  const filled = share * wanted;
  const pieces = [];
  for (let index = 0; index < wanted; index += 1) {
    const x = index * (width + gap);
    pieces.push(svg("rect", { x: `${x}%`, width: `${width}%`, height: "100%", rx: 3, class: "track" }));
    const part = Math.min(1, Math.max(0, filled - index));
    if (part > 0) pieces.push(svg("rect", { x: `${x}%`, width: `${width * part}%`, height: "100%", rx: 3, class: "filled" }));
  }
  gauge.replaceChildren(...pieces);
}

function outcomes({ completed, failed, cancelled }) {
  if (completed === undefined) return "These numbers are missing from the last scrape.";
  return `${count(completed)} completed, ${count(failed)} failed, ${count(cancelled)} cancelled.`;
}

function amounts(cost) {
  const spent = [...cost].filter(([, amount]) => amount > 0).sort(([, left], [, right]) => right - left);
  const [first, ...others] = spent.length > 0 ? spent : [...cost].slice(0, 1);
  if (first === undefined) return { value: NONE };
  const also = others.map(([currency, amount]) => money(amount, currency));
  return { value: money(first[1], first[0]), of: also.length > 0 ? `and ${also.join(", ")}` : undefined };
}
