"""The metrics page of a running service, as `top` and `push` read it: its options, its address, its text."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import attrs

from gui_agents import config
from gui_agents.commands import environment, web_client
from gui_agents.commands.exits import CommandError, ExitCode
from gui_agents.commands.web_client import Peer, WebClient
from gui_agents.domain.errors import GuiAgentsError
from gui_agents.domain.packages import install_command

if TYPE_CHECKING:
    from collectors.scraping.scraped import Scraped

PEER: Final = Peer(title="the metrics page", password_variable="METRICS_PASSWORD")  # noqa: S106 - a variable's name
TEXT: Final = "text/plain; version=0.0.4"
VARIABLES: Final = ("PROMETHEUS_HOST", "PROMETHEUS_PORT", "PROMETHEUS_WEB_CONFIG")
"""Where the page of this machine's service is."""
EXAMPLE: Final = "http://127.0.0.1:8000/metrics"


@attrs.frozen
class MetricsPage:
    """Reads one page again and again."""

    url: str
    client: WebClient
    _parse: Callable[[str], "Scraped"]

    def read(self) -> "Scraped":
        """Return what the page says now.

        Raises:
            CommandError: it cannot be reached, or is no page of metrics.
        """
        text = self.client.get(self.url, TEXT)
        try:
            return self._parse(text)
        except GuiAgentsError as error:
            raise CommandError(ExitCode.FAILED, f"{self.url} is no page of metrics: {error}") from error


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let `parser` take where the page is and how to read it."""
    parser.add_argument(
        "--metrics-url",
        metavar="URL",
        help="the page; without a path it is /metrics "
        "(default: at PROMETHEUS_HOST and PROMETHEUS_PORT, as PROMETHEUS_WEB_CONFIG locks it)",
    )
    web_client.add_timeout(parser)
    web_client.add_options(parser, PEER)


def metrics_page(arguments: argparse.Namespace) -> MetricsPage:
    """Return the page that the user means.

    Raises:
        CommandError: no address is known, an option cannot be used, or the parser is not installed.
        ConfigError: PROMETHEUS_HOST, PROMETHEUS_PORT or PROMETHEUS_WEB_CONFIG is wrong.
    """
    try:
        from collectors.scraping.scraped import Scraped  # noqa: PLC0415 - needs an extra
    except ImportError as error:
        raise CommandError(
            ExitCode.USAGE, f"{error.name} is not installed; run: {install_command('prometheus')}"
        ) from error
    known = environment.variables()
    url = web_client.checked_url("--metrics-url", arguments.metrics_url or _default_url(), EXAMPLE)
    return MetricsPage(_with_path(url), web_client.client(arguments, PEER, known), Scraped.parse)


def _with_path(url: str) -> str:
    """Return the address of the metrics where only that of the service's endpoint is told."""
    parts = urlsplit(url)
    return url if parts.path.strip("/") else parts._replace(path="/metrics").geturl()


def _default_url() -> str:
    from collectors.http.web_config import sets_tls  # noqa: PLC0415 - needs an extra

    known = environment.variables()
    ours = config.load({name: known[name] for name in VARIABLES if name in known})
    if ours.monitoring.port == 0:
        raise CommandError(
            ExitCode.USAGE,
            "PROMETHEUS_PORT is 0, a port that the service chooses: name the page with --metrics-url "
            "(ports.json has the port)",
        )
    scheme = "https" if ours.monitoring.web_config is not None and sets_tls(ours.monitoring.web_config) else "http"
    return f"{scheme}://{environment.endpoint(ours.monitoring.host, ours.monitoring.port)}/metrics"
