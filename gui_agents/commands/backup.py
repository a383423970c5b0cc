"""`gui-agents backup`: copies the stored tasks into a file, while the service runs."""

import argparse
from pathlib import Path
from typing import Final

from gui_agents.commands import environment
from gui_agents.commands.exits import CommandError, ExitCode
from gui_agents.commands.output import counted
from gui_agents.commands.verbs import Verbs, add_verb
from gui_agents.config.storage import StorageBackend
from gui_agents.storage.sqlite.backup import BackupError, back_up

EXAMPLES: Final = """\
  gui-agents backup tasks.tar
  RUNTIME_DIR=/var/lib/gui-agents gui-agents backup --force /mnt/backup/tasks.tar
"""
OTHERS: Final = {
    StorageBackend.MEMORY: "TASK_STORAGE_BACKEND=memory stores nothing that lasts",
    StorageBackend.POSTGRES: "use pg_dump and pg_restore for a PostgreSQL database: see docs/storage.md",
}
"""What to say of the other places where tasks can be stored."""


def add_parser(verbs: Verbs) -> None:
    """Add the verb."""
    summary = "copy the stored tasks and their pictures into a file; the service may run meanwhile"
    parser = add_verb(verbs, "backup", execute, summary=summary, examples=EXAMPLES)
    parser.add_argument("file", metavar="FILE", type=Path, help="the tar file to write")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")


def execute(arguments: argparse.Namespace) -> ExitCode:
    """Back up the tasks that a service with this configuration stores."""
    config = environment.loaded()
    if config.storage.backend is not StorageBackend.SQLITE:
        raise CommandError(ExitCode.USAGE, OTHERS[config.storage.backend])
    if arguments.file.exists() and not arguments.force:
        raise CommandError(ExitCode.USAGE, f"{arguments.file} is there already; --force replaces it")
    try:
        contents = back_up(config.process.runtime_dir, arguments.file)
    except BackupError as error:
        raise CommandError(ExitCode.FAILED, str(error)) from error
    what = f"{counted(contents.tasks, 'task')} and {counted(contents.pictures, 'picture')}"
    print(f"{what} are in {arguments.file}")
    return ExitCode.DONE
