"""The alerts on sandboxes: their deaths, how long they take to open, and what their pages try to reach."""

from typing import Final

from tests.collectors.operations.scenarios.case import Case, Course
from tests.collectors.operations.timelines import Phases, Signal, growth

DEATHS: Final = ("crashed", "out_of_memory", "killed", "unreachable")
"""The reasons that count, as the contract has them."""
OPENED: Final = "agent_sandbox_open_duration_seconds"
BROWSER: Final = 'sandbox_type="Browser"'


def ended(reason: str, good: float, bad: float) -> Signal:
    """Browsers a minute that end so."""
    return growth("agent_sandboxes_ended_total", good, bad, f'{BROWSER},reason="{reason}"')


def _ends(closed: float, died: float, reason: str = "crashed") -> list[Signal]:
    """So many a minute while bad; while good as many, and all are closed."""
    return [ended("closed", closed + died, closed), ended(reason, 0, died)]


def _opened(a_minute: float, slow: float, start: str = "cold") -> list[Signal]:
    """So many a minute; they take 10 to 30 seconds, and while bad a share of them up to a minute."""
    labels = f'{BROWSER},start="{start}"'
    counted = {"10": (0.0, 0.0), "30": (a_minute, a_minute * (1 - slow))}
    counted |= dict.fromkeys(("60", "+Inf"), (a_minute, a_minute))
    buckets = [growth(f"{OPENED}_bucket", *rates, f'{labels},le="{edge}"') for edge, rates in counted.items()]
    return [*buckets, growth(f"{OPENED}_count", a_minute, a_minute, labels)]


def _connections(verdict: str, good: float, bad: float) -> Signal:
    return growth("agent_egress_connections_total", good, bad, f'verdict="{verdict}"')


CASES: Final = (
    Case(
        alert="SandboxesDying",
        severity="warning",
        course=Course(signals=_ends(0.78, 0.22), rise=14, fall=2),
        also={
            **{reason: Course(signals=_ends(0.78, 0.22, reason), rise=14, fall=2) for reason in DEATHS},
            "after a sweep": Course(signals=[*_ends(0.78, 0.22), ended("swept", 0, 1)], rise=14, fall=2),
        },
        worse=_ends(0.2, 3),
        clearer=_ends(0.6, 0.4),
        phases=Phases(20, 30, 30),
        hold=5,
        labels={"sandbox_type": "Browser"},
        quiet={
            "hardly a fifth": _ends(0.81, 0.19),
            "too few to judge": _ends(0.2, 0.06),
            "kept ones expire": [ended("closed", 0, 1), ended("expired", 0, 9)],
            "left behind by a service that was killed": [ended("closed", 0, 0), ended("swept", 0, 9)],
        },
    ),
    Case(
        alert="SandboxOpenSlow",
        severity="warning",
        course=Course(signals=_opened(10, 0.06), rise=13, fall=3),
        also={"few, and all of them": Course(signals=_opened(0.4, 1), rise=1, fall=15)},
        worse=_opened(10, 1),
        phases=Phases(20, 30, 30),
        hold=5,
        labels={"sandbox_type": "Browser"},
        quiet={
            "up to 30 s": _opened(10, 0.049),
            "too few to judge": [*_opened(0.1, 1), *_opened(10, 0, "warm")],
            "tasks that waited for a warm one": [*_opened(10, 0), *_opened(10, 1, "warm")],
        },
    ),
    Case(
        alert="EgressDenied",
        severity="info",
        per_instance=True,
        course=Course(signals=[_connections("denied_private", 0, 1)], rise=1, fall=15),
        phases=Phases(20, 30, 30),
        hold=0,
        quiet={
            verdict: [_connections(verdict, 0, 9), _connections("denied_private", 0, 0)]
            for verdict in ("allowed", "denied_list", "failed")
        },
    ),
)
