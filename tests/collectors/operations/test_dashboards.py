import functools
import json
import operator
import re
from pathlib import Path

import jsonschema
import promql_parser
import pytest

from collectors.operations import promql
from collectors.operations.alerts import alert_groups
from collectors.operations.dashboards import boards
from collectors.operations.dashboards.model import WIDTH, Look, Query
from collectors.operations.dashboards.render import ANY_INSTANCE, render
from collectors.operations.model import Setting
from collectors.operations.thresholds import Thresholds
from tests.collectors.operations import grafana_schema

BOARDS = pytest.mark.parametrize("board", boards(), ids=lambda board: board.uid)
COMPARISONS = {">", "<", ">=", "<=", "=="}
VALIDATOR = jsonschema.Draft7Validator(grafana_schema.DASHBOARD)


def complaints(data):
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(data)]


@BOARDS
def test_grafana_understands_every_key_and_choice_of_the_dashboard(board):
    VALIDATOR.check_schema(grafana_schema.DASHBOARD)
    assert complaints(json.loads(render(board))) == []


def places(data, path=()):
    """Yield the path of everything in a dashboard."""
    yield path
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from places(value, (*path, key))


def one_of_each_kind():
    """Return a dashboard with the richest panel of each kind."""
    every = [panel for board in boards() for panel in json.loads(render(board))["panels"]]
    richest = {panel["type"]: panel for panel in sorted(every, key=lambda panel: len(list(places(panel))))}
    return {**json.loads(render(boards()[0])), "panels": list(richest.values())}


def test_a_slip_anywhere_in_a_dashboard_is_found():
    sound = one_of_each_kind()
    assert complaints(sound) == []
    for path in list(places(sound))[1:]:
        *parents, last = path
        container = functools.reduce(operator.getitem, parents, sound)
        kept = container[last]
        container[last] = {}
        assert not VALIDATOR.is_valid(sound), f"another value at {path}"
        container[last] = kept
        if isinstance(container, dict):
            del container[last]
            container[f"{last}x"] = kept
            assert not VALIDATOR.is_valid(sound), f"another key at {path}"
            del container[f"{last}x"]
            container[last] = kept


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
    source, job, instance = data["templating"]["list"]
    assert [variable["name"] for variable in (source, job, instance)] == ["datasource", "job", "instance"]
    assert "allValue" not in job, "every job of Prometheus would be this service's"
    assert instance["allValue"] == ANY_INSTANCE
    assert "changes(process_start_time_seconds" in data["annotations"]["list"][0]["expr"]
    assert data["uid"] == board.uid


@BOARDS
def test_every_query_is_narrowed_by_job(board):
    for panel in board.panels:
        for query in panel.queries:
            assert "@" not in query.expr
            assert 'job=~"$job"' in query.expr


@BOARDS
def test_a_figure_asks_for_now_and_a_graph_for_a_range(board):
    for panel in (each for each in json.loads(render(board))["panels"] if each["type"] != "row"):
        graph = panel["type"] == "timeseries"
        assert {(target.get("instant", False), target.get("range", True)) for target in panel["targets"]} == {
            (not graph, graph)
        }, panel["title"]


def test_outcomes_have_the_colours_of_the_status_page():
    page = (Path(__file__).parents[3] / "collectors/http/assets/figures.js").read_text("utf-8")
    on_page = dict(re.findall(r'name: "(completed|failed|cancelled)", tone: "(\w+)"', page))
    spelled = {"grey": "gray"}
    for board in boards():
        for panel in json.loads(render(board))["panels"]:
            told = {
                override["matcher"]["options"]: override["properties"][0]["value"]["fixedColor"]
                for override in panel.get("fieldConfig", {}).get("overrides", ())
            }
            by_status = any(target["legendFormat"] == "{{status}}" for target in panel.get("targets", ()))
            assert bool(told) == by_status, panel["title"]
            for name, tone in on_page.items() if told else ():
                assert told[name] == spelled.get(tone, tone)
    assert set(on_page) == {"completed", "failed", "cancelled"}


def test_titles_and_uids_are_unique():
    uids = [board.uid for board in boards()]
    assert len(set(uids)) == len(uids) == 4
    for board in boards():
        titles = [panel.title for panel in board.panels]
        assert len(set(titles)) == len(titles)


