"""Renders docs/metrics.md, and the table of collectors/README.md, from the catalogue; a test compares both."""

from collections.abc import Iterator, Sequence
from typing import Final

from collectors.exposition.reading import OUTCOMES
from collectors.metrics import catalogue
from collectors.metrics.definitions import Metric, MetricType, Section

INTRODUCTION: Final = """\
# Metrics

This page is generated from the catalogue in `collectors/`; `make docs` writes it anew.

All values of the service's state in a scrape come from one instant. Every combination of label values that can be
known in advance is there from the first scrape, counters at 0. Counters count since the process started; a restart is
a counter reset, which `rate` and `increase` handle. A value of 0 is a known zero, and what does not apply is absent.

Names, types and labels of *stable* metrics stay as they are. *Evolving* ones may change with a release that says so,
and can be switched off: `PROMETHEUS_DISABLE=name,...` neither reads nor shows the families that it names.

A section is read as a whole: if one of its metrics cannot be read, all of them are left out of that scrape,
`agent_collector_success` says so, and the other sections stay.
"""

TABLE_BEGINS: Final = "<!-- This table is written by `make docs`. -->\n"
TABLE_ENDS: Final = "<!-- The table ends here. -->\n"


def render() -> str:
    """Return the whole page."""
    sections = (*catalogue.sections(), OUTCOMES)
    return "\n".join([INTRODUCTION, *_overview(sections), *(line for each in sections for line in _section(each))])


def with_table(page: str) -> str:
    """Return another page with the table of all metrics in its place, between two comments."""
    before, begins, rest = page.partition(TABLE_BEGINS)
    _, ends, after = rest.partition(TABLE_ENDS)
    return "".join([before, begins, *(f"{row}\n" for row in _table()), ends, after])


def _table() -> Iterator[str]:
    yield "| Metric | Type | Labels | Meaning |"
    yield "|---|---|---|---|"
    for section in (*catalogue.sections(), OUTCOMES):
        for metric in section.metrics:
            labels = ", ".join(f"`{label}`" for label in _labels(metric))
            yield f"| `{metric.name}` | {metric.type} | {labels} | {metric.help} |"


def _overview(sections: Sequence[Section]) -> Iterator[str]:
    yield "| Metric | Type | Labels | Stability |"
    yield "|---|---|---|---|"
    for section in sections:
        for metric in section.metrics:
            labels = ", ".join(f"`{label}`" for label in _labels(metric))
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
    for label in _labels(metric):
        yield f"- `{label}`: {metric.values[label]}"
    yield ""
    yield "```promql"
    yield metric.example
    yield "```"
    yield ""


def _labels(metric: Metric) -> tuple[str, ...]:
    """Return the labels that a metric shows; a summary's and an info's are not among those that are read."""
    shown_by_type = metric.type in (MetricType.SUMMARY, MetricType.INFO)
    return tuple(metric.values) if shown_by_type else metric.labels
