/** What is on the page, part by part: every chart and table with its words. */

import { absence } from "./absence.js";
import { HistogramFigure } from "./histogram.js";
import { BYTES, bytes, count, COUNT, duration, money, NONE, percent, RATE, roundMoney, SECONDS } from "./quantities.js";
import { SeveralFigures } from "./several.js";
import { barsCard, factsCard, methodsCard, providersCard, sandboxTypesCard, sectionsCard } from "./tables.js";
import { LinesFigure, StacksFigure } from "./timeline.js";

const COST_NOTE = "Price of the model calls, by the hour.";

/** Return the cards of each part of the page, by the part's id. */
export function figures() {
  return {
    tasks: tasks(), rpcs: rpcs(), agent: agent(), sandboxes: sandboxes(), process: process(), health: health(),
  };
}

function tasks() {
  return [
    new LinesFigure({
      key: "slots",
      section: "tasks",
      title: "Slots and queue",
      note: "Tasks that run, and tasks that wait for a slot.",
      quantity: COUNT,
      least: 4,
      series: () => [
        { name: "running", tone: "blue", filled: true, stepped: true, of: ({ tasks: { running } }) => running },
        { name: "waiting", tone: "amber", stepped: true, of: ({ tasks: { waiting } }) => waiting },
      ],
    }),
    new StacksFigure({
      key: "outcomes",
      section: "tasks",
      title: "Ended tasks",
      note: "How tasks ended, in each ten seconds.",
      series: [
        { name: "completed", tone: "green", of: ({ tasks: { created } }) => created.completed },
        { name: "failed", tone: "red", of: ({ tasks: { created } }) => created.failed },
        { name: "cancelled", tone: "grey", of: ({ tasks: { created } }) => created.cancelled },
      ],
      empty: ({ last }) => (last.tasks.ended === 0 ? "No task has ended yet." : undefined),
    }),
    new LinesFigure({
      key: "latency",
      section: "tasks",
      title: "How long tasks take",
      note: "Half, 95 % and 99 % of them end within …",
      quantity: SECONDS,
      series: () => [
        { name: "50 %", tone: "blue", of: ({ tasks: { p50 } }) => p50 },
        { name: "95 %", tone: "violet", of: ({ tasks: { p95 } }) => p95 },
        { name: "99 %", tone: "amber", of: ({ tasks: { p99 } }) => p99 },
      ],
      empty: (_history, known) => (known ? undefined : "No task has ended in the last ten minutes."),
    }),
    new HistogramFigure({
      key: "durations",
      section: "tasks",
      title: "Durations of all tasks",
      note: "From the slot to the end, all since the start.",
      unit: "tasks",
      tone: "blue",
      of: ({ tasks: { execution } }) => execution,
      empty: "No task that ran has ended yet.",
    }),
    new HistogramFigure({
      key: "waits",
      section: "tasks",
      title: "Waits in the queue",
      note: "From submission to slot, all since the start.",
      unit: "tasks",
      tone: "amber",
      of: ({ tasks: { queueWait } }) => queueWait,
      empty: "No task has left the queue yet.",
    }),
    barsCard({
      key: "failures",
      section: "tasks",
      title: "Why tasks failed",
      note: "Failed and rejected ones since the start.",
      columns: ["Reason", "Tasks"],
      tone: "red",
      text: count,
      values: ({ tasks: { failures, rejected } }) => failuresByReason(failures, rejected),
      empty: "No task has failed, and none was rejected.",
    }),
  ];
}

function rpcs() {
  return [
    new LinesFigure({
      key: "requests",
      section: "rpcs",
      title: "Requests",
      note: "RPCs that began, and RPCs that ended with an error.",
      quantity: RATE,
      least: 1,
      series: () => [
        { name: "requests", tone: "blue", filled: true, rate: true, of: ({ rpcs: { requests } }) => requests },
        { name: "errors", tone: "red", rate: true, of: ({ rpcs: { errors } }) => errors },
      ],
    }),
    methodsCard({ key: "methods", section: "rpcs", title: "Methods", note: "RPCs since the start, by method." }),
  ];
}

function agent() {
  return [
    new LinesFigure({
      key: "steps",
      section: "tasks",
      title: "Steps",
      note: "Decisions of the agents, a second.",
      quantity: RATE,
      least: 1,
      series: () => [{ name: "steps", tone: "violet", filled: true, rate: true, of: ({ steps: { made } }) => made }],
      empty: ({ last }) => (last.steps.made === 0 ? "No agent has made a step yet." : undefined),
    }),
    barsCard({
      key: "phases",
      section: "tasks",
      title: "Where a step’s time goes",
      note: "Mean time of each phase since the start.",
      columns: ["Phase", "Mean"],
      tone: "violet",
      text: duration,
      values: ({ steps: { phases } }) => (phases.size === 0 ? undefined : phases),
      empty: "No agent has made a step yet.",
    }),
    new LinesFigure({
      key: "tokens",
      section: "models",
      title: "Tokens",
      note: "Tokens that models read and wrote, a second.",
      quantity: RATE,
      least: 1,
      series: () => [
        { name: "read", tone: "blue", filled: true, rate: true, of: ({ models: { input } }) => input },
        { name: "written", tone: "green", rate: true, of: ({ models: { output } }) => output },
      ],
      empty: ({ last: { models: { input, output } } }) => (
        input + output === 0 ? "No tokens have been used yet." : undefined
      ),
    }),
    new SeveralFigures({
      names: ({ models: { cost } }) => [...cost].filter(([, amount]) => amount > 0).map(([currency]) => currency),
      make: (currency) => (currency === undefined ? nothingSpent() : costIn(currency)),
    }),
    providersCard({
      key: "providers",
      section: "models",
      title: "Models",
      note: "Calls since the start, by provider.",
    }),
    barsCard({
      key: "actions",
      section: "sandboxes",
      title: "Actions",
      note: "Sent to sandboxes since the start.",
      columns: ["Action", "Times"],
      tone: "green",
      text: count,
      values: ({ sandboxes: { actions } }) => (actions.size === 0 ? undefined : actions),
      empty: "Nothing has been done in a sandbox yet.",
    }),
  ];
}

