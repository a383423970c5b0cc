"""The page: the catalogue's rows rendered fast, byte for byte as prometheus_client renders the same collector.

Theory of operation. prometheus_client spends nine tenths of a scrape on what never changes: it makes family objects
and formats labels. Here each family is laid out once (see `collectors.layouts`), and a scrape only writes numbers into
the layouts; a histogram whose point is the same object as before is not even written again. The sections, their
isolation and their checks are those of the collector.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from collectors.definitions import Section
from collectors.layouts import TEXT_FORMATS, FamilyLayout, Format, Layout, layout
from collectors.protobuf import section_messages
from collectors.scrape import Instant, SectionReader


class Exposition:
    """Renders sections; used by one thread at a time."""

    def __init__(self, sections: Iterable[Section], clock: Callable[[], float] = time.perf_counter) -> None:
        self._reader = SectionReader(sections, clock)
        self._writers = {form: _Writer(form) for form in TEXT_FORMATS}

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
        texts.append(form.ending)
        return b"".join(texts)


class _Writer:
    """Writes sections in one format, and keeps the layouts of their families."""

    def __init__(self, form: Format) -> None:
        self._form = form
        self._layouts: dict[str, Layout] = {}
        self._borrowed: dict[str, FamilyLayout] = {}

    def texts(self, section: Section, subject: Any) -> Iterator[bytes]:
        """Yield the text of each family of a section."""
        for metric in section.metrics:
            reading = metric.read(subject)
            if reading is not None:
                laid_out = self._layouts.get(metric.name)
                if laid_out is None:
                    laid_out = self._layouts[metric.name] = layout(metric, self._form)
                yield laid_out.text(reading)
        for families in section.borrowed:
            for made in families.collect():
                known = self._borrowed.get(made.name)
                if known is None:
                    known = self._borrowed[made.name] = FamilyLayout(self._form)
                yield known.text(made)
