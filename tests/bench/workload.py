"""Snapshots of any size, of which any share of the numbers changes from one to the next."""

import random
from collections.abc import Mapping
from decimal import Decimal
from itertools import chain
from typing import Any

import attrs

from gui_agents.domain.buckets import PHASE_SECONDS, RPC_SECONDS
from gui_agents.domain.rpc import STREAMING
from gui_agents.domain.usage import CallOutcome
from gui_agents.snapshot import (
    HistogramPoint,
    ModelsSnapshot,
    RpcsSnapshot,
    ServiceInfo,
    ServiceSnapshot,
    TokenCounts,
    WindowPoint,
)
from tests.strategies import CODES, empty_histogram, idle_snapshot

EXEMPLARY = frozenset({len(PHASE_SECONDS)})


class Workload:
    """Tells one snapshot after the other, to and fro, and copies as much as the service's state does."""

    def __init__(self, snapshots: list[ServiceSnapshot]) -> None:
        self._turns = [_fields(snapshot) for snapshot in chain(snapshots, snapshots[-2:0:-1])]
        self._turn = 0

    @property
    def turns(self) -> int:
        """After how many snapshots it begins anew."""
        return len(self._turns)

    def snapshot(self) -> ServiceSnapshot:
        self._turn = (self._turn + 1) % len(self._turns)
        return ServiceSnapshot(
            *[
                field if made is None else made(*[value.copy() if type(value) is dict else value for value in field])
                for made, field in self._turns[self._turn]
            ]
        )


def _fields(snapshot: ServiceSnapshot) -> list[tuple[Any, Any]]:
    """Return each field with its class and its own fields; without them where it is a plain number."""
    values = [getattr(snapshot, field.name) for field in attrs.fields(ServiceSnapshot)]
    return [
        (type(value), [getattr(value, field.name) for field in attrs.fields(type(value))])
        if attrs.has(type(value))
        else (None, value)
        for value in values
    ]


def workload(methods: int, providers: int, share: float, seed: int = 0) -> Workload:
    """Return a workload of so many methods and providers; `share` of its numbers changes at a time."""
    rng = random.Random(seed)
    snapshots = [_aged(_counted(changed(_idle(methods, providers), rng, 1.0, largest=10**9)), 1.0)]
    for turn in range(15):
        snapshots.append(_aged(_counted(changed(snapshots[-1], rng, share)), turn + 2.5))
    return Workload(snapshots)


def _counted(snapshot: ServiceSnapshot) -> ServiceSnapshot:
    """Return the snapshot with those errors that are among the RPCs that have ended."""
    errors = {key: count for key, count in snapshot.rpcs.handled.items() if key in snapshot.rpcs.errors}
    return attrs.evolve(snapshot, rpcs=attrs.evolve(snapshot.rpcs, errors=errors))


def _aged(snapshot: ServiceSnapshot, seconds: float) -> ServiceSnapshot:
    """Return the snapshot at a possible time: started, then the last heartbeat, then now."""
    heartbeat = attrs.evolve(snapshot.service.heartbeat, last_monotonic_seconds=2e6 + seconds / 3)
    service = attrs.evolve(snapshot.service, started_monotonic_seconds=90.0, heartbeat=heartbeat)
    return attrs.evolve(snapshot, service=service, taken_monotonic_seconds=3e6 + seconds / 7)


def changed(part: Any, rng: random.Random, share: float, largest: int = 50) -> Any:  # noqa: PLR0911 - a case a type
    """Return `part` with a share of its numbers grown; a histogram grows as one."""
    match part:
        case bool() | str() | None | ServiceInfo() | tuple():
            return part
        case int() | float() | Decimal():
            return part + type(part)(_growth(rng, largest)) if rng.random() < share else part
        case HistogramPoint():
            return _observed(part, rng, largest) if rng.random() < share else part
        case WindowPoint():
            if rng.random() >= share:
                return part
            buckets = {index: 1 + rng.randrange(100) for index in range(20)}
            return attrs.evolve(part, buckets=buckets, sum=part.sum + rng.random(), count=part.count + 1)
        case TokenCounts():
            cached, written = (changed(count, rng, share, 5) for count in (part.cached_input, part.cache_write))
            read = changed(part.input, rng, share, largest) + cached + written
            return TokenCounts(read, cached, changed(part.output, rng, share, largest), written)
        case Mapping():
            return {key: changed(value, rng, share, largest) for key, value in part.items()}
        case _:
            fields = [field.name for field in attrs.fields(type(part))]
            return type(part)(*[changed(getattr(part, name), rng, share, largest) for name in fields])


def _growth(rng: random.Random, largest: int) -> int:
    """Return a growth; where it may be large, every fifth is above a million."""
    if largest > 10**6 and rng.random() < 0.2:
        return rng.randrange(10**6, largest)
    return rng.randrange(1, min(largest, 10**4))


def _observed(point: HistogramPoint, rng: random.Random, largest: int) -> HistogramPoint:
    exemplars = point.exemplars
    if len(point.bounds) in EXEMPLARY:
        # The exemplars of the lowest bucket, whose count is part of all others, and of one more bucket.
        marks = list(exemplars)
        for index in (0, rng.randrange(len(marks))):
            marks[index] = (f"{rng.getrandbits(128):032x}", rng.random(), 1.7e9 + rng.random() * 1e6)
        exemplars = tuple(marks)
    scale = _growth(rng, largest)
    counts = tuple(count + rng.randrange(1, scale + 1) for count in point.counts)
    return HistogramPoint(point.bounds, counts, point.sum + rng.random() * scale, exemplars)


def _idle(methods: int, providers: int) -> ServiceSnapshot:
    names = [f"Method{number:03}" for number in range(methods)]
    vendors = [f"provider{number:02}" for number in range(providers)]
    return idle_snapshot(
        rpcs=RpcsSnapshot(
            started=dict.fromkeys(names, 0),
            handled={(name, code): 0 for name in names for code in CODES},
            errors={(name, code): 0 for name in names for code in CODES if code != "OK"},
            durations={name: empty_histogram(RPC_SECONDS) for name in names},
            open_streams=dict.fromkeys(map(str, STREAMING), 0),
        ),
        models=ModelsSnapshot(
            tokens=dict.fromkeys(vendors, TokenCounts(0, 0, 0)),
            cost={"USD": Decimal(0)},
            requests={(vendor, str(outcome)): 0 for vendor in vendors for outcome in CallOutcome},
            durations={vendor: empty_histogram(PHASE_SECONDS) for vendor in vendors},
            usage_unknown=dict.fromkeys(vendors, 0),
            price_unknown=dict.fromkeys(vendors, 0),
        ),
    )
