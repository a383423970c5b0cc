"""`gui-agents top`: what a service does now, live in the terminal, read from its metrics page."""

import argparse
import errno
import json
import sys
import time
from collections.abc import Callable
from datetime import datetime
from math import isfinite
from typing import Any, Final

import attrs
from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from gui_agents.commands import metrics_page, web_client
from gui_agents.commands.exits import CommandError, ExitCode
from gui_agents.commands.metrics_page import MetricsPage
from gui_agents.commands.output import add_json, printable
from gui_agents.commands.top.drawing import frame
from gui_agents.commands.top.figures import Figures, figures
from gui_agents.commands.top.history import History
from gui_agents.commands.top.keys import ended
from gui_agents.commands.top.suspending import keyboard_modes, suspending
from gui_agents.commands.verbs import Verbs, add_verb

EXAMPLES: Final = """\
  gui-agents top
  gui-agents top --metrics-url https://agents.example.com:8000/metrics --user prometheus --ca-file ca.pem
  gui-agents top --once --json
"""
TIMEOUT_SECONDS: Final = 5.0
"""Of one reading, unless the user says otherwise. Somebody waits for it."""
ALL: Final = 1000
"""The height of a console without a limit."""


def add_parser(verbs: Verbs) -> None:
    """Add the verb."""
    summary = "show live what a service does now; q ends it"
    parser = add_verb(verbs, "top", execute, summary=summary, examples=EXAMPLES)
    parser.add_argument(
        "--interval",
        type=web_client.positive_seconds,
        default=2.0,
        metavar="SECONDS",
        help="time between readings (default: 2)",
    )
    parser.add_argument(
        "--once",
        action="store_true",
        help="print one frame with rates since the start (default if the output is not a terminal)",
    )
    add_json(parser)
    metrics_page.add_options(parser, TIMEOUT_SECONDS)


def execute(arguments: argparse.Namespace) -> ExitCode:
    """Show one frame, or frames until `q` or Ctrl-C."""
    watched = Watched(metrics_page.metrics_page(arguments))
    console = Console(highlight=False)
    if arguments.once or not (arguments.json or console.is_terminal):
        _print(watched.read(), watched, console, as_json=arguments.json)
        return ExitCode.DONE
    try:
        if arguments.json:
            _print_on(watched, console, arguments.interval)
        else:
            _draw_on(watched, console, arguments.interval)
    except KeyboardInterrupt:
        pass
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        # A terminal that was closed is like a pipe whose reader has left.
        raise BrokenPipeError from error
    return ExitCode.DONE


class Watched:
    """One service that is read in intervals. If a reading fails, the last one stays."""

    def __init__(
        self,
        page: MetricsPage,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.url = page.url
        self._page = page
        self._monotonic = monotonic
        self._wall = wall
        self._history = History()
        self._last: Figures | None = None
        self._read_at = 0.0
        self._problem = ""
        self._away_since = 0.0

    def read(self) -> Figures:
        """Read the page.

        Raises:
            CommandError: it cannot be read.
        """
        scraped = self._page.read()
        self._history.add(self._monotonic(), scraped)
        self._read_at = self._wall()
        self._last, self._problem = figures(scraped, self._history, self._read_at), ""
        return self._last

    def look(self) -> None:
        """Read the page, or record why it could not be read."""
        try:
            self.read()
        except CommandError as error:
            if not self._problem:
                self._away_since = self._wall()
            self._problem = str(error)

    @property
    def status(self) -> Text:
        """How old the figures are."""
        if not self._problem:
            return Text.assemble((f"{_clock(self._read_at)} ", "green"), (self.url, "dim"))
        away = f"away since {_clock(self._away_since)}; trying again: {printable(self._problem)}"
        return Text(away, "bold red")

    def draw(self, width: int, height: int) -> RenderableType:
        """Return the last figures and their age, for a console of `width` columns and `height` lines."""
        return self.status if self._last is None else frame(self._last, self.status, width, height)


def _draw_on(watched: Watched, console: Console, seconds: float) -> None:
    modes = keyboard_modes()
    with (
        ended() as has_ended,
        Live(console=console, screen=True, auto_refresh=False, vertical_overflow="crop") as live,
        suspending(console, modes),
    ):
        while True:
            watched.look()
            live.update(watched.draw(console.width, console.height), refresh=True)
            if has_ended(seconds):
                return


def _print_on(watched: Watched, console: Console, seconds: float) -> None:
    while True:
        try:
            _print(watched.read(), watched, console, as_json=True)
        except CommandError as error:
            print(f"gui-agents: {printable(str(error))}", file=sys.stderr, flush=True)
        time.sleep(seconds)


def _print(shown: Figures, watched: Watched, console: Console, *, as_json: bool) -> None:
    if as_json:
        # JSON has neither NaN nor infinities. A missing value is null.
        print(json.dumps(_plain(attrs.asdict(shown)), allow_nan=False), flush=True)
    else:
        console.print(watched.draw(console.width, ALL))


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case float():
            return value if isfinite(value) else None
        case _:
            return value


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%H:%M:%S}"
