import re
from fractions import Fraction

import yaml

from collectors.operations import rules
from collectors.operations.alerts import alert_groups, alert_names
from collectors.operations.model import Alert, Setting, Severity
from collectors.operations.thresholds import Thresholds

DURATION_OR_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:ms|s|m|h|d)?(?!\w|\.\d)")


def _alerts(setting=None):
    return [rule for group in alert_groups(setting or Setting()) for rule in group.rules]


def test_the_contract_has_all_its_alerts():
    assert alert_names(Setting()) == (
        "ServiceDown",
        "AllInstancesDown",
        "TargetsMissing",
        "MetricsAbsent",
        "Restarting",
        "ScrapeSlow",
        "CollectorSectionFailed",
        "EventLoopBlocked",
        "HeartbeatStalled",
        "HighTaskFailureRate",
        "LowTaskSuccessRate",
        "TaskStuck",
        "NoTaskCompletes",
        "OldestPendingTooOld",
        "HighTaskExecutionTime",
        "HighTaskQueueWaitTime",
        "HighTaskUtilization",
        "TaskUtilizationAtCapacity",
        "InstanceSaturated",
        "SubmissionsRejected",
        "HighMemoryUsage",
        "MemoryGrowth",
        "TooManyTempFiles",
        "TooManyStreamConnections",
        "StreamManagerOverload",
        "StreamManagerLeak",
        "HighGRPCErrorRate",
        "HighGRPCLatency",
        "HighTokenConsumptionRate",
        "HighExecutionCost",
        "PriceUnknown",
        "UsageUnknown",
        "TaskSloFastBudgetBurn",
        "TaskSloSlowBudgetBurn",
        "RpcSloFastBudgetBurn",
        "RpcSloSlowBudgetBurn",
        "Watchdog",
    )


def test_every_alert_tells_its_value_and_its_runbook():
    data = yaml.safe_load(rules.alert_rules(Setting(runbooks="https://runbooks.test/")))
    for rule in (rule for group in data["groups"] for rule in group["rules"]):
        assert rule["labels"]["severity"] in set(Severity)
        assert rule["annotations"]["summary"]
        assert "$value" in rule["annotations"]["description"]
        assert rule["annotations"]["runbook_url"] == f"https://runbooks.test/{rule['alert']}.md"


def test_rules_at_another_scale_of_time_differ_in_numbers_only():
    for render in (rules.alert_rules, rules.recording_rules):
        normal, fast = render(Setting()), render(Setting(scale=Fraction(1, 60)))
        assert normal != fast
        assert DURATION_OR_NUMBER.sub("#", normal) == DURATION_OR_NUMBER.sub("#", fast)


def test_another_threshold_changes_its_alert_alone():
    changed = {
        before.name
        for before, after in zip(_alerts(), _alerts(Setting(thresholds=Thresholds(cost=25))), strict=True)
        if before != after
    }
    assert changed == {"HighExecutionCost"}


def test_every_threshold_changes_a_rule():
    wider = {"task_slo": 0.96, "rpc_slo": 0.996, "stream_log_factor": 1.2}
    for name, default in ((name, getattr(Thresholds(), name)) for name in Thresholds.__annotations__):
        value = wider.get(name, default * 0.99)
        assert rules.alert_rules(Setting(thresholds=Thresholds(**{name: value}))) != rules.alert_rules(Setting()), name


def test_another_job_leaves_no_trace_of_the_default_one():
    setting = Setting(job="agents-eu")
    assert "gui_agents" not in rules.recording_rules(setting)
    assert 'job="gui_agents"' not in rules.alert_rules(setting)


def test_alerts_are_of_one_kind_in_their_groups():
    for group in alert_groups(Setting()):
        assert group.rules
        assert all(isinstance(rule, Alert) for rule in group.rules)


def test_an_alert_of_an_objective_tells_how_many_times_too_fast_its_budget_burns():
    told = {
        rule.labels["long"]: rule.description.partition(": ")[2]
        for rule in _alerts()
        if rule.name.startswith("TaskSlo")
    }
    assert told == {
        "1h": "more than 14.4 times the 5 % that the objective allows.",
        "6h": "more than 6 times the 5 % that the objective allows.",
        "1d": "more than 3 times the 5 % that the objective allows.",
        "3d": "more than the 5 % that the objective allows.",
    }
