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
"""The variables that give the address of this machine's page."""
EXAMPLE: Final = "http://127.0.0.1:8000/metrics"


@attrs.frozen
class MetricsPage:
    """Reads one page as often as asked."""

    url: str
    client: WebClient
    _parse: Callable[[str], "Scraped"]

    def read(self) -> "Scraped":
        """Return the page as it is now, parsed.

        Raises:
            CommandError: it cannot be reached, or it is not a page of metrics.
        """
        text = self.client.get(self.url, TEXT)
        try:
            return self._parse(text)
        except GuiAgentsError as error:
            raise CommandError(ExitCode.FAILED, f"{self.url} is not a page of metrics: {error}") from error


def add_options(parser: argparse.ArgumentParser, timeout_seconds: float = 10.0) -> None:
    """Add the options for the page's address and its access. `timeout_seconds` is the default for one request."""
    parser.add_argument(
        "--metrics-url",
        metavar="URL",
        help="address of the page; without a path it is /metrics "
        "(default: PROMETHEUS_HOST and PROMETHEUS_PORT, with https if PROMETHEUS_WEB_CONFIG sets TLS)",
    )
    web_client.add_timeout(parser, timeout_seconds)
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
    """Return the address of the metrics; `/metrics` is added if the URL has no path."""
    parts = urlsplit(url)
    return url if parts.path.strip("/") else parts._replace(path="/metrics").geturl()


def _default_url() -> str:
    from collectors.http.web_config import sets_tls  # noqa: PLC0415 - needs an extra

    known = environment.variables()
    ours = config.load({name: known[name] for name in VARIABLES if name in known})
    if ours.monitoring.port == 0:
        raise CommandError(
            ExitCode.USAGE,
            "PROMETHEUS_PORT is 0, so the service chose a port: name the page with --metrics-url "
            "(ports.json has the port)",
        )
    scheme = "https" if ours.monitoring.web_config is not None and sets_tls(ours.monitoring.web_config) else "http"
    return f"{scheme}://{environment.endpoint(ours.monitoring.host, ours.monitoring.port)}/metrics"