function sandboxes() {
  return [
    new LinesFigure({
      key: "sandboxes-open",
      section: "sandboxes",
      title: "Open sandboxes",
      note: "In use, kept, closing or ready; ready ones wait for their first task.",
      quantity: COUNT,
      least: 4,
      series: () => [
        { name: "open", tone: "blue", filled: true, stepped: true, of: ({ sandboxes: { open } }) => open },
        { name: "ready", tone: "green", stepped: true, of: ({ sandboxes: { warm } }) => warm },
      ],
    }),
    sandboxTypesCard({
      key: "sandbox-types",
      section: "sandboxes",
      title: "Types of sandboxes",
      note: "Since the start; the time is that of sandboxes made while their task waited.",
    }),
    barsCard({
      key: "sandbox-ends",
      section: "sandboxes",
      title: "Why sandboxes ended",
      note: "Since the start; swept ones were left behind by an earlier service.",
      columns: ["Reason", "Sandboxes"],
      tone: "violet",
      text: count,
      values: ({ sandboxes: { ended } }) => (ended.size === 0 ? undefined : ended),
      empty: "No sandbox has ended yet.",
    }),
    barsCard({
      key: "egress",
      section: "sandboxes",
      title: "Connections of browsers",
      note: "What became of them since the start.",
      columns: ["Verdict", "Connections"],
      tone: "blue",
      text: count,
      values: ({ sandboxes: { egress } }) => (egress.size === 0 ? undefined : egress),
      empty: "No browser has asked for a connection yet.",
    }),
  ];
}

function process() {
  return [
    new LinesFigure({
      key: "memory",
      section: "process",
      title: "Memory",
      note: "Resident memory of the service.",
      quantity: BYTES,
      series: () => [{ name: "resident", tone: "violet", filled: true, of: ({ process: { memory } }) => memory }],
    }),
    new LinesFigure({
      key: "loop",
      section: "service",
      title: "Event loop",
      note: "How late it is, and how much it was blocked.",
      quantity: SECONDS,
      least: 0.1,
      series: () => [
        { name: "late by", tone: "amber", filled: true, of: ({ service: { lag } }) => lag },
        { name: "blocked per second", tone: "red", rate: true, of: ({ service: { blocked } }) => blocked },
      ],
    }),
    new LinesFigure({
      key: "cpu",
      section: "process",
      title: "Processor",
      note: "Share of one core that the service uses.",
      quantity: { text: percent, unit: () => 0.01 },
      least: 0.1,
      series: () => [{ name: "used", tone: "blue", filled: true, rate: true, of: ({ process: { cpu } }) => cpu }],
    }),
  ];
}

function health() {
  return [
    sectionsCard({
      key: "sections",
      title: "Sections of the last scrape",
      note: "A section that fails is left out whole; the others stay.",
    }),
    factsCard({
      key: "facts",
      title: "Also worth knowing",
      note: "As of the last scrape.",
      facts: ({ process: own, service, sandboxes, storage, streams, tasks: { retained } }) => [
        ["Sandboxes that failed", count(sandboxes.failed)],
        ["Stream subscribers", count(streams.subscribers)],
        ["Messages published", count(streams.messages)],
        ["Ended tasks in memory", count(retained)],
        ["Size of the storage", bytes(storage.size)],
        ["Waiting to be written", count(storage.waiting)],
        ["Open files", own.openFiles === undefined ? NONE : `${count(own.openFiles)} of ${count(own.maxFiles)}`],
        ["Files in the runtime directory", count(service.files)],
      ],
    }),
  ];
}

/** Nothing has failed only where both are told. */
function failuresByReason(failures, rejected) {
  const known = new Map([...failures, ...[...rejected].map(([reason, number]) => [`rejected: ${reason}`, number])]);
  const whole = failures.size > 0 && rejected.size > 0;
  return whole || [...known.values()].some((number) => number > 0) ? known : undefined;
}

function nothingSpent() {
  return new LinesFigure({
    key: "cost",
    section: "models",
    title: "Cost",
    note: COST_NOTE,
    quantity: COUNT,
    series: () => [],
    empty: ({ last }) => (last.models.cost.size === 0 ? absence(last, "models") : "Nothing has been spent yet."),
  });
}

function costIn(currency) {
  return new LinesFigure({
    key: `cost-${currency}`,
    section: "models",
    title: `Cost in ${currency}`,
    note: COST_NOTE,
    quantity: { text: (value) => roundMoney(value, currency), unit: () => 1 },
    series: () => [{
      name: `${currency} an hour`,
      tone: "blue",
      filled: true,
      rate: true,
      of: ({ models: { cost } }) => hourly(cost.get(currency)),
      text: (value) => money(value, currency),
    }],
  });
}

function hourly(amount) {
  return amount === undefined ? undefined : amount * 3600;
}
