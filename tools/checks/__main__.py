"""Check the thresholds, and the operations pack below a directory: rules, dashboards and runbooks."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.checks.dashboards import check_dashboard
from tools.checks.defaults import check_defaults
from tools.checks.findings import Finding
from tools.checks.rule_files import check_rules, recorded_shapes
from tools.checks.rule_structure import Rule, read_rules
from tools.checks.runbooks import check_links, check_runbooks

RECORDINGS = "prometheus-recording-rules.yml"
ALERTS = "prometheus-alert-rules.yml"
OPERATOR = Path("kubernetes", "prometheusrule.yml")
"""The same rules, as the Prometheus Operator takes them."""


def check(directory: Path) -> list[Finding]:
    """Check the files that `python -m tools.generate` writes, and the runbooks beside them."""
    recordings, alerts, operator = directory / RECORDINGS, directory / ALERTS, directory / OPERATOR
    runbooks = directory / "runbooks"
    findings = check_rules([recordings, alerts])
    recorded = recorded_shapes([recordings])
    for path in sorted((directory / "grafana").glob("*.json")):
        findings += check_dashboard(path, recorded)
    if _alerts(alerts):
        findings += check_runbooks(alerts, _alerts(alerts), runbooks, recorded)
    if operator.is_file():
        findings += check_rules([operator]) + check_links(_alerts(operator), runbooks)
    return findings


def _alerts(path: Path) -> list[Rule]:
    rules, _ = read_rules(path)
    return [rule for rule in rules if rule.is_alert]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each finding; 1 where there are any."""
    parser = argparse.ArgumentParser(prog="python -m tools.checks", description=__doc__)
    parser.add_argument("directory", type=Path, help="where the files lie, such as docs")
    directory = parser.parse_args(arguments).directory
    findings = check_defaults() + check(directory)
    sys.stderr.writelines(f"{finding}\n" for finding in findings)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
