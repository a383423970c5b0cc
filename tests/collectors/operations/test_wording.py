"""What people read at three in the morning: promtool fills the texts of alerts with values."""

import json

import pytest

from collectors.operations import wording
from collectors.operations.model import Setting
from tests.collectors.operations.promtool import promtool

SAID = [
    (wording.COUNT, 3.079, "3"),
    (wording.COUNT, 19.6, "20"),
    (wording.LARGE_COUNT, 21_400_300.2, "21,400,300"),
    (wording.LARGE_COUNT, 21_400, "21,400"),
    (wording.LARGE_COUNT, 999, "999"),
    (wording.PERCENT, 1, "100 %"),
    (wording.PERCENT, 0.8696, "87 %"),
    (wording.PERCENT, 0.999, "100 %"),
    (wording.PERCENT, 0.2, "20 %"),
    (wording.PERCENT, 0.07, "7 %"),
    (wording.PERCENT, 0.001, "0 %"),
    (wording.FINE_PERCENT, 0.0061, "0.61 %"),
    (wording.SECONDS, 412.7, "413 seconds"),
    (wording.DURATION, 363.4, "6 min 3 s"),
    (wording.DURATION, 7384, "2 h 3 min 4 s"),
    (wording.DURATION, 93784, "1 d 2 h 3 min 4 s"),
    (wording.DURATION, 5.631, "5 s"),
    (wording.BYTES, 2_306_867_200, "2.1 GiB"),
    (wording.BYTES, 2**31, "2 GiB"),
]


@pytest.mark.system_tools
def test_values_are_said_as_people_say_them(tmp_path):
    names = [f"said{index}" for index in range(len(SAID))]
    rules = [
        {"alert": name, "expr": f"vector({value}) > 0", "annotations": {"text": template}}
        for name, (template, value, _) in zip(names, SAID, strict=True)
    ]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "all", "rules": rules}]}), "utf-8")
    expected = [
        {"eval_time": "1m", "alertname": name, "exp_alerts": [{"exp_annotations": {"text": text}}]}
        for name, (_, _, text) in zip(names, SAID, strict=True)
    ]
    tests = tmp_path / "test.yml"
    data = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [{"alert_rule_test": expected}]}
    tests.write_text(json.dumps(data), "utf-8")
    done = promtool("test", "rules", str(tests))
    assert done.returncode == 0, done.stdout


def test_durations_are_spoken_in_full():
    assert [wording.spoken(nominal) for nominal in ("1h", "15m", "3d", "30s")] == [
        "1 hour",
        "15 minutes",
        "3 days",
        "30 seconds",
    ]


def test_what_is_most_frequent_is_asked_of_the_job_when_the_text_is_written():
    template = wording.mostly(Setting(job="agents"), "a_total", ("b", "c"), "1h", ',d="e"')
    assert template == (
        '{{ range query `topk(1, sum by (b, c) (increase(a_total{job="agents",d="e"}[1h])) > 0)` }}'
        " Most frequent: {{ .Labels.b }}, {{ .Labels.c }}.{{ end }}"
    )
