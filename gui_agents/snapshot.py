"""One consistent instant of the service, as frozen values.

A snapshot holds what was copied under the service's lock. Its methods compute the rest (ratios, cumulative buckets,
quantiles) after the lock is free. Mappings have a key for every member of their closed set. Keys are the strings that
metrics show. Nobody may change a mapping of a snapshot.

Clocks: `*_at` is the wall clock in seconds since the epoch, `*_monotonic_seconds` the monotonic clock.
"""

import math
from bisect import bisect_left
from collections.abc import Mapping
from decimal import Decimal
from itertools import accumulate
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from attrs import frozen as point
else:
    # Frozen for the type checker only. At run time it would make each one five times as slow, and under the lock.
    from attrs import define as point

Exemplar: TypeAlias = tuple[str, float, float]
"""The latest observation of a bucket: the task's id, the value, and when it was observed (wall clock, seconds).

A plain tuple, because each step makes three of them.
"""


@point
class NativePoint:
    """A histogram's exponential buckets at one instant. Together they hold all of its observations."""

    schema: int
    """Resolution: bucket i holds values above 2 ** ((i - 1) / 2 ** schema), up to 2 ** (i / 2 ** schema)."""
    zero_threshold: float
    """Observations up to this value count as zero."""
    zero_count: int
    buckets: Mapping[int, int]
    """Observations by bucket, in no order. Empty buckets are left out."""

    @property
    def count(self) -> int:
        """Number of all observations."""
        return self.zero_count + sum(self.buckets.values())


@point
class HistogramPoint:
    """A histogram at one instant."""

    bounds: tuple[float, ...]
    """Inclusive upper bounds, strictly increasing, without infinity."""
    counts: tuple[int, ...]
    """Observations in each bucket, not cumulative. There is one more than `bounds`, for values above the last bound."""
    sum: float
    """Of all observations."""
    exemplars: tuple[Exemplar | None, ...]
    """The latest observation of each bucket; None for a bucket without one."""
    native: NativePoint | None = None
    """The same observations in exponential buckets; None unless native histograms are on."""

    @property
    def count(self) -> int:
        """Number of all observations."""
        return sum(self.counts)


@point
class WindowPoint:
    """A sliding window of durations at one instant, in buckets that grow by a constant factor."""

    zeros: int
    """Observations in the window that are too small for a bucket."""
    buckets: Mapping[int, int]
    """Observations in the window: bucket i holds those above growth ** (i - 1) and up to growth ** i."""
    growth: float
    sum: float
    """Of all observations since the start, in seconds."""
    count: int
    """Number of all observations since the start."""

    def quantiles(self, wanted: tuple[float, ...]) -> tuple[float, ...]:
        """Return the nearest-rank quantiles over the window, within 1 % of the exact ones; NaN for an empty window."""
        indexes = sorted(self.buckets)
        up_to = [*accumulate(map(self.buckets.__getitem__, indexes), initial=self.zeros)]
        total = up_to[-1]
        if total == 0:
            return (math.nan,) * len(wanted)
        places = [bisect_left(up_to, max(1, math.ceil(quantile * total))) for quantile in wanted]
        # The middle of the bucket, which is within 1 % of every value in it.
        growth = self.growth
        return tuple([2.0 * growth ** indexes[place - 1] / (growth + 1.0) if place else 0.0 for place in places])


@point
class TasksSnapshot:
    """The task table and its tallies."""

    created: Mapping[str, int]
    """Tasks that have entered each status since the start."""
    live: Mapping[str, int]
    """Tasks that are pending and tasks that are running, now."""
    failures: Mapping[str, int]
    """Failed tasks by reason."""
    rejected: Mapping[str, int]
    """Refused submissions, by reason."""
    retained: int
    """Ended tasks in memory."""
    slots: int
    queue_capacity: int
    retention_limit: int
    oldest_pending_at: float | None
    """When the head of the queue was created, as the wall clock dates it now."""
    oldest_progress_at: float | None
    """Last progress of the running task that has been silent longest, dated the same way; None if no task runs."""
    execution: HistogramPoint
    """Seconds from running to the end, of every task that ran."""
    queue_wait: HistogramPoint
    """Seconds from pending to running, or to the end of a task that never ran."""
    steps: HistogramPoint
    """Steps of every ended task that ran."""
    latency: WindowPoint
    """Execution durations in the sliding window."""


@point
class RpcsSnapshot:
    """The RPCs by method, `other` included."""

    started: Mapping[str, int]
    handled: Mapping[tuple[str, str], int]
    """Ended RPCs by (method, status code), OK included."""
    errors: Mapping[tuple[str, str], int]
    """The same, without OK."""
    durations: Mapping[str, HistogramPoint]
    """Seconds from start to end."""
    open_streams: Mapping[str, int]
    """Streams open now, of the streaming methods."""


@point
class TokenCounts:
    """Tokens of one provider since the start."""

    input: int
    """All prompt tokens, those from a cache and those written to one included."""
    cached_input: int
    output: int
    cache_write: int = 0


