/** The status page: asks, remembers and shows. */

import { figures } from "./figures.js";
import { History } from "./history.js";
import { Poller } from "./poller.js";
import { Standing } from "./standing.js";
import { Tiles } from "./tiles.js";
import { troubles } from "./troubles.js";

const history = new History();
const tiles = new Tiles();
const cards = Object.entries(figures()).flatMap(([part, made]) => {
  document.getElementById(part).append(...made.map(({ element }) => element));
  return made;
});

const standing = new Standing(() => poller.ask());
const poller = new Poller({
  answered(reading, ready) {
    history.add(reading);
    const found = troubles(history, ready);
    standing.answered(reading, found);
    tiles.update(history, found);
    for (const card of cards) card.update(history);
  },
  failed(reason, seconds) {
    history.interrupt();
    standing.failed(reason, seconds);
  },
});

document.documentElement.classList.add("live");
new ResizeObserver(() => {
  for (const card of cards) card.draw?.();
}).observe(document.getElementById("tasks"));
poller.start();
