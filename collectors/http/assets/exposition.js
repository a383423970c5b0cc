/** Reads the Prometheus text format 0.0.4. */

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?[ \t]+(\S+)(?:[ \t]+-?\d+)?[ \t]*$/;
const LABEL = /[ \t]*([a-zA-Z_]\w*)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*,?/gy;
const ESCAPED = { "\\\\": "\\", '\\"': '"', "\\n": "\n" };

/** Return the samples of a page; lines that are none, such as comments, are passed over. */
export function parse(text) {
  const samples = new Map();
  for (const line of text.split("\n")) {
    const found = line.startsWith("#") ? null : SAMPLE.exec(line);
    if (found === null) continue;
    const [, name, labels, value] = found;
    if (!samples.has(name)) samples.set(name, []);
    samples.get(name).push({ labels: parseLabels(labels ?? ""), value: parseNumber(value) });
  }
  return new Exposition(samples);
}

/** The samples of one scrape; what is absent is undefined. */
export class Exposition {
  #samples;

  constructor(samples) {
    this.#samples = samples;
  }

  /** Return the samples of a name whose labels have these values. */
  samples(name, where = {}) {
    const wanted = Object.entries(where);
    const all = this.#samples.get(name) ?? [];
    return all.filter(({ labels }) => wanted.every(([label, value]) => labels[label] === value));
  }

  /** Return the value of the one sample with these labels. */
  value(name, where = {}) {
    return this.samples(name, where)[0]?.value;
  }

  /** Return the values by a label, summed over all others. */
  by(label, name, where = {}) {
    const sums = new Map();
    for (const { labels, value } of this.samples(name, where)) {
      sums.set(labels[label], (sums.get(labels[label]) ?? 0) + value);
    }
    return sums;
  }

  /** Return the sum over all labels. */
  total(name, where = {}) {
    const values = this.samples(name, where);
    return values.length === 0 ? undefined : values.reduce((sum, { value }) => sum + value, 0);
  }

  /** Return a histogram with the count of each bucket alone, in the order of the bounds; the last bound is Infinity. */
  histogram(name, where = {}) {
    const buckets = this.samples(`${name}_bucket`, where)
      .map(({ labels, value }) => ({ bound: parseNumber(labels.le), below: value }))
      .sort((left, right) => left.bound - right.bound);
    if (buckets.length === 0) return undefined;
    return {
      bounds: buckets.map(({ bound }) => bound),
      counts: buckets.map(({ below }, index) => below - (index === 0 ? 0 : buckets[index - 1].below)),
      sum: this.value(`${name}_sum`, where),
      count: this.value(`${name}_count`, where),
    };
  }
}

/** Return a number as the format writes it. */
export function parseNumber(text) {
  const infinite = /^([+-]?)Inf$/i.exec(text);
  if (infinite !== null) return infinite[1] === "-" ? -Infinity : Infinity;
  return Number(text);
}

function parseLabels(text) {
  const labels = {};
  for (const [, name, value] of text.matchAll(LABEL)) {
    labels[name] = value.replace(/\\[\\"n]/g, (escape) => ESCAPED[escape]);
  }
  return labels;
}