@point
class ModelsSnapshot:
    """The calls to models, by provider."""

    tokens: Mapping[str, TokenCounts]
    cost: Mapping[str, Decimal]
    """Money by ISO currency code."""
    requests: Mapping[tuple[str, str], int]
    """Calls by (provider, outcome)."""
    durations: Mapping[str, HistogramPoint]
    """Seconds of each call."""
    usage_unknown: Mapping[str, int]
    price_unknown: Mapping[str, int]


@point
class BudgetPoint:
    """The budget of the present UTC day in one currency."""

    limit: Decimal
    spent: Decimal
    """By calls that ended on this day, the worst case of those included that may have been billed and told no usage."""
    reserved: Decimal
    """The worst case of the calls in flight."""


@point
class BudgetsSnapshot:
    """The money budgets, by ISO code; without one, nothing is limited."""

    day: Mapping[str, BudgetPoint]
    task: Mapping[str, Decimal]
    """What one task may spend."""


@point
class SandboxesSnapshot:
    """The sandboxes by type, the actions sent to them, and the connections that they asked for."""

    created: Mapping[str, int]
    open: Mapping[str, int]
    warm: int
    """Open ones that stand ready and have no task yet."""
    failures: Mapping[str, int]
    ended: Mapping[tuple[str, str], int]
    """By (type, reason). Those that were swept were created by an earlier service."""
    openings: Mapping[tuple[str, str], HistogramPoint]
    """Seconds that tasks waited for their sandbox to open, by (type, start)."""
    actions: Mapping[tuple[str, str], int]
    """Actions sent, by (action, outcome)."""
    egress: Mapping[str, int]
    """Connections that sandboxed browsers asked for, by what became of them."""


@point
class StepsSnapshot:
    """The agent's steps."""

    steps: int
    """Model decisions since the start."""
    phases: Mapping[str, HistogramPoint]
    """Seconds by phase: observe, decide, act."""


@point
class StreamsSnapshot:
    """The stream manager."""

    logs: int
    """Tasks for which it keeps a log."""
    subscribers: int
    messages: int
    """Published since the start."""
    skipped: int
    """Skipped for subscribers that were too slow."""


@point
class RecentSnapshot:
    """What happened in the last five minutes, for readers that have seen no earlier snapshot."""

    ended: Mapping[str, int]
    """Tasks that ended, by their last status."""
    rejected: Mapping[str, int]
    """Refused submissions, by reason."""
    model_calls: Mapping[str, int]
    """Calls to models that ended, by outcome, whatever the provider."""


@point
class HeartbeatSnapshot:
    """The event loop's heartbeat. While the loop is blocked, there is no beat."""

    last_monotonic_seconds: float
    """Time of the last beat; the service's start if there was none."""
    interval_seconds: float
    lateness_seconds: float
    """Sum of the lateness of all beats so far."""

    def lag_seconds(self, now_monotonic_seconds: float) -> float:
        """Return by how many seconds the next beat is late; 0 if it is not."""
        return max(0.0, now_monotonic_seconds - self.last_monotonic_seconds - self.interval_seconds)


@point
class ServiceInfo:
    """Version, limits and host of the service. They never change."""

    version: str
    max_concurrent_tasks: int
    log_level: str
    domain: str


@point
class ServicePart:
    """The service as a whole."""

    info: ServiceInfo
    started_monotonic_seconds: float
    heartbeat: HeartbeatSnapshot
    config_updates: Mapping[str, int]
    """Successful changes by a setter RPC, by configuration type."""
    runtime_files: int
    """Files below the runtime directory at the last count."""


@point
class AccessSnapshot:
    """Who was not let in, and whose quotas were used up. None while nothing asks for it."""

    failures: Mapping[str, int] | None
    """Calls that were not let in, by reason; None without tokens."""
    rejections: Mapping[str, int] | None
    """Calls and submissions that were refused, by quota; None if no owner can have one."""


@point
class StorageSnapshot:
    """The storage of tasks."""

    operations: Mapping[tuple[str, str], int]
    """By operation and outcome."""
    commit: HistogramPoint
    """Seconds of each commit that ended well."""
    queue: int
    """Entries that are not written yet."""
    size_bytes: int
    """As of the last measure."""


@point
class ServiceSnapshot:
    """Everything, at one instant."""

    taken_at: float
    taken_monotonic_seconds: float
    tasks: TasksSnapshot
    rpcs: RpcsSnapshot
    models: ModelsSnapshot
    budgets: BudgetsSnapshot
    sandboxes: SandboxesSnapshot
    steps: StepsSnapshot
    streams: StreamsSnapshot
    storage: StorageSnapshot
    recent: RecentSnapshot
    access: AccessSnapshot
    service: ServicePart


class SnapshotSource(Protocol):
    """An object that returns snapshots, from any thread."""

    def snapshot(self) -> ServiceSnapshot:
        """Return one consistent instant."""
