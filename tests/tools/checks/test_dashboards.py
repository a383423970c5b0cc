import json
from pathlib import Path

import pytest

from tools.checks.dashboards import check_dashboard
from tools.checks.rules import check_rules

DOCS = Path(__file__).parents[3] / "docs"
RECORDED = check_rules([DOCS / "prometheus-recording-rules.yml"]).recorded

SOUND = {
    "title": "Panel A",
    "type": "timeseries",
    "description": "Latency.",
    "fieldConfig": {"defaults": {"unit": "s"}},
    "targets": [{"refId": "A", "expr": 'max by (instance) (agent_event_loop_lag_seconds{job=~"$job"})'}],
}
VARIABLES = {"list": [{"name": "job", "type": "query", "query": "label_values(up, job)"}]}
RATE = 'sum(rate(agent_grpc_requests_total{job=~"$job"}[$__rate_interval]))'


def findings(tmp_path, **changes):
    path = tmp_path / "board.json"
    path.write_text(json.dumps({"panels": [{**SOUND, **changes}], "templating": VARIABLES}, indent=1), "utf-8")
    return [str(finding).removeprefix(f"{path}:") for finding in check_dashboard(path, RECORDED)]


def target(expr, **more):
    return {"targets": [{"refId": "A", "expr": expr, **more}], "fieldConfig": {"defaults": {"unit": "short"}}}


@pytest.mark.parametrize("path", sorted((DOCS / "grafana").glob("*.json")), ids=lambda path: path.stem)
def test_the_committed_dashboards_are_sound(path):
    assert check_dashboard(path, RECORDED) == []


def test_a_sound_panel_has_no_findings(tmp_path):
    assert findings(tmp_path) == []
    assert findings(tmp_path, **target(RATE)) == []
    assert findings(tmp_path, **target(f"sum by (job) {RATE[3:]}", legendFormat="{{ job }} of ${job:csv}")) == []
    replaced = 'label_replace(sum by (job) (up{job=~"$job"}), "to", "$1", "job", "(.)")'
    assert findings(tmp_path, **target(replaced, legendFormat="{{to}}")) == []
    counted = 'count_values("value", up{job=~"$job"})'
    assert findings(tmp_path, **target(counted, legendFormat="{{value}}")) == []


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"fieldConfig": {"defaults": {"unit": "ms"}}}, "9: panel Panel A: its unit is ms, but its query returns s"),
        (target(""), "14: a query is empty"),
        (target('max(agent_lag{job=~"$job"})'), '15: query max(agent_lag{job=~"$job"})…: unknown metric agent_lag'),
        (target('sum by (job) (up{job=~"$job"}'), "15: query sum by (job) (up"),
        (target('up{job=~"$job"}'), "15: query up"),
        (target(RATE, legendFormat="{{ job }}"), "16: legend {{ job }}: its query returns no label job"),
        (
            target(f"sum by (method) {RATE[3:]}", legendFormat="rate of {{metod}}"),
            "16: legend rate of {{metod}}: its query returns no label metod; is method meant?",
        ),
        (target("vector(1)", legendFormat="{{job}}"), "16: legend {{job}}: its query returns no label job"),
        (target(RATE.replace("$job", "$jb")), "15: unknown variable jb; is job meant?"),
        (target("sum(up)"), "15: query sum(up)…: up has no matcher on job"),
    ],
)
def test_a_mistake_is_found_with_its_line(tmp_path, changes, finding):
    assert [line[: len(finding)] for line in findings(tmp_path, **changes)] == [finding]


def test_panels_within_a_row_are_checked_too(tmp_path):
    path = tmp_path / "board.json"
    row = {"type": "row", "title": "Row", "panels": [{**SOUND, "fieldConfig": {"defaults": {"unit": "ms"}}}]}
    path.write_text(json.dumps({"panels": [row], "templating": VARIABLES}), "utf-8")
    assert [finding.reason for finding in check_dashboard(path, {})] == [
        "panel Panel A: its unit is ms, but its query returns s"
    ]


def test_what_is_no_dashboard_is_a_finding(tmp_path):
    path = tmp_path / "board.json"
    path.write_text("[]", "utf-8")
    assert [finding.reason for finding in check_dashboard(path, {})] == ["is no dashboard: it has no panels"]
    path.write_text("{", "utf-8")
    assert [finding.reason.partition(":")[0] for finding in check_dashboard(path, {})] == ["is no valid YAML"]
