"""`gui-agents monitoring`: writes the configuration of Prometheus and Alertmanager, and looks at a running one."""

import argparse
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gui_agents import config
from gui_agents.commands import environment
from gui_agents.commands.exits import CommandError, ExitCode
from gui_agents.commands.verbs import Verbs, add_verb

if TYPE_CHECKING:
    from collectors.operations.configuration import Site

EXAMPLES: Final = """\
  gui-agents monitoring init monitoring --target 10.0.0.1:8000 --target 10.0.0.2:8000
  gui-agents monitoring init monitoring --webhook https://hooks.example.com/alerts --threshold cost=25
  gui-agents monitoring check http://127.0.0.1:9090
"""
ASK_SECONDS: Final = 10.0
INSTALL: Final = 'pip install "gui-agents[operations]"'


def add_parser(verbs: Verbs) -> None:
    """Add the verb."""
    summary = "write a configuration for Prometheus and Alertmanager, or check a running Prometheus"
    parser = add_verb(verbs, "monitoring", execute_check, summary=summary, examples=EXAMPLES)
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    init = actions.add_parser("init", help="write configuration, rules, routing and dashboards into a directory")
    init.add_argument("directory", metavar="DIR", type=Path)
    _add_job(init)
    init.add_argument(
        "--target", action="append", metavar="HOST:PORT", help="an instance's metrics; may be repeated (default: ours)"
    )
    init.add_argument(
        "--alertmanager", action="append", metavar="HOST:PORT", help="may be repeated (default: 127.0.0.1:9093)"
    )
    init.add_argument(
        "--webhook", default="http://127.0.0.1:9095", metavar="URL", help="who is told; /page, /ticket … are appended"
    )
    init.add_argument("--runbooks", metavar="URL", help="where docs/runbooks is published")
    init.add_argument("--interval", default="15s", metavar="DURATION", help="between scrapes (default: 15s)")
    init.add_argument(
        "--threshold", action="append", default=[], metavar="NAME=NUMBER", help="when an alert fires; may be repeated"
    )
    init.add_argument("--force", action="store_true", help="write over what is there")
    init.set_defaults(execute=execute_init)
    check = actions.add_parser("check", help="say what is wrong with a running Prometheus")
    check.add_argument("url", metavar="URL", help="of Prometheus, such as http://127.0.0.1:9090")
    _add_job(check)
    check.set_defaults(execute=execute_check)


def _add_job(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--job", default="gui_agents", help="the service's job in Prometheus (default: gui_agents)")


def execute_init(arguments: argparse.Namespace) -> ExitCode:
    """Write the files, and let promtool look at them where it is installed."""
    from collectors.operations import installation  # noqa: PLC0415 - the other verbs do without

    site = _site(arguments)
    texts = dict(installation.files(site))
    try:
        texts |= installation.dashboards(site.setting.thresholds)
    except ImportError as error:
        print(f"without dashboards, because {error.name} is not installed: {INSTALL}", file=sys.stderr)
    try:
        written = installation.write(arguments.directory, texts, overwrite=arguments.force)
    except installation.ExistingFilesError as error:
        raise CommandError(ExitCode.USAGE, f"{error}; name another directory, or say --force") from error
    except OSError as error:
        raise CommandError(ExitCode.USAGE, f"{arguments.directory}: {error.strerror}") from error
    for path in written:
        print(path)
    verdict = installation.promtool_says(arguments.directory)
    if verdict is None:
        print("promtool is not installed: the files were not checked", file=sys.stderr)
        return ExitCode.DONE
    right, told = verdict
    print("promtool finds nothing wrong" if right else told)
    return ExitCode.DONE if right else ExitCode.FAILED


def _site(arguments: argparse.Namespace) -> "Site":
    from collectors.operations.configuration import Site  # noqa: PLC0415
    from collectors.operations.model import DEFAULT_RUNBOOKS, Setting  # noqa: PLC0415
    from collectors.operations.thresholds import with_changes  # noqa: PLC0415

    try:
        setting = Setting(
            thresholds=with_changes(arguments.threshold),
            job=arguments.job,
            runbooks=arguments.runbooks or DEFAULT_RUNBOOKS,
        )
        return Site(
            setting=setting,
            targets=tuple(arguments.target or [_own_target()]),
            alertmanagers=tuple(arguments.alertmanager or ["127.0.0.1:9093"]),
            webhook=arguments.webhook,
            interval=arguments.interval,
        )
    except ValueError as error:
        raise CommandError(ExitCode.USAGE, str(error)) from error


def _own_target() -> str:
    ours = config.load(os.environ, environment.DOTENV)
    if ours.prometheus_port == 0:
        raise CommandError(ExitCode.USAGE, "PROMETHEUS_PORT is 0, a port that the service chooses: name it by --target")
    return environment.endpoint(ours.prometheus_host, ours.prometheus_port)


def execute_check(arguments: argparse.Namespace) -> ExitCode:
    """Print each thing that is wrong; fail where there is one."""
    from collectors.operations.inspection import inspect  # noqa: PLC0415 - the other verbs do without
    from collectors.operations.model import Setting  # noqa: PLC0415

    url = str(arguments.url).rstrip("/")
    if urllib.parse.urlsplit(url).scheme not in {"http", "https"}:
        raise CommandError(ExitCode.USAGE, f"{url!r} must be an http or https address, such as http://127.0.0.1:9090")
    try:
        setting = Setting(job=arguments.job)
    except ValueError as error:
        raise CommandError(ExitCode.USAGE, str(error)) from error
    problems = list(inspect(lambda path, parameters: _ask(url, path, parameters), setting))
    for problem in problems:
        print(problem)
    if not problems:
        print(f"Prometheus at {url} watches {setting.job}: targets are up, rules are loaded, metrics are there")
    return ExitCode.FAILED if problems else ExitCode.DONE


def _ask(url: str, path: str, parameters: Mapping[str, str]) -> Any:
    address = f"{url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    try:
        with urllib.request.urlopen(address, timeout=ASK_SECONDS) as reply:  # noqa: S310 - the scheme was checked
            return json.load(reply)["data"]
    except (OSError, ValueError, KeyError) as error:
        raise CommandError(ExitCode.UNREACHABLE, f"no Prometheus answers at {url}: {error}") from error
