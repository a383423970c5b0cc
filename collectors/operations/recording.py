"""What several alerts and dashboards read is computed once, by these recording rules.

Their names tell level:metric:operation, with the window as it is in production. Every one keeps `job`, so that
several jobs share a Prometheus, and sums over instances before it divides.
"""

from typing import Final

from collectors.operations.model import Group, Recording, Setting

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
SERVER_FAULTS: Final = ("UNKNOWN", "DEADLINE_EXCEEDED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS")
"""The status codes that are the service's fault; the others are the caller's, or nobody's."""

FAULT_MATCHER: Final = 'status_code=~"' + "|".join(SERVER_FAULTS) + '"'
ENDED_MATCHER: Final = 'status=~"completed|failed"'
"""A user's cancel is neither success nor failure."""
INPUT_OR_OUTPUT: Final = 'type=~"input|output"'
"""`total` is their sum, so that a sum over all types would count twice."""


def recordings(setting: Setting) -> tuple[Group, ...]:
    """Return the recording rules."""
    return (
        Group("gui-agents.ratios", tuple(_ratios(setting))),
        Group(
            "gui-agents.levels",
            (
                Recording(ACTIVE, f"sum by (job) ({setting.series('agent_tasks_active')})"),
                Recording(
                    UTILIZATION,
                    f"sum by (job) ({setting.series('agent_tasks_active')})\n"
                    f"/\nsum by (job) ({setting.series('agent_task_slots')})",
                ),
                Recording(EXECUTION_P95, _p95(setting, "agent_task_execution_duration_seconds", "job, le")),
                Recording(QUEUE_WAIT_P95, _p95(setting, "agent_task_queue_wait_duration_seconds", "job, le")),
                Recording(GRPC_P95, _p95(setting, "agent_grpc_request_duration_seconds", "job, method, le")),
                Recording(
                    COST_PER_HOUR,
                    "sum by (job, currency) (increase("
                    f"{setting.series('agent_execution_cost_total')}[{setting.window('1h')}]))",
                ),
                Recording(
                    TOKEN_RATE,
                    "sum by (job, type) (rate("
                    f"{setting.series('agent_tokens_consumed_total', INPUT_OR_OUTPUT)}[{setting.window('5m')}]))",
                ),
            ),
        ),
    )


def _ratios(setting: Setting) -> list[Recording]:
    rules = []
    for nominal in RATIO_WINDOWS:
        window = setting.window(nominal)
        failed = setting.series("agent_tasks_created_total", 'status="failed"')
        ended = setting.series("agent_tasks_created_total", ENDED_MATCHER)
        rules.append(
            Recording(
                f"{TASK_FAILURES}{nominal}",
                f"sum by (job) (rate({failed}[{window}]))\n/\n(sum by (job) (rate({ended}[{window}])) > 0)",
            )
        )
        faults = setting.series("agent_grpc_errors_total", FAULT_MATCHER)
        requests = setting.series("agent_grpc_requests_total")
        rules.append(
            Recording(
                f"{GRPC_ERRORS}{nominal}",
                f"(\n  sum by (job) (rate({faults}[{window}]))\n"
                f"  or\n  0 * sum by (job) (rate({requests}[{window}]))\n)\n"
                f"/\n(sum by (job) (rate({requests}[{window}])) > 0)",
            )
        )
    return rules


def _p95(setting: Setting, histogram: str, labels: str) -> str:
    buckets = setting.series(f"{histogram}_bucket")
    return f"histogram_quantile(0.95, sum by ({labels}) (rate({buckets}[{setting.window('5m')}])))"
