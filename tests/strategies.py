"""One Hypothesis strategy for each frozen class of `gui_agents.snapshot`.

Snapshots are consistent by construction: whatever is drawn keeps the promises that hold between its numbers. Most of
a closed set is drawn as idle, so that a snapshot of some hundred series stays quick to draw.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from hypothesis import strategies as st

from gui_agents.domain.lifecycle import FailureReason, TaskStatus
from gui_agents.snapshot import (
    Exemplar,
    HeartbeatSnapshot,
    HistogramPoint,
    ModelsSnapshot,
    RpcsSnapshot,
    SandboxesSnapshot,
    ServiceInfo,
    ServicePart,
    ServiceSnapshot,
    StepsSnapshot,
    StreamsSnapshot,
    TasksSnapshot,
    TokenCounts,
    WindowPoint,
)

EXECUTION_SECONDS = (1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
QUEUE_SECONDS = (0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0)
STEPS = (1.0, 5.0, 10.0, 20.0, 30.0, 50.0, 100.0, 200.0)
RPC_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
PHASE_SECONDS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0)
GROWTH = 1.009 / 0.991

STREAMING = ("RunAgentInstruction", "GetAgentTaskStream")
METHODS = (
    "GetAgentInfo",
    "GetGlobalCommonConfig",
    "GetCommonConfig",
    "SetGlobalCommonConfig",
    "SetGlobalCommonLLMConfig",
    "SetGlobalGroundingLLMConfig",
    "SetGlobalEmbeddingLLMConfig",
    *STREAMING,
    "RunAgentInstructionAsync",
    "QueryTaskStatus",
    "CancelTask",
    "other",
)
CODES = ("OK", "CANCELLED", "INVALID_ARGUMENT", "INTERNAL", "RESOURCE_EXHAUSTED")
PROVIDERS = ("builtin", "openai", "other")
OUTCOMES = ("ok", "error", "timeout", "invalid")
SANDBOX_TYPES = ("Windows", "Linux", "Android", "Browser", "Simulated")
ACTIONS = ("click", "move", "drag", "scroll", "type", "key", "long_press", "open_app", "navigate", "wait")
PHASES = ("observe", "decide", "act")
REJECTIONS = ("queue_full", "draining", "invalid", "denied")
CONFIG_TYPES = ("global", "llm", "grounding", "embedding")

TASK_IDS = ("3f1c6a52-0d7e-4b0c-9a55-6f1f9f3c2b1a", "b2f0", "0")
EPOCH = 1_700_000_000.0

counts = st.integers(0, 2**40) | st.integers(0, 20)
"""Numbers of anything, small ones often."""

few = st.integers(0, 30)
seconds = st.floats(0, 1e6, allow_subnormal=False)
instants = st.floats(EPOCH, EPOCH + 1e8)


def exemplars(lower: float = 0.0, upper: float = 1e9) -> st.SearchStrategy[Exemplar]:
    return st.tuples(st.sampled_from(TASK_IDS), st.floats(lower, upper, exclude_min=lower > 0), instants)


@st.composite
def histogram_points(
    draw: st.DrawFn, bounds: Sequence[float] = PHASE_SECONDS, count: int | None = None, *, exemplary: bool = True
) -> HistogramPoint:
    """Draw a histogram of `count` observations, whose sum and exemplars are what such observations can have."""
    bounds = tuple(bounds)
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


def tallies(keys: Sequence[str], numbers: st.SearchStrategy[int] = counts) -> st.SearchStrategy[dict[str, int]]:
    """Draw numbers for a closed set, most of them 0."""
    busy = st.dictionaries(st.sampled_from(keys), numbers, max_size=3)
    return busy.map(lambda some: {key: some.get(key, 0) for key in keys})


@st.composite
def tasks_snapshots(draw: st.DrawFn) -> TasksSnapshot:
    pending, running, completed = draw(few), draw(few), draw(counts)
    failures = draw(tallies([str(reason) for reason in FailureReason]))
    failed = sum(failures.values())
    failed_pending = draw(st.integers(0, failed))
    cancelled_running, cancelled_pending = draw(counts), draw(counts)
    cancelled = cancelled_running + cancelled_pending
    ran = completed + failed - failed_pending + cancelled_running
    retained = draw(st.integers(0, min(1000, completed + failed + cancelled)))
    return TasksSnapshot(
        created={
            str(TaskStatus.PENDING): pending + running + completed + failed + cancelled,
            str(TaskStatus.RUNNING): running + ran,
            str(TaskStatus.COMPLETED): completed,
            str(TaskStatus.FAILED): failed,
            str(TaskStatus.CANCELLED): cancelled,
        },
        live={str(TaskStatus.PENDING): pending, str(TaskStatus.RUNNING): running},
        failures=failures,
        rejected=draw(tallies(REJECTIONS)),
        retained=retained,
        slots=running + draw(st.integers(1, 10)),
        queue_capacity=pending + draw(few),
        retention_limit=retained + draw(few),
        oldest_pending_at=draw(instants) if pending else None,
        oldest_progress_at=draw(instants) if running else None,
        execution=draw(histogram_points(EXECUTION_SECONDS, ran)),
        queue_wait=draw(histogram_points(QUEUE_SECONDS, running + completed + failed + cancelled)),
        steps=draw(histogram_points(STEPS, ran)),
        latency=draw(window_points(ran)),
    )


@st.composite
def rpcs_snapshots(draw: st.DrawFn, methods: Sequence[str] = METHODS) -> RpcsSnapshot:
    handled = {(method, code): 0 for method in methods for code in CODES}
    for method in draw(st.lists(st.sampled_from(methods), max_size=3, unique=True)):
        codes = draw(st.dictionaries(st.sampled_from(CODES), counts, max_size=3))
        handled.update({(method, code): count for code, count in codes.items()})
    ended = {method: sum(handled[method, code] for code in CODES) for method in methods}
    unfinished = draw(tallies(methods, few))
    return RpcsSnapshot(
        started={method: ended[method] + unfinished[method] for method in methods},
        handled=handled,
        errors={key: count for key, count in handled.items() if key[1] != "OK"},
        durations={method: draw(histogram_points(RPC_SECONDS, ended[method], exemplary=False)) for method in methods},
        open_streams={method: unfinished[method] for method in methods if method in STREAMING},
    )


@st.composite
def token_counts(draw: st.DrawFn) -> TokenCounts:
    read = draw(counts)
    return TokenCounts(read, draw(st.integers(0, read)), draw(counts))


def money() -> st.SearchStrategy[Decimal]:
    return st.decimals(0, 10**9, allow_nan=False, allow_infinity=False, places=9)


@st.composite
def models_snapshots(draw: st.DrawFn, providers: Sequence[str] = PROVIDERS) -> ModelsSnapshot:
    requests = {(provider, outcome): 0 for provider in providers for outcome in OUTCOMES}
    requests.update(draw(st.dictionaries(st.sampled_from(sorted(requests)), counts, max_size=4)))
    calls = {provider: sum(requests[provider, outcome] for outcome in OUTCOMES) for provider in providers}
    return ModelsSnapshot(
        tokens={provider: draw(token_counts()) for provider in providers},
        cost={"USD": draw(money()), **draw(st.dictionaries(st.sampled_from(["CNY", "EUR"]), money()))},
        requests=requests,
        durations={provider: draw(histogram_points(PHASE_SECONDS, calls[provider])) for provider in providers},
        usage_unknown={provider: draw(st.integers(0, calls[provider])) for provider in providers},
        price_unknown={provider: draw(st.integers(0, calls[provider])) for provider in providers},
    )


@st.composite
def sandboxes_snapshots(draw: st.DrawFn) -> SandboxesSnapshot:
    still_open = draw(tallies(SANDBOX_TYPES, few))
    closed = draw(tallies(SANDBOX_TYPES))
    actions = {(action, outcome): 0 for action in ACTIONS for outcome in ("ok", "error")}
    actions.update(draw(st.dictionaries(st.sampled_from(sorted(actions)), counts, max_size=3)))
    return SandboxesSnapshot(
        created={name: still_open[name] + closed[name] for name in SANDBOX_TYPES},
        open=still_open,
        failures=draw(tallies(SANDBOX_TYPES)),
        actions=actions,
    )


@st.composite
def steps_snapshots(draw: st.DrawFn) -> StepsSnapshot:
    phases = {phase: draw(histogram_points(PHASE_SECONDS)) for phase in PHASES}
    return StepsSnapshot(phases["decide"].count, phases)


def streams_snapshots() -> st.SearchStrategy[StreamsSnapshot]:
    return st.builds(StreamsSnapshot, logs=counts, subscribers=few, messages=counts, skipped=counts)


def service_infos() -> st.SearchStrategy[ServiceInfo]:
    words = st.sampled_from(["", "0.1.0", "INFO", "local", 'a "b" \\ c\nd', "\u65e5\u672c"])
    return st.builds(
        ServiceInfo, version=words, max_concurrent_tasks=st.integers(1, 10_000), log_level=words, domain=words
    )


@st.composite
def service_parts(draw: st.DrawFn, taken_monotonic_seconds: float = 1e6) -> ServicePart:
    started, last = sorted(draw(st.tuples(*[st.floats(0, taken_monotonic_seconds)] * 2)))
    return ServicePart(
        info=draw(service_infos()),
        started_monotonic_seconds=started,
        heartbeat=draw(heartbeat_snapshots(last)),
        config_updates=draw(tallies(CONFIG_TYPES)),
        runtime_files=draw(counts),
    )


def heartbeat_snapshots(last: float = 0.0) -> st.SearchStrategy[HeartbeatSnapshot]:
    return st.builds(
        HeartbeatSnapshot,
        last_monotonic_seconds=st.just(last),
        interval_seconds=st.just(0.25),
        lateness_seconds=seconds,
    )


@st.composite
def service_snapshots(draw: st.DrawFn) -> ServiceSnapshot:
    taken = draw(seconds)
    return ServiceSnapshot(
        taken_at=draw(instants),
        taken_monotonic_seconds=taken,
        tasks=draw(tasks_snapshots()),
        rpcs=draw(rpcs_snapshots()),
        models=draw(models_snapshots()),
        sandboxes=draw(sandboxes_snapshots()),
        steps=draw(steps_snapshots()),
        streams=draw(streams_snapshots()),
        service=draw(service_parts(taken)),
    )


def empty_histogram(bounds: Sequence[float]) -> HistogramPoint:
    """Return a histogram without observations."""
    buckets = len(bounds) + 1
    return HistogramPoint(tuple(bounds), (0,) * buckets, 0.0, (None,) * buckets)


def idle_snapshot(**parts: object) -> ServiceSnapshot:
    """Return the snapshot of a service that has done nothing yet, with some parts replaced."""
    idle: Mapping[str, object] = {
        "taken_at": EPOCH,
        "taken_monotonic_seconds": 100.0,
        "tasks": TasksSnapshot(
            created=dict.fromkeys(map(str, TaskStatus), 0),
            live={"pending": 0, "running": 0},
            failures=dict.fromkeys(map(str, FailureReason), 0),
            rejected=dict.fromkeys(REJECTIONS, 0),
            retained=0,
            slots=5,
            queue_capacity=100,
            retention_limit=1000,
            oldest_pending_at=None,
            oldest_progress_at=None,
            execution=empty_histogram(EXECUTION_SECONDS),
            queue_wait=empty_histogram(QUEUE_SECONDS),
            steps=empty_histogram(STEPS),
            latency=WindowPoint(0, {}, GROWTH, 0.0, 0),
        ),
        "rpcs": RpcsSnapshot(
            started=dict.fromkeys(METHODS, 0),
            handled={(method, code): 0 for method in METHODS for code in CODES},
            errors={(method, code): 0 for method in METHODS for code in CODES if code != "OK"},
            durations={method: empty_histogram(RPC_SECONDS) for method in METHODS},
            open_streams=dict.fromkeys(STREAMING, 0),
        ),
        "models": ModelsSnapshot(
            tokens=dict.fromkeys(PROVIDERS, TokenCounts(0, 0, 0)),
            cost={"USD": Decimal(0)},
            requests={(provider, outcome): 0 for provider in PROVIDERS for outcome in OUTCOMES},
            durations={provider: empty_histogram(PHASE_SECONDS) for provider in PROVIDERS},
            usage_unknown=dict.fromkeys(PROVIDERS, 0),
            price_unknown=dict.fromkeys(PROVIDERS, 0),
        ),
        "sandboxes": SandboxesSnapshot(
            created=dict.fromkeys(SANDBOX_TYPES, 0),
            open=dict.fromkeys(SANDBOX_TYPES, 0),
            failures=dict.fromkeys(SANDBOX_TYPES, 0),
            actions={(action, outcome): 0 for action in ACTIONS for outcome in ("ok", "error")},
        ),
        "steps": StepsSnapshot(0, {phase: empty_histogram(PHASE_SECONDS) for phase in PHASES}),
        "streams": StreamsSnapshot(0, 0, 0, 0),
        "service": ServicePart(
            info=ServiceInfo("0.1.0", 5, "INFO", "local"),
            started_monotonic_seconds=90.0,
            heartbeat=HeartbeatSnapshot(99.9, 0.25, 0.0),
            config_updates=dict.fromkeys(CONFIG_TYPES, 0),
            runtime_files=0,
        ),
    }
    return ServiceSnapshot(**{**idle, **parts})  # type: ignore[arg-type]  # the parts by name
