/** Numbers as people read them, with their units. */

/** What stands where there is no number. */
export const NONE = "–";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ISO_CODE = /^[A-Z]{3}$/;
const BINARY = ["B", "KiB", "MiB", "GiB", "TiB"];

const plain = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const clockTime = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

/** Return a count: exact below 10,000, then in thousands and millions. */
export function count(value) {
  if (!Number.isFinite(value)) return NONE;
  return Math.abs(value) < 10_000 ? whole.format(value) : compact.format(value);
}

/** Return any number to three digits. */
export function number(value) {
  if (!Number.isFinite(value)) return NONE;
  return Math.abs(value) < 1000 ? plain.format(value) : compact.format(value);
}

/** Return a rate. */
export function perSecond(value) {
  return Number.isFinite(value) ? `${number(value)}/s` : NONE;
}

/** Return a ratio in percent; what is not all is never rounded up to 100 %. */
export function percent(ratio) {
  if (!Number.isFinite(ratio)) return NONE;
  if (ratio > 0 && ratio < 0.001) return "under 0.1 %";
  const tenths = Math.round(ratio * 1000) / 10;
  return `${plain.format(ratio < 1 ? Math.min(tenths, 99.9) : tenths)} %`;
}

/** Return seconds in the two largest units that matter. */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return NONE;
  if (seconds === 0) return "0 s";
  if (seconds < 0.0009995) return `${number(seconds * 1_000_000)} µs`;
  if (seconds < 0.9995) return `${number(seconds * 1000)} ms`;
  if (seconds < 10) return `${plain.format(seconds)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 2 * MINUTE) return `${rounded} s`;
  if (rounded < HOUR) return two(rounded, MINUTE, "min", 1, "s");
  if (rounded < DAY) return two(rounded, HOUR, "h", MINUTE, "min");
  return two(rounded, DAY, "d", HOUR, "h");
}

/** Return bytes in binary units. */
export function bytes(value) {
  if (!Number.isFinite(value)) return NONE;
  const power = binaryPower(value);
  return `${plain.format(value / 1024 ** power)} ${BINARY[power]}`;
}

/** Return how a currency is written beside those others: its symbol, or its code where another one has that symbol. */
export function display(currency, others) {
  const same = [...others].some((other) => other !== currency && symbol(other) === symbol(currency));
  return same ? "code" : "narrowSymbol";
}

/** Return an amount of a currency by its ISO code; small amounts keep two digits that tell something. */
export function money(amount, currency, currencyDisplay = "narrowSymbol") {
  if (!Number.isFinite(amount)) return NONE;
  const small = amount !== 0 && Math.abs(amount) < 0.1;
  const digits = small ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 2, minimumFractionDigits: 2 };
  if (!ISO_CODE.test(currency)) return `${plain.format(amount)} ${currency}`;
  return new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay, ...digits }).format(amount);
}

/** Return an amount where there is little room, such as on an axis: from `most` on in thousands and millions. */
export function roundMoney(amount, currency, { most = 1000, currencyDisplay = "narrowSymbol" } = {}) {
  if (!(Math.abs(amount) >= most) || !ISO_CODE.test(currency)) return money(amount, currency, currencyDisplay);
  const short = { notation: "compact", maximumSignificantDigits: 3 };
  return new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay, ...short }).format(amount);
}

/** Return the time of day of a Unix time. */
export function clock(seconds) {
  return clockTime.format(seconds * 1000);
}

/** What an axis shows: how its numbers read, and the unit in which its steps are round. */
export const COUNT = { text: count, unit: () => 1, whole: true };
export const RATE = { text: perSecond, unit: () => 1 };
export const RATIO = { text: percent, unit: () => 0.01 };
export const SECONDS = { text: duration, unit: (top) => [HOUR, MINUTE].find((unit) => top > 2 * unit) ?? 1 };
export const BYTES = { text: bytes, unit: (top) => 1024 ** binaryPower(top) };

function symbol(currency) {
  if (!ISO_CODE.test(currency)) return currency;
  const style = new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "narrowSymbol" });
  return style.formatToParts(0).find(({ type }) => type === "currency").value;
}

function binaryPower(value) {
  return value < 1024 ? 0 : Math.min(BINARY.length - 1, Math.floor(Math.log2(value) / 10));
}

function two(value, large, largeName, small, smallName) {
  const rest = Math.floor((value % large) / small);
  return `${Math.floor(value / large)} ${largeName}${rest > 0 ? ` ${rest} ${smallName}` : ""}`;
}
