/** The frame that all charts share: size, scales, grid and axes, drawn in pixels of the canvas. */

import { svg } from "./dom.js";
import { SLOT_SECONDS, WINDOW_SECONDS } from "./history.js";

const MARGIN = { top: 10, right: 10, bottom: 24, left: 56 };
const STEPS = [1, 2, 2.5, 5, 10];
const WANTED_TICKS = 4;
const NARROW_PIXELS = 400;

/** Return the round values from 0 to at least `top` that an axis of this quantity shows. */
export function ticks(top, quantity) {
  const unit = quantity.unit(top);
  const highest = top > 0 ? top / unit : 1;
  const magnitude = 10 ** Math.floor(Math.log10(highest / WANTED_TICKS));
  const fits = STEPS.find((step) => step * magnitude * WANTED_TICKS >= highest * 0.9999);
  const step = quantity.whole ? Math.max(1, Math.ceil(fits * magnitude)) : fits * magnitude;
  const steps = Math.max(1, Math.ceil(highest / step - 0.0001));
  return Array.from({ length: steps + 1 }, (_, index) => index * step * unit);
}

/** One drawing on a canvas; `top` is the highest value that must fit. */
export class Plot {
  #canvas;
  #size;
  #highest;

  constructor(canvas, top, quantity) {
    const { width, height } = canvas.getBoundingClientRect();
    this.left = MARGIN.left;
    this.right = Math.max(width - MARGIN.right, MARGIN.left + 1);
    this.top = MARGIN.top;
    this.bottom = Math.max(height - MARGIN.bottom, MARGIN.top + 1);
    this.narrow = width < NARROW_PIXELS;
    this.parts = [];
    this.#canvas = canvas;
    this.#size = `0 0 ${Math.max(width, 1)} ${Math.max(height, 1)}`;
    this.#grid(ticks(top, quantity), quantity);
  }

  /** Return where a value stands. */
  y(value) {
    return this.bottom - (value / this.#highest) * (this.bottom - this.top);
  }

  /** Return where a share of the width stands. */
  x(share) {
    return this.left + share * (this.right - this.left);
  }

  /** Add a shape. */
  add(tag, attributes, ...children) {
    this.parts.push(svg(tag, attributes, ...children));
  }

  /** Draw a line from the bottom to the top, with a word beside it where there is one to say. */
  upright(x, className, word) {
    this.add("line", { x1: x, x2: x, y1: this.top, y2: this.bottom, class: className });
    if (word === undefined) return;
    const before = x > (this.left + this.right) / 2;
    const place = { x: before ? x - 5 : x + 5, "text-anchor": before ? "end" : "start" };
    this.add("text", { ...place, y: this.top + 8, class: "tick" }, word);
  }

  /** Label a place on the horizontal axis. */
  label(x, text, anchor = "middle") {
    this.add("text", { x, y: this.bottom + 17, "text-anchor": anchor, class: "tick" }, text);
  }

  /** Label the minutes of the window that ends now. */
  minutes() {
    const minutes = WINDOW_SECONDS / 60;
    for (let ago = this.narrow ? minutes - 1 : minutes; ago > 0; ago -= this.narrow ? 2 : 1) {
      this.label(this.x(1 - ago / minutes), `−${ago} min`, ago === minutes ? "start" : "middle");
    }
    this.label(this.right, "now", "end");
  }

  /** Show what was added. */
  show() {
    this.#canvas.setAttribute("viewBox", this.#size);
    this.#canvas.replaceChildren(...this.parts);
  }

  #grid(values, quantity) {
    this.#highest = values.at(-1);
    for (const value of values) {
      const y = Math.round(this.y(value)) + 0.5;
      this.add("line", { x1: this.left, x2: this.right, y1: y, y2: y, class: value === 0 ? "axis" : "grid" });
      this.add("text", { x: this.left - 8, y: y + 4, "text-anchor": "end", class: "tick" }, quantity.text(value));
    }
  }
}

/** Return the starts of all slots of a history's window, the current one last. */
export function slotStarts(history) {
  const last = Math.floor(history.end / SLOT_SECONDS) * SLOT_SECONDS;
  const slots = WINDOW_SECONDS / SLOT_SECONDS;
  return Array.from({ length: slots }, (_, index) => last - (slots - 1 - index) * SLOT_SECONDS);
}

/** Return at which share of the plot's width a pointer is, 0 to 1. */
export function shareAt(canvas, clientX) {
  const { left, width } = canvas.getBoundingClientRect();
  const share = (clientX - left - MARGIN.left) / (width - MARGIN.left - MARGIN.right);
  return Math.min(1, Math.max(0, share));
}
