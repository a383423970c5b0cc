"""Are RPCs answered, and soon?"""

from typing import Final

from collectors.operations.formula import Matcher
from collectors.operations.model import Alert, Scope, Setting, Severity, number
from collectors.operations.recording import FAULT_MATCHER, GRPC_P95
from collectors.operations.wording import PERCENT, SECONDS
from gui_agents.domain.rpc import STREAMING

NOT_STREAMING: Final = Matcher("method", "!~", "|".join(STREAMING))
"""A stream lasts as long as its task, which says nothing of how soon it was answered."""
HANDLED: Final = "agent_grpc_handled_total"
"""RPCs that ended, by code; those that began are counted elsewhere, and a stream may have begun long ago."""


def alerts(setting: Setting) -> tuple[Alert, ...]:
    """Return the alerts of this group."""
    limits = setting.thresholds
    named, by_method = Matcher("method", "!=", "other"), ("job", "method")
    window = "10m"
    faults = setting.aggregate("sum", HANDLED, named, FAULT_MATCHER, by=by_method, increase=window)
    handled = setting.aggregate("sum", HANDLED, named, by=by_method, increase=window)
    return (
        Alert(
            name="HighGRPCErrorRate",
            # The window is twice the hold, so that streams which all end at one instant are heard of.
            formula=(
                faults,
                "\n/\n(",
                handled,
                f" > 0)\n> {number(limits.grpc_error_ratio)}\nand on (job, method)\n",
                faults,
                f" >= {number(limits.grpc_error_minimum)}",
            ),
            scope=Scope.JOB,
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="Calls of {{ $labels.method }} fail",
            description=(
                f"{PERCENT} of the calls of {{{{ $labels.method }}}} that ended within 10 minutes ended with a fault "
                f"of {{{{ $labels.job }}}}.{of_method(setting, window)} First: see in the runbook what this code means."
            ),
        ),
        Alert(
            name="HighGRPCLatency",
            formula=f"{setting.series(GRPC_P95, NOT_STREAMING)} > {setting.seconds(limits.grpc_latency_p95_seconds)}",
            scope=Scope.JOB,
            hold_seconds=setting.hold("10m"),
            severity=Severity.WARNING,
            summary="Calls of {{ $labels.method }} are slow",
            description=(
                f"For 10 minutes, one call in twenty of {{{{ $labels.method }}}} of {{{{ $labels.job }}}} has taken "
                f"more than {SECONDS}. First: see whether the event loop is blocked."
            ),
        ),
    )


def of_method(setting: Setting, window: str) -> str:
    """Return a template that names the code with which most faults of the alert's method ended."""
    faults = f'{HANDLED}{{job="{setting.job}",method=%q,{FAULT_MATCHER}}}'
    query = f"topk(1, sum by (code) (increase({faults}[{setting.window(window)}])) > 0)"
    return (
        f"{{{{ range printf `{query}` $labels.method | query }}}} Most frequent: {{{{ .Labels.code }}}}.{{{{ end }}}}"
    )
