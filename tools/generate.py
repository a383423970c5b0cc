"""Write the generated files of the operations pack below a directory, or with --check list those that are stale."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from collectors.operations import installation
from collectors.operations.configuration import Site
from collectors.operations.dashboards import boards
from tools import dashboard_guide


def files() -> Mapping[str, str]:
    """Return every generated file by its path below docs: the defaults of `monitoring init`, and a guide."""
    site = Site()
    limits = site.setting.thresholds
    return {
        **installation.files(site),
        **installation.sharded(site.setting),
        **installation.kubernetes(site.setting),
        **installation.dashboards(limits),
        "grafana-dashboard-guide.md": dashboard_guide.render(boards(limits)),
    }


def stale(directory: Path, wanted: Mapping[str, str]) -> list[str]:
    """Return one line for each file below `directory` that is not as it would be written."""
    problems = []
    for name, text in wanted.items():
        path = directory / name
        if not path.is_file():
            problems.append(f"{path}: is missing")
        elif path.read_text("utf-8") != text:
            problems.append(f"{path}: differs from what its model generates")
    return problems


def write(directory: Path, wanted: Mapping[str, str]) -> None:
    """Write the files below `directory`."""
    for name, text in wanted.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0: done or up to date, 1: stale files."""
    parser = argparse.ArgumentParser(prog="python -m tools.generate", description=__doc__)
    parser.add_argument("directory", type=Path, help="where the files lie, such as docs")
    parser.add_argument("--check", action="store_true", help="write nothing; list the files that are stale")
    options = parser.parse_args(arguments)
    wanted = files()
    if not options.check:
        write(options.directory, wanted)
        return 0
    problems = stale(options.directory, wanted)
    sys.stderr.writelines(f"{problem}; run python -m tools.generate docs\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
