"""A ready configuration for one installation, in a directory that an operator can copy as it is."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

import attrs

from collectors.operations import configuration, rules, runbooks, sharding
from collectors.operations.configuration import Site
from collectors.operations.kubernetes import prometheus_rule
from collectors.operations.model import Setting
from collectors.operations.thresholds import Thresholds

PROMETHEUS_FILE: Final = "prometheus.yml"
ALERTMANAGER_FILE: Final = "alertmanager.yml"
RUNBOOKS: Final = "runbooks"


class ExistingFilesError(Exception):
    """`files` exist, and nobody said that they may be written over."""

    def __init__(self, files: tuple[Path, ...]) -> None:
        super().__init__(f"{', '.join(map(str, files))} exist already")
        self.files = files


class UnwritableError(Exception):
    """`path` stands in the way of the files, or cannot be written; `problem` says why."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


@attrs.frozen
class Tool:
    """A program that checks one of the files, and what that one names."""

    program: str
    arguments: tuple[str, ...]
    file: str

    def verdict(self, directory: Path) -> "Verdict":
        """Let it check the file below `directory`."""
        path = shutil.which(self.program)
        if path is None:
            return Verdict(self, None, "")
        command = [path, *self.arguments, str(directory / self.file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a program of the PATH
        return Verdict(self, done.returncode == 0, (done.stdout + done.stderr).strip())


@attrs.frozen
class Verdict:
    """What a tool thinks of its file."""

    tool: Tool
    right: bool | None
    """None: the tool is not installed."""
    told: str


TOOLS: Final = (
    Tool("promtool", ("check", "config"), PROMETHEUS_FILE),
    Tool("amtool", ("check-config",), ALERTMANAGER_FILE),
)


def files(site: Site) -> Mapping[str, str]:
    """Return the text of every file by its name."""
    return {
        PROMETHEUS_FILE: configuration.prometheus(site),
        "prometheus-recording-rules.yml": rules.recording_rules(site.setting),
        "prometheus-alert-rules.yml": rules.alert_rules(site.setting),
        ALERTMANAGER_FILE: configuration.alertmanager(site),
        **{f"{RUNBOOKS}/{name}{runbooks.SUFFIX}": text for name, text in runbooks.texts().items()},
    }


def sharded(setting: Setting) -> Mapping[str, str]:
    """Return the rules of shards and of the Prometheus above them, which take the place of the two rule files."""
    return {
        "sharding/shard-rules.yml": sharding.shard_rules(setting),
        "sharding/global-rules.yml": sharding.global_rules(setting),
    }


def kubernetes(setting: Setting) -> Mapping[str, str]:
    """Return the rules as the Prometheus Operator takes them."""
    return {"kubernetes/prometheusrule.yml": prometheus_rule(setting)}


def dashboards(limits: Thresholds) -> Mapping[str, str]:
    """Return the dashboards, with the lines of `limits`, by the names of their files.

    Raises:
        ImportError: Grafana's SDK is not installed.
    """
    from collectors.operations.dashboards import boards  # noqa: PLC0415 - optional
    from collectors.operations.dashboards.render import render  # noqa: PLC0415 - optional

    return {f"grafana/{board.file}": render(board) for board in boards(limits)}


def write(
    directory: Path, texts: Mapping[str, str], *, overwrite: bool, check: Callable[[Path], None]
) -> tuple[Path, ...]:
    """Write the files, all or none of them, and return their paths.

    They are written beside their places first, where `check` looks at them and may raise to end it there.

    Raises:
        ExistingFilesError: some exist, and may not be written over.
        UnwritableError: something else is in a file's place, or a directory cannot be written.
    """
    paths = tuple(directory / name for name in texts)
    _look_for_obstacles(paths)
    existing = tuple(path for path in paths if os.path.lexists(path))
    if existing and not overwrite:
        raise ExistingFilesError(existing)
    # The nearest directory there is lies on the same file system, so that files can be moved.
    base = next(path for path in (directory, *directory.parents) if path.exists())
    try:
        scratch = tempfile.TemporaryDirectory(prefix=".monitoring-", dir=base)
    except OSError as error:
        raise UnwritableError(base, error.strerror or str(error)) from error
    with scratch as name:
        fresh = Path(name, "new")
        for file, text in texts.items():
            path = fresh / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        check(fresh)
        _move(fresh, directory, texts)
    return paths


def _look_for_obstacles(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_dir():
            raise UnwritableError(path, "is a directory, where a file has to be")
        for parent in reversed(path.parents):
            if os.path.lexists(parent) and not parent.is_dir():
                raise UnwritableError(parent, "is no directory")


def _move(fresh: Path, directory: Path, names: Iterable[str]) -> None:
    """Move files to their places, and all of them back if one cannot be moved."""
    with contextlib.ExitStack() as undo:
        for name in names:
            path, kept = directory / name, fresh.with_name("old") / name
            try:
                for parent in reversed(path.parents):
                    if not parent.exists():
                        parent.mkdir()
                        undo.callback(parent.rmdir)
                if os.path.lexists(path):
                    kept.parent.mkdir(parents=True, exist_ok=True)
                    path.replace(kept)
                    undo.callback(kept.replace, path)
                else:
                    undo.callback(path.unlink, missing_ok=True)
                (fresh / name).replace(path)
            except OSError as error:
                raise UnwritableError(path, error.strerror or str(error)) from error
        undo.pop_all()
