"""The pages of the guide that list every panel, written from the dashboards themselves."""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Final

from collectors.operations.dashboards.model import LEGEND_COLUMNS, LINE_WIDTH, MINIMUM, Board, Look, Panel
from collectors.operations.dashboards.render import ANY_INSTANCE, INSTANCE_OPTIONS, JOB_OPTIONS

OPENING: Final = Path(__file__).with_name("dashboard_guide_opening.md")
LOOKS: Final = {Look.GRAPH: "time series", Look.FIGURE: "stat", Look.BARS: "bar gauge"}


def render(boards: Sequence[Board]) -> str:
    """Return the guide: how to import the dashboards, then every panel of each."""
    table = "\n".join(f"| [{board.title}](#{_anchor(board.title)}) | {board.description} |" for board in boards)
    opening = OPENING.read_text("utf-8")
    for key, value in {
        "table": table,
        "job": _cell(JOB_OPTIONS),
        "instance": _cell(INSTANCE_OPTIONS),
        "any": ANY_INSTANCE,
        "minimum": MINIMUM,
        "line": LINE_WIDTH,
        "legend": " and ".join(f"`{column}`" for column in LEGEND_COLUMNS.values()),
    }.items():
        opening = opening.replace(f"@{{{key}}}", str(value))
    return opening + "\n".join(f"{line}" for board in boards for line in (*_board(board), ""))


def _cell(code: str) -> str:
    """Write code for a table's cell, where a bar would begin the next one."""
    return f"<code>{escape(code, quote=False).replace('|', '&#124;')}</code>"


def _anchor(title: str) -> str:
    return title.lower().replace(":", "").replace(" ", "-")


def _board(board: Board) -> Iterator[str]:
    yield f"## {board.title}"
    yield ""
    yield f"{board.description} File: [`grafana/{board.file}`](grafana/{board.file}), uid `{board.uid}`."
    for row in board.rows:
        yield ""
        yield f"### {row.title}"
        for panel in row.panels:
            yield ""
            yield from _panel(panel)


def _panel(panel: Panel) -> Iterator[str]:
    settings = [LOOKS[panel.look], f"unit `{panel.unit}`", f"{panel.width} x {panel.height}", f"minimum {MINIMUM}"]
    if panel.maximum is not None:
        settings.append(f"maximum {panel.maximum:g}")
    if panel.look is Look.GRAPH:
        settings.append(f"fill {panel.fill}")
    if panel.stacked:
        settings.append("stacked")
    if panel.colours:
        settings.append(f"colours {', '.join(f'{name} {colour}' for name, colour in panel.colours.items())}")
    if panel.threshold is not None:
        settings.append(f"red {'below' if panel.low_is_bad else 'from'} {panel.threshold:g}, as {panel.alert}")
    yield f"**{panel.title}** ({', '.join(settings)}). {panel.description}"
    yield ""
    yield "```promql"
    for query in panel.queries:
        yield f"{query.expr}  # legend: {query.legend}"
    yield "```"
