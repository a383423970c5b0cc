import pytest

from collectors.operations.alerts import alert_groups
from collectors.operations.inspection import inspect
from collectors.operations.model import Setting
from collectors.operations.recording import recordings

SETTING = Setting()


def rule(one, **changes):
    return {"name": one.name, "health": "ok", "query": one.expr, **changes}


class FakePrometheus:
    """The API of a Prometheus where all is well; each part can be changed."""

    def __init__(self) -> None:
        self.targets = [{"labels": {"job": "gui_agents", "instance": "a:8000"}, "health": "up", "lastError": ""}]
        groups = (*recordings(SETTING), *alert_groups(SETTING))
        self.rules = [rule(one) for group in groups for one in group.rules]
        self.alertmanagers = [{"url": "http://alerts"}]
        self.empty = ""

    def __call__(self, path, parameters):
        match path:
            case "targets":
                return {"activeTargets": self.targets}
            case "rules":
                return {"groups": [{"rules": self.rules}]}
            case "alertmanagers":
                return {"activeAlertmanagers": self.alertmanagers}
            case "query":
                empty = self.empty and self.empty in parameters["query"]
                return {"result": [] if empty else [{"value": [0, "1"]}]}
        raise AssertionError(path)


@pytest.fixture
def fake():
    return FakePrometheus()


def test_nothing_is_said_where_all_is_well(fake):
    assert list(inspect(fake, SETTING)) == []


def test_a_missing_target_is_told(fake):
    fake.targets[0]["labels"]["job"] = "other"
    assert next(inspect(fake, SETTING)).startswith("no target has job='gui_agents': add a scrape config")


def test_a_target_that_is_down_is_told_with_its_error(fake):
    fake.targets[0] |= {"health": "down", "lastError": "connection refused"}
    assert list(inspect(fake, SETTING)) == ["target a:8000 is down: connection refused"]


def test_rules_that_are_not_loaded_are_told(fake):
    del fake.rules[:30]
    [told] = inspect(fake, SETTING)
    assert told.startswith("30 of 60 rules are not loaded (job:agent_task_failures:ratio_rate5m, ")


def test_a_rule_that_fails_is_told_with_its_error(fake):
    fake.rules[0] |= {"health": "err", "lastError": "many-to-many matching"}
    assert list(inspect(fake, SETTING)) == [
        "rule job:agent_task_failures:ratio_rate5m fails: many-to-many matching",
    ]


def test_rules_for_another_job_are_told(fake):
    other = Setting(job="agents")
    fake.targets[0]["labels"]["job"] = "agents"
    assert list(inspect(fake, other)) == ["the rules select job=gui_agents, not agents: write them for this job"]


def test_a_missing_alertmanager_is_told(fake):
    fake.alertmanagers = []
    [told] = inspect(fake, SETTING)
    assert told.startswith("Prometheus knows no Alertmanager")


def test_an_empty_metric_is_told(fake):
    fake.empty = "agent_temp_files_count"
    [told] = inspect(fake, SETTING)
    assert told.startswith("agent_temp_files_count is empty")


def test_metrics_that_may_be_absent_are_not_asked_for(fake):
    fake.empty = "agent_task_oldest_pending_timestamp_seconds"
    assert list(inspect(fake, SETTING)) == []
