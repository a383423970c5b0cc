"""Shards and a global Prometheus together decide as one Prometheus does that has all instances."""

import re
import sys
from pathlib import Path

import pytest
import yaml

from collectors.operations import promql, sharding, yaml_text
from collectors.operations.alerts import alert_groups, alert_names
from collectors.operations.model import Setting
from collectors.operations.recording import recordings
from tests.collectors.operations.promtool import closed, file_of_tests, promtool
from tests.collectors.operations.scenarios import CASES
from tools.checks.expressions import Checker
from tools.vocabulary import TARGET_LABELS, known_series

SETTING = Setting()
SHARD, GLOBAL = (yaml.safe_load(render(SETTING)) for render in (sharding.shard_rules, sharding.global_rules))
ON_EVERY_PROMETHEUS = {"TargetsMissing", "Watchdog"}
"""These are about the Prometheus that evaluates them, and each one has targets of its own."""
VERDICT = re.compile(r"^  (SUCCESS|FAILED)", re.MULTILINE)
"""Of each file, in their order; Prometheus 3 does not name the files."""


def rules_of(data, kind):
    return [rule for group in data["groups"] for rule in group["rules"] if kind in rule]


def read(expr):
    """Return the names of the series that an expression reads."""
    return {selector.name for selector in promql.selectors(promql.parsed(expr))}


def test_every_alert_is_decided_in_one_place():
    places = [{rule["alert"] for rule in rules_of(data, "alert")} for data in (SHARD, GLOBAL)]
    assert set.union(*places) == set(alert_names(SETTING))
    assert set.intersection(*places) == ON_EVERY_PROMETHEUS


def test_what_a_shard_decides_is_about_an_instance():
    for rule in rules_of(SHARD, "alert"):
        if rule["alert"] not in ON_EVERY_PROMETHEUS:
            shape = Checker(known_series()).shape(rule["expr"])
            assert shape.labels >= TARGET_LABELS, rule["alert"]


def test_the_global_one_reads_only_what_is_recorded():
    fetched = {rule["record"] for rule in rules_of(SHARD, "record")}
    own = {rule["record"] for rule in rules_of(GLOBAL, "record")}
    needed = set().union(*(read(rule["expr"]) for group in GLOBAL["groups"] for rule in group["rules"]))
    assert needed <= fetched | own
    assert fetched <= needed


def test_the_global_one_records_what_one_prometheus_alone_would():
    names = [rule.name for group in recordings(SETTING) for rule in group.rules]
    assert [rule["record"] for rule in rules_of(GLOBAL, "record")] == names


def test_another_job_has_rules_of_its_own():
    other = Setting(job="agents-of-ours")
    for render in (sharding.shard_rules, sharding.global_rules):
        text = render(other)
        assert 'job="agents-of-ours"' in text
        assert "gui_agents" not in text


@pytest.mark.system_tools
def test_promtool_and_its_linter_accept_both_files(tmp_path):
    paths = []
    for name, render in (("shard", sharding.shard_rules), ("global", sharding.global_rules)):
        path = tmp_path / f"{name}.yml"
        path.write_text(render(SETTING), "utf-8")
        paths.append(str(path))
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", *paths)
    assert done.returncode == 0, done.stdout


def needed(expr):
    """Return the recording rules that an expression reads, each after what it reads itself."""
    recorded = {rule["record"]: rule for data in (SHARD, GLOBAL) for rule in rules_of(data, "record")}
    found = {}
    for name in sorted(read(expr)):
        if name in recorded:
            found |= needed(recorded[name]["expr"]) | {name: recorded[name]}
    return found


def key(rule):
    return "-".join(part for part in (rule["alert"], rule["labels"].get("long")) if part)


@pytest.mark.system_tools
def test_every_alert_on_the_job_fires_and_resolves_on_the_sums_of_shards(tmp_path):
    alerts = {key(rule): rule for rule in rules_of(GLOBAL, "alert")}
    cases = [case for case in CASES if case.key in alerts]
    paths = []
    for case in cases:
        alert = alerts[case.key]
        rules = [*needed(alert["expr"]).values(), {**alert, "alert": f"{case.key} sharded"}]
        text = yaml_text.render({"groups": [{"name": "all", "rules": rules}]})
        (tmp_path / f"{case.key}.rules.yml").write_text(closed(text), "utf-8")
        data = file_of_tests(case, f"{case.key}.rules.yml", [(timeline, ["sharded"]) for timeline in case.timelines()])
        path = tmp_path / f"{case.key}.test.yml"
        path.write_text(yaml_text.render(data), "utf-8")
        paths.append(str(path))
    output = promtool("test", "rules", *paths).stdout
    sys.stdout.write(output)
    on_the_job = sum(len(group.rules) for group in alert_groups(SETTING)) - len(rules_of(SHARD, "alert")) + 1
    assert len(cases) == on_the_job
    verdicts = dict(zip((case.key for case in cases), VERDICT.findall(output), strict=True))
    assert verdicts == dict.fromkeys(verdicts, "SUCCESS")


def test_the_page_on_scale_counts_what_a_shard_records():
    page = (Path(__file__).parents[3] / "docs/monitoring-at-scale.md").read_text("utf-8")
    assert f"{len(rules_of(SHARD, 'record'))} aggregates of the shard's instances" in page
