"""RPCs: how many, how they end, how soon, and the streams."""

from typing import Final

from collectors.operations.alerts.rpc import NOT_STREAMING
from collectors.operations.dashboards import access
from collectors.operations.dashboards.model import Board, Panel, Query, Row, Unit
from collectors.operations.recording import SERVER_FAULTS
from collectors.operations.thresholds import Thresholds

FAULTS: Final = "|".join(SERVER_FAULTS)


def board(limits: Thresholds) -> Board:
    """Return the dashboard, with the lines of `limits`."""
    return Board(
        uid="gui-agents-rpc",
        title="GUI agents: RPC",
        description="How RPCs are answered, by method and code, and the streams.",
        rows=(
            Row(
                "Requests",
                (
                    Panel(
                        title="Requests by method",
                        description="RPCs that start, each second; other is health, reflection and unknown methods.",
                        unit=Unit.REQUESTS,
                        queries=(
                            Query(
                                "sum by (method) (rate(agent_grpc_requests_total{@}[$__rate_interval]))", "{{method}}"
                            ),
                        ),
                        stacked=True,
                    ),
                    Panel(
                        title="Answers by code",
                        description="RPCs that end, each second, by status code.",
                        unit=Unit.REQUESTS,
                        queries=(
                            Query("sum by (code) (rate(agent_grpc_handled_total{@}[$__rate_interval]))", "{{code}}"),
                        ),
                        stacked=True,
                    ),
                    Panel(
                        title="Open streams",
                        description="Streaming RPCs that are open now.",
                        unit=Unit.COUNT,
                        queries=(Query("sum by (method) (agent_grpc_stream_connections{@})", "{{method}}"),),
                    ),
                ),
            ),
            Row(
                "Errors",
                (
                    Panel(
                        title="Faults of the server by method",
                        description=f"RPCs that ended with {', '.join(SERVER_FAULTS)}, divided by all that ended of "
                        "their method. The alert leaves the method other out.",
                        unit=Unit.RATIO,
                        queries=(
                            Query(
                                f'sum by (method) (rate(agent_grpc_handled_total{{@,code=~"{FAULTS}"}}'
                                "[$__rate_interval])) / (sum by (method) (rate(agent_grpc_handled_total{@}"
                                "[$__rate_interval])) > 0)",
                                "{{method}}",
                            ),
                        ),
                        maximum=1,
                        threshold=limits.grpc_error_ratio,
                        alert="HighGRPCErrorRate",
                        width=12,
                    ),
                    Panel(
                        title="Errors by method and code",
                        description="RPCs that ended with another status than OK within the range, the ten most "
                        "frequent.",
                        unit=Unit.COUNT,
                        queries=(
                            Query(
                                "topk(10, sum by (method, status_code) "
                                "(increase(agent_grpc_errors_total{@}[$__range])))",
                                "{{method}} {{status_code}}",
                            ),
                        ),
                        width=12,
                    ),
                ),
            ),
            Row(
                "Latency",
                (
                    Panel(
                        title="95th percentile by method",
                        description="Without the streaming methods, which last as long as their tasks.",
                        unit=Unit.SECONDS,
                        queries=(
                            Query(
                                "histogram_quantile(0.95, sum by (method, le) (rate("
                                f"agent_grpc_request_duration_seconds_bucket{{@,{NOT_STREAMING}}}"
                                "[$__rate_interval]))) >= 0",
                                "{{method}}",
                            ),
                        ),
                        threshold=limits.grpc_latency_p95_seconds,
                        alert="HighGRPCLatency",
                        width=12,
                    ),
                    Panel(
                        title="Mean by method",
                        description="Seconds from start to end, streams included.",
                        unit=Unit.SECONDS,
                        queries=(
                            Query(
                                "sum by (method) (rate(agent_grpc_request_duration_seconds_sum{@}[$__rate_interval]))"
                                " / ("
                                "sum by (method) (rate(agent_grpc_request_duration_seconds_count{@}[$__rate_interval]))"
                                " > 0)",
                                "{{method}}",
                            ),
                        ),
                        width=12,
                    ),
                ),
            ),
            Row(
                "Streams",
                (
                    Panel(
                        title="Subscribers and logs",
                        description="Subscribers now, and tasks whose messages are kept.",
                        unit=Unit.COUNT,
                        queries=(
                            Query("sum(agent_stream_subscribers{@})", "subscribers"),
                            Query("sum(agent_stream_manager_tasks{@})", "logs"),
                        ),
                    ),
                    Panel(
                        title="Messages",
                        description="Messages published, and skipped for subscribers that were too slow, each second.",
                        unit=Unit.PER_SECOND,
                        queries=(
                            Query("sum(rate(agent_stream_messages_total{@}[$__rate_interval]))", "published"),
                            Query("sum(rate(agent_stream_messages_skipped_total{@}[$__rate_interval]))", "skipped"),
                        ),
                    ),
                    Panel(
                        title="Configuration changes",
                        description="Successful changes by a setter RPC within the chosen range.",
                        unit=Unit.COUNT,
                        queries=(
                            Query(
                                "sum by (config_type) (increase(agent_config_updates_total{@}[$__range]))",
                                "{{config_type}}",
                            ),
                        ),
                    ),
                ),
            ),
            access.row(limits),
        ),
    )
