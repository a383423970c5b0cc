"""`gui-agents doctor`: what is installed, what can run here, which ports are free, and what answers."""

import argparse
import asyncio
import http.client
import os
import platform
import re
import sys
import urllib.request
from collections.abc import Iterator
from importlib import metadata
from typing import Final

import attrs

from gui_agents import config
from gui_agents.commands import checks, environment, models, providers, service_access
from gui_agents.commands.exits import ExitCode
from gui_agents.commands.findings import Finding, Verdict
from gui_agents.commands.output import Output, add_json
from gui_agents.commands.presence import hangs
from gui_agents.commands.service_findings import PROBE_SECONDS, port_is_free, service_findings, tls_findings
from gui_agents.commands.verbs import Verbs, add_verb
from gui_agents.credentials import PLAIN, Credentials
from gui_agents.domain.errors import ConfigError, RefusedError
from gui_agents.domain.model import BUILTIN_MODEL
from gui_agents.domain.packages import DISTRIBUTION, install_command
from gui_agents.domain.sandbox import Backend

EXAMPLES: Final = """\
  gui-agents doctor
  gui-agents doctor --json
  gui-agents doctor --probe
"""

RUNS: Final = {
    None: "can run",
    True: "can run, each sandbox in a jail of its own",
    False: "can run, but WITHOUT a jail: what runs in a sandbox can do what the service can",
}
"""What is said of a backend that can run, by whether its sandboxes are jailed."""
OPTIONAL: Final = {
    "prometheus": "metrics and the status page",
    "web": "TLS and passwords for the metrics endpoint",
    "models": "language models and known prices",
    "x11": "Linux desktops",
    "chromium": "browsers",
    "postgres": "tasks in PostgreSQL",
    "otel": "metrics over OTLP",
    "fast": "cheaper compression of metrics pages",
}
"""The extras that the service can use, and what each one is for."""


def add_parser(verbs: Verbs) -> None:
    """Add the verb."""
    summary = "show what is installed, what can run, which ports are free and what answers"
    parser = add_verb(verbs, "doctor", execute, summary=summary, examples=EXAMPLES)
    parser.add_argument(
        "--probe", action="store_true", help="ask the endpoint of each configured provider whether it answers; no cost"
    )
    add_json(parser)
    service_access.add_credentials(parser)


def execute(arguments: argparse.Namespace) -> ExitCode:
    """Print the findings. The command fails if one of them is a problem."""
    output = Output(as_json=arguments.json)
    findings = list(examine(service_access.credentials(arguments, own=True), probe=arguments.probe))
    for finding in findings:
        if arguments.json:
            output.record(attrs.asdict(finding))
        else:
            print(f"{finding.verdict:<8} {finding.subject:<20} {finding.text}")
    return ExitCode.FAILED if any(finding.verdict is Verdict.PROBLEM for finding in findings) else ExitCode.DONE


def examine(credentials: Credentials = PLAIN, *, probe: bool = False) -> Iterator[Finding]:
    """Yield the findings one after the other; `probe` asks the endpoints of models, too.

    A service that runs is called with `credentials`.
    """
    yield _python()
    try:
        effective = config.load(os.environ, environment.DOTENV)
    except ConfigError as error:
        for mistake in error.mistakes:
            yield Finding("configuration", Verdict.PROBLEM, mistake)
        effective = config.load({})
    else:
        yield from _configuration(effective)
    wanted = {
        "prometheus": effective.monitoring.enable_prometheus,
        "web": effective.monitoring.enable_prometheus and effective.monitoring.web_config is not None,
        "models": effective.defaults.model != BUILTIN_MODEL or effective.models.models_file is not None,
        "otel": effective.monitoring.enable_otel,
    }
    for name, purpose in OPTIONAL.items():
        yield _extra(name, purpose, wanted=wanted.get(name, False))
    yield from _providers(effective, probe=probe)
    yield from _backends(effective)
    yield from tls_findings(effective)
    yield from service_findings(effective, credentials)
    yield from _metrics(effective)


def _configuration(effective: config.Config) -> Iterator[Finding]:
    found = [
        Finding("configuration", Verdict.PROBLEM if doubt.misspelt else Verdict.NOTE, str(doubt))
        for doubt in config.doubts(os.environ, environment.DOTENV)
    ]
    try:
        checks.models_file_mistakes(effective)
    except ConfigError as error:
        found += [Finding("models file", Verdict.PROBLEM, mistake) for mistake in error.mistakes]
    try:
        found += [Finding("tokens", Verdict.NOTE, doubt) for doubt in checks.token_doubts(effective)]
    except ConfigError as error:
        found += [Finding("tokens", Verdict.PROBLEM, mistake) for mistake in error.mistakes]
    found += [Finding("default model", Verdict.PROBLEM, text) for text in checks.model_problems(effective)]
    try:
        found += [Finding("prices", Verdict.NOTE, doubt) for doubt in checks.price_doubts(effective)]
    except ConfigError as error:
        found += [Finding("prices", Verdict.PROBLEM, mistake) for mistake in error.mistakes]
    if all(finding.verdict is Verdict.NOTE for finding in found):
        yield Finding("configuration", Verdict.OK, "no mistakes; `gui-agents config check` prints it")
    yield from found


