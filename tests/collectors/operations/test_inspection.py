from collections import Counter

import pytest

from collectors.operations import inspection, promql
from collectors.operations.alerts import alert_groups
from collectors.operations.dashboards import boards
from collectors.operations.inspection import inspect, masked, selectors
from collectors.operations.model import Setting
from collectors.operations.prometheus_api import PrometheusApi
from collectors.operations.recording import recordings
from collectors.operations.thresholds import Thresholds

SETTING = Setting()
SENT, FAILED = (f"increase(prometheus_notifications_{what}_total[2m])) > 0" for what in ("sent", "errors"))
ALERTS = "http://alerts:9093/api/v2/alerts"


def rule(one, **changes):
    return {"name": one.name, "health": "ok", "query": one.expr, "lastEvaluation": "2026-01-01T00:00:00Z", **changes}


def loaded(setting):
    groups = (*recordings(setting), *alert_groups(setting))
    return [rule(one) for group in groups for one in group.rules]


class FakePrometheus:
    """The API of a Prometheus where all is well; each part can be changed."""

    def __init__(self) -> None:
        self.targets = [{"labels": {"job": "gui_agents", "instance": "a:8000"}, "health": "up", "lastError": ""}]
        self.rules = loaded(SETTING)
        self.alertmanagers = [{"url": ALERTS}]
        self.answers = {SENT: [self.sample("1", alertmanager=ALERTS)]}
        """What a query that ends so yields; nothing by default."""
        self.times = set()

    @staticmethod
    def sample(value, **labels):
        return {"metric": labels, "value": [0, value]}

    def __call__(self, path, parameters):
        match path:
            case "targets":
                return {"data": {"activeTargets": self.targets}}
            case "rules":
                return {"data": {"groups": [{"rules": self.rules}]}}
            case "alertmanagers":
                return {"data": {"activeAlertmanagers": self.alertmanagers}}
            case "query":
                self.times.add(parameters.get("time"))
                found = (answer for end, answer in self.answers.items() if parameters["query"].endswith(end))
                return {"data": {"result": next(found, [])}}
        raise AssertionError(path)


@pytest.fixture
def fake():
    return FakePrometheus()


def told(fake, setting=SETTING, unreachable=None):
    return list(inspect(PrometheusApi(fake), lambda _: unreachable, setting))


def test_nothing_is_said_where_all_is_well(fake):
    assert told(fake, unreachable="nobody asks") == []
    assert fake.times == {None, "2026-01-01T00:00:00Z"}


def test_a_missing_target_is_told(fake):
    fake.targets[0]["labels"]["job"] = "other"
    assert told(fake)[0].startswith("no target has job='gui_agents': add a scrape config")


def test_a_target_that_is_down_is_told_with_its_error(fake):
    fake.targets[0] |= {"health": "down", "lastError": "connection refused"}
    assert told(fake) == ["target a:8000 is down: connection refused"]


def test_a_target_that_was_never_scraped_is_told(fake):
    fake.targets[0] |= {"health": "unknown"}
    assert told(fake) == ["target a:8000 has not been scraped yet: ask again after an interval of its job"]


def test_rules_that_are_not_loaded_are_told(fake):
    del fake.rules[:30]
    [line] = told(fake)
    assert line.startswith("30 of 77 rules are not loaded (job:agent_task_failures:ratio_rate5m, ")
    assert line.endswith(" …): name both rule files under rule_files, and reload")


def test_one_of_several_rules_of_one_name_is_missed(fake):
    tiers = [one for one in fake.rules if one["name"] == "TaskSloFastBudgetBurn"]
    fake.rules.remove(tiers[1])
    assert told(fake) == [
        "1 of 77 rules are not loaded (TaskSloFastBudgetBurn): name both rule files under rule_files, and reload"
    ]
    fake.rules.append(tiers[0])
    assert len(told(fake)) == 1


def test_a_rule_that_reads_something_else_is_told(fake):
    [down] = [one for one in fake.rules if one["name"] == "ServiceDown"]
    down["query"] = "vector(0) > 1"
    [line] = told(fake)
    assert line.startswith("rule ServiceDown is not as this version has it, but for numbers: vector(0) > 1; ")


def test_a_rule_that_only_a_newer_prometheus_understands_is_told(fake):
    [down] = [one for one in fake.rules if one["name"] == "ServiceDown"]
    down["query"] = 'limitk_of_tomorrow(up{job="gui_agents"})'
    [line] = told(fake)
    assert line.startswith("rule ServiceDown is not as this version has it, but for numbers: limitk_of_tomorrow(")


def test_a_watchdog_that_never_fires_is_told(fake):
    fake.rules[-1]["query"] = "vector(0) > 1"
    [line] = told(fake)
    assert line.startswith("rule Watchdog is not")


def test_the_thresholds_of_an_operator_are_no_difference(fake):
    fake.rules = loaded(Setting(thresholds=Thresholds(cost=25, restarts=-0.5, task_slo=0.99, memory_bytes=2**31 + 1)))
    assert told(fake) == []


