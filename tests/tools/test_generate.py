from pathlib import Path

import pytest

from tools import generate

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", generate.files())
def test_the_committed_file_is_what_its_model_generates(name):
    assert (DOCS / name).read_text("utf-8") == generate.files()[name]


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
