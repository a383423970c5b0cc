import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.system_tools import require_program
from tools.checks.__main__ import main

DOCS = Path(__file__).parents[3] / "docs"
ALERTS = "prometheus-alert-rules.yml"
RECORDINGS = "prometheus-recording-rules.yml"
RULES = (ALERTS, RECORDINGS)


@pytest.fixture
def docs(tmp_path):
    """A copy of the committed pack, to break."""
    for name in (ALERTS, RECORDINGS):
        shutil.copy(DOCS / name, tmp_path)
    for name in ("grafana", "runbooks"):
        shutil.copytree(DOCS / name, tmp_path / name)
    return tmp_path


def test_the_committed_pack_is_sound(docs, capsys):
    assert main([str(docs)]) == 0
    assert capsys.readouterr().err == ""


def told(capsys, docs):
    assert main([str(docs)]) == 1
    return capsys.readouterr().err.replace(f"{docs}/", "").splitlines()


class Mistake(NamedTuple):
    """A change of a committed file: `old`, the first one behind `before`, is replaced."""

    file: str
    before: str
    old: str
    new: str
    reason: str


@pytest.mark.parametrize(
    "mistake",
    [
        Mistake(
            ALERTS,
            "alert: TooManyTempFiles",
            "agent_temp_files_count",
            "agent_tmp_files_count",
            "TooManyTempFiles: unknown metric agent_tmp_files_count; is agent_temp_files_count meant?",
        ),
        Mistake(
            RECORDINGS,
            "ratio_rate30m",
            'status="failed"',
            'status="failde"',
            "job:agent_task_failures:ratio_rate30m: agent_tasks_created_total has no status 'failde'; is failed meant?",
        ),
        Mistake(
            ALERTS,
            "alert: HighGRPCErrorRate",
            "> 0.05\n",
            "> 5\n",
            "HighGRPCErrorRate: > 5 can never be true: its values lie from 0 to 1",
        ),
        Mistake(
            ALERTS,
            "alert: TaskSloFastBudgetBurn",
            "> 0.72\n",
            "> 72\n",
            "TaskSloFastBudgetBurn: > 72 can never be true: its values lie from 0 to 1",
        ),
        Mistake(
            ALERTS,
            "alert: ServiceDown",
            "== 0",
            "> 1",
            "ServiceDown: > 1 can never be true: its values lie from 0 to 1",
        ),
        Mistake(
            ALERTS,
            "alert: HighTaskUtilization",
            '\'job:agent_task_utilization:ratio{job="gui_agents"} > 0.9',
            '\'90 < job:agent_task_utilization:ratio{job="gui_agents"}',
            "HighTaskUtilization: 90 < can never be true: its values lie from 0 to 1",
        ),
        Mistake(
            ALERTS,
            "by (job) (last_over_time(agent_task_utilization",
            ">= 1",
            "== 2",
            "TaskUtilizationAtCapacity: == 2 can never be true: its values lie from 0 to 1",
        ),
        Mistake(
            ALERTS,
            "alert: NoTaskCompletes",
            "and on (job)\n          max by (job)",
            "and on (job)\n          max by (instance)",
            "NoTaskCompletes: and: on (job): the right side has no label job",
        ),
        Mistake(
            "grafana/gui-agents-rpc.json",
            '"panels"',
            "histogram_quantile(0.95",
            "histogram_quantle(0.95",
            "query histogram_quantle(0.95",
        ),
        Mistake(
            "grafana/gui-agents-tasks.json",
            '"templating"',
            "agent_service_info|ALERTS",
            "agent_service_inf|ALERTS",
            "variable job: unknown metric agent_service_inf; is agent_service_info meant?",
        ),
        Mistake(
            "grafana/gui-agents-tasks.json",
            '"panels"',
            "{{reason}}",
            "{{reson}}",
            "legend {{reson}}: its query returns no label reson; is reason meant?",
        ),
        Mistake(
            "runbooks/EventLoopBlocked.md",
            "## Diagnosis",
            "agent_event_loop_blocked_seconds_total",
            "agent_event_loop_bloked_seconds_total",
            "unknown metric agent_event_loop_bloked_seconds_total; is agent_event_loop_blocked_seconds_total meant?",
        ),
    ],
    ids=lambda mistake: mistake.reason,
)
def test_a_mistake_is_told_with_file_line_of_its_expression_and_reason(docs, capsys, mistake):
    path = docs / mistake.file
    text = path.read_text("utf-8")
    at = text.index(mistake.old, text.index(mistake.before))
    path.write_text(text[:at] + mistake.new + text[at + len(mistake.old) :], "utf-8")
    (finding,) = told(capsys, docs)
    begin = text.rindex("expr:", 0, at) if mistake.file in RULES else at
    line = text.count("\n", 0, begin) + 1
    assert finding.startswith(f"{mistake.file}:{line}: {mistake.reason}")


def test_a_missing_runbook_is_told_at_the_alert_that_needs_it(docs, capsys):
    (docs / "runbooks" / "TaskStuck.md").unlink()
    lines = (docs / ALERTS).read_text("utf-8").splitlines()
    [line] = [number for number, text in enumerate(lines, start=1) if "alert: TaskStuck" in text]
    assert told(capsys, docs) == [f"{ALERTS}:{line}: TaskStuck: has no runbook; write runbooks/TaskStuck.md"]


def test_an_empty_directory_is_told(tmp_path, capsys):
    assert main([str(tmp_path)]) == 1
    assert f"{ALERTS}:1: cannot be read" in capsys.readouterr().err


@pytest.mark.system_tools
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[15m]", "[15q]"),
        ("for: 0s", "fore: 5m"),
        ("for: 5m", "for: 5"),
        ("resets(", "reset("),
        ("alert: Restarting", "alarm: Restarting"),
        ("labels:", "- labels:"),
        ("  - name: gui-agents.tasks", "  - name: gui-agents.availability"),
        ("expr:", "exp:"),
    ],
)
def test_promtool_finds_what_is_left_to_it(docs, old, new):
    text = (docs / ALERTS).read_text("utf-8")
    assert old in text
    (docs / ALERTS).write_text(text.replace(old, new, 1), "utf-8")
    command = [require_program("promtool"), "check", "rules", "--lint=all", "--lint-fatal", str(docs / ALERTS)]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0
