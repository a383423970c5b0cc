"""The promises of one instant: what holds between the numbers of every snapshot, and from each one to the next.

Each is written down once, here; unit tests, traces, threads and tests over real gRPC all ask for the same list.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import attrs

from gui_agents.snapshot import HistogramPoint, ServiceSnapshot, WindowPoint


def broken(snapshot: ServiceSnapshot) -> list[str]:
    """Return what a snapshot says against the promises; nothing for a true one."""
    checks = (_tasks, _failures, _rpcs, _models, _sandboxes, _steps, _streams, _retention, _ages, _negative)
    return [problem for check in checks for problem in check(snapshot)]


def broken_between(before: ServiceSnapshot, after: ServiceSnapshot) -> list[str]:
    """Return every counter that fell from one snapshot to a later one."""
    earlier, later = counters(before), counters(after)
    missing = [f"{name} is gone" for name in earlier.keys() - later.keys()]
    return missing + [
        f"{name} fell from {value} to {later[name]}"
        for name, value in earlier.items()
        if name in later and later[name] < value
    ]


def broken_over(history: list[ServiceSnapshot]) -> list[str]:
    """Return everything that is wrong in snapshots that were taken one after the other."""
    alone = [problem for snapshot in history for problem in broken(snapshot)]
    return alone + [problem for before, after in pairwise(history) for problem in broken_between(before, after)]


def counters(snapshot: ServiceSnapshot) -> dict[str, Any]:
    """Return every number of a snapshot that may only grow, by a name for people."""
    tasks, models, sandboxes, streams = snapshot.tasks, snapshot.models, snapshot.sandboxes, snapshot.streams
    named: dict[str, Any] = {"steps": snapshot.steps.steps, "messages": streams.messages, "skipped": streams.skipped}
    for kind, tally in {
        "created": tasks.created,
        "failures": tasks.failures,
        "rejected": tasks.rejected,
        "started": snapshot.rpcs.started,
        "handled": snapshot.rpcs.handled,
        "errors": snapshot.rpcs.errors,
        "cost": models.cost,
        "requests": models.requests,
        "usage_unknown": models.usage_unknown,
        "price_unknown": models.price_unknown,
        "sandboxes": sandboxes.created,
        "sandbox_failures": sandboxes.failures,
        "actions": sandboxes.actions,
        "config_updates": snapshot.service.config_updates,
    }.items():
        named.update({f"{kind}[{key}]": value for key, value in tally.items()})
    for provider, tokens in models.tokens.items():
        named.update({f"tokens[{provider}].{part}": value for part, value in attrs.asdict(tokens).items()})
        named[f"tokens[{provider}].uncached"] = tokens.input - tokens.cached_input
    for name, point in histograms(snapshot).items():
        named.update({f"{name}[{index}]": count for index, count in enumerate(point.counts)})
        named[f"{name}.sum"] = point.sum
    named["latency.count"], named["latency.sum"] = tasks.latency.count, tasks.latency.sum
    heartbeat = snapshot.service.heartbeat
    named["blocked"] = heartbeat.lateness_seconds + heartbeat.lag_seconds(snapshot.taken_monotonic_seconds)
    named["uptime"] = heartbeat.last_monotonic_seconds - snapshot.service.started_monotonic_seconds
    return named


def histograms(snapshot: ServiceSnapshot) -> dict[str, HistogramPoint]:
    """Return every histogram of a snapshot by a name for people."""
    tasks = snapshot.tasks
    named = {"execution": tasks.execution, "queue_wait": tasks.queue_wait, "task_steps": tasks.steps}
    for kind, points in {
        "rpc": snapshot.rpcs.durations,
        "model": snapshot.models.durations,
        "phase": snapshot.steps.phases,
    }.items():
        named.update({f"{kind}[{key}]": point for key, point in points.items()})
    return named


def _equal(what: str, left: object, right: object) -> Iterator[str]:
    if left != right:
        yield f"{what}: {left} != {right}"


def _at_most(what: str, left: Any, right: Any) -> Iterator[str]:
    if left > right:
        yield f"{what}: {left} > {right}"


def _tasks(snapshot: ServiceSnapshot) -> Iterator[str]:
    tasks = snapshot.tasks
    created, pending, running = tasks.created, tasks.live["pending"], tasks.live["running"]
    ended = created["completed"] + created["failed"] + created["cancelled"]
    ran = created["running"] - running
    yield from _equal("created = pending + running + ended", created["pending"], pending + running + ended)
    yield from _equal("queue waits = created - pending", tasks.queue_wait.count, created["pending"] - pending)
    yield from _equal("executions = started - running", tasks.execution.count, ran)
    yield from _equal("task steps = started - running", tasks.steps.count, ran)
    yield from _equal("latencies = started - running", tasks.latency.count, ran)
    yield from _equal("the sums of latency and execution", tasks.latency.sum, tasks.execution.sum)
    yield from _at_most("the latency window", _in_window(tasks.latency), tasks.latency.count)
    yield from _at_most("completed tasks have run", created["completed"], ran)


def _in_window(point: WindowPoint) -> int:
    return point.zeros + sum(point.buckets.values())


def _failures(snapshot: ServiceSnapshot) -> Iterator[str]:
    tasks = snapshot.tasks
    yield from _equal("failures by reason = failed", sum(tasks.failures.values()), tasks.created["failed"])


def _rpcs(snapshot: ServiceSnapshot) -> Iterator[str]:
    rpcs = snapshot.rpcs
    handled = dict.fromkeys(rpcs.started, 0)
    for (method, _), count in rpcs.handled.items():
        handled[method] += count
    for method, started in rpcs.started.items():
        yield from _equal(f"{method}: handled = durations", handled[method], rpcs.durations[method].count)
        yield from _at_most(f"{method}: handled <= started", handled[method], started)
    failed = {key: count for key, count in rpcs.handled.items() if key[1] != "OK"}
    yield from _equal("errors = handled without OK", rpcs.errors, failed)
    for method, open_now in rpcs.open_streams.items():
        yield from _equal(f"{method}: open = started - handled", open_now, rpcs.started[method] - handled[method])


def _models(snapshot: ServiceSnapshot) -> Iterator[str]:
    models = snapshot.models
    calls = dict.fromkeys(models.tokens, 0)
    for (provider, _), count in models.requests.items():
        calls[provider] += count
    for provider, point in models.durations.items():
        yield from _equal(f"{provider}: requests = durations", calls[provider], point.count)
    for provider in calls:
        yield from _at_most(f"{provider}: calls without usage", models.usage_unknown[provider], calls[provider])
        yield from _at_most(f"{provider}: calls without price", models.price_unknown[provider], calls[provider])
        tokens = models.tokens[provider]
        yield from _at_most(f"{provider}: cached input <= input", tokens.cached_input, tokens.input)


def _sandboxes(snapshot: ServiceSnapshot) -> Iterator[str]:
    sandboxes, phases = snapshot.sandboxes, snapshot.steps.phases
    for kind, open_now in sandboxes.open.items():
        yield from _at_most(f"{kind}: open <= created", open_now, sandboxes.created[kind])
    # A histogram that is switched off is not observed.
    if phases:
        yield from _equal("actions = act phases", sum(sandboxes.actions.values()), phases["act"].count)


def _steps(snapshot: ServiceSnapshot) -> Iterator[str]:
    for phase in snapshot.steps.phases.keys() & {"observe", "decide"}:
        yield from _equal(f"steps = {phase} phases", snapshot.steps.steps, snapshot.steps.phases[phase].count)
    yield from _at_most("steps of ended tasks <= steps", snapshot.tasks.steps.sum, snapshot.steps.steps)


def _streams(snapshot: ServiceSnapshot) -> Iterator[str]:
    tasks, streams = snapshot.tasks, snapshot.streams
    ended = tasks.queue_wait.count - tasks.live["running"]
    yield from _equal("logs = live + retained", streams.logs, sum(tasks.live.values()) + tasks.retained)
    yield from _at_most("every task has told its start and its end", tasks.created["pending"] + ended, streams.messages)


def _retention(snapshot: ServiceSnapshot) -> Iterator[str]:
    tasks = snapshot.tasks
    ended = tasks.created["completed"] + tasks.created["failed"] + tasks.created["cancelled"]
    yield from _equal("retained = ended, up to the limit", tasks.retained, min(ended, tasks.retention_limit))


def _ages(snapshot: ServiceSnapshot) -> Iterator[str]:
    tasks = snapshot.tasks
    yield from _equal("an age of the queue", tasks.oldest_pending_at is not None, tasks.live["pending"] > 0)
    yield from _equal("an age of progress", tasks.oldest_progress_at is not None, tasks.live["running"] > 0)


def _negative(snapshot: ServiceSnapshot) -> Iterator[str]:
    tallies: Mapping[str, Mapping[str, int]] = {
        "live": snapshot.tasks.live,
        "open sandboxes": snapshot.sandboxes.open,
        "open streams": snapshot.rpcs.open_streams,
        "latency window": {str(index): count for index, count in snapshot.tasks.latency.buckets.items()},
    }
    gauges: dict[str, float] = {
        f"{kind}[{key}]": value for kind, tally in tallies.items() for key, value in tally.items()
    }
    gauges["retained"] = snapshot.tasks.retained
    gauges["zeros"] = snapshot.tasks.latency.zeros
    gauges["subscribers"], gauges["logs"] = snapshot.streams.subscribers, snapshot.streams.logs
    gauges["runtime files"] = snapshot.service.runtime_files
    for name, value in {**gauges, **counters(snapshot)}.items():
        if value < 0:
            yield f"{name} is negative: {value}"
