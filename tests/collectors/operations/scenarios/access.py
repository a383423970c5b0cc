"""The alerts on calls that are not let in, and on quotas that are used up."""

from typing import Final

from gui_agents.domain.access import REFUSING, AuthFailure
from tests.collectors.operations.scenarios.case import Case, Course
from tests.collectors.operations.timelines import Phases, Signal, growth


def turned_away(good: float, bad: float, reason: str = "unknown") -> Signal:
    """Calls a minute that are not let in."""
    return growth("agent_auth_failures_total", good, bad, f'reason="{reason}"')


def refused(good: float, bad: float, quota: str = "requests") -> Signal:
    """Calls a minute that are refused because of a quota."""
    return growth("agent_quota_rejections_total", good, bad, f'quota="{quota}"')


CASES: Final = (
    Case(
        alert="AuthFailures",
        severity="warning",
        course=Course(signals=[turned_away(0, 3)], rise=11, fall=5),
        worse=[turned_away(0, 30)],
        clearer=[turned_away(0, 4)],
        phases=Phases(20, 30, 30),
        hold=0,
        labels={"reason": "unknown"},
        quiet={
            "two a minute, on all together": [turned_away(0, 2 / 3)],
            "a little of everything": [turned_away(0, 0.6, reason) for reason in AuthFailure],
        },
    ),
    Case(
        alert="QuotaRejections",
        severity="info",
        course=Course(signals=[refused(0, 1)], rise=1, fall=5),
        worse=[refused(0, 1)],
        phases=Phases(10, 30, 15),
        hold=10,
        labels={"quota": "requests"},
        quiet={"none": [refused(0, 0, quota) for quota in REFUSING]},
    ),
)
