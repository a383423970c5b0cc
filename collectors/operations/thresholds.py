"""Every number that decides whether an alert fires, with its range; the one place where an operator changes it.

A threshold that lies outside what its metric can reach would make an alert that never fires, or always: the ranges
follow from the metrics, such as the largest finite bucket of a histogram, and from each other.
"""

from collections.abc import Iterable
from typing import Any, Final

import attrs

from gui_agents.domain.buckets import (
    COMMIT_SECONDS,
    EXECUTION_SECONDS,
    QUEUE_WAIT_SECONDS,
    RPC_SECONDS,
    SANDBOX_OPEN_SECONDS,
)

BURN_FACTORS: Final = (14.4, 6, 3, 1)
"""How many times faster than allowed an error budget burns, from the fastest tier to the slowest."""

GIBIBYTE: Final = 2**30


class ThresholdError(ValueError):
    """`field` has a value that makes an alert that cannot work; `problem` says why."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


def _above(_instance: object, attribute: "attrs.Attribute[float]", value: float) -> None:
    low, high = attribute.metadata["low"], attribute.metadata["high"]
    if not low < value < high:
        raise ThresholdError(attribute.name, f"{value:g} is not between {low:g} and {high:g} (both excluded)")


def _threshold(default: float, low: float, high: float, text: str) -> Any:
    """Describe a threshold that lies strictly between `low` and `high`."""
    return attrs.field(
        default=default,
        converter=float,
        validator=_above,
        metadata={"low": low, "high": high, "help": text},
    )


@attrs.frozen(kw_only=True)
class Thresholds:
    """When alerts fire. Ratios are 0 to 1."""

    restarts: float = _threshold(2, -1, 30, "restarts within 15 minutes; scrapes every 15 seconds surely see 30")
    scrape_success_ratio: float = _threshold(0.9, 0, 1, "scrapes of one instance that succeed, over 10 minutes")
    scrape_seconds: float = _threshold(2, 0, 10, "seconds that a scrape may take; scrapes time out after 10")
    loop_blocked_seconds: float = _threshold(5, 0, 60, "seconds within one minute that the event loop may be blocked")
    task_outage_ratio: float = _threshold(0.5, 0, 1, "failed / (completed + failed) over 5 minutes that wakes somebody")
    task_outage_minimum: float = _threshold(5, 0, 1e6, "tasks that failed within 10 minutes, to wake somebody")
    task_failure_ratio: float = _threshold(0.2, 0, 1, "failed / (completed + failed) over 15 minutes")
    task_failure_minimum: float = _threshold(5, 0, 1e6, "tasks that ended within 15 minutes, to judge their failures")
    task_success_ratio: float = _threshold(0.7, 0, 1, "completed / (completed + failed) over 1 hour")
    task_success_minimum: float = _threshold(10, 0, 1e6, "tasks that ended within 1 hour, to judge their success")
    task_silence_seconds: float = _threshold(900, 0, 86400, "seconds that a running task may make no progress")
    execution_p95_seconds: float = _threshold(
        300, 0, EXECUTION_SECONDS[-1], "seconds that 95 % of the tasks run at most"
    )
    queue_wait_p95_seconds: float = _threshold(
        60, 0, QUEUE_WAIT_SECONDS[-1], "seconds that 95 % of the tasks wait at most"
    )
    pending_age_seconds: float = _threshold(300, 0, 86400, "seconds that the head of the queue may have waited")
    utilization_ratio: float = _threshold(0.9, 0, 1, "running tasks / slots, across the job")
    memory_bytes: float = _threshold(2 * GIBIBYTE, 0, 2**50, "resident bytes of one instance that are a warning")
    memory_limit_bytes: float = _threshold(4 * GIBIBYTE, 0, 2**50, "resident bytes at which an instance is killed")
    temp_files: float = _threshold(1000, 0, 1e9, "files below one instance's runtime directory")
    stream_connections: float = _threshold(100, 0, 1e6, "streaming RPCs open on one instance")
    stream_log_factor: float = _threshold(1.1, 1, 100, "stream logs / (retention + slots + queue capacity)")
    sandbox_death_ratio: float = _threshold(0.2, 0, 1, "sandboxes of one type that die / that end, over 15 minutes")
    sandbox_death_minimum: float = _threshold(3, 0, 1e6, "sandboxes of one type that die within 15 minutes")
    sandbox_open_p95_seconds: float = _threshold(
        30, 0, SANDBOX_OPEN_SECONDS[-1], "seconds that 95 % of one type's new sandboxes take to open at most"
    )
    sandbox_open_minimum: float = _threshold(5, 0, 1e6, "new sandboxes of one type within 15 minutes, to judge them")
    egress_denials: float = _threshold(0, -1, 1e6, "refused connections of browsers to private addresses in 15 minutes")
    storage_errors: float = _threshold(0, -1, 1e6, "operations of one kind on the storage that fail within 5 minutes")
    storage_commit_p95_seconds: float = _threshold(
        1, 0, COMMIT_SECONDS[-1], "seconds that 95 % of the commits take at most"
    )
    storage_commit_minimum: float = _threshold(5, 0, 1e6, "commits within 10 minutes, to judge them")
    storage_queue: float = _threshold(10_000, 0, 1e9, "entries of one instance that are not in its storage yet")
    auth_failures: float = _threshold(30, -1, 1e9, "calls of one reason that are not let in within 15 minutes")
    quota_rejections: float = _threshold(0, -1, 1e9, "calls that one quota refuses within 5 minutes")
    grpc_error_ratio: float = _threshold(0.05, 0, 1, "calls of one method that end with a fault of the service")
    grpc_error_minimum: float = _threshold(3, 0, 1e6, "faults of one method within 10 minutes, to judge its calls")
    grpc_latency_p95_seconds: float = _threshold(
        5, 0, RPC_SECONDS[-1], "seconds that 95 % of the calls of one method take at most"
    )
    tokens: float = _threshold(20_000_000, 0, 1e15, "model tokens within 5 minutes")
    cost: float = _threshold(10, 0, 1e12, "money within 1 hour, in each currency")
    budget_ratio: float = _threshold(0.8, 0, 1, "share of a day's budget that may be spent")
    budget_minimum: float = _threshold(0.2, 0, 1, "share of a day's budget that is spent, to judge how fast")
    task_slo: float = _threshold(0.95, 0, 1, "share of the tasks that shall complete")
    rpc_slo: float = _threshold(0.995, 0, 1, "share of the RPCs that shall end without a fault of the service")
    task_burn_minimum: float = _threshold(5, 0, 1e6, "tasks that failed within the long window, to judge the budget")
    rpc_burn_minimum: float = _threshold(10, 0, 1e6, "faults of RPCs within the long window, to judge the budget")

    def __attrs_post_init__(self) -> None:
        if self.memory_bytes >= self.memory_limit_bytes:
            raise ThresholdError("memory_bytes", f"must be below memory_limit_bytes ({self.memory_limit_bytes:g})")
        for name in ("task_slo", "rpc_slo"):
            budget = 1 - getattr(self, name)
            fastest = BURN_FACTORS[0]
            if fastest * budget >= 1:
                raise ThresholdError(
                    name,
                    f"{fastest:g} times the error budget of {budget:g} is more than all of the requests, so that the "
                    f"fast burn alert could never fire; take more than {1 - 1 / fastest:.4f}",
                )


def with_changes(changes: Iterable[str]) -> Thresholds:
    """Return the thresholds with `changes` of the form name=number applied.

    Raises:
        ThresholdError: an unknown name, no number, or a number out of range.
    """
    known = {field.name for field in attrs.fields(Thresholds)}
    values: dict[str, float] = {}
    for change in changes:
        name, _, text = change.partition("=")
        if name not in known:
            raise ThresholdError(name, f"is no threshold; known are {', '.join(sorted(known))}")
        try:
            values[name] = float(text)
        except ValueError:
            raise ThresholdError(name, f"{text!r} is no number; write {name}=NUMBER") from None
    return Thresholds(**values)
