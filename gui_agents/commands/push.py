"""`gui-agents push`: sends the metrics of a running service to a Pushgateway, if Prometheus cannot scrape it.

It runs beside the service and reads its page as a scraper does. The service itself pushes nothing.
"""

import argparse
import contextlib
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import attrs

from gui_agents.commands import environment, metrics_page, web_client
from gui_agents.commands.exits import CommandError, ExitCode
from gui_agents.commands.metrics_page import MetricsPage
from gui_agents.commands.output import printable
from gui_agents.commands.verbs import Verbs, add_verb
from gui_agents.commands.web_client import Peer, WebClient

if TYPE_CHECKING:
    from collectors.scraping.pushing import Gateway

EXAMPLES: Final = """\
  gui-agents push --gateway http://127.0.0.1:9091
  gui-agents push --gateway http://127.0.0.1:9091 --every 15 --delete-on-exit
  GATEWAY_PASSWORD=… gui-agents push --gateway https://push.example.com --gateway-user agents
"""
PEER: Final = Peer(title="the gateway", prefix="gateway-", password_variable="GATEWAY_PASSWORD")  # noqa: S106 - a variable's name

EXAMPLE: Final = "http://127.0.0.1:9091"
DELETE_SECONDS: Final = 3.0
"""Seconds that removing the group may take, because somebody waits for it."""


def add_parser(verbs: Verbs) -> None:
    """Add the verb."""
    summary = "push the metrics of a running service to a Pushgateway, once or in intervals"
    parser = add_verb(verbs, "push", execute, summary=summary, examples=EXAMPLES)
    parser.add_argument("--gateway", required=True, metavar="URL", help="the Pushgateway")
    parser.add_argument("--job", default="gui_agents", type=_label, help="the job label (default: gui_agents)")
    parser.add_argument(
        "--instance", default=socket.gethostname(), type=_label, help="the instance label (default: this host's name)"
    )
    parser.add_argument(
        "--every",
        type=web_client.positive_seconds,
        metavar="SECONDS",
        help="push in this interval until Ctrl-C (default: once)",
    )
    parser.add_argument(
        "--delete-on-exit", action="store_true", help="with --every: remove the group from the gateway at the end"
    )
    metrics_page.add_options(parser)
    web_client.add_options(parser, PEER)


def execute(arguments: argparse.Namespace) -> ExitCode:
    """Push once, or in intervals. In intervals, a push that fails is reported and tried again."""
    if arguments.delete_on_exit and arguments.every is None:
        raise CommandError(ExitCode.USAGE, "--delete-on-exit needs --every")
    url = web_client.checked_url("--gateway", arguments.gateway, EXAMPLE)
    if "?" in url or "#" in url:
        raise CommandError(
            ExitCode.USAGE, "--gateway must not contain ? or #, because the path of the group is added to it"
        )
    page = metrics_page.metrics_page(arguments)
    client = web_client.client(arguments, PEER, environment.variables())
    gateway = _gateway(arguments, url, client)
    if arguments.every is None:
        _push(page, gateway)
        return ExitCode.DONE
    with _told_to_end() as ending:
        _push_until(ending, page, gateway, arguments.every)
        if arguments.delete_on_exit:
            hasty = attrs.evolve(client, timeout_seconds=min(client.timeout_seconds, DELETE_SECONDS))
            _gateway(arguments, url, hasty).delete()
    return ExitCode.DONE


def _gateway(arguments: argparse.Namespace, url: str, client: WebClient) -> "Gateway":
    from collectors.scraping.pushing import Gateway  # noqa: PLC0415 - needs an extra, which the page's parser has asked for

    return Gateway(url, arguments.job, {"instance": arguments.instance}, client.send)


def _push(page: MetricsPage, gateway: "Gateway") -> None:
    scraped = page.read()
    if not scraped.families:
        raise CommandError(ExitCode.FAILED, f"{page.url} has no metrics; is it the service's /metrics?")
    gateway.push(scraped)


def _push_until(ending: threading.Event, page: MetricsPage, gateway: "Gateway", seconds: float) -> None:
    """Push in intervals. A problem is reported when it begins and when it is over."""
    problem = ""
    due = time.monotonic()
    while not ending.wait(max(0.0, due - time.monotonic())):
        # A push that takes longer than the interval delays the next one. Pushes do not pile up.
        due = max(due + seconds, time.monotonic())
        try:
            _push(page, gateway)
        except CommandError as error:
            if str(error) != problem:
                print(
                    f"gui-agents: {printable(str(error))}; trying again every {seconds:g} s",
                    file=sys.stderr,
                    flush=True,
                )
            problem = str(error)
        else:
            if problem:
                print("gui-agents: pushing again", file=sys.stderr, flush=True)
            problem = ""


@contextlib.contextmanager
def _told_to_end() -> Iterator[threading.Event]:
    """Yield an event that Ctrl-C and SIGTERM set. The first one lets a push finish, the second one ends it."""
    told = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def tell(*_: object) -> None:
        restore()
        told.set()

    for number in before:
        signal.signal(number, tell)
    try:
        yield told
    finally:
        restore()


def _label(text: str) -> str:
    if not text or not text.isprintable():
        raise argparse.ArgumentTypeError(f"must be a name, not {text!r}")
    return text