@pytest.mark.parametrize(
    ("ours", "as_prometheus_writes_it"),
    [
        ('rate(x{job="a"}[5m])\n> 2147483648', 'rate(x{job="a"}[5m]) > 2.147483648e+09'),
        ('x{job="a"} > -0.5', 'x{job="a"}>7'),
        ("vector(1) > 0", "vector(1) > 0"),
    ],
)
def test_what_differs_in_blanks_and_numbers_is_the_same(ours, as_prometheus_writes_it):
    assert masked(ours) == masked(as_prometheus_writes_it)


@pytest.mark.parametrize(
    ("ours", "other"),
    [
        ('rate(x{job="a"}[5m]) > 1', 'rate(x{job="a"}[1m]) > 1'),
        ('x{code=~"5"} > 1', 'x{code=~"4"} > 1'),
        ('job:x:rate5m{job="a"} > 1', 'job:x:rate1h{job="a"} > 1'),
        ('x{job="a"} > 1', 'x{job="a"} < 1'),
        ("vector(1) > 0", "vector(0) > 1"),
    ],
)
def test_what_changes_the_meaning_is_not(ours, other):
    assert masked(ours) != masked(other)


def test_a_rule_that_fails_is_told_with_its_error(fake):
    fake.rules[0] |= {"health": "err", "lastError": "many-to-many matching"}
    assert told(fake) == ["rule job:agent_task_failures:ratio_rate5m fails: many-to-many matching"]


def test_rules_that_were_never_evaluated_are_told(fake):
    for one in fake.rules[:7]:
        one["health"] = "unknown"
    [line] = told(fake)
    assert line.startswith("7 rules have not been evaluated yet (job:agent_task_failures:ratio_rate5m, ")
    assert line.endswith(" …): ask again after an interval")


def test_rules_for_another_job_are_told(fake):
    fake.targets[0]["labels"]["job"] = "agents"
    assert told(fake, Setting(job="agents")) == ["the rules select job=gui_agents, not agents: write them for this job"]


def test_the_rules_of_a_second_job_are_nobodys_trouble(fake):
    fake.rules += loaded(Setting(job="others"))
    fake.rules[-2]["query"] = 'nonsense{job="others"}'
    assert told(fake) == []


def test_a_missing_alertmanager_is_told(fake):
    fake.alertmanagers = []
    [line] = told(fake)
    assert line.startswith("Prometheus knows no Alertmanager")


def test_alerts_that_do_not_arrive_are_told(fake):
    fake.answers[FAILED] = [fake.sample("3", alertmanager=ALERTS)]
    assert told(fake) == [f"alerts do not reach Alertmanager at {ALERTS}: deliveries failed within 2m"]


def test_where_prometheus_does_not_say_whether_alerts_arrive_alertmanager_is_asked(fake):
    del fake.answers[SENT]
    asked = []
    list(inspect(PrometheusApi(fake), asked.append, SETTING))
    assert asked == ["http://alerts:9093/-/ready"]
    assert told(fake) == []
    [line] = told(fake, unreachable="connection refused")
    assert line.endswith(f"Alertmanager at {ALERTS}, and from here: connection refused")


@pytest.mark.parametrize(
    "selector",
    [
        'agent_temp_files_count{job="gui_agents"}',
        'agent_actions_total{job="gui_agents"}',
        'agent_task_steps_bucket{job="gui_agents"}',
        'process_open_fds{job="gui_agents"}',
    ],
)
def test_what_rules_or_dashboards_read_and_an_instance_lacks_is_told(fake, selector):
    fake.answers[f" {selector}"] = [fake.sample("1", instance="a:8000"), fake.sample("1", instance="b:8000")]
    [line] = told(fake)
    assert line.startswith(f"{selector} is empty on a:8000, b:8000: is its section failing, ")


def test_a_recorded_series_that_is_lost_is_told(fake):
    fake.answers['unless count(job:agent_tasks_active:sum{job="gui_agents"})'] = [fake.sample("1")]
    [line] = told(fake)
    assert line.startswith('job:agent_tasks_active:sum{job="gui_agents"} is empty: ')


def test_every_selector_of_rules_and_dashboards_is_asked_for_but_for_what_may_be_absent():
    names = {promql.parsed(selector).name for selector in selectors(SETTING)}
    assert not names & inspection.MAY_BE_ABSENT
    assert all('job="gui_agents"' in selector and "$" not in selector for selector in selectors(SETTING))
    drawn = {
        selector.name
        for board in boards()
        for panel in board.panels
        for query in panel.queries
        for selector in promql.selectors(promql.parsed(query.expr))
        if selector.name.startswith(("agent_", "process_", "python_"))
    }
    assert drawn - inspection.MAY_BE_ABSENT <= names
    assert Counter(selectors(SETTING)).most_common(1)[0][1] == 1


def test_of_lean_targets_only_what_rules_read_must_be_there(fake):
    read_by_a_rule, drawn_alone = 'agent_temp_files_count{job="gui_agents"}', 'agent_actions_total{job="gui_agents"}'
    assert {read_by_a_rule, drawn_alone} <= set(selectors(SETTING))
    assert read_by_a_rule in selectors(SETTING, lean=True)
    assert drawn_alone not in selectors(SETTING, lean=True)
    fake.answers[f" {drawn_alone}"] = [fake.sample("1", instance="a:8000")]
    assert list(inspect(PrometheusApi(fake), lambda _: None, SETTING, lean=True)) == []
