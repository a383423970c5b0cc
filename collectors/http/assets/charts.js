/** The three kinds of charts, drawn on a canvas from plain numbers. */

import { WINDOW_SECONDS } from "./history.js";
import { Plot } from "./plot.js";

const BAR_SHARE = 0.72;
const MOST_BAR_PIXELS = 44;
const LABEL_PIXELS = 46;
const ROUNDING_PIXELS = 1;

/**
 * Draw lines over the window.
 *
 * `lines` are {points, tone, filled, stepped}; `marked` is the time under the pointer, or undefined.
 */
export function drawLines(canvas, lines, { history, quantity, least, marked }) {
  const visible = lines.map((line) => ({ ...line, runs: runs(line.points, history.start) }));
  const values = visible.flatMap(({ runs: parts }) => parts.flat().map(({ value }) => value));
  const plot = new Plot(canvas, Math.max(least ?? 0, ...values), quantity);
  const x = (time) => plot.x((time - history.start) / WINDOW_SECONDS);
  plot.minutes();
  for (const time of history.restarts.filter((restart) => restart >= history.start)) {
    plot.upright(x(time), "restart", "restart");
  }
  if (marked !== undefined) plot.upright(x(marked), "marker");
  for (const line of visible) drawLine(plot, line, x, marked);
  plot.show();
}

/** Draw stacked columns, one for each slot of the window; `stacks` are lists of {value, tone}. */
export function drawStacks(canvas, stacks, quantity, marked) {
  const totals = stacks.map((stack) => stack.reduce((sum, { value }) => sum + value, 0));
  const plot = new Plot(canvas, Math.max(quantity.whole ? 4 : 0, ...totals), quantity);
  const width = ((plot.right - plot.left) / stacks.length) * BAR_SHARE;
  plot.minutes();
  stacks.forEach((stack, index) => {
    const middle = plot.x((index + 0.5) / stacks.length);
    let below = 0;
    for (const { value, tone } of stack.filter((part) => part.value > 0)) {
      const dim = marked !== undefined && marked !== index ? " dim" : "";
      column(plot, middle, width, below, below + value, `fill-${tone}${dim}`);
      below += value;
    }
  });
  plot.show();
}

/** Draw the counts of a histogram's buckets; `labels` name their upper bounds. */
export function drawBuckets(canvas, counts, labels, quantity, tone) {
  const plot = new Plot(canvas, Math.max(4, ...counts), quantity);
  const width = Math.min(((plot.right - plot.left) / counts.length) * BAR_SHARE, MOST_BAR_PIXELS);
  const every = Math.ceil((counts.length * LABEL_PIXELS) / (plot.right - plot.left));
  counts.forEach((count, index) => {
    const middle = plot.x((index + 0.5) / counts.length);
    if (count > 0) column(plot, middle, width, 0, count, `fill-${tone}`);
    // Counted from the right, so that the last bucket, which has no bound, always has its label.
    if ((counts.length - 1 - index) % every === 0) plot.label(middle, labels[index]);
  });
  plot.show();
}

function column(plot, middle, width, from, to, className) {
  const height = Math.max(plot.y(from) - plot.y(to), 1);
  const radius = Math.min(ROUNDING_PIXELS, width / 2, height / 2);
  plot.add("rect", {
    x: middle - width / 2,
    y: plot.y(from) - height,
    width,
    height,
    rx: radius,
    class: className,
  });
}

function drawLine(plot, { runs: parts, tone, filled, stepped }, x, marked) {
  for (const run of parts) {
    const line = path(run, plot, x, stepped);
    const [first, last] = [run[0], run.at(-1)];
    if (filled && run.length > 1) {
      const area = `${line}V${plot.bottom}H${x(first.time).toFixed(1)}Z`;
      plot.add("path", { d: area, class: `area fill-${tone}` });
    }
    plot.add("path", { d: line, class: `line stroke-${tone}` });
    const latest = run === parts.at(-1) ? last : undefined;
    const dot = marked === undefined ? latest : run.find(({ time }) => time === marked);
    if (dot !== undefined) {
      plot.add("circle", { cx: x(dot.time), cy: plot.y(dot.value), r: 3.5, class: `dot fill-${tone}` });
    }
  }
}

function path(run, plot, x, stepped) {
  return run.map(({ time, value }, index) => {
    const [left, top] = [x(time).toFixed(1), plot.y(value).toFixed(1)];
    if (index === 0) return `M${left},${top}`;
    return stepped ? `H${left}V${top}` : `L${left},${top}`;
  }).join("");
}

/** Return the stretches of points that belong together: no gap, no missing number within. */
function runs(points, start) {
  const found = [];
  let open = false;
  for (const point of points) {
    const known = Number.isFinite(point.value) && point.time >= start;
    if (known && (!open || point.gap)) found.push([]);
    if (known) found.at(-1).push(point);
    open = known;
  }
  return found;
}
