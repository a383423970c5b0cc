"""The demo's own counts, and what /metrics must show if it agrees with them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from gui_agents.client import TaskReport
from gui_agents.domain.lifecycle import TaskStatus
from gui_agents.domain.sandbox import SandboxType

UNCOUNTED: Final = (
    'agent_task_latency_seconds{quantile="0.5"}',
    'agent_task_latency_seconds{quantile="0.95"}',
    "agent_task_execution_duration_seconds_sum",
    "agent_task_queue_wait_duration_seconds_sum",
    "agent_memory_usage_bytes",
    "agent_service_uptime_seconds",
)
"""Samples that only the service can know. They are shown and not compared."""


@attrs.frozen
class Entry:
    """One sample of /metrics beside the demo's own count."""

    sample: str
    """Name and labels, as in /metrics."""
    counted: float
    shown: float | None
    """None if /metrics does not have it."""

    @property
    def equal(self) -> bool:
        """Whether both numbers are equal."""
        return self.counted == self.shown


@attrs.define
class Counts:
    """Counts what the demo itself did and saw over gRPC."""

    sandbox_type: SandboxType = SandboxType.SIMULATED
    """Of all sandboxes."""
    calls: Counter[str] = attrs.field(factory=Counter)
    """RPCs by method."""
    outcomes: Counter[TaskStatus] = attrs.field(factory=Counter)
    steps: int = 0
    """Messages of stage `step`."""
    tokens: int = 0

    def ended(self, report: TaskReport) -> None:
        """Count a task's end."""
        self.outcomes[report.status] += 1
        if report.statistics is not None:
            self.tokens += report.statistics.total_tokens

    def expected(self) -> Iterator[tuple[str, float]]:
        """Yield each sample that follows from these counts, with its value."""
        tasks = self.outcomes.total()
        yield 'agent_tasks_created_total{status="pending"}', tasks
        yield 'agent_tasks_created_total{status="running"}', tasks
        for status in (TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED):
            yield f'agent_tasks_created_total{{status="{status}"}}', self.outcomes[status]
        yield "agent_tasks_active", 0
        decided = self.outcomes[TaskStatus.COMPLETED] + self.outcomes[TaskStatus.FAILED]
        if decided:
            yield "agent_task_success_rate", self.outcomes[TaskStatus.COMPLETED] / decided
        yield "agent_proxy_steps_total", self.steps
        yield "agent_task_steps_sum", self.steps
        yield "agent_task_execution_duration_seconds_count", tasks
        yield "agent_task_queue_wait_duration_seconds_count", tasks
        yield "agent_task_latency_seconds_count", tasks
        yield f'agent_sandbox_created_total{{sandbox_type="{self.sandbox_type}"}}', tasks
        yield 'agent_tokens_consumed_total{type="total"}', self.tokens
        for method, calls in sorted(self.calls.items()):
            yield f'agent_grpc_requests_total{{method="{method}"}}', calls
            yield f'agent_grpc_request_duration_seconds_count{{method="{method}"}}', calls
        yield 'agent_grpc_stream_connections{method="RunAgentInstruction"}', 0

    def compare(self, page: Mapping[str, float]) -> list[Entry]:
        """Return these counts beside the samples of /metrics."""
        return [Entry(sample, counted, page.get(sample)) for sample, counted in self.expected()]


def samples(text: str) -> dict[str, float]:
    """Return the samples of a page in Prometheus's text format, by name and labels as written."""
    rows = (line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#"))
    return {sample: float(value) for sample, _, value in rows}
