"""`gui-agents config`: checks the configuration, and prints a `.env` to start from."""

import argparse
import json
import os
import sys
import textwrap
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import attrs
from dotenv import dotenv_values

from gui_agents import config
from gui_agents.commands import environment
from gui_agents.commands.exits import ExitCode
from gui_agents.commands.verbs import Verbs, add_verb
from gui_agents.domain.secret import Secret

EXAMPLES: Final = """\
  gui-agents config check
  gui-agents config check --json
  gui-agents config env > .env
"""

MASK: Final = "********"


@attrs.frozen
class EffectiveSetting:
    """One setting as the service would run with it."""

    variable: str
    value: Any
    source: str
    """environment, .env or default."""


def add_parser(verbs: Verbs) -> None:
    """Add the verb."""
    summary = "check the configuration, or print a .env to start from"
    parser = add_verb(verbs, "config", execute_check, summary=summary, examples=EXAMPLES)
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    check = actions.add_parser("check", help="print the effective configuration, or every mistake in it")
    check.add_argument("--json", action="store_true", help="print JSON")
    check.set_defaults(execute=execute_check)
    env = actions.add_parser("env", help="print every variable with its default, as a .env file")
    env.set_defaults(execute=execute_env)


def execute_check(arguments: argparse.Namespace) -> ExitCode:
    """Print the configuration; a wrong one raises ConfigError, which prints its mistakes."""
    loaded = config.load(os.environ, environment.DOTENV)
    for doubt in _check_endpoint(loaded):
        print(f"warning: {doubt}", file=sys.stderr)
    effective = list(effective_settings(loaded))
    if arguments.json:
        print(json.dumps({row.variable: {"value": row.value, "source": row.source} for row in effective}, indent=2))
        return ExitCode.DONE
    width = max(len(row.variable) for row in effective)
    for row in effective:
        value = "" if row.value is None else str(row.value).lower() if isinstance(row.value, bool) else str(row.value)
        print(f"{row.variable:<{width}} {value:<28} {row.source}")
    return ExitCode.DONE


def _check_endpoint(loaded: config.Config) -> list[str]:
    """Return what only the metrics endpoint can doubt, and raise ConfigError for what it knows to be wrong.

    Without its packages it knows nothing.
    """
    try:
        from collectors import check_settings  # noqa: PLC0415 - optional
    except ImportError:
        return []
    return check_settings(disabled=loaded.monitoring.disable, web_config=loaded.monitoring.web_config)


def execute_env(_arguments: argparse.Namespace) -> ExitCode:
    """Print the file."""
    print(dotenv_example(), end="")
    return ExitCode.DONE


def effective_settings(loaded: config.Config) -> Iterator[EffectiveSetting]:
    """Yield every setting of `loaded` with where it comes from, secrets masked."""
    filled = dotenv_values(environment.DOTENV) if environment.DOTENV.is_file() else {}
    for setting in config.settings():
        if setting.variable in os.environ:
            source = "environment"
        else:
            source = str(environment.DOTENV) if filled.get(setting.variable) else "default"
        yield EffectiveSetting(
            setting.variable, _shown(getattr(getattr(loaded, setting.section), setting.name)), source
        )


def _shown(value: Any) -> Any:
    match value:
        case Secret():
            return MASK
        case Path() | Decimal():
            return str(value)
        case tuple():
            return ",".join(value)
        case _:
            return value


def dotenv_example() -> str:
    """Return a `.env` file that names every variable and changes nothing."""
    lines = ["# Copy to .env and change what you need; the environment goes before this file."]
    for setting in config.settings():
        lines.append("")
        lines.extend(textwrap.wrap(setting.help, 118, initial_indent="# ", subsequent_indent="# "))
        lines.append(f"# {setting.variable}={setting.default or ''}")
    return "\n".join(lines) + "\n"
