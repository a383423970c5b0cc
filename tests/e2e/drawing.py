"""Draws a dashboard as SVG from what Prometheus answers: enough to look at every panel without Grafana."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

import attrs

from collectors.operations.dashboards.model import WIDTH, Board, Look, Panel, Unit

COLUMN, ROW = 52, 26
MARGIN = 6
NAMED = {"green": "#56a64b", "red": "#e02f44", "gray": "#7c7c7c", "blue": "#3274d9", "yellow": "#e0b400"}
COLOURS = ("#56a64b", "#3274d9", "#e0b400", "#e02f44", "#8f3bb8", "#ff780a", "#1f9e9e", "#7c7c7c")


@attrs.frozen
class Line:
    """One series: its legend, and its values over time."""

    legend: str
    points: Sequence[tuple[float, float]]


@attrs.frozen
class Box:
    """Where a panel is."""

    x: float
    y: float
    width: float
    height: float


def draw(board: Board, answers: Mapping[str, Sequence[Line]]) -> str:
    """Return the dashboard as SVG; `answers` has the lines of each panel by its title."""
    body, bottom = [], ROW * 1.6
    body.append(_text(MARGIN * 2, ROW, board.title, 17, "#111", weight="600"))
    for row in board.rows:
        body.append(_text(MARGIN * 2, bottom + ROW * 0.7, row.title, 14, "#555", weight="600"))
        bottom += ROW
        left = height = 0
        for panel in row.panels:
            if left + panel.width > WIDTH:
                bottom, left, height = bottom + height * ROW, 0, 0
            box = Box(left * COLUMN, bottom, panel.width * COLUMN, panel.height * ROW)
            body.extend(_panel(panel, box, answers[panel.title]))
            left, height = left + panel.width, max(height, panel.height)
        bottom += height * ROW
    width, total = WIDTH * COLUMN + MARGIN, bottom + MARGIN
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{total:.0f}" font-family="sans-serif">'
    return "\n".join([head, f'<rect width="{width}" height="{total:.0f}" fill="#f4f5f5"/>', *body, "</svg>"])


def _panel(panel: Panel, box: Box, lines: Sequence[Line]) -> Iterator[str]:
    frame = 'fill="white" stroke="#d8d9da" rx="3"'
    x, y, width, height = box.x + MARGIN, box.y + MARGIN / 2, box.width - MARGIN, box.height - MARGIN
    yield f'<rect x="{x}" y="{y}" width="{width}" height="{height}" {frame}/>'
    yield _text(x + 8, y + 18, panel.title, 13, "#333", weight="600")
    inner = Box(x + 52, y + 30, width - 66, height - 62)
    if not lines:
        yield _text(x + 8, y + 60, "no data", 14, "#e02f44")
    elif panel.look is Look.FIGURE:
        value = lines[0].points[-1][1]
        bad = panel.threshold is not None and (value < panel.threshold) is panel.low_is_bad and value != panel.threshold
        yield _text(x + 8, y + height - 18, shown(value, panel.unit), 30, "#e02f44" if bad else "#56a64b", weight="600")
    elif panel.look is Look.BARS:
        yield from _bars(panel, Box(x + 8, y + 28, width - 16, height - 36), lines)
    else:
        yield from _graph(panel, inner, lines)


def _bars(panel: Panel, box: Box, lines: Sequence[Line]) -> Iterator[str]:
    top = max(line.points[-1][1] for line in lines) or 1
    each = box.height / len(lines)
    for index, line in enumerate(lines):
        value, y = line.points[-1][1], box.y + index * each
        length = (box.width - 170) * value / top
        yield f'<rect x="{box.x + 110}" y="{y}" width="{length:.1f}" height="{each - 4:.1f}" fill="#56a64b"/>'
        yield _text(box.x, y + each / 2 + 3, line.legend, 11, "#333")
        yield _text(box.x + box.width - 50, y + each / 2 + 3, shown(value, panel.unit), 11, "#333")


def _graph(panel: Panel, box: Box, lines: Sequence[Line]) -> Iterator[str]:
    first = min(line.points[0][0] for line in lines)
    last = max(line.points[-1][0] for line in lines)
    stacks = list(_stacked(lines)) if panel.stacked else [[value for _, value in line.points] for line in lines]
    top = panel.maximum or max(max(values) for values in stacks) * 1.1 or 1
    for part in (0, 0.5, 1):
        y = box.y + box.height * (1 - part)
        yield f'<line x1="{box.x}" x2="{box.x + box.width}" y1="{y}" y2="{y}" stroke="#e4e5e6"/>'
        yield _text(box.x - 6, y + 4, shown(top * part, panel.unit), 10, "#666", anchor="end")
    if panel.threshold is not None and panel.threshold <= top:
        y = box.y + box.height * (1 - panel.threshold / top)
        dashes = 'stroke="#e02f44" stroke-dasharray="5 4"'
        yield f'<line x1="{box.x}" x2="{box.x + box.width}" y1="{y:.1f}" y2="{y:.1f}" {dashes}/>'
    for index, (line, values) in enumerate(zip(lines, stacks, strict=True)):
        path = " ".join(
            f"{box.x + box.width * (at - first) / (last - first or 1):.1f},{box.y + box.height * (1 - value / top):.1f}"
            for (at, _), value in zip(line.points, values, strict=True)
        )
        colour = _colour(panel, index, line)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>'
    yield from _legend(panel, box, lines)


def _colour(panel: Panel, index: int, line: Line) -> str:
    """Return the colour that the panel has for a line, or the next one."""
    return NAMED.get(panel.colours.get(line.legend, ""), COLOURS[index % len(COLOURS)])


def _legend(panel: Panel, box: Box, lines: Sequence[Line]) -> Iterator[str]:
    left, y = box.x - 40, box.y + box.height + 14
    for index, line in enumerate(lines):
        last = index == len(lines) - 1
        room = box.x + box.width - left - (0 if last else 50)
        if 13 + 5.8 * len(line.legend) > room:
            yield _text(left, y + 6, f"and {len(lines) - index} more", 10, "#333")
            return
        yield f'<rect x="{left}" y="{y}" width="9" height="3" fill="{_colour(panel, index, line)}"/>'
        yield _text(left + 13, y + 6, line.legend, 10, "#333")
        left += 24 + 5.8 * len(line.legend)


def _stacked(lines: Sequence[Line]) -> Iterator[list[float]]:
    sums: dict[float, float] = {}
    for line in lines:
        for at, value in line.points:
            sums[at] = sums.get(at, 0.0) + value
        yield [sums[at] for at, _ in line.points]


def _text(x: float, y: float, text: str, size: int, colour: str, *, weight: str = "400", anchor: str = "start") -> str:
    style = f'font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" fill="{colour}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>'


def shown(value: float, unit: Unit) -> str:
    """Write a value in its unit, as Grafana would."""
    match unit:
        case Unit.RATIO:
            return f"{100 * value:.3g} %"
        case Unit.SECONDS:
            return f"{value:.3g} s" if value >= 1 or value == 0 else f"{1000 * value:.3g} ms"
        case Unit.BYTES:
            return f"{value / 2**20:.4g} MiB"
        case Unit.PER_SECOND | Unit.REQUESTS:
            return f"{_short(value)}/s"
        case _:
            return _short(value)


def _short(value: float) -> str:
    return f"{value / 1000:.3g} K" if value >= 10_000 else f"{value:.3g}"


def legend(template: str, labels: Mapping[str, Any]) -> str:
    """Fill a legend in, as Grafana does."""
    for name, value in labels.items():
        template = template.replace(f"{{{{{name}}}}}", str(value))
    return template
