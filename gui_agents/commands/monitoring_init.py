"""`gui-agents monitoring init`: writes the configuration of Prometheus and Alertmanager for one installation."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from gui_agents import config
from gui_agents.commands import environment
from gui_agents.commands.exits import CommandError, ExitCode
from gui_agents.commands.verbs import Verbs, add_verb, positive
from gui_agents.config import Config
from gui_agents.domain.packages import install_command

if TYPE_CHECKING:
    from collectors.operations.configuration import Access, Site

EXAMPLES: Final = """\
  gui-agents monitoring init monitoring --target 10.0.0.1:8000 --target 10.0.0.2:8000
  gui-agents monitoring init monitoring --webhook https://hooks.example.com/alerts --threshold cost=25
  gui-agents monitoring init monitoring --sharded --threshold task_failure_ratio=0.3
  gui-agents monitoring init monitoring --scheme https --ca-file ca.crt --username prometheus --password-file password
"""
VARIABLES: Final = ("PROMETHEUS_HOST", "PROMETHEUS_PORT", "PROMETHEUS_WEB_CONFIG", "PROMETHEUS_NATIVE_HISTOGRAMS")
"""What of this machine's service a scrape depends on."""
OPTIONS: Final = {
    "targets": "--target",
    "external_labels": "--external-label",
    "alertmanagers": "--alertmanager",
    "prometheus": "--prometheus-target",
    "ca_file": "--ca-file",
    "server_name": "--server-name",
    "password_file": "--password-file",
}
"""The options whose names differ from what they set."""
CA_FILE: Final = "ca.crt"
PASSWORD_FILE: Final = "password"  # noqa: S105 - a file's name


class Parser(argparse.ArgumentParser):
    """Adds the list of thresholds to the help of `init`, read when somebody asks for it."""

    def format_help(self) -> str:
        """Return the help."""
        told = super().format_help()
        return told + _thresholds() if self.get_default("execute") is execute else told


def add_parser(actions: Verbs) -> None:
    """Add the action."""
    summary = "write configuration, rules, routing, runbooks and dashboards into a directory"
    parser = add_verb(actions, "init", execute, summary=summary, examples=EXAMPLES)
    parser.add_argument("directory", metavar="DIR", type=Path)
    parser.add_argument("--job", default="gui_agents", help="the service's job in Prometheus (default: gui_agents)")
    parser.add_argument(
        "--target", action="append", metavar="HOST:PORT", help="an instance's metrics; may be repeated (default: ours)"
    )
    parser.add_argument(
        "--prometheus-target",
        default="localhost:9090",
        metavar="HOST:PORT",
        help="where Prometheus scrapes itself (default: localhost:9090)",
    )
    parser.add_argument(
        "--alertmanager", action="append", metavar="HOST:PORT", help="may be repeated (default: 127.0.0.1:9093)"
    )
    parser.add_argument(
        "--webhook", default="http://127.0.0.1:9095", metavar="URL", help="who is told; /page, /ticket … are appended"
    )
    parser.add_argument(
        "--runbooks",
        "--runbook-url",
        metavar="URL",
        help="where you publish DIR/runbooks (default: each instance serves them, at /runbooks/NAME)",
    )
    parser.add_argument(
        "--external-label",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="what tells this Prometheus from others with the same Alertmanager; may be repeated",
    )
    parser.add_argument("--interval", default="15s", metavar="DURATION", help="between scrapes (default: 15s)")
    parser.add_argument(
        "--sample-limit", type=positive, default=2000, metavar="NUMBER", help="of one scrape (default: 2000)"
    )
    parser.add_argument(
        "--threshold", action="append", default=[], metavar="NAME=NUMBER", help="when an alert fires; may be repeated"
    )
    parser.add_argument(
        "--sharded", action="store_true", help="also write the rules of shards and of the global Prometheus above them"
    )
    parser.add_argument(
        "--kubernetes", action="store_true", help="also write the rules as the Prometheus Operator takes them"
    )
    parser.add_argument("--force", action="store_true", help="write over what is there")
    _add_access(parser)


def _add_access(parser: argparse.ArgumentParser) -> None:
    access = parser.add_argument_group(
        "access to the metrics",
        "By default as PROMETHEUS_WEB_CONFIG and PROMETHEUS_NATIVE_HISTOGRAMS say. Files are named as Prometheus finds "
        "them, relative to DIR.",
    )
    access.add_argument("--scheme", choices=("http", "https"), help="how targets are scraped")
    access.add_argument("--ca-file", metavar="FILE", help=f"who signed the certificates (default for ours: {CA_FILE})")
    access.add_argument("--server-name", metavar="NAME", help="in the certificates, where targets have another one")
    access.add_argument("--username", metavar="NAME", help="for basic authentication")
    access.add_argument("--password-file", metavar="FILE", help=f"the user's password (default: {PASSWORD_FILE})")
    access.add_argument(
        "--text", action="store_true", help="ask for text, for targets with PROMETHEUS_NATIVE_HISTOGRAMS"
    )


