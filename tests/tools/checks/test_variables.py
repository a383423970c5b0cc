import json

import pytest

from tools.checks.findings import read
from tools.checks.shapes import Shape
from tools.checks.variables import check_variables

RECORDED = {"job:ratio": Shape(frozenset({"job"}), {"job": "gui_agents"}, ratio=True)}


def findings(tmp_path, query, **more):
    path = tmp_path / "board.json"
    variables = [
        {"name": "datasource", "type": "datasource", "query": "prometheus"},
        {"name": "job", "type": "query", "query": query},
    ]
    path.write_text(json.dumps({"templating": {"list": variables}, **more}, indent=1), "utf-8")
    data, _ = read(path)
    return [f"{finding.line}: {finding.reason}" for finding in check_variables(str(path), data, RECORDED)]


@pytest.mark.parametrize(
    "query",
    [
        "label_values(agent_service_info, job)",
        'label_values(agent_service_info{job=~"$job", version!=""}, instance)',
        "label_values( agent_tasks_created_total,status )",
        "label_values(job:ratio, job)",
        'label_values({__name__=~"up|ALERTS",alertname=~"|ServiceDown"}, job)',
        "label_values(instance)",
        'label_values({__name__=~"agent_service_info|ALERTS"}, job)',
        'label_values({__name__=~"agent_.+"}, job)',
        "label_names()",
        "metrics(agent_.*)",
        "query_result(sum by (method) (rate(agent_grpc_requests_total[5m])))",
        {"query": "label_values(up, job)", "refId": "A"},
    ],
)
def test_a_query_for_what_exists_has_no_findings(tmp_path, query):
    assert findings(tmp_path, query) == []


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (
            "label_values(agent_service_inf, job)",
            "unknown metric agent_service_inf; is agent_service_info meant?",
        ),
        ("label_values(agent_service_info, jobb)", "agent_service_info has no label jobb; is job meant?"),
        ('label_values({__name__=~"up|upp"}, job)', "unknown metric upp; is up meant?"),
        ("label_values(jobb)", "no series has a label jobb; is job meant?"),
        ('label_values(up{jb="a"}, job)', "up has no label jb; is job meant?"),
        ("label_values(sum(up), job)", "sum(up) is no selector of series"),
        ("label_values(up{, job)", "does not parse: unexpected end of input inside braces"),
        ('label_values({__name__=~"up|ALRTS"}, job)', "unknown metric ALRTS; is ALERTS meant?"),
        ("query_result(sum(upp))", "unknown metric upp; is up meant?"),
        (
            "label_valeus(up, job)",
            "label_valeus(up, job) is no query of a variable; write label_values(metric, label)",
        ),
    ],
)
def test_a_query_for_what_does_not_exist_is_found_at_its_line(tmp_path, query, reason):
    assert findings(tmp_path, query) == [f"12: variable job: {reason}"]


def test_a_variable_that_nobody_defines_is_found_where_it_is_used(tmp_path):
    panel = {"title": "$", "datasource": {"uid": "${datasorce}"}, "targets": [{"expr": 'up{job="$job"}[$__interval]'}]}
    assert findings(tmp_path, "label_values(up, job)", panels=[panel]) == [
        "20: unknown variable datasorce; is datasource meant?"
    ]
