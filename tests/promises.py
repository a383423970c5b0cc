"""The promises of one instant: what holds between the numbers of every snapshot, and from each one to the next.

Each is written down once, here; unit tests, traces, threads and tests over real gRPC all ask for the same list.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from collectors.metrics import catalogue
from collectors.metrics.definitions import Metric, MetricType
from gui_agents.snapshot import HistogramPoint, ServiceSnapshot, WindowPoint

ROWS = [metric for section in catalogue.sections() if section.subject is None for metric in section.metrics]
"""What the service's metrics read from its snapshot."""


def broken(snapshot: ServiceSnapshot) -> list[str]:
    """Return what a snapshot says against the promises; nothing for a true one."""
    of_parts = (_tasks, _failures, _rpcs, _models, _sandboxes, _steps, _streams, _storage)
    checks = (*of_parts, _retention, _ages, _recent, _negative)
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


def counters(snapshot: ServiceSnapshot) -> dict[tuple[Any, ...], Any]:
    """Return every number that may only grow: what the rows of counters read, by their metrics and label values."""
    heartbeat = snapshot.service.heartbeat
    uptime = heartbeat.last_monotonic_seconds - snapshot.service.started_monotonic_seconds
    grown: dict[tuple[Any, ...], Any] = {("agent_service_uptime_seconds",): uptime}
    for metric, key, value in _read(snapshot):
        match value:
            case HistogramPoint():
                grown.update({(metric.name, key, index): count for index, count in enumerate(value.counts)})
                grown[metric.name, key, "sum"] = value.sum
            case WindowPoint():
                grown[metric.name, "count"], grown[metric.name, "sum"] = value.count, value.sum
            case _ if metric.type is MetricType.COUNTER:
                grown[metric.name, key] = value
    return grown


def histograms(snapshot: ServiceSnapshot) -> list[tuple[str, HistogramPoint]]:
    """Return every histogram of a snapshot with its metric's name."""
    return [(metric.name, value) for metric, _, value in _read(snapshot) if isinstance(value, HistogramPoint)]


def _read(snapshot: ServiceSnapshot) -> Iterator[tuple[Metric, Any, Any]]:
    """Yield the metric, the label values and the value of each series that is there."""
    for metric in ROWS:
        reading: Any = metric.read(snapshot)
        if metric.label_names:
            for key, value in (reading or {}).items():
                yield metric, key, value
        elif reading is not None:
            yield metric, None, reading


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
        parts = tokens.cached_input + tokens.cache_write
        yield from _at_most(f"{provider}: cached input and writes to a cache <= input", parts, tokens.input)


def _sandboxes(snapshot: ServiceSnapshot) -> Iterator[str]:
    sandboxes, phases = snapshot.sandboxes, snapshot.steps.phases
    for kind, open_now in sandboxes.open.items():
        ended = sum(count for (of, why), count in sandboxes.ended.items() if of == kind and why != "swept")
        yield from _equal(f"{kind}: created = open + ended", sandboxes.created[kind], open_now + ended)
        # A kept one was given to another task before.
        first = [point.count for (of, start), point in sandboxes.openings.items() if of == kind and start != "kept"]
        yield from _at_most(f"{kind}: given for the first time <= created", sum(first), sandboxes.created[kind])
    yield from _at_most("warm <= open", sandboxes.warm, sum(sandboxes.open.values()))
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


def _storage(snapshot: ServiceSnapshot) -> Iterator[str]:
    storage = snapshot.storage
    yield from _equal("commits = their durations", storage.operations["commit", "ok"], storage.commit.count)


def _retention(snapshot: ServiceSnapshot) -> Iterator[str]:
    tasks = snapshot.tasks
    ended = tasks.created["completed"] + tasks.created["failed"] + tasks.created["cancelled"]
    yield from _equal("retained = ended, up to the limit", tasks.retained, min(ended, tasks.retention_limit))


def _ages(snapshot: ServiceSnapshot) -> Iterator[str]:
    tasks = snapshot.tasks
    yield from _equal("an age of the queue", tasks.oldest_pending_at is not None, tasks.live["pending"] > 0)
    yield from _equal("an age of progress", tasks.oldest_progress_at is not None, tasks.live["running"] > 0)


def _recent(snapshot: ServiceSnapshot) -> Iterator[str]:
    recent, calls = snapshot.recent, Counter[str]()
    for (_, outcome), count in snapshot.models.requests.items():
        calls[outcome] += count
    for status, count in recent.ended.items():
        yield from _at_most(f"{status} in the last minutes", count, snapshot.tasks.created[status])
    for reason, count in recent.rejected.items():
        yield from _at_most(f"rejected as {reason} in the last minutes", count, snapshot.tasks.rejected[reason])
    for outcome, count in recent.model_calls.items():
        yield from _at_most(f"calls that ended as {outcome} in the last minutes", count, calls[outcome])


def _negative(snapshot: ServiceSnapshot) -> Iterator[str]:
    for metric, key, value in _read(snapshot):
        match value:
            case HistogramPoint():
                least: Any = min(value.sum, *value.counts)
            case WindowPoint():
                least = min(value.sum, value.count, value.zeros, *value.buckets.values())
            case int() | float():
                least = value
            case _:
                continue
        if least < 0:
            yield f"{metric.name}[{key}] is negative: {value}"
