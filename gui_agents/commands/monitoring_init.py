"""`gui-agents monitoring init`: writes the configuration of Prometheus and Alertmanager for one installation."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gui_agents import config
from gui_agents.commands import environment
from gui_agents.commands.exits import CommandError, ExitCode
from gui_agents.commands.verbs import Verbs, add_verb

if TYPE_CHECKING:
    from collectors.operations.configuration import Site

EXAMPLES: Final = """\
  gui-agents monitoring init monitoring --target 10.0.0.1:8000 --target 10.0.0.2:8000
  gui-agents monitoring init monitoring --webhook https://hooks.example.com/alerts --threshold cost=25
"""
INSTALL: Final = 'pip install "gui-agents[operations]"'


def add_parser(actions: Verbs) -> None:
    """Add the action."""
    summary = "write configuration, rules, routing and dashboards into a directory"
    parser = add_verb(actions, "init", execute, summary=summary, examples=EXAMPLES)
    parser.add_argument("directory", metavar="DIR", type=Path)
    parser.add_argument("--job", default="gui_agents", help="the service's job in Prometheus (default: gui_agents)")
    parser.add_argument(
        "--target", action="append", metavar="HOST:PORT", help="an instance's metrics; may be repeated (default: ours)"
    )
    parser.add_argument(
        "--alertmanager", action="append", metavar="HOST:PORT", help="may be repeated (default: 127.0.0.1:9093)"
    )
    parser.add_argument(
        "--webhook", default="http://127.0.0.1:9095", metavar="URL", help="who is told; /page, /ticket … are appended"
    )
    parser.add_argument("--runbooks", metavar="URL", help="where docs/runbooks is published")
    parser.add_argument("--interval", default="15s", metavar="DURATION", help="between scrapes (default: 15s)")
    parser.add_argument(
        "--threshold", action="append", default=[], metavar="NAME=NUMBER", help="when an alert fires; may be repeated"
    )
    parser.add_argument("--force", action="store_true", help="write over what is there")


def execute(arguments: argparse.Namespace) -> ExitCode:
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
