"""The page: the catalogue's rows in any format, as prometheus_client shows the same collector.

The sections, their boundaries and their checks are those of the collector (see `collectors.exposition.reading`). Each
row has a layout for each format that was asked for (see `collectors.exposition.layout`).
"""

import contextlib
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from collectors.exposition.formats import Format
from collectors.exposition.isolation import SECTION_SECONDS, Isolation
from collectors.exposition.protobuf import MetricMessage
from collectors.exposition.reading import NOTHING_GIVEN, Instant, Result, SectionReader
from collectors.exposition.text import MetricText
from collectors.metrics.definitions import Metric, Section


class Exposition:
    """Renders sections, and after them those of others, which are read in isolation; used by one thread at a time."""

    def __init__(
        self,
        sections: Iterable[Section],
        clock: Callable[[], float] = time.perf_counter,
        *,
        others: Iterable[Section] = (),
        section_seconds: float = SECTION_SECONDS,
    ) -> None:
        others = tuple(others)
        self._reader = SectionReader((*sections, *others), clock)
        self._isolation: Isolation[Any] = Isolation(others, self._reader, section_seconds, clock)
        self._snapshot_first = any(section.subject is None for section in others)
        self._writers = {form: _Writers(form) for form in Format}

    def failures(self) -> dict[str, int]:
        """Return how many times each section has failed."""
        return self._reader.failures()

    @property
    def isolates(self) -> bool:
        """Whether there are sections of others: then `others` has to be awaited before each rendering."""
        return not self._isolation.empty

    async def others(
        self, instant: Instant, form: Format, *, names: frozenset[str] | None = None, deadline: float = math.inf
    ) -> Mapping[str, Result[Any]]:
        """Return what came of the sections of others; takes no longer than such a section may."""
        if self._snapshot_first:
            # Here, because an instant belongs to one thread; if it fails, each section that needs it says so.
            with contextlib.suppress(Exception):
                instant.snapshot()
        return await self._isolation.read(instant, self._writers[form].section, names=names, deadline=deadline)

    def render(
        self,
        instant: Instant,
        form: Format = Format.TEXT,
        *,
        names: frozenset[str] | None = None,
        deadline: float = math.inf,
        given: Mapping[str, Result[Any]] = NOTHING_GIVEN,
    ) -> bytes:
        """Return the page of one instant.

        Args:
            instant: what is shown; several pages of one instant agree with each other.
            form: text, OpenMetrics or protobuf.
            names: of metrics, families or samples, which alone are read; None for everything.
            deadline: on the clock; a section that would miss it is left out and reported.
            given: what `others` has returned.
        """
        make = self._writers[form].section
        written = self._reader.read(instant, make, names=names, deadline=deadline, given=given)
        if form is Format.PROTOBUF:
            return b"".join(written)
        return "".join([*written, form.ending]).encode()


class _Writers:
    """What writes the metrics of one format, by the names of section and metric."""

    def __init__(self, form: Format) -> None:
        self._form = form
        self._metrics: dict[tuple[str, str], MetricText | MetricMessage] = {}

    def section(self, section: Section, subject: Any) -> Iterator[Any]:
        """Yield each metric of a section as it is written: text, or the bytes of a message."""
        for metric in section.metrics:
            key = section.name, metric.name
            yield (self._metrics.get(key) or self._added(key, metric)).written(subject)

    def _added(self, key: tuple[str, str], metric: Metric) -> MetricText | MetricMessage:
        made = MetricMessage(metric) if self._form is Format.PROTOBUF else MetricText(metric, self._form)
        self._metrics[key] = made
        return made
