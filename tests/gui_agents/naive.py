"""A model of the service's state in plain dicts and lists: it remembers everything and answers by scanning it all."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

from gui_agents.domain.lifecycle import FailureReason, TaskStatus
from gui_agents.snapshot import Exemplar, HistogramPoint

ENDED = ("completed", "failed", "cancelled")


class Observation(NamedTuple):
    """What a histogram was told; as an exemplar it is the same tuple."""

    task_id: str
    value: float
    observed_at: float


class NaiveService:
    """What happened, as dicts; every answer is counted anew."""

    def __init__(self, *, retention: int, log_messages: int) -> None:
        self.retention = retention
        self.log_messages = log_messages
        self.tasks: dict[str, dict[str, Any]] = {}
        """Every task that ever was, in the order of creation."""
        self.ended: list[str] = []
        """Ids in the order of their ends."""
        self.waits: list[Observation] = []
        """Of all tasks that wait no more, in the order in which their waits ended."""
        self.rejected: Counter[str] = Counter()
        self.phases: dict[str, list[Observation]] = {"observe": [], "decide": [], "act": []}
        self.actions: Counter[tuple[str, str]] = Counter()
        self.calls: list[dict[str, Any]] = []
        self.sandboxes: list[dict[str, Any]] = []
        self.sandboxes_ended: Counter[tuple[str, str]] = Counter()
        self.openings: dict[tuple[str, str], list[Observation]] = {}
        self.warm = 0
        self.egress: Counter[str] = Counter()
        self.sandbox_failures: Counter[str] = Counter()
        self.rpcs: list[dict[str, Any]] = []
        self.subscriptions: list[dict[str, Any]] = []
        self.skipped = 0
        self.config_updates: Counter[str] = Counter()
        self.moments: list[tuple[float, str, str]] = []
        """When what was counted that is told of the last minutes: monotonic clock, kind and key."""
        self.files = 0
        self.beats: list[float] = []

    # What happens.

    def create(self, task_id: str, monotonic: float, at: float) -> None:
        self.tasks[task_id] = {
            "been": ["pending"],
            "created": monotonic,
            "created_at": at,
            "ran": None,
            "progress_at": None,
            "steps": 0,
            "bills": [],
            "sandbox": None,
            "messages": [("starting", at)],
            "reason": None,
        }

    def start(self, task_id: str, monotonic: float, at: float) -> None:
        task = self.tasks[task_id]
        task["been"].append("running")
        task["started"] = monotonic
        task["progress_at"] = at
        self.waits.append(Observation(task_id, monotonic - task["created"], at))

    def end(self, task_id: str, status: str, reason: str | None, monotonic: float, at: float) -> None:
        task = self.tasks[task_id]
        if self.status(task_id) == "running":
            task["ran"] = Observation(task_id, monotonic - task["started"], at)
            task["ran_until"] = monotonic
        else:
            self.waits.append(Observation(task_id, monotonic - task["created"], at))
        task["been"].append(status)
        task["reason"] = reason
        self.moments.append((monotonic, "ended", status))
        stage = {"completed": "finished", "failed": "error", "cancelled": "cancelled"}[status]
        task["messages"].append((stage, at))
        self.ended.append(task_id)

    def progress(self, task_id: str, at: float) -> bool:
        running = self.status(task_id) == "running"
        if running:
            self.tasks[task_id]["progress_at"] = at
        return running

    def take(self, subscription: dict[str, Any]) -> tuple[int, list[tuple[str, float]]]:
        """Return how many messages a subscription has missed, and those that are new for it."""
        messages = self.tasks[subscription["task_id"]]["messages"]
        first = max(0, len(messages) - self.log_messages)
        missed = max(0, first - subscription["cursor"])
        new = messages[max(first, subscription["cursor"]) :]
        subscription["cursor"] = len(messages)
        self.skipped += missed
        return missed, new

    # What follows from it.

    def status(self, task_id: str) -> str:
        return str(self.tasks[task_id]["been"][-1])

    def in_status(self, *statuses: str) -> list[str]:
        return [task_id for task_id in self.tasks if self.status(task_id) in statuses]

    def retained(self) -> list[str]:
        return self.ended[max(0, len(self.ended) - self.retention) :]

    def recent(self, kind: str, now: float) -> Counter[str]:
        """Return what was counted in the slice of `now` and in the 30 slices of ten seconds before it."""
        return Counter(key for at, counted, key in self.moments if counted == kind and at // 10 > now // 10 - 31)

    def known(self) -> list[str]:
        """Return the ids of all tasks that are in memory."""
        return [*self.in_status("pending", "running"), *self.retained()]

    def created(self) -> dict[str, int]:
        return {str(status): sum(str(status) in task["been"] for task in self.tasks.values()) for status in TaskStatus}

    def failures(self) -> dict[str, int]:
        reasons = [task["reason"] for task in self.tasks.values()]
        return {str(reason): reasons.count(str(reason)) for reason in FailureReason}

    def runs(self) -> list[Observation]:
        """Return the executions in the order in which they ended."""
        return [self.tasks[task_id]["ran"] for task_id in self.ended if self.tasks[task_id]["ran"] is not None]

    def task_steps(self) -> list[Observation]:
        return [Observation(ran.task_id, self.tasks[ran.task_id]["steps"], ran.observed_at) for ran in self.runs()]

    def window(self, now: float) -> list[float]:
        """Return the executions that ended in the current and the 59 previous slices of 10 seconds."""
        oldest = now // 10 - 59
        return [ran.value for ran in self.runs() if self.tasks[ran.task_id]["ran_until"] // 10 >= oldest]

    def oldest(self, key: str, status: str) -> float | None:
        return min((self.tasks[task_id][key] for task_id in self.in_status(status)), default=None)

    def messages(self) -> int:
        return sum(len(task["messages"]) for task in self.tasks.values())

    def billed(self, task_id: str) -> tuple[int, int, Decimal]:
        bills = self.tasks[task_id]["bills"]
        return (
            sum(bill["input"] for bill in bills),
            sum(bill["output"] for bill in bills),
            sum((bill["amount"] for bill in bills), Decimal(0)),
        )


def point_of(
    bounds: Sequence[float], observations: Iterable[Observation], *, exemplary: bool = True
) -> tuple[list[int], float, list[Exemplar | None]]:
    """Return counts, sum and exemplars of a histogram, each bucket counted by a scan."""
    seen = list(observations)
    edges = (-math.inf, *bounds, math.inf)
    counts, latest = [], []
    for low, high in pairwise(edges):
        inside = [exemplar for exemplar in seen if low < exemplar.value <= high]
        counts.append(len(inside))
        latest.append(inside[-1] if inside and exemplary else None)
    return counts, math.fsum(exemplar.value for exemplar in seen), latest


def parts(point: HistogramPoint) -> tuple[list[int], float, list[Exemplar | None]]:
    """Return a histogram point as `point_of` tells one."""
    return list(point.counts), point.sum, list(point.exemplars)


def nearest_rank(values: Sequence[float], quantile: str) -> float:
    """Return the exact nearest-rank quantile; NaN without values."""
    if not values:
        return math.nan
    return sorted(values)[max(1, math.ceil(Fraction(quantile) * len(values))) - 1]
