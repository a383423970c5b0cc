"""One frame of `top`, drawn with rich; 80 columns and 24 lines are enough for all of it but the list of methods."""

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Final

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from gui_agents.commands.top.figures import Figures, Method

ABSENT: Final = "–"
BAR: Final = 12
SPARKS: Final = 24
LEVELS: Final = "▁▂▃▄▅▆▇█"
OTHER_LINES: Final = 22
"""Of a frame, without the rows of the methods."""
METHODS_LEAST: Final = 2
LATE_SECONDS: Final = 1.0
"""A lag of the event loop that deserves a colour."""
FULL: Final = 1.0
UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB")


def frame(figures: Figures, status: Text, height: int) -> RenderableType:
    """Return one frame for a console of `height` lines; its second line says how fresh it is."""
    top = Table.grid(expand=True, padding=(0, 1))
    top.add_column(ratio=1)
    top.add_column(ratio=1)
    top.add_row(_panel("Tasks", _tasks(figures)), _panel("Times", _times(figures)))
    bottom = Table.grid(expand=True, padding=(0, 1))
    bottom.add_column(ratio=1)
    bottom.add_column(ratio=1)
    bottom.add_row(_panel("Tokens and cost", _spending(figures)), _panel("Service", _service(figures)))
    methods = _methods(figures.methods, max(METHODS_LEAST, height - OTHER_LINES))
    rpcs = _panel(f"RPCs ({count(figures.open_streams)} streams open)", methods)
    return Group(_heading(figures), status, top, rpcs, bottom, _sections(figures))


def _panel(title: str, content: RenderableType) -> Panel:
    return Panel(content, title=title, title_align="left", border_style="dim", padding=(0, 1))


def _rows(rows: Sequence[tuple[str, RenderableType]]) -> Table:
    table = Table.grid(expand=True, padding=(0, 1))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*row)
    return table


def _heading(figures: Figures) -> Text:
    over = figures.averaged_seconds
    rates = "since the start" if over is None else f"over {duration(over)}"
    text = Text.assemble(
        (f"gui-agents {figures.version}", "bold"), f"  up {duration(figures.uptime_seconds)}  rates {rates}"
    )
    if figures.restarts:
        text.append(f"  restarted {figures.restarts}×", "yellow")
    return text


def _tasks(figures: Figures) -> Table:
    outcomes = [
        (status, Text.assemble(count(outcome.total), (f"  {rate(outcome.per_minute)}/min", style)))
        for (status, outcome), style in zip(figures.outcomes.items(), ("green", "red", "yellow"), strict=True)
    ]
    return _rows(
        [
            ("slots", _bar(figures.running, figures.slots)),
            ("queue", _bar(figures.pending, figures.queue_capacity)),
            ("success", _share(figures.success_rate)),
            *outcomes,
            ("ended", Text(sparkline(figures.ended_per_second[-SPARKS:]) or ABSENT, "cyan")),
        ]
    )


def _times(figures: Figures) -> Table:
    quantiles = [
        (f"p{float(quantile) * 100:g}", duration(seconds)) for quantile, seconds in figures.latency_seconds.items()
    ]
    return _rows(
        [
            *quantiles,
            ("longest wait", duration(figures.oldest_pending_seconds)),
            ("longest silence", duration(figures.silent_seconds)),
            ("steps", f"{rate(figures.steps_per_second)}/s"),
            ("failures", _listed(figures.failures)),
        ]
    )


def _methods(methods: Sequence[Method], lines: int) -> RenderableType:
    if not methods:
        return Text("none yet", "dim")
    table = Table(box=None, expand=True, padding=(0, 1), pad_edge=False)
    table.add_column("method", ratio=1, no_wrap=True, overflow="ellipsis")
    for heading in ("rate", "errors", "total", "errors"):
        table.add_column(heading, justify="right", no_wrap=True)
    fitting = methods if len(methods) <= lines else methods[: lines - 1]
    for method in fitting:
        table.add_row(*_method(method))
    if len(fitting) < len(methods):
        table.add_row(Text(f"and {len(methods) - len(fitting)} more", "dim"))
    return table


def _method(method: Method) -> tuple[RenderableType, ...]:
    failing = "red" if method.errors_per_second else ""
    return (
        method.name,
        f"{rate(method.per_second)}/s",
        Text(f"{rate(method.errors_per_second)}/s", failing),
        count(method.total),
        Text(count(method.errors), failing),
    )


def _spending(figures: Figures) -> Table:
    tokens = [(f"{kind}/h", count(grown)) for kind, grown in figures.tokens_per_hour.items()]
    cost = [(f"{currency}/h", f"{spent:,.2f}") for currency, spent in figures.cost_per_hour.items()]
    return _rows([*tokens, *cost] or [("tokens", ABSENT)])


def _service(figures: Figures) -> Table:
    lag = figures.loop_lag_seconds
    late = "red" if lag is not None and lag >= LATE_SECONDS else ""
    return _rows(
        [
            ("memory", size(figures.memory_bytes)),
            ("loop lag", Text(f"{duration(lag)}, blocked {figures.loop_blocked:.1%}", late)),
            ("sandboxes", _listed(figures.sandboxes)),
            ("files", ABSENT if figures.files is None else count(figures.files)),
        ]
    )


def _sections(figures: Figures) -> Text:
    text = Text("sections ", "dim", overflow="fold")
    for name, success in figures.sections.items():
        text.append(f" {name} " if success else f" {name} FAILED ", "green" if success else "bold white on red")
    return text if figures.sections else Text("this page tells no sections; is it the service's /metrics?", "yellow")


def _bar(part: float | None, whole: float | None) -> Text:
    if part is None or whole is None:
        return Text(ABSENT if part is None else count(part))
    share = min(FULL, part / whole) if whole else FULL if part else 0.0
    filled = round(share * BAR)
    style = "red" if share >= FULL else "green"
    return Text.assemble(("█" * filled, style), ("░" * (BAR - filled), "dim"), f" {count(part)}/{count(whole)}")


def _share(share: float | None) -> str:
    return ABSENT if share is None else f"{share:.1%}"


def _listed(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {count(value)}" for name, value in values.items()) or ABSENT


def sparkline(values: Sequence[float]) -> str:
    """Return a bar for each value, the highest one as high as it can be."""
    highest = max(values, default=0.0)
    if highest <= 0:
        return LEVELS[0] * len(values)
    return "".join(LEVELS[min(len(LEVELS) - 1, int(value / highest * len(LEVELS)))] for value in values)


def count(number: float) -> str:
    """Say how many, in whole numbers."""
    return f"{number:,.0f}"


def rate(number: float) -> str:
    """Say a rate, small ones with three digits."""
    return f"{number:.3g}" if number < 100 else count(number)  # noqa: PLR2004 - three digits


def duration(seconds: float | None) -> str:
    """Say a duration in its largest units."""
    if seconds is None or isnan(seconds):
        return ABSENT
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.3g} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size(number: float | None) -> str:
    """Say a number of bytes."""
    if number is None:
        return ABSENT
    for unit in UNITS[:-1]:
        if number < 1024:  # noqa: PLR2004 - the factor between units
            return f"{number:.4g} {unit}"
        number /= 1024
    return f"{number:.4g} {UNITS[-1]}"