@BOARDS
def test_every_panel_says_what_it_shows(board):
    for panel in board.panels:
        assert panel.title
        assert panel.description.endswith(".")
        assert panel.queries


READ_OTHERWISE = {
    "Instances up": lambda share: 1 - share,
    "Success, 5 min": lambda ratio: 1 - ratio,
    "Failed sections of scrapes": lambda failed: failed - 1,
    "Failure ratio over 1 hour": lambda ratio: 1 - ratio,
    "Budget burn of tasks": lambda factor: factor * (1 - Thresholds().task_slo),
    "Budget burn of RPCs": lambda factor: factor * (1 - Thresholds().rpc_slo),
}
"""What a panel's threshold is for its alert, where the panel shows something else than the alert reads."""


def limits(expr):
    """Return the numbers that an expression compares something with."""
    nodes = promql.nodes(promql.parsed(expr))
    compared = [node.rhs for node in nodes if getattr(node, "op", None) is not None and str(node.op) in COMPARISONS]
    return [number.val for number in compared if isinstance(number, promql_parser.NumberLiteral)]


@pytest.mark.parametrize(
    "panel", [panel for board in boards() for panel in board.panels], ids=lambda panel: panel.title
)
def test_a_panel_is_red_where_its_alert_fires(panel):
    assert (panel.threshold is None) == (panel.alert is None)
    if panel.alert:
        exprs = [rule.expr for group in alert_groups(Setting()) for rule in group.rules if rule.name == panel.alert]
        compared = [number for expr in exprs for number in limits(expr)]
        threshold = READ_OTHERWISE.get(panel.title, lambda threshold: threshold)(panel.threshold)
        assert any(number == pytest.approx(threshold) for number in compared), compared


@pytest.mark.parametrize(
    "panel", [panel for board in boards() for panel in board.panels], ids=lambda panel: panel.title
)
def test_the_guide_tells_every_setting_of_a_panel(panel):
    guide = (Path(__file__).parents[3] / "docs/grafana-dashboard-guide.md").read_text("utf-8")
    panels = (each for board in boards() for each in json.loads(render(board))["panels"])
    [data] = [each for each in panels if each["title"] == panel.title and each["type"] != "row"]
    [told] = re.findall(rf"^\*\*{re.escape(panel.title)}\*\* \((.+?)\)\. ", guide, re.MULTILINE)
    defaults = data["fieldConfig"]["defaults"]
    custom = defaults.get("custom", {})
    assert f"minimum {defaults['min']}" in told
    assert ("maximum" in told) == ("max" in defaults)
    assert re.findall(r"fill (\d+)", told) == [f"{custom[key]:g}" for key in custom if key == "fillOpacity"]
    assert ("stacked" in told) == (custom.get("stacking", {}).get("mode") == "normal")
    assert (re.search("red (below|from)", told) is not None) == (len(defaults["thresholds"]["steps"]) == 2)
    overrides = data["fieldConfig"]["overrides"]
    assert all(
        f"{one['matcher']['options']} {one['properties'][0]['value']['fixedColor']}" in told for one in overrides
    )


def test_the_guide_tells_what_all_graphs_have_in_common():
    guide = " ".join((Path(__file__).parents[3] / "docs/grafana-dashboard-guide.md").read_text("utf-8").split())
    graphs = [
        panel for board in boards() for panel in json.loads(render(board))["panels"] if panel["type"] == "timeseries"
    ]
    for panel in graphs:
        assert f"lines of width {panel['fieldConfig']['defaults']['custom']['lineWidth']}," in guide
        legend = panel["options"]["legend"]
        assert (legend["displayMode"], legend["placement"]) == ("table", "bottom")
        assert legend["calcs"] == ["lastNotNull", "max"]
        assert panel["options"]["tooltip"]["mode"] == "multi"
    assert "a legend as a table below the graph with the values `Last *` and `Max`, a tooltip for all series" in guide


def test_every_look_is_used():
    assert {panel.look for board in boards() for panel in board.panels} == set(Look)


def test_a_selector_stands_for_the_chosen_targets():
    assert Query("sum(a{@job}) + b{@,x='1'}", "").expr == (
        'sum(a{job=~"$job"}) + b{job=~"$job",instance=~"$instance",x=\'1\'}'
    )
