"""The alerts on errors and durations of RPCs."""

from typing import Final

from gui_agents.domain.rpc import ERRORS
from tests.collectors.operations.scenarios.case import Case, Course
from tests.collectors.operations.timelines import Phases, Signal, growth, tail

FAULTS: Final = ("UNKNOWN", "DEADLINE_EXCEEDED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS")
"""The codes that count, as the contract has them."""
NO_FAULTS: Final = tuple(sorted(set(ERRORS).difference(FAULTS)))
METHOD: Final = "QueryTaskStatus"
LATENCY: Final = ("agent_grpc_request_duration_seconds", (2.5, 5, 10))


def requests(good: float, bad: float, method: str = METHOD) -> Signal:
    """Calls a minute."""
    return growth("agent_grpc_requests_total", good, bad, f'method="{method}"')


def errors(good: float, bad: float, code: str = "INTERNAL", method: str = METHOD) -> Signal:
    """Calls a minute that end with a code."""
    return growth("agent_grpc_errors_total", good, bad, f'method="{method}",status_code="{code}"')


CASES: Final = (
    Case(
        alert="HighGRPCErrorRate",
        severity="warning",
        course=Course(signals=[requests(30, 60), errors(0.1, 3.3)], rise=5, fall=6),
        also={code: Course(signals=[requests(30, 60), errors(0.1, 3.3, code)], rise=5, fall=6) for code in FAULTS},
        worse=[requests(60, 60), errors(0.1, 30)],
        phases=Phases(10, 20, 20),
        hold=5,
        labels={"method": METHOD},
        quiet={
            "hardly a twentieth": [requests(0, 60), errors(0, 2.9)],
            "no faults of the service": [requests(0, 60), *(errors(0, 5, code) for code in NO_FAULTS)],
            "unknown methods": [requests(0, 60, "other"), errors(0, 30, "INTERNAL", "other")],
            "no requests": [requests(0, 0), errors(0, 0)],
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
