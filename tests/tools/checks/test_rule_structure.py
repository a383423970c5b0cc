import pytest

from tools.checks.rule_structure import read_rules

SOUND = """\
groups:
  - name: one
    interval: 30s
    rules:
      - record: job:up:sum
        expr: sum by (job) (up)
        labels: {team: gui}
      - alert: Down
        expr: job:up:sum == 0
        for: 1m30s
        keep_firing_for: 0
        labels:
          severity: critical
        annotations:
          summary: It is down
"""
OPERATOR = "kind: PrometheusRule\nspec:\n" + "".join(f"  {line}\n" for line in SOUND.splitlines())


def findings(tmp_path, text):
    path = tmp_path / "rules.yml"
    path.write_text(text, "utf-8")
    return [str(finding).removeprefix(f"{path}:") for finding in read_rules(path)[1]]


@pytest.mark.parametrize("text", [SOUND, OPERATOR])
def test_rules_are_read_with_their_lines(tmp_path, text):
    path = tmp_path / "rules.yml"
    path.write_text(text, "utf-8")
    rules, problems = read_rules(path)
    assert problems == []
    above = text.count("\n") - SOUND.count("\n")
    assert [(rule.name, rule.line - above, rule.is_alert) for rule in rules] == [
        ("job:up:sum", 5, False),
        ("Down", 8, True),
    ]
    assert rules[1].labels == {"severity": "critical"}
    assert rules[1].annotations == {"summary": "It is down"}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("groups:", "rules:", ["1: is no rule file: it has no list of groups"]),
        ("    rules:", "   rules:", ["4: is no valid YAML: expected <block end>, but found '<block mapping start>'"]),
        ("groups:", "grups: []\ngroups:", ["1: the file: unknown key grups; is groups meant?"]),
        (
            "- name: one",
            "- nme: one",
            ["2: group without a name: unknown key nme; is name meant?", "2: a group has no name"],
        ),
        ("interval: 30s", "intervall: 30s", ["3: group one: unknown key intervall; is interval meant?"]),
        ("interval: 30s", "interval: 30", ["3: group one: interval must be a duration such as 5m, not '30'"]),
        ("  - name: one", "  - one\n  - name: one", ["2: a group is no mapping"]),
        ("      - record", "      - up\n      - record", ["5: group one: a rule is no mapping"]),
        ("for: 1m30s", "fore: 5m", ["10: Down: unknown key fore; is for meant?"]),
        ("for: 1m30s", "for: 5", ["10: Down: for must be a duration such as 5m, not '5'"]),
        ("for: 1m30s", "for: 5min", ["10: Down: for must be a duration such as 5m, not '5min'"]),
        (
            "keep_firing_for: 0",
            "keep_fireing_for: 5m",
            ["11: Down: unknown key keep_fireing_for; is keep_firing_for meant?"],
        ),
        ("labels: {team: gui}", "for: 5m", ["7: job:up:sum: unknown key for"]),
        (
            "alert: Down",
            "alarm: Down",
            ["8: a rule has neither alert nor record", "8: a rule without a name: unknown key alarm; is alert meant?"],
        ),
        ("      summary: It is down", "      - It is down", ["14: Down: its annotations are no mapping"]),
        ("        expr: job:up:sum == 0", "        exp: job:up:sum == 0", ["9: Down: unknown key exp; is expr meant?"]),
    ],
)
def test_another_structure_is_found_with_its_line(tmp_path, old, new, told):
    assert old in SOUND
    assert findings(tmp_path, SOUND.replace(old, new)) == told


@pytest.mark.parametrize("rules", ["\n      alert: Down", " 5", "", " Down"])
def test_rules_that_are_no_list_are_found_at_their_line(tmp_path, rules):
    text = f"groups:\n  - name: one\n    rules:{rules}\n  - name: two\n"
    assert findings(tmp_path, text) == ["3: group one: its rules are no list"]
