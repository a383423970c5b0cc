/** What is wrong now, judged by the last minutes and never by the numbers since the start, which hide an outage. */

import { count, duration } from "./quantities.js";

/** Fewer events than this only warn: one failed task in a quiet hour is no outage. */
const FEWEST = 3;
/** The share, and the least number of events, from which failures are worth a warning. */
const MANY = { share: 0.2, events: 5 };
const SILENT_SECONDS = { warn: 300, bad: 900 };
const WAITED_SECONDS = 300;
const LATE_SECONDS = { warn: 1, bad: 5 };
const BLOCKED_SECONDS = 5;
/** Entries that wait to be written; usually a few do, for a moment. */
const BEHIND = 10000;
/** Within which a storage that fails is tried several times. */
const TRIES_SECONDS = 10;

/** Return the troubles of the latest reading, the worst first: {tone, badge, text, tile}. */
export function troubles(history, ready) {
  const { last } = history;
  const found = [
    loop(last, history),
    storage(last, history),
    model(last),
    tasks(last),
    queue(last),
    stuck(last),
    waiting(last),
    notReady(last, ready),
    missing(last),
  ].filter((trouble) => trouble !== undefined);
  return [...found.filter(({ tone }) => tone === "bad"), ...found.filter(({ tone }) => tone === "warn")];
}

/** Return how tasks ended in the last minutes, or since the start where only that is told, with words for the time. */
export function outcomes({ tasks: { recent, created } }) {
  const { completed, failed, cancelled } = recent ?? created;
  return { completed, failed, cancelled, when: recent === undefined ? "since the start" : "in the last 5 minutes" };
}

/** Return how many calls to models ended, and how many without an answer; undefined where it is not told. */
export function answers({ models: { recent }, tasks: { recent: ended } }) {
  if (recent === undefined) return undefined;
  // A call that is given up because its task was cancelled says nothing of the model.
  const givenUp = Math.min(recent.error, ended?.cancelled ?? 0);
  const calls = recent.ok + recent.invalid + recent.timeout + recent.error - givenUp;
  return { calls, unanswered: recent.timeout + recent.error - givenUp };
}

function tasks(reading) {
  const { completed, failed, when } = outcomes(reading);
  return failures(failed, completed + failed, {
    tile: "tile-success",
    most: "Most tasks fail",
    many: "Many tasks fail",
    some: "A task failed",
    text: `${count(failed)} of ${count(completed + failed)} tasks that ended ${when} failed.`,
  });
}

function model(reading) {
  const { calls, unanswered } = answers(reading) ?? {};
  return failures(unanswered, calls, {
    tile: "tile-model",
    most: "Model does not answer",
    many: "Model calls fail",
    some: "A model call failed",
    text: `${count(unanswered)} of ${count(calls)} model calls of the last 5 minutes got no answer.`,
  });
}

/** Most of them failed, many did, or too few ended to tell; no number, no trouble. */
function failures(failed, all, { tile, most, many, some, text }) {
  if (failed > all / 2) return failed >= FEWEST ? bad(most, text, tile) : warn(some, text, tile);
  return all >= MANY.events && failed > all * MANY.share ? warn(many, text, tile) : undefined;
}

function queue({ tasks: { waiting: now, capacity, refused } }) {
  const submissions = refused === 1 ? "submission was" : "submissions were";
  const turnedAway = `${count(refused)} ${submissions} refused in the last 5 minutes.`;
  if (capacity > 0 && now >= capacity) {
    const taken = `All ${count(capacity)} places of the queue are taken.`;
    return bad("Queue is full", refused > 0 ? `${taken} ${turnedAway}` : taken, "tile-waiting");
  }
  return refused > 0 ? warn("Queue was full", `The queue was full: ${turnedAway}`, "tile-waiting") : undefined;
}

function stuck({ tasks: { longestSilence } }) {
  const text = `A running task has made no progress for ${duration(longestSilence)}.`;
  if (longestSilence >= SILENT_SECONDS.bad) return bad("A task is stuck", text, "tile-running");
  return longestSilence >= SILENT_SECONDS.warn ? warn("A task is silent", text, "tile-running") : undefined;
}

function waiting({ tasks: { longestWait } }) {
  if (!(longestWait >= WAITED_SECONDS)) return undefined;
  return warn("Tasks wait long", `The first task of the queue has waited ${duration(longestWait)}.`, "tile-waiting");
}

function loop({ service: { lag } }, history) {
  const text = `The event loop has stood still for ${duration(lag)}: no RPC is answered and no task moves.`;
  if (lag >= LATE_SECONDS.bad) return bad("Event loop is blocked", text, "tile-loop");
  if (lag >= LATE_SECONDS.warn) return warn("Event loop is late", text, "tile-loop");
  const blocked = history.grown(({ service }) => service.blocked, 60);
  if (!(blocked >= BLOCKED_SECONDS)) return undefined;
  const lately = `The event loop stood still for ${duration(blocked)} of the last minute.`;
  return warn("Event loop was blocked", lately, "tile-loop");
}

function storage({ storage: { waiting, refused } }, history) {
  const some = (of) => history.grown(({ storage: told }) => of(told), TRIES_SECONDS) > 0;
  if (waiting > 0 && some(({ failed }) => failed) && !some(({ written }) => written)) {
    const text = `No task is accepted until it can be written again; ${count(waiting)} entries wait.`;
    return bad("Storage cannot be written", text);
  }
  if (refused > 0) {
    const submissions = refused === 1 ? "submission was" : "submissions were";
    const text = `It could not be written: ${count(refused)} ${submissions} refused in the last 5 minutes.`;
    return warn("Storage failed", text);
  }
  return waiting >= BEHIND ? warn("Storage falls behind", `${count(waiting)} entries wait to be written.`) : undefined;
}

function notReady({ service: { lag } }, ready) {
  if (ready || lag >= LATE_SECONDS.bad) return undefined;
  return warn("Takes no new tasks", "The service is shutting down: it finishes its tasks and takes no new ones.");
}

function missing({ sections }) {
  const failed = sections.filter(({ success }) => !success).map(({ name }) => name);
  if (failed.length === 0) return undefined;
  const many = failed.length > 1;
  return warn(
    "Some numbers are missing",
    `The ${many ? "sections" : "section"} ${failed.join(", ")} could not be read in the last scrape; `
      + `${many ? "their" : "its"} numbers are left out, and the service’s log says why.`,
  );
}

function bad(badge, text, tile) {
  return { tone: "bad", badge, text, tile };
}

function warn(badge, text, tile) {
  return { tone: "warn", badge, text, tile };
}
