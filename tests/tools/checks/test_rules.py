from pathlib import Path

import pytest

from tools.checks.rules import check_rules

DOCS = Path(__file__).parents[3] / "docs"
RULES = (DOCS / "prometheus-recording-rules.yml", DOCS / "prometheus-alert-rules.yml")

SOUND = """\
groups:
  - name: one
    rules:
      - alert: Down
        expr: |-
          up{job="gui_agents"}
          == 0
        labels:
          severity: critical
        annotations:
          summary: "{{ $labels.instance }} is down"
          description: "up is {{ $value }}"
          runbook_url: https://runbooks.test/Down.md
"""


def findings(tmp_path, text):
    path = tmp_path / "rules.yml"
    path.write_text(text, "utf-8")
    return [str(finding).removeprefix(f"{path}:") for finding in check_rules([path]).findings]


def test_the_committed_rules_are_sound():
    assert check_rules(RULES).findings == []


def test_a_sound_file_has_no_findings(tmp_path):
    assert findings(tmp_path, SOUND) == []


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("up{", "upp{", "5: Down: unknown metric upp; is up meant?"),
        ("== 0", "== agent_active{job='gui_agents'}", "5: Down: unknown metric agent_active"),
        ("== 0", "* 1", "5: Down: has no comparison: it fires whenever there is data"),
        ("== 0", "== (0", "5: Down: does not parse: "),
        ("$labels.instance", "$labels.method", "11: Down: its annotations read $labels.method, which it does not have"),
        ("== 0", "== 2", "5: Down: == 2 can never be true: its values lie from 0 to 1"),
    ],
)
def test_a_mistake_is_found_with_its_line(tmp_path, old, new, finding):
    assert old in SOUND
    told = findings(tmp_path, SOUND.replace(old, new))
    assert [line[: len(finding)] for line in told] == [finding]


def test_what_is_no_rule_file_is_a_finding(tmp_path):
    for text in ("rules: []", "groups: 5", "groups: [{name: a}]", "groups: [a]"):
        assert findings(tmp_path, text) == ["1: is no rule file; promtool check rules says why"]
    (tmp_path / "rules.yml").unlink()
    [finding] = check_rules([tmp_path / "rules.yml"]).findings
    assert finding.reason == "cannot be read: No such file or directory"


def test_what_a_rule_records_is_known_to_the_rules_after_it():
    shapes = check_rules(RULES).recorded
    assert shapes["job:agent_task_execution_duration_seconds:p95_5m"].largest_bucket == 3600
    assert shapes["job:agent_grpc_errors:ratio_rate3d"].ratio
    assert shapes["job_method:agent_grpc_request_duration_seconds:p95_5m"].labels == {"job", "method"}


def test_a_recorded_number_has_no_labels_to_match(tmp_path):
    path = tmp_path / "rules.yml"
    path.write_text("groups:\n  - name: a\n    rules:\n      - record: x:y\n        expr: 1 + 1\n", "utf-8")
    assert check_rules([path]).findings == []
    assert check_rules([path]).recorded == {}
