"""What the log says of tasks, and what an operator gets out of it."""

import logging
import re
import subprocess
from decimal import Decimal
from pathlib import Path

from gui_agents.domain.lifecycle import Ending, TaskEvent, TaskStatus
from gui_agents.domain.model import ModelError
from gui_agents.domain.spec import ModelChoice
from gui_agents.domain.task import TaskRecord, TaskStatistics
from gui_agents.tasks import journal
from tests.fakes import a_spec
from tests.gui_agents.tasks.rig import CLICK, Rig
from tests.virtual_time import settle, virtual

TASK_STUCK = Path(__file__).parents[3] / "docs" / "runbooks" / "TaskStuck.md"


@virtual
async def test_each_task_is_told_when_it_is_accepted_started_and_ended(caplog):
    caplog.set_level(logging.INFO, logger="gui_agents")
    rig = Rig(slots=1)
    rig.model("work", CLICK, seconds=3)
    rig.model("fail", CLICK, ModelError("the secret of the provider"))
    await rig.ended(rig.submit("work"))
    await rig.ended(rig.submit("fail"))
    assert caplog.messages[:3] == [
        "task t1 accepted, decided by 'openai/work'",
        "task t1 started",
        "task t1 completed after 6.0 s: 2 steps, 210 tokens, 0.0006960 USD",
    ]
    assert caplog.messages[-1].startswith("task t2 failed (model_error) after ")
    assert "secret" not in caplog.text
    await rig.rest()


def running_by_the_runbook(messages):
    """Return what the runbook's command prints for a log of these messages."""
    command, *_ = re.findall(r"```sh\n(.*?)```", TASK_STUCK.read_text(), re.DOTALL)
    log = "".join(f"2026-01-01 00:00:00,000 INFO gui_agents.tasks.journal: {line}\n" for line in messages)
    command = command.replace("LOG", "-")
    done = subprocess.run(["/bin/sh", "-c", command], input=log, capture_output=True, text=True, check=True)
    return done.stdout.split()


@virtual
async def test_the_runbook_finds_the_tasks_that_have_not_ended(caplog):
    caplog.set_level(logging.INFO, logger="gui_agents")
    rig = Rig(slots=2)
    rig.model("long", seconds=1000)
    rig.model("quick")
    long = rig.submit("long")
    await rig.ended(rig.submit("quick"))
    rig.runner.cancel(rig.submit("waits"))
    await settle()
    assert running_by_the_runbook(caplog.messages) == [long]
    rig.runner.cancel(long)
    await rig.rest()


def ended(caplog, **statistics):
    caplog.set_level(logging.INFO, logger="gui_agents")
    record = TaskRecord(
        task_id="t",
        spec=a_spec(),
        status=TaskStatus.RUNNING,
        created_at=0.0,
        execution_seconds=1.25,
        statistics=TaskStatistics(**statistics),
        sandbox=None,
        ending=None,
    )
    journal.ended(record, Ending(event=TaskEvent.CANCEL, message="the client's words"))
    return caplog.messages[-1]


def test_a_model_without_a_known_price_is_told(caplog):
    assert ended(caplog, steps=1, input_tokens=5) == "task t cancelled after 1.2 s: 1 steps, 5 tokens, no known price"


def test_a_task_without_calls_has_no_tokens(caplog):
    assert ended(caplog) == "task t cancelled after 1.2 s: 0 steps, no tokens"


def test_small_amounts_are_written_out(caplog):
    line = ended(caplog, input_tokens=1, cost=Decimal("1E-9"), currency="USD")
    assert line.endswith("1 tokens, 0.000000001 USD")


def test_a_model_s_name_stays_on_its_line(caplog):
    caplog.set_level(logging.INFO, logger="gui_agents")
    journal.accepted("t", ModelChoice("openai", "x\ntask t2 started"))
    assert caplog.messages == ["task t accepted, decided by 'openai/x\\ntask t2 started'"]
