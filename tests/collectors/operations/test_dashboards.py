import json
import os
from pathlib import Path

import jsonschema
import pytest

from collectors.operations.dashboards import boards
from collectors.operations.dashboards.model import WIDTH, Look, Query
from collectors.operations.dashboards.render import render

BOARDS = pytest.mark.parametrize("board", boards(), ids=lambda board: board.uid)
SCHEMA = Path(os.environ.get("GRAFANA_DASHBOARD_SCHEMA", "../shared/data/grafana-dashboard.schema.json"))


@BOARDS
def test_grafanas_own_schema_accepts_the_dashboard(board):
    schema = SCHEMA if SCHEMA.is_absolute() else Path(__file__).parents[3] / SCHEMA
    if not schema.is_file():
        pytest.skip("no schema; GRAFANA_DASHBOARD_SCHEMA names the file of Grafana's dashboard schema")
    validator = jsonschema.Draft7Validator(json.loads(schema.read_text("utf-8")))
    assert [error.message for error in validator.iter_errors(json.loads(render(board)))] == []


@BOARDS
def test_panels_fill_the_grid_without_overlap(board):
    taken = set()
    for panel in json.loads(render(board))["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert place["x"] + place["w"] <= WIDTH
        assert taken.isdisjoint(cells), panel["title"]
        taken |= cells


@BOARDS
def test_the_dashboard_can_be_narrowed_and_shows_restarts(board):
    data = json.loads(render(board))
    assert [variable["name"] for variable in data["templating"]["list"]] == ["datasource", "job", "instance"]
    assert "resets(agent_service_uptime_seconds" in data["annotations"]["list"][0]["expr"]
    assert data["uid"] == board.uid


@BOARDS
def test_every_query_is_narrowed_by_job(board):
    for panel in board.panels:
        for query in panel.queries:
            assert "@" not in query.expr
            assert 'job=~"$job"' in query.expr


def test_titles_and_uids_are_unique():
    uids = [board.uid for board in boards()]
    assert len(set(uids)) == len(uids) == 4
    for board in boards():
        titles = [panel.title for panel in board.panels]
        assert len(set(titles)) == len(titles)


def test_every_look_is_used():
    assert {panel.look for board in boards() for panel in board.panels} == set(Look)


def test_a_selector_stands_for_the_chosen_targets():
    assert Query("sum(a{@job}) + b{@,x='1'}", "").expr == (
        'sum(a{job=~"$job"}) + b{job=~"$job",instance=~"$instance",x=\'1\'}'
    )
