"""Are RPCs answered, and soon?"""

from typing import Final

from collectors.operations.formula import Matcher
from collectors.operations.model import Alert, Scope, Setting, Severity, number
from collectors.operations.recording import FAULT_MATCHER, GRPC_P95
from gui_agents.domain.rpc import STREAMING

NOT_STREAMING: Final = Matcher("method", "!~", "|".join(STREAMING))
"""A stream lasts as long as its task, which says nothing of how soon it was answered."""


def alerts(setting: Setting) -> tuple[Alert, ...]:
    """Return the alerts of this group."""
    limits = setting.thresholds
    named, by_method = Matcher("method", "!=", "other"), ("job", "method")
    faults = setting.aggregate("sum", "agent_grpc_errors_total", named, FAULT_MATCHER, by=by_method, rate="5m")
    requests = setting.aggregate("sum", "agent_grpc_requests_total", named, by=by_method, rate="5m")
    return (
        Alert(
            name="HighGRPCErrorRate",
            formula=(faults, "\n/\n(", requests, f" > 0)\n> {number(limits.grpc_error_ratio)}"),
            scope=Scope.JOB,
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
            formula=f"{setting.series(GRPC_P95, NOT_STREAMING)} > {setting.seconds(limits.grpc_latency_p95_seconds)}",
            scope=Scope.JOB,
            hold_seconds=setting.hold("10m"),
            severity=Severity.WARNING,
            summary="Calls of {{ $labels.method }} are slow",
            description="95 % of the calls of {{ $labels.method }} take {{ $value | humanizeDuration }} at most.",
        ),
    )
