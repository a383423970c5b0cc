"""What a dashboard is: rows of panels with their queries, free of Grafana's own vocabulary.

In a query, `@` in a selector stands for the chosen jobs and instances, `@job` for the chosen jobs alone, as recorded
series need it.
"""

from collections.abc import Mapping
from enum import StrEnum, unique
from typing import Final

import attrs

from gui_agents.domain.lifecycle import TaskStatus

TARGETS: Final = 'job=~"$job",instance=~"$instance"'
JOBS: Final = 'job=~"$job"'
WIDTH: Final = 24
"""Columns of Grafana's grid."""
MINIMUM: Final = 0
"""The bottom of every axis."""
LINE_WIDTH: Final = 1
FILL, STACKED_FILL = 5, 30
"""How opaque the area below a line is, in percent."""
LEGEND_COLUMNS: Final = {"lastNotNull": "Last *", "max": "Max"}
"""What the legend's table tells of each line, and how Grafana's editor calls it."""


OUTCOME_COLOURS: Final[Mapping[str, str]] = {
    TaskStatus.COMPLETED: "green",
    TaskStatus.FAILED: "red",
    TaskStatus.CANCELLED: "gray",
    TaskStatus.RUNNING: "blue",
    TaskStatus.PENDING: "yellow",
}
"""The colours of the status page: a user's cancel is neither good nor bad."""


@unique
class Unit(StrEnum):
    """The units that panels show, as Grafana spells them."""

    COUNT = "short"
    RATIO = "percentunit"
    SECONDS = "s"
    BYTES = "bytes"
    PER_SECOND = "ops"
    REQUESTS = "reqps"
    MONEY = "none"
    """In the currency that the legend names."""


@unique
class Look(StrEnum):
    """How a panel shows its queries."""

    GRAPH = "timeseries"
    FIGURE = "stat"
    BARS = "bargauge"


@attrs.frozen
class Query:
    """One query of a panel."""

    text: str
    legend: str

    @property
    def expr(self) -> str:
        """The query as Grafana sends it, with its variables."""
        return self.text.replace("@job", JOBS).replace("@", TARGETS)


@attrs.frozen(kw_only=True)
class Panel:
    """One panel."""

    title: str
    description: str
    unit: Unit
    queries: tuple[Query, ...]
    look: Look = Look.GRAPH
    width: int = 8
    height: int = 8
    maximum: float | None = None
    """The top of the axis, if the value has one."""
    stacked: bool = False
    threshold: float | None = None
    """From here on the panel is red."""
    alert: str | None = None
    """The alert whose threshold that is."""
    low_is_bad: bool = False
    """Whether it is red below the threshold instead."""
    colours: Mapping[str, str] = attrs.field(factory=dict)
    """The colours of lines by their names; Grafana chooses those of others."""

    @property
    def instant(self) -> bool:
        """Whether it asks for now alone: a range ends with the last value there was, however long ago that is."""
        return self.look is not Look.GRAPH

    @property
    def fill(self) -> int:
        """How opaque the areas below its lines are, in percent."""
        return STACKED_FILL if self.stacked else FILL


@attrs.frozen
class Row:
    """Panels under one heading."""

    title: str
    panels: tuple[Panel, ...]


@attrs.frozen(kw_only=True)
class Board:
    """One dashboard."""

    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.uid}.json"

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All panels, in order."""
        return tuple(panel for row in self.rows for panel in row.panels)
