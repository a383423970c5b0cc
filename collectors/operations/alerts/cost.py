"""What do the models consume, and is it known?"""

from collectors.operations.model import Alert, Scope, Setting, Severity, number
from collectors.operations.recording import COST_PER_HOUR, INPUT_OR_OUTPUT


def alerts(setting: Setting) -> tuple[Alert, ...]:
    """Return the alerts of this group."""
    limits = setting.thresholds
    tokens = setting.aggregate("sum", "agent_tokens_consumed_total", INPUT_OR_OUTPUT, increase="5m")
    quarter, by_provider = setting.window("15m"), ("job", "provider")
    price_unknown = setting.aggregate("sum", "agent_model_price_unknown_total", by=by_provider, increase="15m")
    usage_unknown = setting.aggregate("sum", "agent_model_usage_unknown_total", by=by_provider, increase="15m")
    return (
        Alert(
            name="HighTokenConsumptionRate",
            formula=(tokens, f" > {number(limits.tokens)}"),
            scope=Scope.JOB,
            hold_seconds=setting.hold("10m"),
            severity=Severity.INFO,
            summary="{{ $labels.job }} consumes many tokens",
            description=(
                f"{{{{ $labels.job }}}} consumed {{{{ $value | humanize }}}} tokens within {setting.window('5m')}."
            ),
        ),
        Alert(
            name="HighExecutionCost",
            formula=f"{setting.series(COST_PER_HOUR)} > {number(limits.cost)}",
            scope=Scope.JOB,
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="{{ $labels.job }} spends much",
            description=(
                f'{{{{ $labels.job }}}} spent {{{{ printf "%.2f" $value }}}} {{{{ $labels.currency }}}} on models '
                f"within {setting.window('1h')}."
            ),
        ),
        Alert(
            name="PriceUnknown",
            formula=(price_unknown, " > 0"),
            scope=Scope.JOB,
            hold_seconds=setting.hold("5m"),
            severity=Severity.INFO,
            summary="A model of {{ $labels.provider }} has no known price",
            description=(
                f"{{{{ $value | humanize }}}} calls to {{{{ $labels.provider }}}} within {quarter} used a model "
                "without a known price: the cost that is shown is too low."
            ),
        ),
        Alert(
            name="UsageUnknown",
            formula=(usage_unknown, " > 0"),
            scope=Scope.JOB,
            hold_seconds=setting.hold("5m"),
            severity=Severity.INFO,
            summary="{{ $labels.provider }} does not report what its calls used",
            description=(
                f"{{{{ $value | humanize }}}} calls to {{{{ $labels.provider }}}} within {quarter} reported no usage: "
                "the tokens and the cost that are shown are too low."
            ),
        ),
    )
