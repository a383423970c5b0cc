"""Hypothesis strategies for `gui_agents.snapshot`, made from the snapshot of an idle service.

Fields, closed sets and the bounds of histograms are those of the service, so that a new number is drawn without a
line here. Snapshots are consistent by construction: whatever is drawn keeps the promises that hold between its numbers.
Most of a closed set is drawn as idle, so that a snapshot of some hundred series stays quick to draw.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs
from hypothesis import strategies as st

from gui_agents.domain.buckets import PHASE_SECONDS
from gui_agents.domain.lifecycle import TaskStatus
from gui_agents.domain.rpc import OK, STREAMING, MethodName, RpcMethod
from gui_agents.domain.sandbox import SandboxEnd, SandboxStart
from gui_agents.domain.storage import StorageOperation, StorageOutcome
from gui_agents.domain.usage import Usage
from gui_agents.snapshot import (
    Exemplar,
    HeartbeatSnapshot,
    HistogramPoint,
    ModelsSnapshot,
    RecentSnapshot,
    RpcsSnapshot,
    SandboxesSnapshot,
    ServiceInfo,
    ServicePart,
    ServiceSnapshot,
    StepsSnapshot,
    StorageSnapshot,
    TasksSnapshot,
    TokenCounts,
    WindowPoint,
)
from gui_agents.state.access_stats import AccessStats
from gui_agents.state.service_state import HEARTBEAT_SECONDS
from tests.fakes import EPOCH, FakeClock, new_state

METHODS = tuple(map(str, MethodName))
CODES = ("OK", "CANCELLED", "INVALID_ARGUMENT", "INTERNAL", "RESOURCE_EXHAUSTED")


def _idle() -> ServiceSnapshot:
    """Return the snapshot of a service that has been idle for ten seconds."""
    clock = FakeClock(monotonic=90.0, wall=EPOCH - 10)
    methods = [RpcMethod(name, CODES, name in STREAMING) for name in METHODS]
    budgets = {"day_limits": {"USD": Decimal(5), "CNY": Decimal(30)}, "task_limits": {"USD": Decimal("0.5")}}
    access = AccessStats(tokens=True, quotas=True)
    state = new_state(clock, slots=5, methods=methods, access=access, **budgets)
    for _ in range(40):
        state.heartbeat()
        clock.advance(HEARTBEAT_SECONDS)
    return state.snapshot()


IDLE = _idle()
GROWTH = IDLE.tasks.latency.growth

TASK_IDS = ("3f1c6a52-0d7e-4b0c-9a55-6f1f9f3c2b1a", "b2f0", "0")

counts = st.integers(0, 2**40) | st.integers(0, 20)
"""Numbers of anything, small ones often."""

few = st.integers(0, 30)
seconds = st.floats(0, 1e6, allow_subnormal=False)
instants = st.floats(EPOCH, EPOCH + 1e8)


def like(idle: Any) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - a case a type
    """Draw what has the shape of an idle value: a number, a distribution, a closed set of them, a part with fields."""
    match idle:
        case int():
            return counts
        case float():
            return seconds
        case Decimal():
            return money()
        case HistogramPoint():
            return histogram_points(idle.bounds)
        case WindowPoint():
            return window_points()
        case TokenCounts():
            return token_counts()
        case Mapping() if all(isinstance(number, int) for number in idle.values()):
            return tallies(idle)
        case Mapping():
            return st.fixed_dictionaries({key: like(value) for key, value in idle.items()})
        case _:
            return part(idle)


@st.composite
def part(draw: st.DrawFn, idle: Any, **known: Any) -> Any:
    """Draw a part of a snapshot: the fields that are known, and the others like those of an idle one."""
    fields = (field.name for field in attrs.fields(type(idle)) if field.name not in known)
    return attrs.evolve(idle, **known, **{name: draw(like(getattr(idle, name))) for name in fields})


def tallies(keys: Iterable[Any], numbers: st.SearchStrategy[int] = counts) -> st.SearchStrategy[dict[Any, int]]:
    """Draw numbers for a closed set, most of them 0."""
    keys = tuple(keys)
    busy = st.dictionaries(st.sampled_from(keys), numbers, max_size=3)
    return busy.map(lambda some: {key: some.get(key, 0) for key in keys})


def exemplars(lower: float = 0.0, upper: float = 1e9) -> st.SearchStrategy[Exemplar]:
    return st.tuples(st.sampled_from(TASK_IDS), st.floats(lower, upper, exclude_min=lower > 0), instants)


@st.composite
def histogram_points(
    draw: st.DrawFn, bounds: Sequence[float] = PHASE_SECONDS, count: int | None = None, *, exemplary: bool = True
) -> HistogramPoint:
    """Draw a histogram of `count` observations, whose sum and exemplars are what such observations can have."""
    bounds = tuple(map(float, bounds))
    total = draw(counts) if count is None else count
    if total == 0:
        return empty_histogram(bounds)
    parts = [0] * (len(bounds) + 1)
    marks: list[Exemplar | None] = [None] * len(parts)
    edges = (0.0, *bounds, bounds[-1] * 2)
    filled = draw(st.lists(st.integers(0, len(bounds)), min_size=1, max_size=3, unique=True))
    for index in filled[1:]:
        parts[index] = draw(st.integers(0, total - sum(parts)))
    parts[filled[0]] = total - sum(parts)
    if exemplary and draw(st.booleans()):
        marks[filled[0]] = draw(exemplars(edges[filled[0]], edges[filled[0] + 1])) if parts[filled[0]] else None
    lowest = sum(part * edge for part, edge in zip(parts, edges, strict=False))
    highest = sum(part * edge for part, edge in zip(parts, edges[1:], strict=False))
    return HistogramPoint(bounds, tuple(parts), draw(st.floats(lowest, highest)), tuple(marks))


@st.composite
def window_points(draw: st.DrawFn, count: int | None = None) -> WindowPoint:
    """Draw a window with at most `count` observations, which is how many there were since the start."""
    total = draw(counts) if count is None else count
    buckets: dict[int, int] = {}
    left = total
    for index in draw(st.lists(st.integers(-1000, 1000), max_size=5, unique=True)):
        if left:
            buckets[index] = draw(st.integers(1, left))
            left -= buckets[index]
    return WindowPoint(draw(st.integers(0, left)), buckets, GROWTH, draw(seconds) if total else 0.0, total)


@st.composite
def tasks_snapshots(draw: st.DrawFn) -> TasksSnapshot:
    idle = IDLE.tasks
    pending, running, completed = draw(few), draw(few), draw(counts)
    failures = draw(tallies(idle.failures))
    failed = sum(failures.values())
    failed_pending = draw(st.integers(0, failed))
    cancelled_running, cancelled_pending = draw(counts), draw(counts)
    cancelled = cancelled_running + cancelled_pending
    ran = completed + failed - failed_pending + cancelled_running
    retained = draw(st.integers(0, min(1000, completed + failed + cancelled)))
    return draw(
        part(
            idle,
            created={
                str(TaskStatus.PENDING): pending + running + completed + failed + cancelled,
                str(TaskStatus.RUNNING): running + ran,
                str(TaskStatus.COMPLETED): completed,
                str(TaskStatus.FAILED): failed,
                str(TaskStatus.CANCELLED): cancelled,
            },
            live={str(TaskStatus.PENDING): pending, str(TaskStatus.RUNNING): running},
            failures=failures,
            retained=retained,
            slots=running + draw(st.integers(1, 10)),
            queue_capacity=pending + draw(few),
            retention_limit=retained + draw(few),
            oldest_pending_at=draw(instants) if pending else None,
            oldest_progress_at=draw(instants) if running else None,
            execution=draw(histogram_points(idle.execution.bounds, ran)),
            queue_wait=draw(histogram_points(idle.queue_wait.bounds, running + completed + failed + cancelled)),
            steps=draw(histogram_points(idle.steps.bounds, ran)),
            latency=draw(window_points(ran)),
        )
    )


@st.composite
def rpcs_snapshots(draw: st.DrawFn) -> RpcsSnapshot:
    idle = IDLE.rpcs
    handled = dict(idle.handled)
    for method in draw(st.lists(st.sampled_from(METHODS), max_size=3, unique=True)):
        codes = draw(st.dictionaries(st.sampled_from(CODES), counts, max_size=3))
        handled.update({(method, code): count for code, count in codes.items()})
    ended = {method: sum(handled[method, code] for code in CODES) for method in METHODS}
    unfinished = draw(tallies(METHODS, few))
    durations = {
        method: draw(histogram_points(point.bounds, ended[method], exemplary=False))
        for method, point in idle.durations.items()
    }
    return draw(
        part(
            idle,
            started={method: ended[method] + unfinished[method] for method in METHODS},
            handled=handled,
            errors={key: count for key, count in handled.items() if key[1] != OK},
            durations=durations,
            open_streams={method: unfinished[method] for method in idle.open_streams},
        )
    )


@st.composite
def usages(draw: st.DrawFn, tokens: st.SearchStrategy[int]) -> Usage:
    """The tokens of a call, some of them from a cache and some written to one."""
    given = draw(tokens)
    cached = draw(st.integers(0, given))
    written = draw(st.integers(0, given - cached))
    return Usage(given, cached, draw(tokens), written, draw(st.integers(0, written)))


@st.composite
def token_counts(draw: st.DrawFn) -> TokenCounts:
    read = draw(counts)
    cached = draw(st.integers(0, read))
    return TokenCounts(read, cached, draw(counts), draw(st.integers(0, read - cached)))


def money() -> st.SearchStrategy[Decimal]:
    return st.decimals(0, 10**9, allow_nan=False, allow_infinity=False, places=9)


@st.composite
def models_snapshots(draw: st.DrawFn) -> ModelsSnapshot:
    idle = IDLE.models
    requests = dict(idle.requests)
    requests.update(draw(st.dictionaries(st.sampled_from(sorted(requests)), counts, max_size=4)))
    calls = dict.fromkeys(idle.tokens, 0)
    for (provider, _), count in requests.items():
        calls[provider] += count
    return draw(
        part(
            idle,
            cost={"USD": draw(money()), **draw(st.dictionaries(st.sampled_from(["CNY", "EUR"]), money()))},
            requests=requests,
            durations={provider: draw(histogram_points(PHASE_SECONDS, count)) for provider, count in calls.items()},
            usage_unknown={provider: draw(st.integers(0, count)) for provider, count in calls.items()},
            price_unknown={provider: draw(st.integers(0, count)) for provider, count in calls.items()},
        )
    )


@st.composite
def sandboxes_snapshots(draw: st.DrawFn) -> SandboxesSnapshot:
    still_open = draw(tallies(IDLE.sandboxes.open, few))
    ended = draw(tallies(IDLE.sandboxes.ended))
    created = {
        name: count + sum(gone for (of, why), gone in ended.items() if of == name and why != SandboxEnd.SWEPT)
        for name, count in still_open.items()
    }
    openings = {
        (name, start): draw(histogram_points(point.bounds, draw(st.integers(0, created[name] // len(SandboxStart)))))
        for (name, start), point in IDLE.sandboxes.openings.items()
    }
    return draw(
        part(
            IDLE.sandboxes,
            created=created,
            open=still_open,
            warm=draw(st.integers(0, sum(still_open.values()))),
            ended=ended,
            openings=openings,
        )
    )


@st.composite
def steps_snapshots(draw: st.DrawFn) -> StepsSnapshot:
    phases = draw(like(IDLE.steps.phases))
    return draw(part(IDLE.steps, steps=phases["decide"].count, phases=phases))


@st.composite
def storage_snapshots(draw: st.DrawFn) -> StorageSnapshot:
    idle = IDLE.storage
    operations = draw(tallies(idle.operations))
    commits = operations[str(StorageOperation.COMMIT), str(StorageOutcome.OK)]
    commit = draw(histogram_points(idle.commit.bounds, commits, exemplary=False))
    return draw(part(idle, operations=operations, commit=commit))


@st.composite
def recent_snapshots(draw: st.DrawFn, tasks: TasksSnapshot, models: ModelsSnapshot) -> RecentSnapshot:
    calls = dict.fromkeys(IDLE.recent.model_calls, 0)
    for (_, outcome), count in models.requests.items():
        calls[outcome] += count
    ended = {status: tasks.created[status] for status in IDLE.recent.ended}
    return RecentSnapshot(
        *[
            {key: draw(st.integers(0, count)) for key, count in since_the_start.items()}
            for since_the_start in (ended, tasks.rejected, calls)
        ]
    )


def service_infos() -> st.SearchStrategy[ServiceInfo]:
    words = st.sampled_from(["", "0.1.0", "INFO", "local", 'a "b" \\ c\nd', "\u65e5\u672c"])
    return st.builds(
        ServiceInfo, version=words, max_concurrent_tasks=st.integers(1, 10_000), log_level=words, domain=words
    )


@st.composite
def service_parts(draw: st.DrawFn, taken_monotonic_seconds: float = 1e6) -> ServicePart:
    started, last = sorted(draw(st.tuples(*[st.floats(0, taken_monotonic_seconds)] * 2)))
    heartbeat = HeartbeatSnapshot(last, HEARTBEAT_SECONDS, draw(seconds))
    info = draw(service_infos())
    return draw(part(IDLE.service, info=info, started_monotonic_seconds=started, heartbeat=heartbeat))


@st.composite
def service_snapshots(draw: st.DrawFn) -> ServiceSnapshot:
    taken = draw(seconds)
    tasks, models = draw(tasks_snapshots()), draw(models_snapshots())
    return draw(
        part(
            IDLE,
            taken_at=draw(instants),
            taken_monotonic_seconds=taken,
            tasks=tasks,
            rpcs=draw(rpcs_snapshots()),
            models=models,
            sandboxes=draw(sandboxes_snapshots()),
            steps=draw(steps_snapshots()),
            storage=draw(storage_snapshots()),
            recent=draw(recent_snapshots(tasks, models)),
            service=draw(service_parts(taken)),
        )
    )


def empty_histogram(bounds: Sequence[float]) -> HistogramPoint:
    """Return a histogram without observations."""
    buckets = len(bounds) + 1
    return HistogramPoint(tuple(bounds), (0,) * buckets, 0.0, (None,) * buckets)


def idle_snapshot(**parts: Any) -> ServiceSnapshot:
    """Return the snapshot of a service that has done nothing yet, with some parts replaced."""
    return attrs.evolve(IDLE, **parts)
