"""The pages of the guide that list every panel, written from the dashboards themselves."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from collectors.operations.dashboards.model import Board, Look, Panel

OPENING: Final = Path(__file__).with_name("guide_opening.md")
LOOKS: Final = {Look.GRAPH: "time series", Look.FIGURE: "stat", Look.BARS: "bar gauge"}


def render(boards: Sequence[Board]) -> str:
    """Return the guide: how to import the dashboards, then every panel of each."""
    table = "\n".join(f"| [{board.title}](#{_anchor(board.title)}) | {board.description} |" for board in boards)
    return OPENING.read_text("utf-8").replace("@{table}", table) + "\n".join(
        f"{line}" for board in boards for line in (*_board(board), "")
    )


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
    settings = [LOOKS[panel.look], f"unit `{panel.unit}`", f"{panel.width} x {panel.height}"]
    if panel.stacked:
        settings.append("stacked")
    if panel.maximum is not None:
        settings.append(f"maximum {panel.maximum:g}")
    if panel.threshold is not None:
        settings.append(f"red {'below' if panel.low_is_bad else 'from'} {panel.threshold:g}")
    yield f"**{panel.title}** ({', '.join(settings)}). {panel.description}"
    yield ""
    yield "```promql"
    for query in panel.queries:
        yield f"{query.expr}  # legend: {query.legend}"
    yield "```"
