"""Write the generated files of the operations pack below a directory, or with --check tell which are stale."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from collectors.operations import configuration, rules
from collectors.operations.configuration import Site
from collectors.operations.dashboards import boards
from collectors.operations.dashboards.render import render
from collectors.operations.model import Setting
from collectors.operations.thresholds import ThresholdError, with_changes
from tools import dashboard_guide as guide
from tools import kubernetes, sharding


def files(setting: Setting) -> Mapping[str, str]:
    """Return the text of every generated file by its path below docs."""
    site, dashboards = Site(setting=setting), boards(setting.thresholds)
    return {
        "prometheus.yml": configuration.prometheus(site),
        "alertmanager.yml": configuration.alertmanager(site),
        "prometheus-alert-rules.yml": rules.alert_rules(setting),
        "prometheus-recording-rules.yml": rules.recording_rules(setting),
        "kubernetes/prometheusrule.yml": kubernetes.prometheus_rule(setting),
        "sharding/shard-rules.yml": sharding.shard_rules(setting),
        "sharding/global-rules.yml": sharding.global_rules(setting),
        "grafana-dashboard-guide.md": guide.render(dashboards),
        **{f"grafana/{board.file}": render(board) for board in dashboards},
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
    """Run the command; 0: done or up to date, 1: stale files, 2: a threshold that cannot work."""
    parser = argparse.ArgumentParser(prog="python -m tools.generate", description=__doc__)
    parser.add_argument("directory", type=Path, help="where the files lie, such as docs")
    parser.add_argument("--check", action="store_true", help="write nothing; tell which files are stale")
    parser.add_argument(
        "--threshold", action="append", default=[], metavar="NAME=NUMBER", help="change a threshold; may be repeated"
    )
    options = parser.parse_args(arguments)
    try:
        setting = Setting(thresholds=with_changes(options.threshold))
    except ThresholdError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    wanted = files(setting)
    if not options.check:
        write(options.directory, wanted)
        return 0
    problems = stale(options.directory, wanted)
    sys.stderr.writelines(f"{problem}; run python -m tools.generate docs\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
