/** The pages of tasks: kept up to date as long as something can change, and entered with a token. */

const INTERVAL_SECONDS = 2;
const HIDDEN_INTERVAL_SECONDS = 20;
const LONGEST_INTERVAL_SECONDS = 30;
const PATIENCE_SECONDS = 10;

const root = document.body.dataset.root;
let failures = 0;
let tag = "";
let timer;

/** Make the children of an element those of another one; what is equal stays, with its focus and its pictures. */
function patch(current, fresh) {
  const known = new Map([...current.children].map((child) => [child.id, child]));
  const wanted = new Set([...fresh.children].map((child) => child.id));
  for (const [id, child] of known) if (!wanted.has(id)) child.remove();
  let place = current.firstElementChild;
  for (const child of [...fresh.children]) {
    const before = known.get(child.id);
    if (before === undefined) {
      current.insertBefore(document.adoptNode(child), place);
      continue;
    }
    if (before === place) place = place.nextElementSibling;
    else current.insertBefore(before, place);
    if (before.isEqualNode(child)) continue;
    if ("parts" in child.dataset) patch(before, child);
    else before.replaceWith(document.adoptNode(child));
  }
}

/** Ask for the page again, and show what has changed; a page that has not is answered in a few bytes. */
async function update() {
  clearTimeout(timer);
  try {
    const response = await fetch(location.href, {
      headers: { Accept: "text/html", "If-None-Match": tag },
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_SECONDS * 1000),
    });
    if (response.status === 401 || response.status === 403) {
      location.reload();
      return;
    }
    if (response.status !== 304) {
      if (!response.ok) throw new Error(`the service answers ${response.status}`);
      tag = response.headers.get("ETag") ?? "";
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.getElementById("live");
      const shown = document.getElementById("live");
      if ("live" in fresh.dataset === false) delete shown.dataset.live;
      patch(shown, fresh);
    }
    failures = 0;
    say("");
  } catch (error) {
    failures += 1;
    say(`Not up to date: ${error.name === "TypeError" ? "no connection" : error.message}`);
  }
  later();
}

function later() {
  if (!("live" in document.getElementById("live").dataset)) return;
  const usual = document.hidden ? HIDDEN_INTERVAL_SECONDS : INTERVAL_SECONDS;
  timer = setTimeout(update, 1000 * Math.max(usual, Math.min(INTERVAL_SECONDS * 2 ** failures, LONGEST_INTERVAL_SECONDS) * Math.sign(failures)));
}

function say(text) {
  const notice = document.getElementById("notice");
  notice.textContent = text;
  notice.classList.toggle("shown", text !== "");
}

async function enter(event) {
  event.preventDefault();
  const field = document.getElementById("token");
  const response = await fetch(`${root}tasks/session`, { method: "POST", headers: { "X-Access-Token": field.value.trim() } });
  if (response.ok) {
    location.reload();
    return;
  }
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  document.getElementById("said").textContent = page.getElementById("said")?.textContent ?? "This token is not let in.";
  field.select();
}

async function leave() {
  await fetch(`${root}tasks/session`, { method: "DELETE" });
  location.reload();
}

document.getElementById("login")?.addEventListener("submit", enter);
document.getElementById("leave")?.addEventListener("click", leave);
if (document.getElementById("live") !== null) {
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && "live" in document.getElementById("live").dataset) update();
  });
  later();
}
