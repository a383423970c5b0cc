"""The page: the catalogue's rows rendered fast, byte for byte as prometheus_client renders the same collector.

Theory of operation. prometheus_client spends nine tenths of a scrape on what never changes: it makes family objects
and formats labels. Here each section is laid out once (see `collectors.exposition.layouts`), and a scrape only writes
the numbers that have changed; a histogram whose point is the same object as before is not even looked at. The
sections, their isolation and their checks are those of the collector.
"""

import math
import time
from collections.abc import Callable, Iterable
from typing import Any

from collectors.exposition.formats import TEXT_FORMATS, Format
from collectors.exposition.layouts import FamilyLayout, SectionLayout
from collectors.exposition.protobuf import section_messages
from collectors.exposition.reading import OUTCOMES, Instant, SectionReader
from collectors.metrics.definitions import Metric, Section


class Exposition:
    """Renders sections; used by one thread at a time."""

    def __init__(self, sections: Iterable[Section], clock: Callable[[], float] = time.perf_counter) -> None:
        sections = tuple(sections)
        self._reader = SectionReader(sections, clock)
        self._writers = {form: _Writer((*sections, OUTCOMES), form) for form in TEXT_FORMATS}

    def failures(self) -> dict[str, int]:
        """Return how many times each section has failed."""
        return self._reader.failures()

    def render(
        self,
        instant: Instant,
        form: Format = Format.TEXT,
        *,
        names: frozenset[str] | None = None,
        deadline: float = math.inf,
    ) -> bytes:
        """Return the page of one instant.

        Args:
            instant: what is shown; several pages of one instant agree with each other.
            form: text, OpenMetrics or protobuf.
            names: of metrics, families or samples, which alone are read; None for everything.
            deadline: on the clock; a section that would miss it is left out and reported.
        """
        if form is Format.PROTOBUF:
            return b"".join(self._reader.read(instant, section_messages, names=names, deadline=deadline))
        texts = self._reader.read(instant, self._writers[form].texts, names=names, deadline=deadline)
        return "".join([*texts, form.ending]).encode()


class _Writer:
    """Writes sections in one format, and keeps their layouts."""

    def __init__(self, sections: Iterable[Section], form: Format) -> None:
        self._form = form
        self._sections = {section.name: SectionLayout(section.metrics, form) for section in sections}
        self._metrics: dict[str, SectionLayout] = {}
        self._borrowed: dict[str, FamilyLayout] = {}

    def texts(self, section: Section, subject: Any) -> list[str]:
        """Return the text of a section, or of the metrics that are left of it, and of what it borrows."""
        whole = self._sections[section.name]
        if section.metrics is whole.metrics:
            texts = [whole.text(subject)]
        else:
            texts = [self._alone(metric).text(subject) for metric in section.metrics]
        for families in section.borrowed:
            for made in families.collect():
                known = self._borrowed.get(made.name)
                if known is None:
                    known = self._borrowed[made.name] = FamilyLayout(self._form)
                texts.append(known.text(made))
        return texts

    def _alone(self, metric: Metric) -> SectionLayout:
        layout = self._metrics.get(metric.name)
        if layout is None:
            layout = self._metrics[metric.name] = SectionLayout((metric,), self._form)
        return layout
