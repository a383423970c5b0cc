"""What the log says of tasks, and what an operator gets out of it."""

import logging
import re
import subprocess
from decimal import Decimal

import pytest

from collectors.operations import runbooks
from gui_agents.config import LogFormat
from gui_agents.domain.actions import Fail
from gui_agents.domain.lifecycle import Ending, TaskEvent, TaskStatus
from gui_agents.domain.model import NO_HISTORY, ModelError
from gui_agents.domain.sandbox import TransientSandboxError
from gui_agents.domain.spec import ModelChoice
from gui_agents.domain.task import TaskRecord, TaskStatistics
from gui_agents.log import FORMATTERS
from gui_agents.tasks import log_lines
from tests.fakes import a_spec
from tests.gui_agents.tasks.rig import CLICK, Rig
from tests.virtual_time import settle, virtual


@virtual
async def test_each_task_is_told_when_it_is_accepted_started_and_ended(caplog):
    caplog.set_level(logging.INFO, logger="gui_agents")
    rig = Rig(slots=1)
    rig.model("work", CLICK, seconds=3)
    rig.model("fail", CLICK, ModelError("503:\nthe provider\x1b is busy" + "!" * 1000))
    await rig.ended(rig.submit("work"))
    await rig.ended(rig.submit("fail"))
    assert caplog.messages[:3] == [
        "task t1 accepted, decided by 'openai/work'",
        "task t1 started",
        "task t1 completed after 6.0 s: 2 steps, 210 tokens, 0.0006960 USD",
    ]
    reason = "model_error: 503: the provider? is busy"
    assert caplog.messages[-1].startswith(f"task t2 failed ({reason}!!!")
    assert len(caplog.messages[-1]) < 500
    assert {record.task_id for record in caplog.records} == {"t1", "t2"}
    await rig.rest()


@virtual
async def test_a_failure_that_is_no_error_tells_the_last_error_of_a_step(caplog):
    caplog.set_level(logging.INFO, logger="gui_agents")
    rig = Rig()
    rig.sandbox("slow", then=TransientSandboxError("the window is gone"))
    rig.model("slow", CLICK, CLICK, seconds=4)
    await rig.ended(rig.submit("slow", timeout_seconds=10))
    why = "timeout: not done after 10 seconds, which is the limit; last error: the window is gone"
    assert caplog.messages[-1].startswith(f"task t1 failed ({why}) after 10.0 s: ")
    await settle()
    rig.model("slow again", seconds=60)
    again = rig.submit("slow again", previous_task_id="t1", timeout_seconds=5)
    await rig.ended(again)
    assert "last error" not in caplog.messages[-1]
    await rig.rest()


@virtual
async def test_what_the_agent_says_is_not_in_the_log(caplog):
    caplog.set_level(logging.DEBUG, logger="gui_agents")
    rig = Rig()
    rig.model("private instruction", Fail("private answer"))
    await rig.ended(rig.submit("private instruction"))
    assert caplog.messages[-1].startswith("task t1 failed (agent_gave_up) after ")
    assert "private answer" not in caplog.text
    await rig.rest()


READ_LOG = [
    pytest.param(line.strip(), id=f"{page}-{line.split()[0]}")
    for page, text in runbooks.texts().items()
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    for line in block.splitlines()
    if " LOG" in line
]
FORMATS = pytest.mark.parametrize("log_format", LogFormat)


def shown(command, log, log_format, tmp_path):
    """Return what a runbook's command prints for a log in this format."""
    path = tmp_path / "service.log"
    lines = [FORMATTERS[log_format]().format(record) for record in log]
    path.write_text("".join(f"{line}\n" for line in lines))
    words = ["/bin/sh", "-c", command.replace("LOG", str(path))]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


@FORMATS
@virtual
async def test_the_runbook_finds_the_tasks_that_have_not_ended(caplog, log_format, tmp_path):
    caplog.set_level(logging.INFO, logger="gui_agents")
    rig = Rig(slots=2)
    rig.model("x: task t9 started", seconds=1000)
    rig.model("quick")
    rig.model("fail", ModelError("the log says: task t8 started"))
    long = rig.submit("x: task t9 started")
    await rig.ended(rig.submit("quick"))
    await rig.ended(rig.submit("fail"))
    rig.runner.cancel(rig.submit("waits"))
    await settle()
    commands = {parameter.values[0] for parameter in READ_LOG if parameter.values[0].startswith("awk")}
    printed = [shown(command, caplog.records, log_format, tmp_path).split() for command in commands]
    assert printed == [[long]]
    rig.runner.cancel(long)
    await rig.rest()


@FORMATS
@pytest.mark.parametrize("command", READ_LOG)
@virtual
async def test_each_command_of_a_runbook_that_reads_the_log_finds_something(caplog, command, log_format, tmp_path):
    caplog.set_level(logging.INFO, logger="gui_agents")
    rig = Rig(slots=2)
    rig.model("long", seconds=1000)
    rig.model("fail", ModelError("the provider is busy"))
    long = rig.submit("long")
    await rig.ended(rig.submit("fail"))
    # What other modules say; that they do is tested at the pages of a running service.
    others = ("gRPC on 127.0.0.1:50051", "section process is left out of the metrics", "the storage cannot be written")
    for words in others:
        logging.getLogger("gui_agents").info(words)
    assert shown(command, caplog.records, log_format, tmp_path).strip()
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
    log_lines.ended(record, Ending(event=TaskEvent.CANCEL, message="the client's words"), NO_HISTORY)
    return caplog.messages[-1]


def test_a_model_without_a_known_price_is_told(caplog):
    assert ended(caplog, steps=1, input_tokens=5) == "task t cancelled after 1.2 s: 1 step, 5 tokens, no known price"


def test_a_task_without_calls_has_no_tokens(caplog):
    assert ended(caplog) == "task t cancelled after 1.2 s: 0 steps, no tokens"


def test_small_amounts_are_written_out(caplog):
    line = ended(caplog, input_tokens=1, cost=Decimal("1E-9"), currency="USD")
    assert line.endswith("1 tokens, 0.000000001 USD")


def test_what_is_not_used_is_told_when_a_task_is_accepted(caplog):
    caplog.set_level(logging.INFO, logger="gui_agents")
    log_lines.accepted("t", a_spec(model=ModelChoice("builtin", "builtin/rules"), unused=("runningConfig.platform",)))
    assert caplog.messages == ["task t accepted, decided by 'builtin/rules'; not used: runningConfig.platform"]


def test_a_model_s_name_stays_on_its_line(caplog):
    caplog.set_level(logging.INFO, logger="gui_agents")
    log_lines.accepted("t", a_spec(model=ModelChoice("openai", "x\ntask t2 started")))
    assert caplog.messages == ["task t accepted, decided by 'openai/x\\ntask t2 started'"]
