"""One scrape: an instant is taken, and each section is read within a boundary that keeps its errors to itself.

A section that fails is left out whole, logged, counted and reported as `agent_collector_success` 0. The sections are
read in turn by one thread and do bounded work, so that a scrape needs no timeout of its own; a scrape that has a
deadline leaves out what is expected to miss it. Sections that are not ours may do anything: they are read elsewhere
(see `collectors.exposition.isolation`), and what came of them is given to this reader.
"""

import logging
import math
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Final, Generic, TypeVar

import attrs

from collectors.errors import ReadingError, SectionError
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


@attrs.frozen
class Result(Generic[Product]):
    """What came of one reading of a section."""

    products: list[Product] = attrs.field(factory=list)
    problem: SectionError | None = None
    """Why it failed."""
    seconds: float = 0.0
    late: bool = False
    """Whether the scraper's deadline left no time for it, which is no failure."""


NOTHING_GIVEN: Final[Mapping[str, Result[Any]]] = {}


class SectionReader:
    """Reads sections, whatever they are made into; remembers how long each took and which ones fail.

    A section with a metric that the page has already always fails: Prometheus would refuse the whole page.

    Raises:
        ValueError: two sections have one name, or one has a name that cannot be shown.
    """

    def __init__(self, sections: Iterable[Section], clock: Callable[[], float] = time.perf_counter) -> None:
        self._sections = tuple(sections)
        self._twice = _metrics_given_twice((OUTCOMES, *self._sections))
        self._clock = clock
        self._expected = dict.fromkeys((section.name for section in self._sections), 0.0)
        self._problems: dict[str, str] = {}
        self._late: set[str] = set()
        self._failures = dict.fromkeys((section.name for section in self._sections), 0)

    def failures(self) -> dict[str, int]:
        """Return how many times each section has failed."""
        return dict(self._failures)

    def asked_for(self, section: Section, names: frozenset[str] | None) -> bool:
        """Tell whether a scrape for these names reads a section."""
        return names is None or _reports(names) or not section.only(names).empty

    def read(
        self,
        instant: Instant,
        make: Callable[[Section, object], Iterable[Product]],
        *,
        names: frozenset[str] | None = None,
        deadline: float = math.inf,
        given: Mapping[str, Result[Product]] = NOTHING_GIVEN,
    ) -> list[Product]:
        """Return what `make` makes of all sections, or of the families that `names` ask for.

        Args:
            instant: what most sections read from.
            make: makes its products from a section and its subject; what it raises fails the section.
            names: of metrics, families or samples; None for everything.
            deadline: on this reader's clock; a section that would miss it is left out and reported.
            given: what came of sections that were read elsewhere, by their names.
        """
        products: list[Product] = []
        outcomes = Outcomes()
        late: list[str] = []
        for section in self._sections:
            if not self.asked_for(section, names):
                continue
            name = section.name
            if name in given:
                result = given[name]
            elif self.would_miss(deadline, name):
                result = Result(late=True)
            else:
                result = self.attempt(section, instant, make, names)
            self._record(name, result)
            if result.late:
                late.append(name)
            products += result.products
            outcomes.success[name] = int(result.problem is None and not result.late)
            outcomes.seconds[name] = result.seconds
        if late:
            self._left_out(late)
        products += make(OUTCOMES if names is None else OUTCOMES.only(names), outcomes)
        return products

    def would_miss(self, deadline: float, section: str) -> bool:
        """Tell whether a section is expected to miss a deadline on this reader's clock."""
        if deadline == math.inf:
            return False
        expected = self._expected[section]
        missed = self._clock() + expected > deadline
        if missed:
            # Halved, so that a section that was slow once gets another chance soon.
            self._expected[section] = expected / 2
        return missed

    def attempt(
        self,
        section: Section,
        instant: Instant,
        make: Callable[[Section, object], Iterable[Product]],
        names: frozenset[str] | None = None,
    ) -> Result[Product]:
        """Read one section, and return what came of it; changes nothing here, and may be called by any thread."""
        wanted = section if names is None else section.only(names)
        # Whoever asks for the outcomes only asks for those of a whole scrape.
        examined = section if names is None or _reports(names) else wanted
        started = self._clock()
        products: list[Product] = []
        problem = None
        try:
            self._check_given_once(section.name)
            subject = instant.snapshot() if section.subject is None else section.subject
            products = list(make(examined, subject))
            if wanted is not examined:
                products = [] if wanted.empty else list(make(wanted, subject))
        except BaseException as error:  # noqa: BLE001 - the boundary of a section: logged, counted and reported
            products, problem = [], SectionError.of(error)
        # Whole nanoseconds, as the clock tells them: the fraction that the subtraction adds takes long to write.
        return Result(products, problem, round((self._clock() - started) * 1e9) / 1e9)

    def _record(self, section: str, result: Result[Product]) -> None:
        """Remember how long a section took, and log what has changed."""
        if result.late:
            return
        self._expected[section] = result.seconds
        if result.problem is not None:
            self._failed(section, result.problem)
        elif section in self._problems:
            self._succeeded(section)

    def _check_given_once(self, section: str) -> None:
        if section in self._twice:
            raise ReadingError(self._twice[section], "is on this page already; a metric has one section")

    def _failed(self, section: str, problem: SectionError) -> None:
        self._failures[section] += 1
        # Each kind is told once, not at every scrape: a scraper comes back every few seconds.
        if self._problems.get(section) != problem.kind:
            self._problems[section] = problem.kind
            _log.error("section %s is left out of the metrics: %s", section, problem, exc_info=problem)

    def _left_out(self, late: list[str]) -> None:
        """Log once each section that a scrape has no time for: the deadline is the scraper's, so it has not failed."""
        new = [section for section in late if section not in self._late]
        if new:
            self._late.update(new)
            _log.warning("left out of the metrics, as the scrape's timeout is too short for them: %s", ", ".join(new))

    def _succeeded(self, section: str) -> None:
        del self._problems[section]
        _log.info("section %s is back in the metrics; it has failed %d times", section, self._failures[section])


def _reports(names: frozenset[str]) -> bool:
    """Tell whether names ask for the outcomes of the sections."""
    return not OUTCOMES.only(names).empty


def _metrics_given_twice(sections: Iterable[Section]) -> dict[str, str]:
    """Return the sections that repeat a metric, of their own or of a section before them, and that metric's name.

    Raises:
        ValueError: two sections have one name, or one has a name that cannot be shown.
    """
    taken: set[str] = set()
    names: set[str] = set()
    twice: dict[str, str] = {}
    for section in sections:
        if not section.name.isprintable():
            raise ValueError(f"a section of metrics is called {section.name!r:.80}, which cannot be shown")
        if section.name in names:
            raise ValueError(f"two sections of metrics are called {section.name!r}")
        names.add(section.name)
        for metric in section.metrics:
            if not taken.isdisjoint(metric.names):
                twice.setdefault(section.name, metric.name)
            taken |= metric.names
    return twice
