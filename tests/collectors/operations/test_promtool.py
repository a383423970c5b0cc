"""promtool evaluates every alert over made-up time: it fires and resolves, and breaks its test when it is mutated."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction

import attrs
import pytest

from collectors.operations import rules, yaml_text
from collectors.operations.alerts import alert_groups
from collectors.operations.model import Alert, Group, Setting
from collectors.operations.recording import recordings
from tests.collectors.operations.scenarios import CASES
from tests.system_tools import require_program

pytestmark = pytest.mark.system_tools

SETTING = Setting()
VERDICT = re.compile(r"^Unit Testing:  .*/(\S+)\.test\.yml\n  (SUCCESS|FAILED)", re.MULTILINE)


def _key(rule: Alert) -> str:
    return "-".join(part for part in (rule.name, rule.labels.get("long")) if part)


def _alerts() -> Iterator[Alert]:
    yield from (rule for group in alert_groups(SETTING) for rule in group.rules)


def _write(directory, key, alert, tests) -> str:
    """Write the alert, what it reads and its tests; return the file of tests."""
    read = [rule for group in recordings(SETTING) for rule in group.rules if rule.name + "{" in alert.expr]
    (directory / f"{key}.rules.yml").write_text(
        yaml_text.render(rules.as_data([Group("all", (*read, alert))], SETTING)), "utf-8"
    )
    data = {"rule_files": [f"{key}.rules.yml"], "evaluation_interval": tests[0]["interval"], "tests": tests}
    path = directory / f"{key}.test.yml"
    path.write_text(yaml_text.render(data), "utf-8")
    return str(path)


def _promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [require_program("promtool"), *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def _verdicts(directory, change: Callable[[Alert], Alert], tests: slice) -> dict[str, str]:
    """Test every alert after `change` in one process; return the verdict on each."""
    alerts = {_key(alert): alert for alert in _alerts()}
    paths = [_write(directory, case.key, change(alerts[case.key]), case.tests()[tests]) for case in CASES]
    output = _promtool("test", "rules", *paths).stdout
    sys.stdout.write(output)
    return dict(VERDICT.findall(output))


def test_every_alert_but_the_watchdog_has_its_case():
    assert {case.key for case in CASES} == {_key(alert) for alert in _alerts()} - {"Watchdog"}
    assert len({case.key for case in CASES}) == len(CASES)


def test_promtool_and_its_linter_accept_the_rules_at_both_scales(tmp_path):
    paths = []
    for name, setting in (("normal", SETTING), ("fast", Setting(scale=Fraction(1, 60)))):
        for kind, render in (("alerts", rules.alert_rules), ("recordings", rules.recording_rules)):
            path = tmp_path / f"{name}-{kind}.yml"
            path.write_text(render(setting), "utf-8")
            paths.append(str(path))
    done = _promtool("check", "rules", "--lint=all", "--lint-fatal", *paths)
    assert done.returncode == 0, done.stdout


def test_every_alert_fires_and_resolves(tmp_path):
    verdicts = _verdicts(tmp_path, lambda alert: alert, slice(None))
    assert verdicts == dict.fromkeys((case.key for case in CASES), "SUCCESS")


@pytest.mark.parametrize("expr", ["vector(0) > 1", "vector(1) > 0"], ids=["never", "always"])
def test_an_alert_that_never_or_always_fires_breaks_its_test(tmp_path, expr):
    verdicts = _verdicts(tmp_path, lambda alert: attrs.evolve(alert, expr=expr), slice(1))
    assert verdicts == dict.fromkeys((case.key for case in CASES), "FAILED")


def test_the_watchdog_always_fires(tmp_path):
    watchdog = next(alert for alert in _alerts() if alert.name == "Watchdog")
    query = 'count(ALERTS{alertname="Watchdog",alertstate="firing"})'
    one = [{"labels": "{}", "value": 1}]
    expected = [{"expr": query, "eval_time": time, "exp_samples": one} for time in ("0m", "10m")]
    tests = [{"interval": "1m", "input_series": [], "promql_expr_test": expected}]
    for alert, status in ((watchdog, 0), (attrs.evolve(watchdog, expr="vector(0) > 1"), 1)):
        done = _promtool("test", "rules", _write(tmp_path, "Watchdog", alert, tests))
        assert done.returncode == status, done.stdout
