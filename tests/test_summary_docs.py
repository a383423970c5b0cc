"""The numbers that docs/prometheus-implementation-summary.md tells are those of the code."""

from pathlib import Path

import pytest

from collectors.operations.alerts import alert_groups, alert_names
from collectors.operations.dashboards import boards
from collectors.operations.model import Setting
from collectors.operations.recording import recordings
from tests.collectors.operations.scenarios import CASES
from tests.e2e.test_real_chain import BY_RULE_TESTS_ONLY, OF_OTHER_TESTS

SUMMARY = " ".join((Path(__file__).parents[1] / "docs/prometheus-implementation-summary.md").read_text("utf-8").split())
SETTING = Setting()
PANELS = [panel for board in boards() for panel in board.panels]
NAMES = set(alert_names(SETTING))
ALERTS = sum(len(group.rules) for group in alert_groups(SETTING))
RECORDED = sum(len(group.rules) for group in recordings(SETTING))
QUERIES = sum(len(panel.queries) for panel in PANELS)


@pytest.mark.parametrize(
    "told",
    [
        f"prometheus-recording-rules.yml) | {RECORDED} |",
        f"{len(NAMES)} alerts in {ALERTS} rules",
        f"{len(boards())} dashboards, {len(PANELS)} panels, {QUERIES} queries",
        f"| Rules | {RECORDED + ALERTS} for each job",
        f"{len(CASES)} cases with {sum(len(list(case.timelines())) for case in CASES)} timelines",
        f"faults that make {len(NAMES - BY_RULE_TESTS_ONLY - OF_OTHER_TESTS - {'Watchdog'})} alerts fire",
        f"all {QUERIES} queries on a real Prometheus",
    ],
)
def test_the_summary_counts_right(told):
    assert told in SUMMARY
