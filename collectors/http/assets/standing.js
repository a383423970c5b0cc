/** How things stand, in the header, in the list of troubles, in the notice and in the window's title. */

import { html, setText } from "./dom.js";
import { clock, count, duration } from "./quantities.js";

export class Standing {
  #pill = document.getElementById("pill");
  #facts = document.getElementById("facts-line");
  #notice = document.getElementById("notice");
  #troubles = document.getElementById("troubles");
  #text = html("p");
  #retry = html("button", { type: "button" }, "Try now");
  #updated = document.getElementById("updated");
  #lastAnswer;
  #silent = false;

  /** `retry` is called when the reader does not want to wait for the next try. */
  constructor(retry) {
    this.#retry.addEventListener("click", retry);
    this.#notice.append(this.#text, this.#retry);
  }

  /** Show that the service has answered, and what is wrong with it. */
  answered(reading, troubles) {
    this.#lastAnswer = reading.time;
    this.#silent = false;
    document.body.classList.remove("stale");
    const [worst] = troubles;
    this.#show(worst?.tone ?? "good", worst?.badge ?? "Taking tasks");
    this.#list(troubles);
    this.#tell("", false);
    setText(this.#facts, facts(reading.service));
    setText(this.#updated, `Updated ${clock(reading.time)}`);
    document.title = [...(worst === undefined ? [] : [worst.badge]), ...busy(reading.tasks), "GUI agents"].join(" · ");
  }

  /** Show that the service does not answer. */
  failed(reason, seconds) {
    document.body.classList.add("stale");
    this.#show("bad", "Not answering");
    document.title = "Not answering · GUI agents";
    const since = this.#lastAnswer === undefined ? "" : ` The numbers are those of ${clock(this.#lastAnswer)}.`;
    setText(this.#updated, `Next try in ${duration(seconds)}`);
    // Told once, so that a screen reader does not repeat it at every try.
    if (!this.#silent) this.#tell(`The service does not answer: ${reason}.${since}`, true);
    this.#silent = true;
  }

  #show(tone, text) {
    this.#pill.className = `pill ${tone}`;
    setText(this.#pill, text);
  }

  /** A trouble that is there already keeps its element, so that only a new one is announced. */
  #list(troubles) {
    const shown = new Map([...this.#troubles.children].map((item) => [item.dataset.badge, item]));
    this.#troubles.replaceChildren(...troubles.map(({ tone, badge, text }) => {
      const item = shown.get(badge) ?? html("li", { "data-badge": badge }, html("b", {}, badge), " ", html("span"));
      item.className = tone;
      setText(item.lastChild, text);
      return item;
    }));
  }

  #tell(text, retry) {
    setText(this.#text, text);
    this.#retry.hidden = !retry;
    this.#notice.classList.toggle("shown", text !== "");
  }
}

function facts({ version, domain, uptime, logLevel }) {
  if (version === undefined) return "";
  return [`Version ${version}`, domain, `up ${duration(uptime)}`, `log level ${logLevel}`].join(" · ");
}

function busy({ running, waiting }) {
  if (!(running > 0)) return [];
  return [waiting === undefined ? `${count(running)} running` : `${count(running)} running, ${count(waiting)} waiting`];
}
