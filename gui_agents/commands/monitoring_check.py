"""`gui-agents monitoring check`: says what a running Prometheus misses."""

import argparse
import json
import urllib.parse
from collections.abc import Mapping
from typing import Any, Final

import attrs

from gui_agents.commands import environment, web_client
from gui_agents.commands.exits import CommandError, ExitCode
from gui_agents.commands.verbs import Verbs, add_verb
from gui_agents.commands.web_client import Peer, WebClient
from gui_agents.domain.packages import install_command

PEER: Final = Peer(title="Prometheus", password_variable="PROMETHEUS_PASSWORD")  # noqa: S106 - a variable's name
ALERTMANAGER: Final = Peer(title="Alertmanager", password_variable="PROMETHEUS_PASSWORD")  # noqa: S106 - the same
JSON: Final = "application/json"


EXAMPLE: Final = "http://127.0.0.1:9090"
EXAMPLES: Final = """\
  gui-agents monitoring check http://127.0.0.1:9090
  PROMETHEUS_PASSWORD=… gui-agents monitoring check https://prometheus.example.com --user ann --ca-file ca.pem
"""


def add_parser(actions: Verbs) -> None:
    """Add the action."""
    summary = "say what is wrong with a running Prometheus"
    parser = add_verb(actions, "check", execute, summary=summary, examples=EXAMPLES)
    parser.add_argument("url", metavar="URL", help=f"of Prometheus, such as {EXAMPLE}")
    parser.add_argument("--job", default="gui_agents", help="the service's job in Prometheus (default: gui_agents)")
    parser.add_argument(
        "--lean", action="store_true", help="the targets run with PROMETHEUS_LEAN: only what rules read must be there"
    )
    web_client.add_timeout(parser)
    web_client.add_options(parser, PEER)


def execute(arguments: argparse.Namespace) -> ExitCode:
    """Print each thing that is wrong; fail if there is one."""
    try:
        from collectors.operations.inspection import inspect  # noqa: PLC0415 - needs an extra
        from collectors.operations.model import Setting  # noqa: PLC0415
        from collectors.operations.prometheus_api import AnswerError, PrometheusApi  # noqa: PLC0415
    except ImportError as error:
        raise CommandError(
            ExitCode.USAGE, f"{error.name} is not installed; run: {install_command('operations')}"
        ) from error
    url = web_client.checked_url("URL", arguments.url, EXAMPLE).rstrip("/")
    try:
        setting = Setting(job=arguments.job)
    except ValueError as error:
        raise CommandError(ExitCode.USAGE, f"--{error}") from error
    client = web_client.client(arguments, PEER, environment.variables())
    api = PrometheusApi(lambda path, parameters: _ask(client, f"{url}/api/v1/{path}", parameters))
    # Alertmanager is another server, which learns no password.
    stranger = attrs.evolve(client, peer=ALERTMANAGER, user=None, password=None)
    try:
        problems = list(inspect(api, lambda address: _unreachable(stranger, address), setting, lean=arguments.lean))
    except AnswerError as error:
        raise CommandError(ExitCode.FAILED, f"{url} is no Prometheus: {error}") from error
    for problem in problems:
        print(problem)
    if not problems:
        print(f"Prometheus at {url} watches {setting.job}: targets are up, rules are loaded, metrics are there")
    return ExitCode.FAILED if problems else ExitCode.DONE


def _ask(client: WebClient, address: str, parameters: Mapping[str, str]) -> Any:
    text = client.get(f"{address}?{urllib.parse.urlencode(parameters)}", JSON)
    try:
        return json.loads(text)
    except ValueError as error:
        raise CommandError(ExitCode.FAILED, f"{address} answers with what is no JSON: is it Prometheus?") from error


def _unreachable(client: WebClient, address: str) -> str | None:
    """Say why nobody can be reached at an address; whoever refuses is there."""
    try:
        client.send(address, "GET", [], None)
    except CommandError as error:
        return str(error) if error.code is ExitCode.UNREACHABLE else None
    return None
