"""RPCs: how many start, how they end, and how long they take."""

from collectors.metrics import access
from collectors.metrics.definitions import Section, counter, gauge, histogram
from gui_agents.domain.rpc import ERRORS, STREAMING, MethodName, StatusCode
from gui_agents.snapshot import ServiceSnapshot

SECTION = Section[ServiceSnapshot](
    name="rpcs",
    metrics=(
        counter(
            "agent_grpc_requests_total",
            "RPCs that have started since the start; denied, unparsable and failed ones too.",
            lambda snapshot: snapshot.rpcs.started,
            labels={"method": MethodName},
            example="sum by (method) (rate(agent_grpc_requests_total[5m]))",
        ),
        histogram(
            "agent_grpc_request_duration_seconds",
            "Seconds from an RPC's start to its end, observed at the end; a streaming RPC ends with its stream.",
            lambda snapshot: snapshot.rpcs.durations,
            labels={"method": MethodName},
            example="histogram_quantile(0.95, "
            "sum by (le, method) (rate(agent_grpc_request_duration_seconds_bucket[5m])))",
        ),
        counter(
            "agent_grpc_errors_total",
            "RPCs that have ended with a status other than OK since the start.",
            lambda snapshot: snapshot.rpcs.errors,
            labels={"method": MethodName, "status_code": ERRORS},
            example="sum by (method) (rate(agent_grpc_errors_total[5m]))"
            " / sum by (method) (rate(agent_grpc_requests_total[5m]))",
            part_of="agent_grpc_requests_total",
        ),
        gauge(
            "agent_grpc_stream_connections",
            "Streaming RPCs that are open now.",
            lambda snapshot: snapshot.rpcs.open_streams,
            labels={"method": STREAMING},
            example="sum(agent_grpc_stream_connections)",
        ),
        counter(
            "agent_grpc_handled_total",
            "RPCs that have ended since the start, by status code, OK included.",
            lambda snapshot: snapshot.rpcs.handled,
            labels={"method": MethodName, "code": StatusCode},
            example="sum by (code) (rate(agent_grpc_handled_total[5m]))",
            optional=True,
        ),
        *access.METRICS,
    ),
)
