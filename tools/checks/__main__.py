"""Check the thresholds, and the operations pack below a directory: rules, dashboards and runbooks."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.checks.dashboards import check_dashboard
from tools.checks.defaults import check_defaults
from tools.checks.findings import Finding
from tools.checks.rules import check_rules
from tools.checks.runbooks import check_runbooks

RULES = ("prometheus-recording-rules.yml", "prometheus-alert-rules.yml")
"""Alerts read what is recorded, so that recordings come first."""


def check(directory: Path) -> list[Finding]:
    """Check the files that `python -m tools.generate` writes, and the runbooks beside them."""
    checked = check_rules([directory / name for name in RULES])
    findings = list(checked.findings)
    for path in sorted((directory / "grafana").glob("*.json")):
        findings += check_dashboard(path, checked.recorded)
    alerts = [rule for rule in checked.rules if "alert" in rule.data]
    return sorted(findings + check_runbooks(alerts, directory / "runbooks", checked.recorded))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each finding; 1 if there are any."""
    parser = argparse.ArgumentParser(prog="python -m tools.checks", description=__doc__)
    parser.add_argument("directory", type=Path, help="where the files lie, such as docs")
    directory = parser.parse_args(arguments).directory
    findings = check_defaults() + check(directory)
    sys.stderr.writelines(f"{finding}\n" for finding in findings)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
