"""One scrape: an instant is taken, and each section is read within a boundary that keeps its errors to itself.

A section that fails is left out whole, logged, counted and reported as `agent_collector_success` 0. The sections are
read in turn by one thread and do bounded work, so that a scrape needs no timeout of its own; a scrape that has a
deadline leaves out what is expected to miss it.
"""

import logging
import math
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Final, TypeVar

import attrs

from collectors.errors import ReadingError
from collectors.metrics.definitions import Described, Section, gauge
from gui_agents.snapshot import ServiceSnapshot, SnapshotSource

_log = logging.getLogger(__name__)

Product = TypeVar("Product")


@attrs.frozen
class Outcomes:
    """How the sections of one scrape went, by their names."""

    success: dict[str, int] = attrs.field(factory=dict)
    """1, or 0 for a section that is left out."""
    seconds: dict[str, float] = attrs.field(factory=dict)


OUTCOMES: Final = Section[Outcomes](
    name="collector",
    metrics=(
        gauge(
            "agent_collector_success",
            "Whether a section of this scrape could be read: 1, or 0 if it failed and is left out.",
            lambda outcomes: outcomes.success,
            labels={"section": Described("the sections of this page, but this one")},
            example="min by (section) (agent_collector_success)",
            ratio=True,
        ),
        gauge(
            "agent_collector_duration_seconds",
            "Seconds that reading a section of this scrape took.",
            lambda outcomes: outcomes.seconds,
            labels={"section": Described("the sections of this page, but this one")},
            example="sum by (instance) (agent_collector_duration_seconds)",
        ),
    ),
)
"""What every scrape says of itself; its subject are the `Outcomes` of the others."""


class Instant:
    """The service at one instant, which is taken when it is first asked for."""

    def __init__(self, source: SnapshotSource) -> None:
        self._source = source
        self._snapshot: ServiceSnapshot | None = None
        self._error: Exception | None = None
        self._trace: TracebackType | None = None

    def snapshot(self) -> ServiceSnapshot:
        """Return the snapshot; if it could not be taken, raise the same error each time."""
        if self._error is not None:
            # Each raise adds to an error's traceback: it begins again where the snapshot failed.
            raise self._error.with_traceback(self._trace)
        if self._snapshot is None:
            try:
                self._snapshot = self._source.snapshot()
            except Exception as error:
                self._error, self._trace = error, error.__traceback__
                raise
        return self._snapshot


class SectionReader:
    """Reads sections, whatever they are made into; remembers how long each took and which ones fail.

    A section with a metric that the page has already always fails: Prometheus would refuse the whole page.

    Raises:
        ValueError: two sections have one name.
    """

    def __init__(self, sections: Iterable[Section], clock: Callable[[], float] = time.perf_counter) -> None:
        self._sections = tuple(sections)
        self._twice = _metrics_given_twice((OUTCOMES, *self._sections))
        self._clock = clock
        self._expected = dict.fromkeys((section.name for section in self._sections), 0.0)
        self._problems: dict[str, type[BaseException]] = {}
        self._late: set[str] = set()
        self._failures = dict.fromkeys((section.name for section in self._sections), 0)

    def failures(self) -> dict[str, int]:
        """Return how many times each section has failed."""
        return dict(self._failures)

    def read(
        self,
        instant: Instant,
        make: Callable[[Section, object], Iterable[Product]],
        *,
        names: frozenset[str] | None = None,
        deadline: float = math.inf,
    ) -> list[Product]:
        """Return what `make` makes of all sections, or of the families that `names` ask for.

        Args:
            instant: what most sections read from.
            make: makes its products from a section and its subject; what it raises fails the section.
            names: of metrics, families or samples; None for everything.
            deadline: on this reader's clock; a section that would miss it is left out and reported.
        """
        reports = OUTCOMES if names is None else OUTCOMES.only(names)
        reporting = not reports.empty
        products: list[Product] = []
        outcomes = Outcomes()
        late: list[str] = []
        for section in self._sections:
            wanted = section if names is None else section.only(names)
            # Whoever asks for the outcomes only asks for those of a whole scrape.
            examined = section if reporting else wanted
            if not reporting and examined.empty:
                continue
            if deadline < math.inf and self._would_miss(deadline, section.name):
                late.append(section.name)
                outcomes.success[section.name], outcomes.seconds[section.name] = 0, 0.0
                continue
            made = self._read(examined, instant, make, outcomes)
            if wanted is examined:
                products += made
            elif outcomes.success[section.name] and not wanted.empty:
                products += self._read(wanted, instant, make, Outcomes())
        if late:
            self._left_out(late)
        products += make(reports, outcomes)
        return products

    def _would_miss(self, deadline: float, section: str) -> bool:
        expected = self._expected[section]
        missed = self._clock() + expected > deadline
        if missed:
            # Halved, so that a section that was slow once gets another chance soon.
            self._expected[section] = expected / 2
        return missed

    def _read(
        self,
        section: Section,
        instant: Instant,
        make: Callable[[Section, object], Iterable[Product]],
        outcomes: Outcomes,
    ) -> list[Product]:
        name = section.name
        started = self._clock()
        made: list[Product] = []
        success = 0
        try:
            self._check_given_once(name)
            made = list(make(section, instant.snapshot() if section.subject is None else section.subject))
        except BaseException as error:  # noqa: BLE001 - the boundary of a section: logged, counted and reported
            self._failed(name, error)
        else:
            success = 1
            if name in self._problems:
                self._succeeded(name)
        outcomes.success[name] = success
        # Whole nanoseconds, as the clock tells them: the fraction that the subtraction adds takes long to write.
        outcomes.seconds[name] = self._expected[name] = round((self._clock() - started) * 1e9) / 1e9
        return made

    def _check_given_once(self, section: str) -> None:
        if section in self._twice:
            raise ReadingError(self._twice[section], "is on this page already; a metric has one section")

    def _failed(self, section: str, error: BaseException) -> None:
        self._failures[section] += 1
        # Each kind is told once, not at every scrape: a scraper comes back every few seconds.
        if self._problems.get(section) is not type(error):
            self._problems[section] = type(error)
            kind = type(error).__name__
            _log.error("section %s is left out of the metrics: %s: %s", section, kind, error, exc_info=error)

    def _left_out(self, late: list[str]) -> None:
        """Log once each section that a scrape has no time for: the deadline is the scraper's, so it has not failed."""
        new = [section for section in late if section not in self._late]
        if new:
            self._late.update(new)
            _log.warning("left out of the metrics, as the scrape's timeout is too short for them: %s", ", ".join(new))

    def _succeeded(self, section: str) -> None:
        del self._problems[section]
        _log.info("section %s is back in the metrics; it has failed %d times", section, self._failures[section])


def _metrics_given_twice(sections: Iterable[Section]) -> dict[str, str]:
    """Return the sections that repeat a metric, of their own or of a section before them, and that metric's name.

    Raises:
        ValueError: two sections have one name.
    """
    taken: set[str] = set()
    names: set[str] = set()
    twice: dict[str, str] = {}
    for section in sections:
        if section.name in names:
            raise ValueError(f"two sections of metrics are called {section.name!r}")
        names.add(section.name)
        for metric in section.metrics:
            if not taken.isdisjoint(metric.names):
                twice.setdefault(section.name, metric.name)
            taken |= metric.names
    return twice
