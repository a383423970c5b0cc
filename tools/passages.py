"""The passages that code writes into pages that people write: counts in sentences, and tables.

A passage stands between two comments, which readers do not see: `<!-- make docs: alerts -->37<!-- end -->`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

import yaml

from collectors.exposition.reading import OUTCOMES
from collectors.metrics import catalogue
from collectors.operations import configuration
from collectors.operations.alerts import alert_groups, alert_names
from collectors.operations.configuration import Site
from collectors.operations.dashboards import boards
from collectors.operations.model import Setting
from collectors.operations.recording import recordings
from tools import configuration_page, idle, memory_table, metrics_page, migration_page, models_page, sample_tables

PASSAGE: Final = re.compile(r"(<!-- make docs: ([\w ]+) -->)(.*?)(<!-- end -->)", re.DOTALL)

_SETTING: Final = Setting()


class UnknownPassageError(Exception):
    """A page asks for a passage that nothing writes."""

    def __init__(self, name: str) -> None:
        super().__init__(f"nothing writes the passage {name!r}; there are: {', '.join(PASSAGES)}")


def filled(page: str) -> str:
    """Return a page with all of its passages as they are now.

    Raises:
        UnknownPassageError: it has one that nothing writes.
    """
    return PASSAGE.sub(lambda found: f"{found[1]}{_written(found[2])}{found[4]}", page)


def _written(name: str) -> str:
    if name not in PASSAGES:
        raise UnknownPassageError(name)
    return PASSAGES[name]()


def _metrics() -> int:
    return sum(len(section.metrics) for section in (*catalogue.documented(), OUTCOMES))


def _recordings() -> int:
    return sum(len(group.rules) for group in recordings(_SETTING))


def _alert_rules() -> int:
    return sum(len(group.rules) for group in alert_groups(_SETTING))


def _panels() -> int:
    return sum(len(board.panels) for board in boards())


def _queries() -> int:
    return sum(len(panel.queries) for board in boards() for panel in board.panels)


def _inhibitions() -> int:
    routing = yaml.safe_load(configuration.alertmanager(Site(setting=_SETTING)))
    return len(routing["inhibit_rules"])


PASSAGES: Final[Mapping[str, Callable[[], str]]] = {
    "metrics": lambda: str(_metrics()),
    "table of metrics": metrics_page.table,
    "table of variables": configuration_page.table,
    "table of memory": memory_table.table,
    "variables that differ": migration_page.variables_that_differ,
    "variables of the reference": migration_page.variables_of_the_reference,
    "table of providers": models_page.providers,
    "examples of providers": models_page.examples,
    "fields of models": models_page.fields,
    "samples": lambda: str(len(idle.samples())),
    "series": lambda: str(sample_tables.series()),
    "samples a second": lambda: f"{sample_tables.series() / sample_tables.SCRAPE_SECONDS:.0f}",
    "samples by metric": sample_tables.by_metric,
    "samples by kind": sample_tables.by_kind,
    "samples by instances": sample_tables.by_instances,
    "recordings": lambda: str(_recordings()),
    "alerts": lambda: str(len(set(alert_names(_SETTING)))),
    "alert rules": lambda: str(_alert_rules()),
    "rules": lambda: str(_recordings() + _alert_rules()),
    "inhibitions": lambda: str(_inhibitions()),
    "dashboards": lambda: str(len(boards())),
    "panels": lambda: str(_panels()),
    "queries": lambda: str(_queries()),
}
"""What writes each passage, by its name."""
