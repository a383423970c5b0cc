"""The `gui-agents` command. Its verbs are the modules of `gui_agents.commands`."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Final

# Read when grpc is loaded: without it, a failed handshake is told by a line of grpc's before our own.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")

from gui_agents.client import CallError
from gui_agents.commands import (
    backup,
    cancel,
    completion,
    config,
    demo,
    doctor,
    health,
    models,
    monitoring,
    push,
    restore,
    run,
    serve,
    status,
    tasks,
    token,
    top,
    version,
    watch,
)
from gui_agents.commands.exits import MEANINGS, CommandError, ExitCode, of_call
from gui_agents.commands.output import printable
from gui_agents.commands.verbs import add_verbs, execute
from gui_agents.credentials import CredentialsError
from gui_agents.domain.errors import ConfigError

VERBS: Final = (
    run,
    watch,
    tasks,
    status,
    cancel,
    serve,
    health,
    top,
    push,
    monitoring,
    config,
    doctor,
    models,
    token,
    backup,
    restore,
    completion,
    demo,
    version,
)

EXAMPLES: Final = """\
examples:
  gui-agents serve
  gui-agents run "Calculate 12*7+5" --follow
  gui-agents tasks --failed --since 1h
  gui-agents doctor
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the verb that `argv` names, and return the exit code."""
    words = sys.argv[1:] if argv is None else argv
    arguments = parser().parse_args(words)
    try:
        _check_text(words)
        code = execute(arguments)
        sys.stdout.flush()
    except (ConfigError, CredentialsError) as error:
        return _end(CommandError(ExitCode.USAGE, str(error)))
    except CallError as error:
        return _end(of_call(error))
    except CommandError as error:
        return _end(error)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe has left. What is still buffered must not fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    return code


def _check_text(words: Sequence[str]) -> None:
    """Refuse arguments that are no UTF-8: no request can carry them."""
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            raise CommandError(ExitCode.USAGE, f"{printable(ascii(word))} is not UTF-8") from None


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    ours = argparse.ArgumentParser(
        prog="gui-agents",
        description="Runs GUI-agent tasks: the service, and a client of it.",
        epilog=f"{EXAMPLES}\n{MEANINGS}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    ours.add_argument("--version", action=version.VersionOption, nargs=0, help="print the version and exit")
    add_verbs(ours, VERBS)
    ours.set_defaults(root=ours)
    return ours


def _end(error: CommandError) -> ExitCode:
    for line in str(error).splitlines():
        print(f"gui-agents: {printable(line)}", file=sys.stderr)
    return error.code


if __name__ == "__main__":
    sys.exit(main())
