"""An ordinary prometheus_client collector over the service's snapshots, for any registry."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final

import attrs
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from collectors.errors import AlreadyRegisteredError
from collectors.exposition.families import empty_family, section_families
from collectors.exposition.reading import OUTCOMES, Instant, SectionReader
from collectors.metrics import catalogue
from collectors.metrics.definitions import Section
from gui_agents.snapshot import SnapshotSource

_OURS: Final = "agent_"
"""What the names of the service's own metrics begin with."""


class ServiceCollector(Collector):
    """Yields every family of the catalogue from one snapshot; may be collected by several threads."""

    def __init__(
        self,
        source: SnapshotSource,
        sections: Iterable[Section] | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._source = source
        self._sections = tuple(catalogue.sections() if sections is None else sections)
        self._reader = SectionReader(self._sections, clock)

    def failures(self) -> dict[str, int]:
        """Return how many times each section has failed."""
        return self._reader.failures()

    def describe(self) -> Iterator[Family]:
        """Yield every family that `collect` can yield, without samples; takes no snapshot."""
        for section in (*self._sections, OUTCOMES):
            for metric in section.metrics:
                yield empty_family(metric)

    def collect(self) -> Iterator[Family]:
        """Yield every family as of one instant; a section that fails is left out and reported."""
        yield from self._reader.read(Instant(self._source), section_families)


def register(
    source: SnapshotSource, registry: CollectorRegistry, *, disabled: Collection[str] = ()
) -> ServiceCollector:
    """Register a collector over `source`, and return it for `registry.unregister`.

    prometheus_client's default registry comes with its process collectors; what a registry has already is left to it.

    Raises:
        AlreadyRegisteredError: the registry has the service's metrics already.
        ConfigError: `disabled` names what is no optional family.
    """
    sections = tuple(_left_to(registry, section) for section in catalogue.sections(disabled))
    collector = ServiceCollector(source, sections)
    try:
        registry.register(collector)
    except ValueError as error:
        names = {metric.name for section in sections for metric in section.metrics}
        raise AlreadyRegisteredError(names) from error
    return collector


def _left_to(registry: CollectorRegistry, section: Section) -> Section:
    """Return the section without those families of every Python program that the registry has already."""
    return attrs.evolve(
        section,
        metrics=tuple(
            metric
            for metric in section.metrics
            if metric.name.startswith(_OURS) or not list(registry.restricted_registry(metric.names).collect())
        ),
    )