def _python() -> Finding:
    recent = sys.version_info >= (3, 11)
    text = f"Python {platform.python_version()}, gui-agents {metadata.version(DISTRIBUTION)}"
    return Finding("python", Verdict.OK if recent else Verdict.PROBLEM, text)


def _extra(name: str, purpose: str, *, wanted: bool) -> Finding:
    missing = [package for package in packages_of(name) if not _installed(package)]
    if not missing:
        return Finding(f"extra {name}", Verdict.OK, f"installed: {', '.join(packages_of(name))}")
    text = f"{', '.join(missing)} missing; for {purpose}: {install_command(name)}"
    return Finding(f"extra {name}", Verdict.PROBLEM if wanted else Verdict.NOTE, text)


def packages_of(extra: str) -> list[str]:
    """Return the packages that an extra of this project installs."""
    ending = re.compile(rf"""extra == ['"]{extra}['"]""")
    requirements = metadata.requires(DISTRIBUTION) or []
    return [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in requirements if ending.search(line)]


def _installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _providers(effective: config.Config, *, probe: bool) -> Iterator[Finding]:
    states = list(providers.provider_states(effective))
    reached = providers.probe([state for state in states if state.configured]) if probe else {}
    for state in states:
        subject = f"provider {state.row.provider}"
        if not state.configured:
            needed = state.missing or (f"DEFAULT_MODEL={state.row.provider}/NAME",)
            yield Finding(subject, Verdict.NOTE, f"not configured; to use it, set {' and '.join(needed)}")
            continue
        text = f"configured: {models.described(state)}"
        found = reached.get(state)
        if found is not None and not found.ok:
            yield Finding(subject, Verdict.PROBLEM, f"{text}; it {found.text}")
        else:
            verdict = Verdict.NOTE if state.missing else Verdict.OK
            yield Finding(subject, verdict, text if found is None else f"{text}; it {found.text}")


def _backends(effective: config.Config) -> Iterator[Finding]:
    from gui_agents.sandboxes.registry import SandboxFactory  # noqa: PLC0415 - the other verbs draw no desktop

    factory = SandboxFactory(effective.sandboxes, effective.process.runtime_dir)
    asyncio.run(factory.find_jail_problem())
    for backend in Backend:
        subject = f"backend {backend}"
        try:
            factory.check(backend)
        except RefusedError as error:
            wanted = backend == effective.defaults.backend
            yield Finding(subject, Verdict.PROBLEM if wanted else Verdict.NOTE, str(error).removeprefix("backend: "))
        else:
            jailed = factory.is_jailed(backend)
            verdict = Verdict.NOTE if jailed is False else Verdict.OK
            yield Finding(subject, verdict, RUNS[jailed])


def _metrics(effective: config.Config) -> Iterator[Finding]:
    if effective.monitoring.port == 0:
        yield Finding("metrics port", Verdict.OK, "PROMETHEUS_PORT=0: a free one is taken")
        return
    address = environment.endpoint(effective.monitoring.host, effective.monitoring.port)
    url = f"http://{address}/metrics"
    if port_is_free(effective.monitoring.host, effective.monitoring.port):
        yield Finding("metrics port", Verdict.OK, f"{address} is free")
        return
    if effective.monitoring.web_config is not None:
        text = f"{address} is taken, and PROMETHEUS_WEB_CONFIG protects it: read it with gui-agents top --once"
        yield Finding("metrics", Verdict.NOTE, text)
        return
    try:
        with urllib.request.urlopen(url, timeout=PROBE_SECONDS) as reply:
            names = {line.split("{")[0].split(" ")[0] for line in reply.read().decode().splitlines() if line[:1] != "#"}
    except TimeoutError:
        yield Finding("metrics", Verdict.PROBLEM, f"{url} {hangs(PROBE_SECONDS)}")
        return
    except (OSError, http.client.HTTPException, UnicodeDecodeError) as error:
        text = f"{address} is taken by a program without metrics ({type(error).__name__}); set PROMETHEUS_PORT"
        yield Finding("metrics port", Verdict.PROBLEM if effective.monitoring.enable_prometheus else Verdict.NOTE, text)
        return
    ours = sum(name.startswith("agent_") for name in names)
    yield Finding("metrics", Verdict.OK if ours else Verdict.PROBLEM, f"{url} answers with {ours} agent_ sample names")
