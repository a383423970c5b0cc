import re
from fractions import Fraction

import yaml

from collectors.operations import rules
from collectors.operations.alerts import alert_groups, alert_names
from collectors.operations.model import Alert, Scope, Setting, Severity
from collectors.operations.recording import GRPC_ERRORS, SERVER_FAULTS, TASK_FAILURES, recordings
from collectors.operations.thresholds import Thresholds
from gui_agents.rpc.status import STATUSES
from tools.checks.expressions import Checker
from tools.vocabulary import known_series

DURATION_OR_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:ms|s|m|h|d)?(?!\w|\.\d)")


def _alerts(setting=None):
    return [rule for group in alert_groups(setting or Setting()) for rule in group.rules]


CONTRACT = """
ServiceDown                1m   0s   critical
AllInstancesDown           1m   0s   critical
TargetsMissing             5m   0s   critical
ScrapesFail                5m   0s   warning
MetricsAbsent              5m   0s   warning
Restarting                 0s   10m  warning
ScrapeSlow                 5m   0s   warning
CollectorSectionFailed     5m   0s   warning
EventLoopBlocked           2m   0s   critical
HeartbeatStalled           2m   0s   critical
MostTasksFail              0s   0s   critical
HighTaskFailureRate        5m   10m  warning
LowTaskSuccessRate         10m  0s   warning
TaskStuck                  5m   0s   warning
NoTaskCompletes            15m  0s   warning
OldestPendingTooOld        5m   0s   warning
HighTaskExecutionTime      10m  0s   warning
HighTaskQueueWaitTime      5m   0s   warning
HighTaskUtilization        5m   0s   warning
TaskUtilizationAtCapacity  2m   0s   critical
InstanceSaturated          15m  0s   warning
SubmissionsRejected        5m   5m   warning
HighMemoryUsage            5m   0s   warning
MemoryGrowth               30m  0s   warning
TooManyTempFiles           10m  0s   warning
TooManyStreamConnections   5m   0s   warning
StreamManagerOverload      5m   0s   warning
StreamManagerLeak          15m  0s   warning
SandboxesDying             5m   0s   warning
SandboxOpenSlow            5m   0s   warning
EgressDenied               0s   0s   info
StorageFailing             1m   0s   critical
StorageErrors              10m  0s   warning
StorageSlow                5m   0s   warning
StorageQueueGrows          5m   0s   warning
AuthFailures               0s   0s   warning
QuotaRejections            10m  0s   info
HighGRPCErrorRate          5m   0s   warning
HighGRPCLatency            10m  0s   warning
HighTokenConsumptionRate   10m  0s   info
HighExecutionCost          5m   0s   warning
DailyBudgetBurn            5m   0s   warning
PriceUnknown               5m   0s   info
UsageUnknown               5m   0s   info
TaskSloFastBudgetBurn      2m   0s   critical  1h  15m
TaskSloFastBudgetBurn      15m  0s   critical  6h  30m
TaskSloSlowBudgetBurn      1h   0s   warning   1d  2h
TaskSloSlowBudgetBurn      3h   0s   warning   3d  6h
RpcSloFastBudgetBurn       2m   0s   critical  1h  5m
RpcSloFastBudgetBurn       15m  0s   critical  6h  30m
RpcSloSlowBudgetBurn       1h   0s   warning   1d  2h
RpcSloSlowBudgetBurn       3h   0s   warning   3d  6h
WebConfigNotUsed           0s   0s   warning
Watchdog                   0s   0s   none
"""
"""Name, for, keep_firing_for, severity, and of the tiers of an objective their long and short window."""


def test_the_contract_is_kept_in_names_times_and_severities():
    data = yaml.safe_load(rules.alert_rules(Setting()))
    assert [
        [
            rule["alert"],
            rule["for"],
            rule.get("keep_firing_for", "0s"),
            *(rule["labels"][name] for name in ("severity", "long", "short") if name in rule["labels"]),
        ]
        for group in data["groups"]
        for rule in group["rules"]
    ] == [line.split() for line in CONTRACT.split("\n")[1:-1]]


def test_every_name_is_told_once():
    assert list(alert_names(Setting())) == list(dict.fromkeys(line.split()[0] for line in CONTRACT.split("\n")[1:-1]))


def test_runbooks_that_somebody_publishes_are_named_below_their_address():
    data = yaml.safe_load(rules.alert_rules(Setting(runbooks="https://runbooks.test/")))
    for rule in (rule for group in data["groups"] for rule in group["rules"]):
        assert rule["annotations"]["runbook_url"] == f"https://runbooks.test/{rule['alert']}.md"


