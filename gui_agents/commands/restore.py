"""`gui-agents restore`: puts a backup in the place of the stored tasks, while no service runs."""

import argparse
from pathlib import Path
from typing import Final

from gui_agents.commands import environment
from gui_agents.commands.backup import OTHERS
from gui_agents.commands.exits import CommandError, ExitCode
from gui_agents.commands.output import counted
from gui_agents.commands.verbs import Verbs, add_verb
from gui_agents.config.storage import StorageBackend
from gui_agents.domain.storage import StorageStartError
from gui_agents.storage.sqlite.backup import BackupError, restore

EXAMPLES: Final = """\
  gui-agents restore tasks.tar
  RUNTIME_DIR=/var/lib/gui-agents gui-agents restore --force /mnt/backup/tasks.tar
"""


def add_parser(verbs: Verbs) -> None:
    """Add the verb."""
    summary = "put a backup in place of the stored tasks; the service must not run"
    parser = add_verb(verbs, "restore", execute, summary=summary, examples=EXAMPLES)
    parser.add_argument("file", metavar="FILE", type=Path, help="the tar file that `gui-agents backup` has written")
    parser.add_argument("--force", action="store_true", help="replace tasks that are there")


def execute(arguments: argparse.Namespace) -> ExitCode:
    """Restore the tasks of a service with this configuration."""
    config = environment.loaded()
    if config.storage.backend is not StorageBackend.SQLITE:
        raise CommandError(ExitCode.USAGE, OTHERS[config.storage.backend])
    directory = config.process.runtime_dir
    try:
        contents = restore(arguments.file, directory, force=arguments.force)
    except (BackupError, StorageStartError) as error:
        raise CommandError(ExitCode.FAILED, str(error)) from error
    what = f"{counted(contents.tasks, 'task')} and {counted(contents.pictures, 'picture')}"
    print(f"{what} of {arguments.file} are in {directory}; they are there when the service starts")
    return ExitCode.DONE
