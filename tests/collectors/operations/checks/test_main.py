import re
import shutil
from pathlib import Path

import pytest

from collectors.operations.checks.__main__ import main

DOCS = Path(__file__).parents[4] / "docs"


@pytest.fixture
def docs(tmp_path):
    """A copy of the committed pack, to break."""
    for name in ("prometheus-alert-rules.yml", "prometheus-recording-rules.yml"):
        shutil.copy(DOCS / name, tmp_path)
    for name in ("grafana", "runbooks"):
        shutil.copytree(DOCS / name, tmp_path / name)
    return tmp_path


def test_the_committed_pack_is_sound(docs, capsys):
    assert main([str(docs)]) == 0
    assert capsys.readouterr().err == ""


def replace(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_every_kind_of_mistake_is_told_with_file_line_and_reason(docs, capsys):
    replace(docs / "prometheus-alert-rules.yml", "agent_temp_files_count", "agent_tmp_files_count")
    replace(docs / "grafana" / "gui-agents-rpc.json", "agent_grpc_requests_total", "agent_grpc_request_total")
    (docs / "runbooks" / "TaskStuck.md").unlink()
    assert main([str(docs)]) == 1
    told = "\n".join(sorted(capsys.readouterr().err.replace(f"{docs}/", "").splitlines()))
    for mistake in (
        r"prometheus-alert-rules.yml:\d+: TooManyTempFiles: unknown metric agent_tmp_files_count; is .* meant\?",
        r"prometheus-alert-rules.yml:\d+: TaskStuck: has no runbook; write .*TaskStuck.md",
        r"grafana/gui-agents-rpc.json:\d+: query .*: unknown metric agent_grpc_request_total; is .* meant\?",
    ):
        assert re.search(f"^{mistake}", told, re.MULTILINE), told


def test_an_empty_directory_is_told(tmp_path, capsys):
    assert main([str(tmp_path)]) == 1
    assert "prometheus-alert-rules.yml:1: cannot be read" in capsys.readouterr().err
