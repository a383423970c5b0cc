"""Are RPCs answered, and soon?"""

from typing import Final

from collectors.operations.model import Alert, Setting, Severity, number
from collectors.operations.recording import FAULT_MATCHER, GRPC_P95

NOT_STREAMING: Final = 'method!~"RunAgentInstruction|GetAgentTaskStream"'
"""A stream lasts as long as its task, which says nothing of how soon it was answered."""


def alerts(setting: Setting) -> tuple[Alert, ...]:
    """Return the alerts of this group."""
    limits = setting.thresholds
    named = 'method!="other"'
    faults = setting.series("agent_grpc_errors_total", named, FAULT_MATCHER)
    requests = setting.series("agent_grpc_requests_total", named)
    window = setting.window("5m")
    return (
        Alert(
            name="HighGRPCErrorRate",
            expr=(
                f"sum by (job, method) (rate({faults}[{window}]))\n"
                f"/\n(sum by (job, method) (rate({requests}[{window}])) > 0)\n"
                f"> {number(limits.grpc_error_ratio)}"
            ),
            hold_seconds=setting.hold("5m"),
            keep_firing_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="Calls of {{ $labels.method }} fail",
            description=(
                "{{ $value | humanizePercentage }} of the calls of {{ $labels.method }} end with a fault of "
                "{{ $labels.job }}."
            ),
        ),
        Alert(
            name="HighGRPCLatency",
            expr=f"{setting.series(GRPC_P95, NOT_STREAMING)} > {setting.seconds(limits.grpc_latency_p95_seconds)}",
            hold_seconds=setting.hold("10m"),
            severity=Severity.WARNING,
            summary="Calls of {{ $labels.method }} are slow",
            description="95 % of the calls of {{ $labels.method }} take {{ $value | humanizeDuration }} at most.",
        ),
    )
