"""The alerts on the storage: whether it is written at all, what fails, how long commits take, what waits."""

from typing import Final

from tests.collectors.operations.scenarios.case import Case, Course, brief
from tests.collectors.operations.timelines import Phases, Signal, growth, level

COMMITS: Final = "agent_storage_commit_duration_seconds"


def operations(good: float, bad: float, operation: str = "commit", outcome: str = "ok") -> Signal:
    """Operations a minute that end so."""
    return growth("agent_storage_operations_total", good, bad, f'operation="{operation}",outcome="{outcome}"')


def waiting(good: float, bad: float) -> Signal:
    """Entries that are not written."""
    return level("agent_storage_queue", good, bad)


def _written(good: float, bad: float) -> list[Signal]:
    """Commits a minute, among everything else that is done with the storage."""
    tries = [operations(0, 60, outcome="error"), operations(1, 1, "read"), operations(1, 1, "expire")]
    return [operations(good, bad), *tries]


def _commits(a_minute: float, slow: float) -> list[Signal]:
    """So many a minute; they take up to a second, and while bad a share of them takes longer."""
    counted = {"0.5": (0.0, 0.0), "1": (a_minute, a_minute * (1 - slow))}
    counted |= dict.fromkeys(("5", "+Inf"), (a_minute, a_minute))
    buckets = [growth(f"{COMMITS}_bucket", *rates, f'le="{edge}"') for edge, rates in counted.items()]
    return [*buckets, growth(f"{COMMITS}_count", a_minute, a_minute)]


CASES: Final = (
    Case(
        alert="StorageFailing",
        severity="critical",
        per_instance=True,
        also={
            "a disk that hangs under load": Course(signals=[operations(60, 0), waiting(3, 3)], rise=2, fall=0.5),
            "the first task of a quiet day": Course(signals=[operations(0, 0), waiting(0, 3)], rise=2),
        },
        quiet={
            "nothing to write": [*_written(0, 0), waiting(0, 0)],
            "much to write": [operations(60, 60), waiting(0, 20_000)],
        },
        **brief(1, [*_written(60, 0), waiting(0, 1)], step=0.5, rise=2),
    ),
    Case(
        alert="StorageErrors",
        severity="warning",
        per_instance=True,
        course=Course(signals=[operations(60, 60), operations(0, 1, outcome="error")], rise=1, fall=5),
        phases=Phases(10, 30, 15),
        hold=10,
        labels={"operation": "commit"},
        quiet={"all is well": [operations(60, 60, one) for one in ("commit", "read", "expire")]},
    ),
    Case(
        alert="StorageSlow",
        severity="warning",
        per_instance=True,
        course=Course(signals=_commits(100, 0.052), rise=10, fall=1),
        also={"few, and all of them": Course(signals=_commits(0.6, 1), rise=1, fall=10)},
        clearer=_commits(100, 1),
        phases=Phases(15, 30, 20),
        hold=5,
        quiet={"up to a second": _commits(100, 0.049), "too few to judge": _commits(0.45, 1)},
    ),
    Case(
        alert="StorageQueueGrows",
        severity="warning",
        per_instance=True,
        quiet={"at the limit": [waiting(0, 10_000)]},
        **brief(5, [waiting(10, 10_001)]),
    ),
)
