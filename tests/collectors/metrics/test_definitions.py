"""A mistake in a row is found by mypy."""

import re
from pathlib import Path

from mypy import api

ROOT = Path(__file__).parents[3]
ROWS = """\
from collectors.metrics.definitions import Metric, MetricType, Section, counter, gauge, histogram
from gui_agents.domain.lifecycle import FailureReason
from gui_agents.snapshot import ServiceSnapshot

SECTION = Section[ServiceSnapshot](
    name="rows",
    metrics=(
        counter("right_total", "Right.", lambda snapshot: snapshot.tasks.created, example=""),
        counter("misspelt_total", "Wrong.", lambda snapshot: snapshot.tasks.creatd, example=""),
        gauge("kind", "Wrong.", lambda snapshot: snapshot.tasks.execution, example=""),
        histogram("histogram", "Wrong.", lambda snapshot: snapshot.tasks.retained, example=""),
        gauge("field", "Wrong.", lambda snapshot: 1, example="", optinal=True),
        gauge("labels", "Right.", lambda snapshot: 1, labels={"reason": FailureReason}, example=""),
        gauge("text", "Wrong.", lambda snapshot: 1, labels={"reason": ["timeout"]}, example=""),
        Metric(name="info", type=MetricType.INFO, help="Wrong.", read=lambda snapshot: snapshot.servce, example=""),
    ),
)
"""


def test_mistakes_in_rows_are_errors_of_types(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    path = tmp_path / "rows.py"
    path.write_text(ROWS)
    told, _, status = api.run([str(path)])
    wrong = {number for number, line in enumerate(ROWS.splitlines(), start=1) if "Wrong" in line}
    assert {int(number) for number in re.findall(r"rows\.py:(\d+): error:", told)} == wrong
    assert 'has no attribute "creatd"; maybe "created"?' in told
    assert status == 1
