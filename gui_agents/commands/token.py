"""`gui-agents token`: makes, lists and revokes the tokens that calls need."""

import argparse
import json
import os
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import attrs

from gui_agents.access import token_file
from gui_agents.access.tokens import QUOTA_PARSERS, TokenLine, checked_name, digest, new_token, roles_of
from gui_agents.commands import environment
from gui_agents.commands.exits import CommandError, ExitCode
from gui_agents.commands.output import add_json, printable
from gui_agents.commands.verbs import Execute, Verbs, add_verb
from gui_agents.domain.access import Quota, Quotas, Role

EXAMPLES: Final = """\
  gui-agents token create ci --role submit
  gui-agents token create anna --role submit --role read --running 2 --cost "5 USD" --file tokens
  gui-agents token list
  gui-agents token revoke ci
"""

HELP: Final = {
    Quota.RUNNING: "tasks that run at once; further ones wait",
    Quota.QUEUED: "tasks that wait",
    Quota.REQUESTS: "calls a minute",
    Quota.COST: "money a day, such as 5 USD",
    Quota.CONNECTIONS: "connections with open calls",
    Quota.STREAMS: "streaming calls at once",
    Quota.SUBSCRIBERS: "streaming calls that follow the same task",
    Quota.BYTES: "bytes of the texts of its tasks in memory",
}


def add_parser(verbs: Verbs) -> None:
    """Add the verb."""
    summary = "make, list and revoke the tokens that calls need"
    parser = add_verb(verbs, "token", _list, summary=summary, examples=EXAMPLES)
    actions: Verbs = parser.add_subparsers(metavar="ACTION", required=True)
    _add_create(actions)
    listing = _add(
        actions, "list", _list, "list the tokens of a file, without their hashes", "  gui-agents token list\n"
    )
    add_json(listing)
    revoke = _add(actions, "revoke", _revoke, "remove a token from the file", "  gui-agents token revoke ci\n")
    revoke.add_argument("name", metavar="NAME", help="the token's name")


def _add_create(actions: Verbs) -> None:
    example = "  gui-agents token create ci --role submit > ci.token\n"
    create = _add(actions, "create", _create, "make a token, and print it alone, this one time", example)
    create.add_argument("name", metavar="NAME", help="who will use it; its tasks belong to this name")
    create.add_argument(
        "--role",
        action="append",
        required=True,
        choices=[*map(str, Role)],
        help="submit: start tasks, see and cancel its own; read: see all tasks; admin: everything; may be repeated",
    )
    for quota, text in HELP.items():
        create.add_argument(f"--{quota}", metavar="N" if quota is not Quota.COST else "MONEY", help=f"quota: {text}")


def _add(actions: Verbs, name: str, execute: Execute, summary: str, examples: str) -> argparse.ArgumentParser:
    parser = add_verb(actions, name, execute, summary=summary, examples=examples)
    parser.add_argument("--file", metavar="FILE", help="the file of tokens (default: ACCESS_TOKENS_FILE)")
    return parser


def _create(arguments: argparse.Namespace) -> ExitCode:
    """Add a token to the file, and print it to standard output."""
    path, token = _path(arguments), new_token()
    try:
        name = checked_name(arguments.name)
    except ValueError as error:
        raise CommandError(ExitCode.USAGE, f"NAME {error}") from None
    line = TokenLine(name, digest(token.reveal()), roles_of(",".join(arguments.role)), _quotas(arguments))
    try:
        token_file.added(path, line)
    except OSError as error:
        raise _unwritten(path, error) from error
    # The one place that shows a token. Nothing can show it again.
    print(token.reveal())
    if environment.variables().get(token_file.VARIABLE):
        print(f"services that read {path} let the token in within a second", file=sys.stderr)
    else:
        print(f"start the service with {token_file.VARIABLE}={path.absolute()}", file=sys.stderr)
    return ExitCode.DONE


def _quotas(arguments: argparse.Namespace) -> Quotas:
    found: dict[str, Any] = {}
    for quota, parse in QUOTA_PARSERS.items():
        text = getattr(arguments, quota)
        if text is not None:
            try:
                found[quota] = parse(text)
            except ValueError as error:
                raise CommandError(ExitCode.USAGE, f"--{quota} {error}, not {text!r:.40}") from None
    return Quotas(**found)


def _list(arguments: argparse.Namespace) -> ExitCode:
    """Print a line for each token: its name, its roles and its quotas."""
    read = token_file.read(_path(arguments))
    width = max((len(line.name) for line in read.lines), default=0)
    for line in read.lines:
        name, _, roles, *quotas = str(line).split()
        if arguments.json:
            facts = {
                key: value for key, value in attrs.asdict(line.quotas, recurse=False).items() if value not in (None, {})
            }
            print(json.dumps({"name": name, "roles": roles.split(","), "quotas": facts}, default=_written))
        else:
            print(f"{name:<{width}}  {roles:<18}  {' '.join(quotas)}".rstrip())
    return ExitCode.DONE


def _revoke(arguments: argparse.Namespace) -> ExitCode:
    """Remove the token's line. It fails if there is none."""
    path = _path(arguments)
    try:
        found = token_file.removed(path, arguments.name)
    except OSError as error:
        raise _unwritten(path, error) from error
    if not found:
        raise CommandError(ExitCode.FAILED, f"{path} has no token of {printable(arguments.name)}")
    print(f"revoked; services that read {path} refuse the token within a second", file=sys.stderr)
    return ExitCode.DONE


def _path(arguments: argparse.Namespace) -> Path:
    """Return the file that the user means. It need not exist yet, so the configuration as a whole is not checked."""
    given = arguments.file or environment.variables().get(token_file.VARIABLE, "").strip()
    if not given:
        raise CommandError(ExitCode.USAGE, f"name the file with --file, or set {token_file.VARIABLE}")
    return Path(given)


def _unwritten(path: Path, error: OSError) -> CommandError:
    return CommandError(ExitCode.FAILED, f"{path} cannot be changed: {os.strerror(error.errno or 0)}")


def _written(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(f"{type(value).__name__} is not a JSON value")