def test_a_runbook_is_served_by_the_instance_that_an_alert_is_about_or_by_one_that_is_up():
    setting = Setting(scheme="https", address="10.0.0.1:8000")
    best = (
        'topk(1, avg_over_time(up{job="gui_agents"}[3m]) > 0 '
        'and on (job, instance) last_over_time(agent_service_info{job="gui_agents"}[3m]))'
    )
    any_instance = f"{{{{ range query `{best}` }}}}{{{{ .Labels.instance }}}}{{{{ else }}}}10.0.0.1:8000{{{{ end }}}}"
    urls = {rule.name: setting.runbook(rule) for rule in _alerts(setting)}
    own = {name for name, url in urls.items() if url == f"https://{{{{ $labels.instance }}}}/runbooks/{name}"}
    assert own == {rule.name for rule in _alerts() if rule.scope is Scope.INSTANCE and not rule.silent}
    assert {"ServiceDown", "AllInstancesDown", "HighTaskFailureRate", "Watchdog"}.isdisjoint(own)
    for name in set(urls) - own:
        assert urls[name] == f"https://{any_instance}/runbooks/{name}"


def test_every_text_says_what_to_do_first():
    for rule in _alerts():
        assert " First: " in rule.description or rule.name == "Watchdog", rule.name


QUERY = re.compile(r"`([^`]+)`")


def test_the_queries_in_texts_read_what_there_is():
    for rule in _alerts():
        for query in QUERY.findall(rule.description + Setting().runbook(rule)):
            checker = Checker(known_series())
            checker.shape(query.replace("%q", '"QueryTaskStatus"'))
            assert checker.problems == [], rule.name


def test_every_alert_tells_its_value_and_its_severity():
    data = yaml.safe_load(rules.alert_rules(Setting()))
    for rule in (rule for group in data["groups"] for rule in group["rules"]):
        assert rule["labels"]["severity"] in set(Severity)
        assert rule["annotations"]["summary"]
        assert "$value" in rule["annotations"]["description"]


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
    from_zero = dict.fromkeys(("egress_denials", "storage_errors", "quota_rejections"), 1)
    wider = {"task_slo": 0.96, "rpc_slo": 0.996, "stream_log_factor": 1.2, **from_zero}
    for name, default in ((name, getattr(Thresholds(), name)) for name in Thresholds.__annotations__):
        value = wider.get(name, default * 0.99)
        assert rules.alert_rules(Setting(thresholds=Thresholds(**{name: value}))) != rules.alert_rules(Setting()), name


def test_another_job_leaves_no_trace_of_the_default_one():
    setting = Setting(job="agents-eu")
    assert "gui_agents" not in rules.recording_rules(setting)
    assert 'job="gui_agents"' not in rules.alert_rules(setting)


def test_the_ratios_of_an_objective_differ_in_their_windows_alone():
    expressions = {TASK_FAILURES: set(), GRPC_ERRORS: set()}
    for rule in (rule for group in recordings(Setting()) for rule in group.rules):
        for name, found in expressions.items():
            if rule.name.startswith(name):
                found.add(rule.expr.replace(f"[{rule.name.removeprefix(name)}]", "[window]"))
    assert {name: len(found) for name, found in expressions.items()} == {TASK_FAILURES: 1, GRPC_ERRORS: 1}


def test_alerts_are_of_one_kind_in_their_groups():
    for group in alert_groups(Setting()):
        assert group.rules
        assert all(isinstance(rule, Alert) for rule in group.rules)


def test_an_alert_of_an_objective_tells_how_many_times_too_fast_its_budget_burns():
    told = {
        rule.labels["long"]: rule.description.partition(": ")[2].partition(".{{")[0]
        for rule in _alerts()
        if rule.name.startswith("TaskSlo")
    }
    assert told == {
        "1h": "more than 14.4 times the 5 % that the objective allows",
        "6h": "more than 6 times the 5 % that the objective allows",
        "1d": "more than 3 times the 5 % that the objective allows",
        "3d": "more than the 5 % that the objective allows",
    }


def test_a_storage_that_is_down_is_a_fault_of_the_service_and_no_other_refusal_is_but_the_drain():
    faults = {reason for code, reason in STATUSES.values() if code.name in SERVER_FAULTS}
    assert faults == {"STORAGE_DOWN", "DRAINING"}
