"""What several alerts and dashboards read is computed once, by these recording rules.

Their names tell level:metric:operation, with the window as it is in production. Every one keeps `job`, so that
several jobs share a Prometheus, and sums over instances before it divides.
"""

from collections.abc import Iterator
from typing import Final

from collectors.operations.formula import Matcher, Piece
from collectors.operations.model import Group, Recording, Setting
from gui_agents.domain.lifecycle import TaskStatus
from gui_agents.domain.rpc import StatusCode
from gui_agents.domain.usage import TokenType

TASK_FAILURES: Final = "job:agent_task_failures:ratio_rate"
GRPC_ERRORS: Final = "job:agent_grpc_errors:ratio_rate"
EXECUTION_P95: Final = "job:agent_task_execution_duration_seconds:p95_5m"
QUEUE_WAIT_P95: Final = "job:agent_task_queue_wait_duration_seconds:p95_5m"
GRPC_P95: Final = "job_method:agent_grpc_request_duration_seconds:p95_5m"
COST_PER_HOUR: Final = "job_currency:agent_execution_cost:increase1h"
TOKEN_RATE: Final = "job_type:agent_tokens_consumed:rate5m"  # noqa: S105  (these tokens are a model's)
ACTIVE: Final = "job:agent_tasks_active:sum"
UTILIZATION: Final = "job:agent_task_utilization:ratio"

RATIO_WINDOWS: Final = ("5m", "15m", "30m", "1h", "2h", "6h", "1d", "3d")
SERVER_FAULTS: Final = (
    StatusCode.UNKNOWN,
    StatusCode.INTERNAL,
    StatusCode.UNAVAILABLE,
    StatusCode.DATA_LOSS,
)
"""The status codes that are the service's fault; the others are the caller's, or nobody's.

The service sets no deadline of its own on a call: DEADLINE_EXCEEDED is the caller's deadline, and CANCELLED the
caller's cancel. Whether the service was too slow for a sensible deadline shows elsewhere: in the latency of the calls
(HighGRPCLatency) and in the event loop (EventLoopBlocked, HeartbeatStalled).
"""

FAULT_MATCHER: Final = Matcher("code", "=~", "|".join(SERVER_FAULTS))
FAILED_MATCHER: Final = Matcher("status", "=", TaskStatus.FAILED)
ENDED_MATCHER: Final = Matcher("status", "=~", f"{TaskStatus.COMPLETED}|{TaskStatus.FAILED}")
"""A user's cancel is neither success nor failure."""
INPUT_OR_OUTPUT: Final = Matcher("type", "=~", f"{TokenType.INPUT}|{TokenType.OUTPUT}")
"""`total` is their sum, so that a sum over all types would count twice."""


def recordings(setting: Setting) -> tuple[Group, ...]:
    """Return the recording rules."""
    active = setting.aggregate("sum", "agent_tasks_active", recent=True)
    slots = setting.aggregate("sum", "agent_task_slots", recent=True)
    cost = setting.aggregate("sum", "agent_execution_cost_total", by=("job", "currency"), increase="1h")
    tokens = setting.aggregate("sum", "agent_tokens_consumed_total", INPUT_OR_OUTPUT, by=("job", "type"), rate="5m")
    return (
        Group("gui-agents.ratios", tuple(_ratios(setting))),
        Group(
            "gui-agents.levels",
            (
                Recording(ACTIVE, active),
                Recording(UTILIZATION, (active, "\n/\n", slots)),
                Recording(EXECUTION_P95, _p95(setting, "agent_task_execution_duration_seconds", "job")),
                Recording(QUEUE_WAIT_P95, _p95(setting, "agent_task_queue_wait_duration_seconds", "job")),
                Recording(GRPC_P95, _p95(setting, "agent_grpc_request_duration_seconds", "job", "method")),
                Recording(COST_PER_HOUR, cost),
                Recording(TOKEN_RATE, tokens),
            ),
        ),
    )


def _ratios(setting: Setting) -> Iterator[Recording]:
    """Yield what failed of what ended: a stream that began an hour ago counts when it ends, as its fault does."""
    for window in RATIO_WINDOWS:
        failed = setting.aggregate("sum", "agent_tasks_created_total", FAILED_MATCHER, rate=window)
        ended = setting.aggregate("sum", "agent_tasks_created_total", ENDED_MATCHER, rate=window)
        yield Recording(f"{TASK_FAILURES}{window}", (failed, "\n/\n(", ended, " > 0)"))
        faults = setting.aggregate("sum", "agent_grpc_handled_total", FAULT_MATCHER, rate=window)
        handled = setting.aggregate("sum", "agent_grpc_handled_total", rate=window)
        none_or_some = ("(\n  ", faults, "\n  or\n  0 * ", handled, "\n)")
        yield Recording(f"{GRPC_ERRORS}{window}", (*none_or_some, "\n/\n(", handled, " > 0)"))


def _p95(setting: Setting, histogram: str, *labels: str) -> tuple[Piece, ...]:
    buckets = setting.aggregate("sum", f"{histogram}_bucket", by=(*labels, "le"), rate="5m")
    return ("histogram_quantile(0.95, ", buckets, ")")
