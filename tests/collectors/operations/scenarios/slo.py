"""The alerts on error budgets."""

from collections.abc import Callable, Sequence
from typing import Final

import attrs

from tests.collectors.operations.scenarios.case import Case, Course
from tests.collectors.operations.scenarios.rpc import FAULTS, NO_FAULTS, ended
from tests.collectors.operations.scenarios.tasks import created
from tests.collectors.operations.timelines import Phases, Signal

HOUR: Final = 60
DAY: Final = 24 * HOUR


@attrs.frozen
class Tier:
    """One pair of windows, and the times of the rule in minutes."""

    speed: str
    long: str
    window: float
    hold: float
    step: float
    severity: str


TIERS: Final = (
    Tier("Fast", "1h", HOUR, 2, 1, "critical"),
    Tier("Fast", "6h", 6 * HOUR, 15, 5, "critical"),
    Tier("Slow", "1d", DAY, HOUR, 15, "warning"),
    Tier("Slow", "3d", 3 * DAY, 3 * HOUR, 30, "warning"),
)
BURNING: Final = 1.65
"""So many times the threshold is bad; at this, each window and each threshold shows in the instants."""


def _tasks(bad: float) -> list[Signal]:
    """A task a minute, or two while a share of them is bad."""
    return [created("completed", 1, 2 - 2 * bad), created("failed", 0, 2 * bad), created("cancelled", 1, 1)]


def _rpcs(bad: float) -> list[Signal]:
    """Twenty calls a minute, or forty while a share of them is bad."""
    return [ended(20, 40 - 40 * bad, "OK"), ended(0, 40 * bad)]


def _rpcs_of_all_codes(bad: float) -> list[Signal]:
    """The same, with an equal share of each code that counts; one that does not abounds."""
    share = 40 * bad / len(FAULTS)
    others = 40 - 40 * bad - 10
    return [ended(10, others, "OK"), *(ended(0, share, code) for code in FAULTS), ended(10, 10, NO_FAULTS[0])]


def _case(
    objective: str,
    ratio: Callable[[float], Sequence[Signal]],
    tier: Tier,
    short: str,
    *,
    threshold: float,
    rise: float,
    fall: float,
    few: Course,
) -> Case:
    """Burn faster than the threshold, as far as that is possible; 0.97 times the threshold leaves the tier quiet.

    Another course are failures that are few and all there is, until there are enough of them.
    """
    return Case(
        alert=f"{objective}{tier.speed}BudgetBurn",
        severity=tier.severity,
        labels={"long": tier.long, "short": short},
        course=Course(signals=ratio(min(BURNING * threshold, 1)), rise=rise, fall=fall),
        also={"few, but most of them": few},
        phases=Phases(tier.window, tier.window * 2 / 3 + 2 * tier.hold, max(fall, few.fall) + 4 * tier.step),
        hold=tier.hold,
        quiet={"hardly the threshold": ratio(0.97 * threshold)},
        step=tier.step,
    )


def _few_tasks(tier: Tier, *, rise: float, fall: float) -> Course:
    """So many tasks, of which four of five fail, that five have failed within a third of the long window."""
    rate = 5 / (tier.window / 3 - tier.step / 2)
    return Course(signals=[created("completed", 0, rate / 4), created("failed", 0, rate)], rise=rise, fall=fall)


def _few_rpcs(tier: Tier, *, rise: float, fall: float) -> Course:
    """So many calls, of which half end with a fault, that ten have within a third of the long window."""
    rate = 10 / (tier.window / 3 - tier.step / 2)
    faults = [ended(0, rate / len(FAULTS), code) for code in FAULTS]
    return Course(signals=[ended(0, rate, "OK"), *faults], rise=rise, fall=fall)


CASES: Final = (
    _case(
        "TaskSlo",
        _tasks,
        TIERS[0],
        "15m",
        threshold=0.72,
        rise=34,
        fall=7,
        few=_few_tasks(TIERS[0], rise=20, fall=15),
    ),
    _case(
        "TaskSlo",
        _tasks,
        TIERS[1],
        "30m",
        threshold=0.3,
        rise=160,
        fall=20,
        few=_few_tasks(TIERS[1], rise=120, fall=30),
    ),
    _case(
        "TaskSlo",
        _tasks,
        TIERS[2],
        "2h",
        threshold=0.15,
        rise=630,
        fall=75,
        few=_few_tasks(TIERS[2], rise=480, fall=120),
    ),
    _case(
        "TaskSlo",
        _tasks,
        TIERS[3],
        "6h",
        threshold=0.05,
        rise=1890,
        fall=210,
        few=_few_tasks(TIERS[3], rise=1440, fall=360),
    ),
    _case(
        "RpcSlo",
        _rpcs_of_all_codes,
        TIERS[0],
        "5m",
        threshold=0.072,
        rise=27,
        fall=3,
        few=_few_rpcs(TIERS[0], rise=20, fall=5),
    ),
    _case(
        "RpcSlo",
        _rpcs,
        TIERS[1],
        "30m",
        threshold=0.03,
        rise=160,
        fall=20,
        few=_few_rpcs(TIERS[1], rise=120, fall=30),
    ),
    _case(
        "RpcSlo",
        _rpcs,
        TIERS[2],
        "2h",
        threshold=0.015,
        rise=630,
        fall=75,
        few=_few_rpcs(TIERS[2], rise=480, fall=120),
    ),
    _case(
        "RpcSlo",
        _rpcs,
        TIERS[3],
        "6h",
        threshold=0.005,
        rise=1890,
        fall=210,
        few=_few_rpcs(TIERS[3], rise=1440, fall=360),
    ),
)
