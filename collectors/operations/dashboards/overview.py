"""Is all well, and are the objectives met? The dashboard to open first."""

from collectors.operations.dashboards.model import OUTCOME_COLOURS, Board, Look, Panel, Query, Row, Unit
from collectors.operations.thresholds import BURN_FACTORS, Thresholds


def _figure(
    title: str,
    description: str,
    unit: Unit,
    query: str,
    threshold: float | None = None,
    *,
    alert: str | None = None,
    low_is_bad: bool = False,
) -> Panel:
    return Panel(
        title=title,
        description=description,
        unit=unit,
        queries=(Query(query, "{{job}}"),),
        look=Look.FIGURE,
        width=3,
        height=4,
        threshold=threshold,
        alert=alert,
        low_is_bad=low_is_bad,
    )


def _burn(title: str, ratio: str, target: float, alert: str) -> Panel:
    queries = tuple(
        Query(f"{ratio}{window}{{@job}} / {1 - target:.3g}", f"{{{{job}}}} over {window}")
        for window in ("1h", "6h", "1d", "3d")
    )
    return Panel(
        title=title,
        description=(
            f"How many times faster than allowed the error budget of {1 - target:.3g} burns. At 1 it lasts exactly "
            f"as long as the objective's period; {', '.join(f'{factor:g}' for factor in BURN_FACTORS)} are alerts over "
            "1h, 6h, 1d and 3d."
        ),
        unit=Unit.COUNT,
        queries=queries,
        width=12,
        threshold=BURN_FACTORS[0],
        alert=alert,
    )


def board(limits: Thresholds) -> Board:
    """Return the dashboard, with the lines of `limits`."""
    return Board(
        uid="gui-agents-overview",
        title="GUI agents: overview and SLO",
        description="Whether the service is up, does its work, and keeps its objectives.",
        rows=(
            Row(
                "Now",
                (
                    _figure(
                        "Instances up",
                        "Instances that answered their last scrape, divided by all that are scraped.",
                        Unit.RATIO,
                        "sum by (job) (up{@}) / count by (job) (up{@})",
                        threshold=1,
                        alert="ServiceDown",
                        low_is_bad=True,
                    ),
                    _figure(
                        "Running tasks", "Tasks that hold a slot.", Unit.COUNT, "sum by (job) (agent_tasks_active{@})"
                    ),
                    _figure(
                        "Waiting tasks",
                        "Tasks in the queues.",
                        Unit.COUNT,
                        'sum by (job) (agent_tasks{@,status="pending"})',
                    ),
                    _figure(
                        "Slots in use",
                        "Running tasks divided by all slots.",
                        Unit.RATIO,
                        "sum by (job) (agent_tasks_active{@}) / sum by (job) (agent_task_slots{@})",
                        threshold=limits.utilization_ratio,
                        alert="HighTaskUtilization",
                    ),
                    _figure(
                        "Success, 5 min",
                        "Completed / (completed + failed) of the tasks that ended within 5 minutes; a user's cancel "
                        "is neither. The figure beside it says how many they are.",
                        Unit.RATIO,
                        "1 - job:agent_task_failures:ratio_rate5m{@job}",
                        threshold=round(1 - limits.task_outage_ratio, 9),
                        alert="MostTasksFail",
                        low_is_bad=True,
                    ),
                    _figure(
                        "Ended, 5 min",
                        "Tasks that completed or failed within 5 minutes.",
                        Unit.COUNT,
                        'round(sum by (job) (increase(agent_tasks_created_total{@,status=~"completed|failed"}[5m])))',
                    ),
                    _figure(
                        "Success, 1 hour",
                        "Completed / (completed + failed) over 1 hour; a user's cancel is neither.",
                        Unit.RATIO,
                        "1 - job:agent_task_failures:ratio_rate1h{@job}",
                        threshold=limits.task_success_ratio,
                        alert="LowTaskSuccessRate",
                        low_is_bad=True,
                    ),
                    _figure(
                        "RPC faults, 1 h",
                        "RPCs that ended with a fault of the service, divided by all that ended, over 1 hour.",
                        Unit.RATIO,
                        "job:agent_grpc_errors:ratio_rate1h{@job}",
                        threshold=round(BURN_FACTORS[0] * (1 - limits.rpc_slo), 9),
                        alert="RpcSloFastBudgetBurn",
                    ),
                ),
            ),
            Row(
                "Objectives",
                (
                    _burn(
                        "Budget burn of tasks",
                        "job:agent_task_failures:ratio_rate",
                        limits.task_slo,
                        "TaskSloFastBudgetBurn",
                    ),
                    _burn(
                        "Budget burn of RPCs",
                        "job:agent_grpc_errors:ratio_rate",
                        limits.rpc_slo,
                        "RpcSloFastBudgetBurn",
                    ),
                ),
            ),
            Row(
                "Work",
                (
                    Panel(
                        title="Tasks by outcome",
                        description="Tasks that end, each second, by how they end.",
                        unit=Unit.PER_SECOND,
                        queries=(
                            Query(
                                "sum by (status) (rate("
                                'agent_tasks_created_total{@,status=~"completed|failed|cancelled"}[$__rate_interval]))',
                                "{{status}}",
                            ),
                        ),
                        stacked=True,
                        colours=OUTCOME_COLOURS,
                    ),
                    Panel(
                        title="Requests",
                        description="RPCs that start, each second.",
                        unit=Unit.REQUESTS,
                        queries=(
                            Query("sum by (job) (rate(agent_grpc_requests_total{@}[$__rate_interval]))", "{{job}}"),
                        ),
                    ),
                    Panel(
                        title="Alerts that fire",
                        description="Alerts of the chosen jobs by name; the watchdog is left out.",
                        unit=Unit.COUNT,
                        queries=(
                            Query(
                                'sum by (alertname) (ALERTS{@job,alertstate="firing",alertname!="Watchdog"})'
                                ' or label_replace(0 * sum(up{@}), "alertname", "none", "", "")',
                                "{{alertname}}",
                            ),
                        ),
                        stacked=True,
                    ),
                ),
            ),
            Row(
                "Instances",
                (
                    Panel(
                        title="Event loop lag",
                        description="Age of the event loop's heartbeat beyond its interval; grows while the "
                        "loop stands.",
                        unit=Unit.SECONDS,
                        queries=(Query("max by (instance) (agent_event_loop_lag_seconds{@})", "{{instance}}"),),
                    ),
                    Panel(
                        title="Uptime",
                        description="Seconds since the start; a fall is a restart.",
                        unit=Unit.SECONDS,
                        queries=(Query("max by (instance) (agent_service_uptime_seconds{@})", "{{instance}}"),),
                    ),
                    Panel(
                        title="Failed sections of scrapes",
                        description="Sections of an instance's metrics that could not be read.",
                        unit=Unit.COUNT,
                        queries=(
                            Query(
                                "count by (instance) (agent_collector_success{@} == 0)"
                                " or 0 * sum by (instance) (up{@})",
                                "{{instance}}",
                            ),
                        ),
                        threshold=1,
                        alert="CollectorSectionFailed",
                    ),
                ),
            ),
        ),
    )
