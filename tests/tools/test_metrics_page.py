import re
import subprocess

import pytest

from collectors.exposition.reading import OUTCOMES
from collectors.metrics import catalogue
from collectors.metrics.definitions import MetricType, Stability
from tests.system_tools import require_program
from tools import metrics_page as docs

SECTIONS = (*catalogue.documented(), OUTCOMES)
QUANTILE = {MetricType.SUMMARY: ("quantile",)}
METRICS = [metric for section in SECTIONS for metric in section.metrics]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_metric_is_described(metric):
    text = docs.render()
    assert f"\n### {metric.name}\n\n{metric.help}\n" in text
    assert f"\n| `{metric.name}` | {metric.type} | " in docs.table()
    # The texts of what every Python program shows are prometheus_client's.
    assert metric.help.endswith(".") or not metric.name.startswith("agent_")
    section = text.partition(f"\n### {metric.name}\n")[2].partition("\n### ")[0]
    assert re.findall(r"^- `(\w+)`: .", section, re.MULTILINE) == [*metric.labels, *QUANTILE.get(metric.type, ())]
    assert metric.family in metric.example
    assert metric.stability is (Stability.EVOLVING if metric.optional else Stability.STABLE)


def test_names_are_unique():
    names = [name for metric in METRICS for name in {metric.name, metric.family}]
    assert len(names) == len(set(names))


@pytest.mark.system_tools
def test_every_example_is_a_query(tmp_path):
    examples = [metric.example for metric in METRICS]
    rules = "".join(
        f"      - record: example:{number}\n        expr: '{query}'\n" for number, query in enumerate(examples)
    )
    path = tmp_path / "examples.yml"
    path.write_text(f"groups:\n  - name: examples\n    rules:\n{rules}", encoding="utf-8")
    checked = subprocess.run(
        [require_program("promtool"), "check", "rules", path], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