def execute(arguments: argparse.Namespace) -> ExitCode:
    """Write the files, once promtool and amtool have looked at them, where they are installed."""
    from collectors.operations import installation  # noqa: PLC0415 - no other verb needs the rules

    directory: Path = arguments.directory
    site = _site(arguments)
    texts = dict(installation.files(site))
    if arguments.sharded:
        texts |= installation.sharded(site.setting)
    if arguments.kubernetes:
        texts |= installation.kubernetes(site.setting)
    try:
        texts |= installation.dashboards(site.setting.thresholds)
    except ImportError as error:
        _note(f"without dashboards, because {error.name} is not installed: {install_command('operations')}")
    try:
        written = installation.write(
            directory, texts, overwrite=arguments.force, check=lambda fresh: _check(fresh, directory)
        )
    except installation.ExistingFilesError as error:
        raise CommandError(ExitCode.USAGE, f"{error}; name another directory, or say --force") from error
    except installation.UnwritableError as error:
        raise CommandError(ExitCode.USAGE, str(error)) from error
    pages = directory / installation.RUNBOOKS
    for path in (*(path for path in written if path.parent != pages), pages):
        print(path)
    _tell_what_is_left(arguments, site)
    return ExitCode.DONE


def _check(fresh: Path, directory: Path) -> None:
    """Let the tools look at the files before they are moved to `directory`.

    Raises:
        CommandError: a tool finds something wrong.
    """
    from collectors.operations.installation import TOOLS  # noqa: PLC0415 - as in execute

    for tool in TOOLS:
        verdict = tool.verdict(fresh)
        if verdict.right is None:
            _note(f"{tool.program} is not installed: {tool.file} was not checked")
        elif verdict.right:
            print(f"{tool.program} finds nothing wrong")
        else:
            told = verdict.told.replace(str(fresh), str(directory))
            raise CommandError(ExitCode.FAILED, f"nothing is written, because {tool.program} says:\n{told}")


def _tell_what_is_left(arguments: argparse.Namespace, site: "Site") -> None:
    """Tell what the operator has to add, before it works as written."""
    for file in site.access.files:
        if not (arguments.directory / file).exists():
            _note(f"Prometheus cannot scrape before there is {arguments.directory / file}")


def _note(text: str) -> None:
    print(text, file=sys.stderr)


def _site(arguments: argparse.Namespace) -> "Site":
    from collectors.operations.configuration import Site, SiteError  # noqa: PLC0415
    from collectors.operations.model import Setting  # noqa: PLC0415
    from collectors.operations.thresholds import ThresholdError, with_changes  # noqa: PLC0415

    known = environment.variables()
    ours = config.load({name: known[name] for name in VARIABLES if name in known})
    targets = tuple(arguments.target or [_own_target(ours)])
    try:
        access = _access(arguments, ours)
        setting = Setting(
            thresholds=with_changes(arguments.threshold),
            job=arguments.job,
            runbooks=arguments.runbooks,
            scheme=access.scheme,
            address=targets[0],
        )
        return Site(
            setting=setting,
            targets=targets,
            access=access,
            external_labels=_external_labels(arguments.external_label),
            sample_limit=arguments.sample_limit,
            prometheus=arguments.prometheus_target,
            alertmanagers=tuple(arguments.alertmanager or ["127.0.0.1:9093"]),
            webhook=arguments.webhook,
            interval=arguments.interval,
        )
    except ThresholdError as error:
        raise CommandError(ExitCode.USAGE, f"--threshold {error}") from error
    except SiteError as error:
        option = OPTIONS.get(error.field, f"--{error.field}")
        raise CommandError(ExitCode.USAGE, f"{option}: {error.problem}") from error
    except ValueError as error:
        raise CommandError(ExitCode.USAGE, f"--{error}") from error


def _external_labels(given: list[str]) -> dict[str, str]:
    labels = {"monitor": "gui-agents"}
    for each in given:
        name, _, value = each.partition("=")
        labels[name] = value
    return labels


def _own_target(ours: Config) -> str:
    if ours.monitoring.port == 0:
        raise CommandError(ExitCode.USAGE, "PROMETHEUS_PORT is 0, a port that the service chooses: name it by --target")
    return environment.endpoint(ours.monitoring.host, ours.monitoring.port)


def _access(arguments: argparse.Namespace, ours: Config) -> "Access":
    from collectors.http import web_config  # noqa: PLC0415 - as in execute
    from collectors.operations.configuration import Access  # noqa: PLC0415

    scheme, ca_file, username = arguments.scheme, arguments.ca_file, arguments.username
    if ours.monitoring.web_config is not None:
        locks = web_config.locks(ours.monitoring.web_config)
        if locks.tls and scheme is None:
            scheme, ca_file = "https", ca_file or CA_FILE
        username = username or next(iter(locks.users), None)
        if locks.client_certificate:
            _note(f"{ours.monitoring.web_config} asks for a certificate: add cert_file and key_file to tls_config")
    password_file = arguments.password_file
    if username is not None:
        password_file = password_file or PASSWORD_FILE
    return Access(
        scheme=scheme or "http",
        ca_file=ca_file,
        server_name=arguments.server_name,
        username=username,
        password_file=password_file,
        text=arguments.text or ours.monitoring.native_histograms,
    )


def _thresholds() -> str:
    """Return the list of thresholds for the help."""
    from collectors.operations.model import number  # noqa: PLC0415 - as in execute
    from collectors.operations.thresholds import Thresholds  # noqa: PLC0415

    limits = Thresholds()
    return "\nthresholds (default, and what it lies between):\n" + "".join(
        f"  {field.name:<26} {number(getattr(limits, field.name)):<11} {number(field.metadata['low'])} to "
        f"{number(field.metadata['high'])}: {field.metadata['help']}\n"
        for field in attrs.fields(Thresholds)
    )
