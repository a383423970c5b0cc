"""Renders docs/metrics.md, and a table of all metrics, from the rows of the catalogue."""

from collections.abc import Iterator, Sequence
from typing import Final

from collectors.exposition.reading import OUTCOMES
from collectors.metrics import catalogue
from collectors.metrics.definitions import QUANTILES, Described, Metric, MetricType, Section

INTRODUCTION: Final = """\
# Metrics

This page is generated from the catalogue in `collectors/`; `make docs` writes it anew.

All values of the service's state in a scrape come from one instant. Every combination of label values that can be
known in advance is there from the first scrape, counters at 0; of status codes, those that the method can answer with.
The method `other` stands for health, reflection and unknown methods. Counters count since the process started; a
restart is a counter reset, which `rate` and `increase` handle. A value of 0 is a known zero, and what does not apply
is absent.

Names, types and labels of *stable* metrics stay as they are. *Evolving* ones may change with a release that says so,
and can be switched off: `PROMETHEUS_DISABLE=name,...` neither reads nor shows the families that it names.

A section is read as a whole: if one of its metrics cannot be read, all of them are left out of that scrape,
`agent_collector_success` says so, and the other sections stay.
"""


def render() -> str:
    """Return the whole page."""
    sections = (*catalogue.documented(), OUTCOMES)
    return "\n".join([INTRODUCTION, *_overview(sections), *(line for each in sections for line in _section(each))])


def table() -> str:
    """Return the table of all metrics, on lines of its own."""
    return "\n" + "".join(f"{row}\n" for row in _table())


def _table() -> Iterator[str]:
    yield "| Metric | Type | Labels | Meaning |"
    yield "|---|---|---|---|"
    for section in (*catalogue.documented(), OUTCOMES):
        for metric in section.metrics:
            labels = ", ".join(f"`{label}`" for label in _values(metric))
            yield f"| `{metric.name}` | {metric.type} | {labels} | {metric.help} |"


def _overview(sections: Sequence[Section]) -> Iterator[str]:
    yield "| Metric | Type | Labels | Stability |"
    yield "|---|---|---|---|"
    for section in sections:
        for metric in section.metrics:
            labels = ", ".join(f"`{label}`" for label in _values(metric))
            yield f"| [`{metric.name}`](#{metric.name}) | {metric.type} | {labels} | {metric.stability} |"
    yield ""


def _section(section: Section) -> Iterator[str]:
    yield f"## Section {section.name}"
    yield ""
    for metric in section.metrics:
        yield from _metric(metric)


def _metric(metric: Metric) -> Iterator[str]:
    yield f"### {metric.name}"
    yield ""
    yield metric.help
    yield ""
    yield f"- Type: {metric.type}, {metric.stability}"
    if metric.switch != metric.name:
        yield f"- Switched off as `{metric.switch}`"
    for label, values in _values(metric).items():
        yield f"- `{label}`: {values}"
    yield ""
    yield "```promql"
    yield metric.example
    yield "```"
    yield ""


def _values(metric: Metric) -> dict[str, str]:
    """Return the values of each label that the metric's documentation names, in words."""
    named = {
        label: values.words if isinstance(values, Described) else ", ".join(values)
        for label, values in metric.labels.items()
    }
    return {**named, "quantile": ", ".join(map(str, QUANTILES))} if metric.type is MetricType.SUMMARY else named
