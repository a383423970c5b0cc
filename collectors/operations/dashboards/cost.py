"""What the models cost, and what each instance uses."""

from collectors.operations.alerts.sandboxes import DIED
from collectors.operations.dashboards import storage
from collectors.operations.dashboards.model import Board, Panel, Query, Row, Unit
from collectors.operations.dashboards.tasks import quantiles
from collectors.operations.thresholds import Thresholds


def board(limits: Thresholds) -> Board:
    """Return the dashboard, with the lines of `limits`."""
    return Board(
        uid="gui-agents-cost",
        title="GUI agents: cost and resources",
        description="Tokens, money, sandboxes, the storage, memory and the cost of monitoring itself.",
        rows=(
            Row(
                "Models",
                (
                    Panel(
                        title="Cost per hour",
                        description="Money for models within the last hour, in the currency that the legend names.",
                        unit=Unit.MONEY,
                        queries=(Query("job_currency:agent_execution_cost:increase1h{@job}", "{{job}} {{currency}}"),),
                        threshold=limits.cost,
                        alert="HighExecutionCost",
                    ),
                    Panel(
                        title="Budget of this day",
                        description="Share of each instance's budget for this UTC day that is spent, and that is "
                        "set aside for calls in flight besides; nothing without a budget (DAILY_MAX_COST).",
                        unit=Unit.RATIO,
                        queries=(
                            Query(
                                'sum by (instance, currency) (agent_budget_spent{@,scope="day"}) / '
                                'sum by (instance, currency) (agent_budget_limit{@,scope="day"})',
                                "{{instance}} {{currency}} spent",
                            ),
                            Query(
                                'sum by (instance, currency) (agent_budget_reserved{@,scope="day"}) / '
                                'sum by (instance, currency) (agent_budget_limit{@,scope="day"})',
                                "{{instance}} {{currency}} reserved",
                            ),
                        ),
                        threshold=limits.budget_ratio,
                        alert="DailyBudgetBurn",
                    ),
                    Panel(
                        title="Tokens",
                        description="Model tokens, each second; input includes cached tokens.",
                        unit=Unit.PER_SECOND,
                        queries=(
                            Query(
                                'sum by (type) (rate(agent_tokens_consumed_total{@,type=~"input|output"}'
                                "[$__rate_interval]))",
                                "{{type}}",
                            ),
                        ),
                        stacked=True,
                    ),
                    Panel(
                        title="Tokens by provider",
                        description="Without the double count: input leaves out what a cache gave or was given.",
                        unit=Unit.PER_SECOND,
                        queries=(
                            Query(
                                "sum by (provider, direction) (rate(agent_model_tokens_total{@}[$__rate_interval]))",
                                "{{provider}} {{direction}}",
                            ),
                        ),
                        stacked=True,
                    ),
                    Panel(
                        title="Model calls by outcome",
                        description="Calls to models, each second.",
                        unit=Unit.PER_SECOND,
                        queries=(
                            Query(
                                "sum by (provider, outcome) (rate(agent_model_requests_total{@}[$__rate_interval]))",
                                "{{provider}} {{outcome}}",
                            ),
                        ),
                    ),
                    Panel(
                        title="Duration of model calls",
                        description="95 % of the calls to each provider take at most this long.",
                        unit=Unit.SECONDS,
                        queries=quantiles("agent_model_request_duration_seconds", "provider", "{{provider}}")[1:2],
                    ),
                    Panel(
                        title="Calls without price or usage",
                        description="Calls whose cost or tokens are not counted, within the chosen range: what "
                        "is shown here is missing there.",
                        unit=Unit.COUNT,
                        queries=(
                            Query(
                                "sum by (provider) (increase(agent_model_price_unknown_total{@}[$__range]))",
                                "{{provider}} price unknown",
                            ),
                            Query(
                                "sum by (provider) (increase(agent_model_usage_unknown_total{@}[$__range]))",
                                "{{provider}} usage unknown",
                            ),
                        ),
                    ),
                ),
            ),
            Row(
                "Sandboxes",
                (
                    Panel(
                        title="Open sandboxes",
                        description="Sandboxes that are in use, kept, closing or ready; ready ones, which wait for "
                        "their first task, are among those of their type.",
                        unit=Unit.COUNT,
                        queries=(
                            Query("sum by (sandbox_type) (agent_sandboxes{@})", "{{sandbox_type}}"),
                            Query("sum by (job) (agent_sandboxes_warm{@})", "{{job}} ready"),
                        ),
                    ),
                    Panel(
                        title="Created sandboxes",
                        description="Sandboxes created, each second.",
                        unit=Unit.PER_SECOND,
                        queries=(
                            Query(
                                "sum by (sandbox_type) (rate(agent_sandbox_created_total{@}[$__rate_interval]))",
                                "{{sandbox_type}}",
                            ),
                        ),
                    ),
                    Panel(
                        title="Time to open a sandbox",
                        description="95 % of the tasks waited at most this long for their sandbox, over 15 minutes: "
                        "made for them (cold), ready (warm), or kept after another task (kept). The alert reads cold.",
                        unit=Unit.SECONDS,
                        queries=(
                            Query(
                                "histogram_quantile(0.95, sum by (sandbox_type, start, le) "
                                "(rate(agent_sandbox_open_duration_seconds_bucket{@}[15m]))) >= 0",
                                "{{sandbox_type}} {{start}}",
                            ),
                        ),
                        threshold=limits.sandbox_open_p95_seconds,
                        alert="SandboxOpenSlow",
                    ),
                    Panel(
                        title="Why sandboxes end",
                        description="Sandboxes that end, each second, by reason; closed and expired ones are as they "
                        "should be.",
                        unit=Unit.PER_SECOND,
                        queries=(
                            Query(
                                "sum by (reason) (rate(agent_sandboxes_ended_total{@}[$__rate_interval]))",
                                "{{reason}}",
                            ),
                        ),
                        stacked=True,
                    ),
                    Panel(
                        title="Share of sandboxes that die",
                        description="Of the sandboxes that ended within 15 minutes; what an earlier service left "
                        "behind is not among them.",
                        unit=Unit.RATIO,
                        queries=(
                            Query(
                                "sum by (sandbox_type) (increase(agent_sandboxes_ended_total{@,"
                                f'reason=~"{DIED}"}}[15m])) / '
                                "(sum by (sandbox_type) (increase(agent_sandboxes_ended_total{@,"
                                'reason!="swept"}[15m])) > 0)',
                                "{{sandbox_type}}",
                            ),
                        ),
                        threshold=limits.sandbox_death_ratio,
                        alert="SandboxesDying",
                        maximum=1,
                    ),
                    Panel(
                        title="Connections of browsers",
                        description="Connections that sandboxed browsers ask for, each second, by what becomes of "
                        "them.",
                        unit=Unit.PER_SECOND,
                        queries=(
                            Query(
                                "sum by (verdict) (rate(agent_egress_connections_total{@}[$__rate_interval]))",
                                "{{verdict}}",
                            ),
                        ),
                        stacked=True,
                    ),
                    Panel(
                        title="Failed sandboxes",
                        description="Sandboxes that could not be created, or broke, each second.",
                        unit=Unit.PER_SECOND,
                        queries=(
                            Query(
                                "sum by (sandbox_type) (rate(agent_sandbox_failures_total{@}[$__rate_interval]))",
                                "{{sandbox_type}}",
                            ),
                        ),
                    ),
                ),
            ),
            storage.row(limits),
            Row(
                "Instances",
                (
                    Panel(
                        title="Resident memory",
                        description="Of each instance's process.",
                        unit=Unit.BYTES,
                        queries=(Query("max by (instance) (agent_memory_usage_bytes{@})", "{{instance}}"),),
                        threshold=limits.memory_bytes,
                        alert="HighMemoryUsage",
                    ),
                    Panel(
                        title="CPU",
                        description="Cores that each instance's process uses.",
                        unit=Unit.COUNT,
                        queries=(
                            Query(
                                "sum by (instance) (rate(process_cpu_seconds_total{@}[$__rate_interval]))",
                                "{{instance}}",
                            ),
                        ),
                    ),
                    Panel(
                        title="Files",
                        description="Files below each instance's runtime directory.",
                        unit=Unit.COUNT,
                        queries=(Query("max by (instance) (agent_temp_files_count{@})", "{{instance}}"),),
                        threshold=limits.temp_files,
                        alert="TooManyTempFiles",
                    ),
                    Panel(
                        title="Open files",
                        description="Files and connections that each instance's process has open.",
                        unit=Unit.COUNT,
                        queries=(Query("max by (instance) (process_open_fds{@})", "{{instance}}"),),
                        width=6,
                    ),
                    Panel(
                        title="Blocked event loop",
                        description="Part of the time that the event loop stood still.",
                        unit=Unit.RATIO,
                        queries=(
                            Query(
                                "sum by (instance) (rate(agent_event_loop_blocked_seconds_total{@}[$__rate_interval]))",
                                "{{instance}}",
                            ),
                        ),
                        width=6,
                    ),
                    Panel(
                        title="Duration of scrapes",
                        description="As Prometheus sees it, which the alert reads, and what reading the sections "
                        "takes of it.",
                        unit=Unit.SECONDS,
                        queries=(
                            Query("max by (instance) (scrape_duration_seconds{@})", "{{instance}} scrape"),
                            Query("sum by (instance) (agent_collector_duration_seconds{@})", "{{instance}} sections"),
                        ),
                        threshold=limits.scrape_seconds,
                        alert="ScrapeSlow",
                        width=6,
                    ),
                    Panel(
                        title="Series per scrape",
                        description="Samples that each scrape of an instance returns.",
                        unit=Unit.COUNT,
                        queries=(Query("max by (instance) (scrape_samples_scraped{@})", "{{instance}}"),),
                        width=6,
                    ),
                ),
            ),
        ),
    )
