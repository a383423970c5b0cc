"""The alerts on scrapes, restarts and the event loop."""

from typing import Final

from tests.collectors.operations.scenarios.case import Case, Course, brief
from tests.collectors.operations.timelines import STALE, Phases, Signal, growth, level, restarts, sawtooth

UP: Final = level("up", 1, 1)
UPTIME: Final = "agent_service_uptime_seconds"
START: Final = "process_start_time_seconds"
BLOCKED: Final = "agent_event_loop_blocked_seconds_total"
DOWN: Final = [level("up", 1, 0)]


def flapping(nth: int) -> Signal:
    """Every so manyth scrape fails while bad."""
    return Signal("up", lambda is_bad, minute, step: 0 if is_bad(minute) and round(minute / step) % nth == 0 else 1)


CASES: Final = (
    Case(alert="ServiceDown", severity="critical", per_instance=True, **brief(1, DOWN, step=0.25)),
    Case(alert="AllInstancesDown", severity="critical", **brief(1, DOWN, step=0.25)),
    Case(
        alert="TargetsMissing",
        severity="critical",
        quiet={
            "pushed": [level("agent_service_info", 1, 1, 'version="1"')],
            "a target that is down": [level("up", 0, 0)],
        },
        **brief(5, [level("up", 1, STALE), level("agent_service_info", 1, STALE, 'version="1"')]),
    ),
    Case(
        alert="ScrapesFail",
        severity="warning",
        per_instance=True,
        survives=False,
        course=Course(signals=[flapping(4)], rise=5, fall=5.5),
        phases=Phases(15, 20, 15),
        hold=5,
        step=0.5,
        quiet={
            "one of eleven": [flapping(11)],
            "one outage": [Signal("up", lambda _, minute, __: 0 if 12 <= minute < 14 else 1)],
        },
    ),
    Case(
        alert="MetricsAbsent",
        severity="warning",
        per_instance=True,
        quiet={
            "a target that is down": [level("up", 0, 0)],
            "a pushed service": [level("agent_service_info", 1, 1, 'version="1"')],
        },
        **brief(5, [UP, level("agent_service_info", 1, STALE, 'version="1"')], rise=3),
    ),
    Case(
        alert="Restarting",
        severity="warning",
        per_instance=True,
        course=Course(signals=[restarts(START, 5)], rise=10, fall=15),
        also={
            "without the metrics of the process": Course(signals=[sawtooth(UPTIME, 5)], rise=10, fall=10),
            "lives shorter than the interval": Course(
                signals=[restarts(START, 0.1), sawtooth(UPTIME, 1)], rise=2, fall=23
            ),
        },
        phases=Phases(20, 30, 30),
        hold=0,
        quiet={"a restart every 8 minutes": [restarts(START, 8), sawtooth(UPTIME, 8)]},
    ),
    Case(
        alert="ScrapeSlow",
        severity="warning",
        per_instance=True,
        quiet={"exactly 2 s": [level("scrape_duration_seconds", 0, 2)]},
        **brief(5, [level("scrape_duration_seconds", 0.01, 2.01)], fall=3),
    ),
    Case(
        alert="CollectorSectionFailed",
        severity="warning",
        per_instance=True,
        labels={"section": "rpcs"},
        **brief(
            5,
            [
                level("agent_collector_success", 1, 0, 'section="rpcs"'),
                level("agent_collector_success", 1, 1, 'section="tasks"'),
            ],
        ),
    ),
    Case(
        alert="EventLoopBlocked",
        severity="critical",
        per_instance=True,
        course=Course(signals=[growth(BLOCKED, 0.1, 5.5)], rise=2, fall=0.25),
        clearer=[growth(BLOCKED, 0.1, 7)],
        phases=Phases(5, 10, 5),
        hold=2,
        step=0.25,
        quiet={"hardly 5 s": [growth(BLOCKED, 0, 4.95)]},
    ),
    Case(
        alert="HeartbeatStalled",
        severity="critical",
        per_instance=True,
        course=Course(signals=[UP, growth(UPTIME, 60, 0)], rise=2, fall=0.5),
        phases=Phases(5, 10, 5),
        hold=2,
        step=0.5,
        quiet={
            "a heartbeat that crawls": [UP, growth(UPTIME, 0, 0.1)],
            "a target that is down": [level("up", 0, 0), growth(UPTIME, 0, 0)],
        },
    ),
)
