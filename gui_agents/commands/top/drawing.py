"""One frame of `top`, drawn with rich.

80 columns and 24 lines show everything except the list of methods and the panel of sandboxes. In 60 columns bars and
words are shorter, and in fewer than that one panel stands below the other.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Final

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from gui_agents.commands.output import printable
from gui_agents.commands.top.figures import Figures, Method
from gui_agents.domain.buckets import SANDBOX_OPEN_SECONDS

ABSENT: Final = "–"
NONE: Final = "none"
BAR: Final = 12
NARROW_BAR: Final = 6
WIDE: Final = 76
"""Columns from which there is room for long bars and words."""
TWO_PANELS: Final = 56
"""Columns from which two panels stand side by side."""
SPARKS: Final = 24
LEVELS: Final = "▁▂▃▄▅▆▇█"
OTHER_LINES: Final = 22
"""Lines of a frame without the rows of the methods."""
METHODS_LEAST: Final = 2
SANDBOX_LINES: Final = 6
"""Of the panel that only a higher terminal has."""
CURRENCIES_MOST: Final = 2
"""Rows for currencies. All further currencies share the last row."""
LATE_SECONDS: Final = 1.0
"""Seconds of lag of the event loop from which it is coloured."""
FULL: Final = 1.0
HALF: Final = 0.5
UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB")


def frame(figures: Figures, status: Text, width: int, height: int) -> RenderableType:
    """Return one frame for a console of `width` columns and `height` lines.

    Its first lines show its age and what has failed.
    """
    wide = width >= WIDE
    top = _side_by_side(width, _panel("Tasks", _tasks(figures, wide=wide)), _panel("Times", _times(figures, wide=wide)))
    bottom = _side_by_side(
        width, _panel("Tokens and cost", _spending(figures)), _panel("Service", _service(figures, wide=wide))
    )
    spare = height - OTHER_LINES - METHODS_LEAST
    sandboxes = [_panel("Sandboxes", _sandboxes(figures))] if spare >= SANDBOX_LINES else []
    methods = _methods(figures.methods, METHODS_LEAST + max(0, spare - SANDBOX_LINES * len(sandboxes)))
    rpcs = _panel(f"RPCs ({count(figures.open_streams)} streams open)", methods)
    sections = _sections(figures)
    # What does not fit is cut off at the bottom. Failures stand at the top, so they are never cut off.
    if all(figures.sections.values()):
        return Group(_heading(figures), status, top, rpcs, bottom, *sandboxes, sections)
    return Group(_heading(figures), sections, status, top, rpcs, bottom, *sandboxes)


def _side_by_side(width: int, *panels: Panel) -> RenderableType:
    if width < TWO_PANELS:
        return Group(*panels)
    grid = Table.grid(expand=True, padding=(0, 1))
    for _ in panels:
        grid.add_column(ratio=1)
    grid.add_row(*panels)
    return grid


def _panel(title: str, content: RenderableType) -> Panel:
    return Panel(content, title=title, title_align="left", border_style="dim", padding=(0, 1))


def _rows(rows: Sequence[tuple[str, Text | str]]) -> Table:
    table = Table.grid(expand=True, padding=(0, 1))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    for name, value in rows:
        table.add_row(_said(name), value if isinstance(value, Text) else _said(value))
    return table


def _said(text: str, style: str = "") -> Text:
    """Return a text of the page without markup and without characters that control a terminal."""
    return Text(printable(text), style)


def _heading(figures: Figures) -> Text:
    over = figures.averaged_seconds
    rates = "since the start" if over is None else f"over {duration(over)}"
    text = _said(f"gui-agents {figures.version}", "bold")
    text = Text.assemble(
        text, f"  up {duration(figures.uptime_seconds)}  rates {rates}", no_wrap=True, overflow="ellipsis"
    )
    if figures.restarts:
        text.append(f"  restarted {figures.restarts}×", "yellow")
    if figures.storage_failing and figures.storage_waiting:
        text.append(f"  storage fails, {count(figures.storage_waiting)} entries wait", "red")
    return text


def _tasks(figures: Figures, *, wide: bool) -> Table:
    outcomes = [
        (status, Text.assemble(count(outcome.total), (f"  {rate(outcome.per_minute)}/min", style)))
        for (status, outcome), style in zip(figures.outcomes.items(), ("green", "red", "bright_black"), strict=True)
    ]
    return _rows(
        [
            ("slots", _bar(figures.running, figures.slots, wide=wide)),
            ("queue", _bar(figures.pending, figures.queue_capacity, wide=wide)),
            ("success", _success(figures, wide=wide)),
            *outcomes,
            ("ended", Text(sparkline(figures.ended_per_second[-SPARKS:]) or ABSENT, "cyan")),
        ]
    )


def _times(figures: Figures, *, wide: bool) -> Table:
    quantiles = [
        (f"p{float(quantile) * 100:g}", duration(seconds)) for quantile, seconds in figures.latency_seconds.items()
    ]
    return _rows(
        [
            *quantiles,
            ("longest wait" if wide else "waiting", duration(figures.oldest_pending_seconds)),
            ("longest silence" if wide else "silent", duration(figures.silent_seconds)),
            ("steps", f"{rate(figures.steps_per_second)}/s"),
            ("failures", _listed(figures.failures)),
        ]
    )


def _methods(methods: Sequence[Method] | None, lines: int) -> RenderableType:
    if not methods:
        return Text(ABSENT if methods is None else "none yet", "dim")
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


def _method(method: Method) -> tuple[Text, ...]:
    failing = "red" if method.errors_per_second else ""
    return (
        _said(method.name),
        Text(f"{rate(method.per_second)}/s"),
        Text(f"{rate(method.errors_per_second)}/s", failing),
        Text(count(method.total)),
        Text(count(method.errors), failing),
    )


def _spending(figures: Figures) -> Table:
    tokens = [(f"{kind}/h", count(grown)) for kind, grown in figures.tokens_per_hour.items()]
    amounts = [(currency, money(spent)) for currency, spent in figures.cost_per_hour.items()]
    own = amounts if len(amounts) <= CURRENCIES_MOST else amounts[: CURRENCIES_MOST - 1]
    cost = [(f"{currency}/h", spent) for currency, spent in own]
    if others := amounts[len(own) :]:
        cost.append((f"{len(others)} more/h", ", ".join(f"{currency} {spent}" for currency, spent in others)))
    return _rows([*tokens, *cost] or [("tokens", ABSENT)])


def _service(figures: Figures, *, wide: bool) -> Table:
    lag, blocked = figures.loop_lag_seconds, figures.loop_blocked
    late = "red" if lag is not None and lag >= LATE_SECONDS else ""
    return _rows(
        [
            ("models", _recent(figures.recent_answer_rate, figures.recent_model_calls, figures, wide=wide)),
            ("memory", size(figures.memory_bytes)),
            ("loop lag", Text(f"{duration(lag)}{', blocked' if wide else ','} {_share(blocked)}", late)),
            ("sandboxes", _listed(figures.sandboxes)),
            ("files", count(figures.files)),
        ]
    )


def _sandboxes(figures: Figures) -> Table:
    opening = figures.sandbox_open_seconds
    return _rows(
        [
            ("open", f"{_listed(figures.sandboxes)}; {count(figures.sandboxes_ready)} ready for the next task"),
            ("ended", _listed(figures.sandboxes_ended)),
            ("95 % open in", ABSENT if opening is None else _bounds(opening)),
            ("connections", _listed(figures.egress)),
        ]
    )


def _bounds(seconds: Mapping[str, float]) -> str:
    longest = f"over {duration(SANDBOX_OPEN_SECONDS[-1])}"
    told = (f"{name} {duration(bound) if isfinite(bound) else longest}" for name, bound in seconds.items())
    return ", ".join(told) or NONE


def _sections(figures: Figures) -> Text:
    if not figures.sections:
        return Text("this page has no sections; is it the service's /metrics?", "yellow")
    failed = [name for name, success in figures.sections.items() if not success]
    if not failed:
        return Text(f"all {len(figures.sections)} sections of the page were read", "dim")
    # One line, whose end may be cut off: what failed is said first.
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(" FAILED ", "bold white on red").append_text(_said(f" {'  '.join(failed)}  ", "bold red"))
    text.append("sections  ", "dim")
    return text.append_text(_said("  ".join(name for name in figures.sections if name not in failed), "green"))


def _success(figures: Figures, *, wide: bool) -> Text:
    """Return the success of the last minutes; that since the start only if no other is told, because it hides much."""
    if figures.recent_ended is None:
        return Text(f"{_share(figures.success_rate)} in all")
    return _recent(figures.recent_success_rate, figures.recent_ended, figures, wide=wide)


def _recent(share: float | None, number: float | None, figures: Figures, *, wide: bool) -> Text:
    if number is None:
        return Text(ABSENT)
    minutes = f" in {figures.recent_minutes} min"
    if share is None:
        return Text(f"{NONE}{minutes}", "dim")
    style = "red" if share < HALF else "green"
    return Text.assemble((_share(share), style), f" of {count(number)}", minutes if wide else "")


def _bar(part: float | None, whole: float | None, *, wide: bool) -> Text:
    if part is None or whole is None:
        return Text(count(part))
    share = min(FULL, max(0.0, part / whole)) if whole else FULL if part else 0.0
    bar = BAR if wide else NARROW_BAR
    filled = round(share * bar)
    style = "red" if share >= FULL else "green"
    return Text.assemble(("█" * filled, style), ("░" * (bar - filled), "dim"), f" {count(part)}/{count(whole)}")


def _share(share: float | None) -> str:
    return ABSENT if share is None else f"{share:.1%}"


def _listed(values: Mapping[str, float] | None) -> str:
    if values is None:
        return ABSENT
    return ", ".join(f"{name} {count(value)}" for name, value in values.items()) or NONE


def sparkline(values: Sequence[float]) -> str:
    """Return a bar for each value. The highest value fills its bar; what is not finite is shown as 0."""
    heights = [value if isfinite(value) and value > 0 else 0.0 for value in values]
    highest = max(heights, default=0.0) or 1.0
    return "".join(LEVELS[min(len(LEVELS) - 1, int(height / highest * len(LEVELS)))] for height in heights)


def count(number: float | None) -> str:
    """Return a count as text, as a whole number."""
    return ABSENT if number is None or not isfinite(number) else f"{number:,.0f}"


def money(number: float | None) -> str:
    """Return an amount as text, without its currency."""
    return ABSENT if number is None or not isfinite(number) else f"{number:,.2f}"


def rate(number: float | None) -> str:
    """Return a rate as text, small ones with three digits."""
    if number is None or not isfinite(number) or number >= 100:  # noqa: PLR2004 - three digits
        return count(number)
    return f"{number:.3g}"


def duration(seconds: float | None) -> str:
    """Return a duration as text, in its largest units."""
    if seconds is None or not isfinite(seconds):
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
    """Return a number of bytes as text."""
    if number is None or not isfinite(number):
        return ABSENT
    for unit in UNITS[:-1]:
        if number < 1024:  # noqa: PLR2004 - the factor between units
            return f"{number:.4g} {unit}"
        number /= 1024
    return f"{number:.4g} {UNITS[-1]}"
