"""The alerts on errors and durations of RPCs."""

from typing import Final

from gui_agents.domain.rpc import ERRORS
from tests.collectors.operations.scenarios.case import Case, Course
from tests.collectors.operations.timelines import Phases, Signal, growth, tail

FAULTS: Final = ("UNKNOWN", "INTERNAL", "UNAVAILABLE", "DATA_LOSS")
"""The codes that count, as the contract has them."""
NO_FAULTS: Final = tuple(sorted(set(ERRORS).difference(FAULTS)))
METHOD: Final = "QueryTaskStatus"
LATENCY: Final = ("agent_grpc_request_duration_seconds", (2.5, 5, 10))


def ended(good: float, bad: float, code: str = "INTERNAL", method: str = METHOD) -> Signal:
    """Calls a minute that end with a code."""
    return growth("agent_grpc_handled_total", good, bad, f'method="{method}",code="{code}"')


def began(good: float, bad: float, method: str = METHOD) -> Signal:
    """Calls a minute that begin."""
    return growth("agent_grpc_requests_total", good, bad, f'method="{method}"')


def burst(count: float, code: str, method: str) -> Signal:
    """Calls that end with a code, all at the first bad instant."""
    return Signal(
        "agent_grpc_handled_total",
        lambda is_bad, minute, step: (
            count if any(is_bad(index * step) for index in range(round(minute / step) + 1)) else 0
        ),
        f'method="{method}",code="{code}"',
    )


CASES: Final = (
    Case(
        alert="HighGRPCErrorRate",
        severity="warning",
        course=Course(signals=[ended(30, 56.7, "OK"), ended(0.1, 3.3)], rise=9, fall=2),
        also={
            **{code: Course(signals=[ended(30, 56.7, "OK"), ended(0.1, 3.3, code)], rise=9, fall=2) for code in FAULTS},
            "few, but all of them": Course(signals=[ended(0, 0, "OK"), ended(0, 0.35)], rise=9, fall=2),
            "streams that end at one instant": Course(
                signals=[ended(0, 0, "OK"), burst(20, "INTERNAL", METHOD)], rise=0, fall=-20
            ),
            "streams that began long ago": Course(
                signals=[ended(0, 0, "OK"), ended(0, 2), began(2, 0)], rise=2, fall=9
            ),
        },
        worse=[ended(60, 60, "OK"), ended(0.1, 30)],
        phases=Phases(10, 30, 25),
        hold=5,
        labels={"method": METHOD},
        quiet={
            "hardly a twentieth": [ended(0, 57.1, "OK"), ended(0, 2.9)],
            "too few to judge": [ended(0, 0.9, "OK"), ended(0, 0.09)],
            "no faults of the service": [ended(0, 60, "OK"), *(ended(0, 5, code) for code in NO_FAULTS)],
            "the callers' own short deadlines": [ended(0, 0, "OK"), ended(0, 60, "DEADLINE_EXCEEDED")],
            "unknown methods": [ended(0, 60, "OK", "other"), ended(0, 30, "INTERNAL", "other")],
            "no calls": [ended(0, 0, "OK"), ended(0, 0)],
        },
    ),
    Case(
        alert="HighGRPCLatency",
        severity="warning",
        course=Course(signals=tail(*LATENCY, 0, 0.06, 'method="CancelTask"'), rise=5, fall=1),
        worse=tail(*LATENCY, 0, 1, 'method="CancelTask"'),
        phases=Phases(10, 30, 20),
        hold=10,
        labels={"method": "CancelTask"},
        quiet={
            "up to 5 s": tail(*LATENCY, 0, 0.049, 'method="CancelTask"'),
            "the stream of a new task": tail(*LATENCY, 0, 1, 'method="RunAgentInstruction"'),
            "the stream of a known task": tail(*LATENCY, 0, 1, 'method="GetAgentTaskStream"'),
        },
    ),
)
