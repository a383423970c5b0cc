"""A ready configuration for one installation, in a directory that an operator can copy as it is."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from collectors.operations import configuration, rules
from collectors.operations.configuration import Site
from collectors.operations.thresholds import Thresholds

PROMETHEUS_FILE: Final = "prometheus.yml"


class ExistingFilesError(Exception):
    """`files` exist, and nobody said that they may be written over."""

    def __init__(self, files: tuple[Path, ...]) -> None:
        super().__init__(f"{', '.join(map(str, files))} exist already")
        self.files = files


def files(site: Site) -> Mapping[str, str]:
    """Return the text of every file by its name."""
    return {
        PROMETHEUS_FILE: configuration.prometheus(site),
        "prometheus-recording-rules.yml": rules.recording_rules(site.setting),
        "prometheus-alert-rules.yml": rules.alert_rules(site.setting),
        "alertmanager.yml": configuration.alertmanager(site),
    }


def dashboards(limits: Thresholds) -> Mapping[str, str]:
    """Return the dashboards, with the lines of `limits`, by the names of their files.

    Raises:
        ImportError: Grafana's SDK is not installed.
    """
    from collectors.operations.dashboards import boards  # noqa: PLC0415 - optional
    from collectors.operations.dashboards.render import render  # noqa: PLC0415 - optional

    return {f"grafana/{board.file}": render(board) for board in boards(limits)}


def write(directory: Path, texts: Mapping[str, str], *, overwrite: bool) -> tuple[Path, ...]:
    """Write the files, all or none of them, and return their paths.

    Raises:
        ExistingFilesError: some exist, and may not be written over.
        OSError: the directory cannot be written.
    """
    paths = {directory / name: text for name, text in texts.items()}
    existing = tuple(path for path in paths if path.exists())
    if existing and not overwrite:
        raise ExistingFilesError(existing)
    for path, text in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tuple(paths)


def promtool_says(directory: Path) -> tuple[bool, str] | None:
    """Let promtool check the configuration; return whether it is right and what it said, None without promtool."""
    promtool = shutil.which("promtool")
    if promtool is None:
        return None
    command = [promtool, "check", "config", str(directory / PROMETHEUS_FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a program of the PATH
    return done.returncode == 0, (done.stdout + done.stderr).strip()
