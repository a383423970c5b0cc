"""Objectives: how fast is the error budget burnt, over a long and a short window at once?

The long window makes an alert certain, the short one lets it resolve soon. The factors and windows are those of the
Site Reliability Workbook, chapter 5; tasks are rarer than RPCs and take 15 minutes where RPCs take 5.
"""

from collections.abc import Callable
from typing import Final

import attrs

from collectors.operations.alerts.rpc import HANDLED
from collectors.operations.alerts.tasks import reasons
from collectors.operations.formula import Aggregate, Matcher
from collectors.operations.model import Alert, Scope, Setting, Severity, number
from collectors.operations.recording import FAILED_MATCHER, FAULT_MATCHER, GRPC_ERRORS, TASK_FAILURES
from collectors.operations.thresholds import BURN_FACTORS
from collectors.operations.wording import FINE_PERCENT, PERCENT, mostly, spoken


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


@attrs.frozen(kw_only=True)
class Objective:
    """What is promised, and the recorded ratio that breaks the promise."""

    name: str
    ratio: str
    target: float
    things: str
    shortest: str
    """The short window of the fastest tier."""
    counter: str
    matcher: Matcher
    """What of the counter is bad."""
    minimum: float
    """So many must have been bad within the long window: one failure of a quiet night wakes nobody."""
    percent: str
    """How the ratio is written."""
    cause: Callable[[str], str]
    """Returns a template that says what is bad mostly, within a window."""

    def bad(self, setting: Setting, window: str) -> Aggregate:
        """Return how many were bad each second."""
        return setting.aggregate("sum", self.counter, self.matcher, rate=window)


def alerts(setting: Setting) -> tuple[Alert, ...]:
    """Return the alerts of this group."""
    limits = setting.thresholds
    objectives = (
        Objective(
            name="TaskSlo",
            ratio=TASK_FAILURES,
            target=limits.task_slo,
            things="tasks",
            shortest="15m",
            counter="agent_tasks_created_total",
            matcher=FAILED_MATCHER,
            minimum=limits.task_burn_minimum,
            percent=PERCENT,
            cause=lambda window: reasons(setting, window),
        ),
        Objective(
            name="RpcSlo",
            ratio=GRPC_ERRORS,
            target=limits.rpc_slo,
            things="RPCs",
            shortest="5m",
            counter=HANDLED,
            matcher=FAULT_MATCHER,
            minimum=limits.rpc_burn_minimum,
            percent=FINE_PERCENT,
            cause=lambda window: mostly(setting, HANDLED, ("method", "code"), window, f",{FAULT_MATCHER}"),
        ),
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
        # The rate times its window is the growth, which shards need not record as well.
        formula=(
            f"{setting.series(objective.ratio + tier.long)} > {threshold}\nand on (job)\n",
            f"{setting.series(objective.ratio + short)} > {threshold}\nand on (job)\n",
            f"{number(setting.hold(tier.long))} * ",
            objective.bad(setting, tier.long),
            f" >= {number(objective.minimum)}",
        ),
        scope=Scope.JOB,
        hold_seconds=setting.hold(tier.hold),
        severity=tier.severity,
        labels={"long": tier.long, "short": short},
        summary=f"{{{{ $labels.job }}}} burns the error budget of its {objective.things}",
        description=(
            f"{objective.percent} of the {objective.things} of {{{{ $labels.job }}}} that ended within "
            f"{spoken(tier.long)} failed: more than {_times(factor)}the {number(100 * (1 - objective.target))} % that "
            f"the objective allows.{objective.cause(tier.long)} First: see in the runbook what this means."
        ),
    )


def _times(factor: float) -> str:
    return f"{factor:g} times " if factor != 1 else ""
