"""Objectives: how fast is the error budget burnt, over a long and a short window at once?

The long window makes an alert certain, the short one lets it resolve soon. The factors and windows are those of the
Site Reliability Workbook, chapter 5; tasks are rarer than RPCs and take 15 minutes where RPCs take 5.
"""

from typing import Final

import attrs

from collectors.operations.model import Alert, Scope, Setting, Severity, number
from collectors.operations.recording import GRPC_ERRORS, TASK_FAILURES
from collectors.operations.thresholds import BURN_FACTORS


@attrs.frozen
class Tier:
    """One pair of windows."""

    speed: str
    long: str
    short: str
    hold: str
    severity: Severity


TIERS: Final = (
    Tier("Fast", "1h", "5m", "2m", Severity.CRITICAL),
    Tier("Fast", "6h", "30m", "15m", Severity.CRITICAL),
    Tier("Slow", "1d", "2h", "1h", Severity.WARNING),
    Tier("Slow", "3d", "6h", "3h", Severity.WARNING),
)


@attrs.frozen
class Objective:
    """What is promised, and the recorded ratio that breaks the promise."""

    name: str
    ratio: str
    target: float
    things: str
    shortest: str
    """The short window of the fastest tier."""


def alerts(setting: Setting) -> tuple[Alert, ...]:
    """Return the alerts of this group."""
    limits = setting.thresholds
    objectives = (
        Objective("TaskSlo", TASK_FAILURES, limits.task_slo, "tasks", "15m"),
        Objective("RpcSlo", GRPC_ERRORS, limits.rpc_slo, "RPCs", "5m"),
    )
    return tuple(
        _alert(setting, objective, tier, factor)
        for objective in objectives
        for tier, factor in zip(TIERS, BURN_FACTORS, strict=True)
    )


def _alert(setting: Setting, objective: Objective, tier: Tier, factor: float) -> Alert:
    short = objective.shortest if tier.short == "5m" else tier.short
    threshold = number(factor * (1 - objective.target))
    return Alert(
        name=f"{objective.name}{tier.speed}BudgetBurn",
        formula=(
            f"{setting.series(objective.ratio + tier.long)} > {threshold}\n"
            f"and on (job)\n{setting.series(objective.ratio + short)} > {threshold}"
        ),
        scope=Scope.JOB,
        hold_seconds=setting.hold(tier.hold),
        severity=tier.severity,
        labels={"long": tier.long, "short": short},
        summary=f"{{{{ $labels.job }}}} burns the error budget of its {objective.things}",
        description=(
            f"{{{{ $value | humanizePercentage }}}} of the {objective.things} failed within "
            f"{setting.window(tier.long)}: more than {_times(factor)}the {number(100 * (1 - objective.target))} % "
            "that the objective allows."
        ),
    )


def _times(factor: float) -> str:
    return f"{factor:g} times " if factor != 1 else ""
