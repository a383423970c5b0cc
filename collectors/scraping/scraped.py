"""What the page of another process says: its families, and its samples by name and labels."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

import attrs
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from collectors.errors import NotMetricsError

Labels = frozenset[tuple[str, str]]


@attrs.frozen
class Scraped:
    """One page, parsed."""

    families: tuple[Family, ...]
    """One of each name, without timestamps."""
    _samples: Mapping[str, Mapping[Labels, float]]

    @classmethod
    def parse(cls, text: str) -> "Scraped":
        """Read a page in the text format 0.0.4.

        Raises:
            NotMetricsError: it is none, or contradicts itself.
        """
        families = tuple(_merged(_parsed(text)))
        samples: dict[str, dict[Labels, float]] = {}
        for sample in chain.from_iterable(family.samples for family in families):
            series = samples.setdefault(sample.name, {})
            labels = frozenset(sample.labels.items())
            if labels in series:
                raise NotMetricsError(f"{sample.name} has the same series twice")
            series[labels] = float(sample.value)
        return cls(families, samples)

    def series(self, name: str) -> Mapping[Labels, float]:
        """Return all samples of one name by their labels; none if the page has no such name."""
        return self._samples.get(name, {})

    def one(self, name: str, **labels: str) -> float | None:
        """Return one sample, or None if the page has no such one."""
        return self.series(name).get(frozenset(labels.items()))

    def by(self, name: str, label: str) -> dict[str, float]:
        """Return the samples of one name, summed by the values of one label, in the order of the page."""
        sums: dict[str, float] = {}
        for labels, value in self.series(name).items():
            key = dict(labels).get(label, "")
            sums[key] = sums.get(key, 0.0) + value
        return sums

    def registry(self) -> CollectorRegistry:
        """Return a registry that yields exactly these families."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Families(self.families))
        return registry


@attrs.frozen(eq=False)
class _Families(Collector):
    families: tuple[Family, ...]

    def collect(self) -> Iterable[Family]:
        """Yield them."""
        return self.families


def _parsed(text: str) -> Iterator[Family]:
    try:
        yield from text_string_to_metric_families(text)
    # The parser is made for pages that are right: what is wrong meets its slices and tables.
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        raise NotMetricsError(str(error) or "a line cannot be parsed") from error


def _merged(families: Iterable[Family]) -> Iterable[Family]:
    """Return one family of each name: a gateway refuses a page that opens one twice, or tells when it was sampled."""
    merged: dict[str, Family] = {}
    for family in families:
        known = merged.get(family.name)
        if known is None:
            known = merged[family.name] = Family(family.name, family.documentation, family.type)
        elif known.type != family.type:
            raise NotMetricsError(f"{family.name} is a {known.type} and a {family.type}")
        known.samples.extend(Sample(sample.name, sample.labels, sample.value) for sample in family.samples)
    return merged.values()
