from pathlib import Path

import pytest

from collectors.operations.model import Setting
from tools import generate

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", generate.files(Setting()))
def test_the_committed_file_is_what_its_model_generates(name):
    assert (DOCS / name).read_text("utf-8") == generate.files(Setting())[name]


def test_check_finds_a_stale_and_a_missing_file(tmp_path, capsys):
    assert generate.main([str(tmp_path)]) == 0
    assert generate.main([str(tmp_path), "--check"]) == 0
    rules = tmp_path / "prometheus-alert-rules.yml"
    rules.write_text(rules.read_text("utf-8").replace("> 0.2", "> 0.3"), "utf-8")
    (tmp_path / "prometheus-recording-rules.yml").unlink()
    assert generate.main([str(tmp_path), "--check"]) == 1
    told = capsys.readouterr().err
    assert f"{rules}: differs from what its model generates" in told
    assert "prometheus-recording-rules.yml: is missing" in told


def test_a_threshold_is_changed_in_all_files_at_once(tmp_path):
    assert generate.main([str(tmp_path), "--threshold", "task_failure_ratio=0.35"]) == 0
    assert "> 0.35" in (tmp_path / "prometheus-alert-rules.yml").read_text("utf-8")
    assert "> 0.35" in (tmp_path / "kubernetes/prometheusrule.yml").read_text("utf-8")
    assert '"value": 0.35' in (tmp_path / "grafana/gui-agents-tasks.json").read_text("utf-8")


def test_a_threshold_that_cannot_work_writes_nothing(tmp_path, capsys):
    assert generate.main([str(tmp_path), "--threshold", "task_slo=0.5"]) == 2
    assert capsys.readouterr().err.startswith("task_slo: 14.4 times the error budget of 0.5 ")
    assert not list(tmp_path.iterdir())
