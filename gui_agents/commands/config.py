"""`gui-agents config`: checks the configuration, and prints a `.env` to start from."""

import argparse
import json
import os
import sys
import textwrap
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import attrs

from gui_agents import config
from gui_agents.commands import checks, environment, former
from gui_agents.commands.exits import ExitCode
from gui_agents.commands.output import printable
from gui_agents.commands.verbs import Verbs, add_verb
from gui_agents.config import dotenv_file
from gui_agents.domain.screen import ScreenSize
from gui_agents.domain.secret import Secret

EXAMPLES: Final = """\
  gui-agents config check
  gui-agents config check --json
  gui-agents config check --from old.env
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
    check.add_argument(
        "--from", dest="former", type=Path, metavar="FILE", help="say what happens with each line of an old .env file"
    )
    check.set_defaults(execute=execute_check)
    env = actions.add_parser("env", help="print every variable with its default, as a .env file")
    env.set_defaults(execute=execute_env)


def execute_check(arguments: argparse.Namespace) -> ExitCode:
    """Print the configuration; a wrong one raises ConfigError, which prints its mistakes.

    The check fails if the default model cannot be called, or a variable is misspelt.
    """
    if arguments.former is not None:
        return _tell_former(arguments.former, as_json=arguments.json)
    loaded = config.load(os.environ, environment.DOTENV)
    expiries = checks.expiries(loaded)
    checks.models_file_mistakes(loaded)
    doubts = list(config.doubts(os.environ, environment.DOTENV))
    unmatched = checks.price_doubts(loaded)
    problems = list(checks.model_problems(loaded))
    for doubt in (*checks.token_doubts(loaded), *checks.endpoint_doubts(loaded), *doubts, *unmatched, *problems):
        print(f"warning: {printable(str(doubt))}", file=sys.stderr)
    for expiry in expiries:
        print(f"{'warning' if expiry.soon else 'note'}: {printable(str(expiry))}", file=sys.stderr)
    _print_effective(loaded, as_json=arguments.json)
    return ExitCode.FAILED if problems or any(doubt.misspelt for doubt in doubts) else ExitCode.DONE


def _print_effective(loaded: config.Config, *, as_json: bool) -> None:
    effective = list(effective_settings(loaded))
    if as_json:
        print(json.dumps({row.variable: {"value": row.value, "source": row.source} for row in effective}, indent=2))
        return
    width = max(len(row.variable) for row in effective)
    for row in effective:
        value = "" if row.value is None else str(row.value).lower() if isinstance(row.value, bool) else str(row.value)
        print(f"{row.variable:<{width}} {value:<28} {row.source}")


def _tell_former(path: Path, *, as_json: bool) -> ExitCode:
    """Print what happens with each line of an old file. The check fails if a line must be changed to do its work."""
    rows = list(former.told(path))
    width = max((len(row.variable) for row in rows), default=0)
    for row in rows:
        if as_json:
            print(json.dumps(attrs.asdict(row)))
        else:
            place = "" if row.line is None else f"line {row.line}"
            text = f"{place:<8} {printable(row.variable):<{width}} {row.verdict:<14} {printable(row.text)}"
            print(text.rstrip())
    return ExitCode.FAILED if any(row.verdict in former.TO_CHANGE for row in rows) else ExitCode.DONE


def execute_env(_arguments: argparse.Namespace) -> ExitCode:
    """Print the file."""
    print(dotenv_example(), end="")
    return ExitCode.DONE


def effective_settings(loaded: config.Config) -> Iterator[EffectiveSetting]:
    """Yield every setting of `loaded` with where it comes from, secrets masked."""
    filled = dotenv_file.read(environment.DOTENV, os.environ).values
    client = environment.client()
    for setting in config.settings():
        section = client if setting.section == config.CLIENT else getattr(loaded, setting.section)
        source = _source(setting, filled)
        yield EffectiveSetting(setting.variable, _shown(getattr(section, setting.name)), source)


def _source(setting: config.Setting, filled: Mapping[str, str]) -> str:
    """Return where a setting comes from; a secret that stands in a file of its own is told with that variable."""
    if setting.variable in os.environ:
        return "environment"
    if filled.get(setting.variable):
        return str(environment.DOTENV)
    for variable in setting.variables[1:]:
        if os.environ.get(variable) or filled.get(variable):
            return f"{variable} ({'environment' if variable in os.environ else environment.DOTENV})"
    return "default"


def _shown(value: Any) -> Any:
    match value:
        case Secret():
            return MASK
        case Path() | Decimal() | ScreenSize():
            return str(value)
        case tuple():
            return ",".join(map(str, value))
        case Mapping():
            return ", ".join(f"{amount} {currency}" for currency, amount in value.items())
        case _:
            return value


def dotenv_example() -> str:
    """Return a `.env` file that names every variable and changes nothing."""
    lines = [
        "# Copy to .env and change what you need; the environment goes before this file.",
        "# For a secret NAME, NAME_FILE names a file that holds it.",
    ]
    for setting in config.settings():
        lines.append("")
        lines.extend(textwrap.wrap(setting.help, 118, initial_indent="# ", subsequent_indent="# "))
        lines.append(f"# {setting.variable}={setting.default or ''}")
        lines.extend(f"# {variable}=" for variable in setting.variables[1:])
    return "\n".join(lines) + "\n"
