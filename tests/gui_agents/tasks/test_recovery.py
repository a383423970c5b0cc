"""A service that starts on what an earlier one has left in the storage."""

import time
from collections.abc import Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

from gui_agents.domain.actions import Click
from gui_agents.domain.cloud import Account, CloudOrder, SandboxKind
from gui_agents.domain.errors import StorageDownError
from gui_agents.domain.journal import (
    DaySpent,
    Entry,
    MessagePublished,
    SandboxGiven,
    Step,
    StepRecorded,
    TaskCreated,
    TaskEnded,
    TaskStarted,
)
from gui_agents.domain.lifecycle import Ending, FailureReason, TaskEvent, TaskStatus
from gui_agents.domain.model import History, Turn
from gui_agents.domain.sandbox import SandboxInfo, SandboxType
from gui_agents.domain.secret import Secret
from gui_agents.domain.spec import LLMSettings, Mode, RunningConfig
from gui_agents.domain.storage import StorageError
from gui_agents.domain.stream import Stage, StreamMessage
from gui_agents.domain.task import TaskStatistics
from gui_agents.proto import agent_pb2 as pb
from gui_agents.service import Parts, Service
from gui_agents.state.budgets import day_of
from gui_agents.storage.sqlite.store import SqliteStore
from tests.fakes import a_spec
from tests.serving import configured, refused, serving

CLICK = Click(1, 1)
NOW = time.time()
"""What has ended long ago is not kept."""
SANDBOX = SandboxInfo(sandbox_id="box", sandbox_type=SandboxType.LINUX)
USED = TaskStatistics(steps=1, input_tokens=100, output_tokens=10)


def accepted(task_id: str, instruction: str = "finish", **changes: Any) -> list[Entry]:
    """Return what a service stores before it acknowledges a task."""
    spec = a_spec(instruction, **changes)
    message = StreamMessage(Stage.STARTING, "accepted", NOW)
    return [
        TaskCreated(task_id=task_id, attempt=1, spec=spec, created_at=NOW),
        MessagePublished(task_id=task_id, attempt=1, position=0, message=message),
    ]


def begun(task_id: str) -> list[Entry]:
    """Return what a service stores of a task that has made its first step, ten seconds after its start."""
    step = Step(
        number=1, action=CLICK, rationale="", outcome="ok", seconds=1.0, tokens=110, cost=Decimal(0), currency=None
    )
    message = StreamMessage(Stage.STEP, "step 1: saw Desktop", NOW + 11)
    return [
        TaskStarted(task_id=task_id, attempt=1, started_at=NOW + 1),
        SandboxGiven(task_id=task_id, attempt=1, sandbox=SANDBOX),
        MessagePublished(task_id=task_id, attempt=1, position=1, message=message),
        StepRecorded(task_id=task_id, attempt=1, position=0, at=NOW + 11, step=step, statistics=USED),
    ]


def ended(task_id: str, **changes: Any) -> list[Entry]:
    """Return what a service stores at the end of a task."""
    entry = TaskEnded(
        task_id=task_id,
        attempt=1,
        status=TaskStatus.COMPLETED,
        ending=Ending(event=TaskEvent.COMPLETE, message="completed in 1 step"),
        statistics=USED,
        execution_seconds=10.0,
        ended_at=NOW + 11,
        history=History((Turn("before", CLICK, "", "ok"),), 100),
    )
    message = StreamMessage(Stage.FINISHED, "completed in 1 step", NOW + 11)
    return [
        attrs.evolve(entry, **changes),
        MessagePublished(task_id=task_id, attempt=1, position=2, message=message),
    ]


@asynccontextmanager
async def serving_after(directory: Path, entries: Sequence[Entry], environment: dict[str, str] | None = None, **parts):
    """Run a service on a storage with these entries, whose service has ended without warning."""
    store = SqliteStore(directory)
    store.open()
    store.write(entries)
    store.close()
    settings = {"RUNTIME_DIR": str(directory), "TASK_STORAGE_BACKEND": "sqlite", **(environment or {})}
    async with serving(settings, **parts) as served:
        yield served


def stages(messages: Sequence[pb.TaskStream]) -> list[str]:
    return [message.stage for message in messages]


async def test_a_task_that_waited_runs_and_its_stream_has_all_messages(tmp_path):
    async with serving_after(tmp_path, accepted("a")) as served:
        messages = await served.watch("a")
        assert stages(messages) == ["starting", "starting", "step", "finished"]
        assert messages[1].message == "the service has started again, and the task waits again"
        assert (await served.query("a")).status == pb.SUCCESS
        created = served.state.snapshot().tasks.created
        assert (created["pending"], created["completed"]) == (1, 1)


async def test_tasks_wait_again_in_their_order(tmp_path):
    entries = [entry for name in "abc" for entry in accepted(name)]
    async with serving_after(tmp_path, entries, {"TASK_MAX_TASKS": "1", "TASK_QUEUE_SIZE": "0"}) as served:
        ends = [(await served.watch(name))[-1].timestamp.ToNanoseconds() for name in "abc"]
        assert ends == sorted(ends)


async def test_a_task_that_ran_has_failed_with_all_that_is_known_of_it(tmp_path):
    async with serving_after(tmp_path, [*accepted("a"), *begun("a")]) as served:
        messages = await served.watch("a")
        reply = await served.query("a")
        text = "interrupted: the service ended without warning while the task ran"
        assert stages(messages) == ["starting", "step", "error"]
        assert (messages[-1].message, reply.message, reply.status) == (text, text, pb.FAILURE)
        assert reply.executionStatistics.steps == 1
        assert reply.executionStatistics.inputTokens == 100
        assert not (await served.cancel("a")).success
        tasks = served.state.snapshot().tasks
        assert not any(tasks.created.values())
        assert not any(tasks.failures.values())
        store = served.service.archive
        stored = await store.read(lambda store: store.task("a"))
        assert stored is not None
        assert (stored.attempt, stored.record.execution_seconds) == (2, 10.0)
        assert stored.record.ending.reason is FailureReason.INTERRUPTED
        assert stored.started_at == NOW + 1
        assert stored.record.sandbox == SANDBOX


async def test_the_end_of_a_task_stands_behind_all_messages_if_some_before_them_were_left_out(tmp_path):
    message = StreamMessage(Stage.STEP, "step 9: saw Desktop", NOW + 12)
    late = [MessagePublished(task_id="a", attempt=1, position=number, message=message) for number in (8, 9)]
    async with serving_after(tmp_path, [*accepted("a"), *begun("a"), *late]) as served:
        assert stages(await served.watch("a")) == ["starting", "step", "step", "step", "error"]


async def test_a_task_that_began_and_said_nothing_has_run_for_no_known_time(tmp_path):
    entries = [*accepted("a")[:1], TaskStarted(task_id="a", attempt=1, started_at=NOW)]
    async with serving_after(tmp_path, entries) as served:
        assert stages(await served.watch("a")) == ["error"]
        stored = await served.service.archive.read(lambda store: store.task("a"))
        assert stored is not None
        assert stored.record.execution_seconds == 0.0


async def test_a_task_that_ran_can_be_continued_from_where_it_was(tmp_path):
    async with serving_after(tmp_path, [*accepted("a"), *begun("a")]) as served:
        await served.query("a")
        history = await served.service.archive.read(lambda store: store.history("a"))
        assert [turn.action for turn in history.turns] == [CLICK]
        messages = await served.run("finish", previousTaskId="a")
        assert stages(messages)[-1] == "finished"


async def test_a_task_that_ran_runs_again_from_its_first_step_if_the_operator_says_so(tmp_path):
    async with serving_after(tmp_path, [*accepted("a"), *begun("a")], {"TASK_RESUME": "requeue"}) as served:
        assert stages(await served.watch("a")) == ["starting", "step", "starting", "step", "finished"]
        assert (await served.query("a")).status == pb.SUCCESS


async def test_a_task_that_had_ended_is_as_it_was(tmp_path):
    async with serving_after(tmp_path, [*accepted("a"), *begun("a"), *ended("a")]) as served:
        assert stages(await served.watch("a")) == ["starting", "step", "finished"]
        assert (await served.query("a")).status == pb.SUCCESS
        assert (await served.cancel("a")).message == "the task has ended already: completed"
        assert (await served.query("unknown")).status == pb.NOT_FOUND


async def test_a_task_with_a_key_of_its_client_has_failed_and_says_so(tmp_path):
    settings = LLMSettings(model="m", provider="openai", api_key=Secret("sk-secret-0123456789"))
    config = RunningConfig(stages={"actionGeneratorModel": settings}, mode=Mode.NORMAL)
    async with serving_after(tmp_path, accepted("a", config=config)) as served:
        assert "keys are not stored" in (await served.query("a")).message


async def test_a_task_whose_backend_is_gone_has_failed_and_says_so(tmp_path):
    async with serving_after(tmp_path, [*accepted("a", backend="abacus"), *accepted("b")]) as served:
        reply = await served.query("a")
        assert reply.message.startswith("interrupted: the service has started again, and cannot run it: ")
        assert stages(await served.watch("b"))[-1] == "finished"


@pytest.mark.parametrize("backend", ["simulated", "lybic"])
async def test_a_task_in_a_cloud_gets_the_account_of_the_operator(tmp_path, backend):
    account = Account(
        organization="org",
        api_key=Secret("an older key"),
        base_url="https://cloud.example",
        configured=True,
        of_operator=True,
        named_by="",
    )
    cloud = CloudOrder(account=account, kind=SandboxKind())
    entries = accepted("a", "hold", backend=backend, cloud=cloud)
    environment = {"LYBIC_ORG_ID": "org", "LYBIC_API_KEY": "key-of-the-operator-1"}
    async with serving_after(tmp_path, entries, environment) as served:
        spec = served.state.record("a").spec
        if backend == "simulated":
            assert spec.cloud is None
        else:
            assert spec.cloud.account.api_key.reveal() == "key-of-the-operator-1"
        served.models.gate.set()
        await served.watch("a")


async def test_a_task_goes_on_with_the_conversation_of_one_of_an_earlier_service(tmp_path):
    entries = [*accepted("a"), *begun("a"), *ended("a"), *accepted("b", previous_task_id="a")]
    async with serving_after(tmp_path, entries) as served:
        assert stages(await served.watch("b"))[-1] == "finished"
        assert stages(await served.run("finish", previousTaskId="a"))[-1] == "finished"
        refusal = await refused(
            served.agent.RunAgentInstructionAsync(
                pb.RunAgentInstructionRequest(instruction="finish", previousTaskId="unknown")
            )
        )
        assert refusal.code == "NOT_FOUND"


async def test_a_day_has_cost_what_it_had_cost_before(tmp_path):
    spent = DaySpent(day=day_of(NOW), currency="USD", amount=Decimal(3))
    async with serving_after(tmp_path, [spent], {"DAILY_MAX_COST": "10"}) as served:
        point = served.state.snapshot().budgets.day["USD"]
        assert point.spent == 3


async def test_two_services_in_a_row_do_not_end_a_task_twice(tmp_path):
    async with serving_after(tmp_path, [*accepted("a"), *begun("a")]) as served:
        first = await served.query("a")
    async with serving_after(tmp_path, []) as served:
        assert await served.query("a") == first
        assert stages(await served.watch("a")) == ["starting", "step", "error"]


async def test_what_a_service_has_accepted_is_known_to_the_next_one(tmp_path):
    environment = {"TASK_MAX_TASKS": "1"}
    async with serving_after(tmp_path, [], environment) as served:
        running, waiting = await served.start("wait"), await served.start("finish")
        call = served.agent.RunAgentInstruction(pb.RunAgentInstructionRequest(instruction="finish"))
        left = (await call.read()).taskId
        await served.service.runner.drain(0)
        call.cancel()
    async with serving_after(tmp_path, [], environment) as served:
        assert (await served.query(running)).message == "interrupted: the service is shutting down"
        for task_id in (waiting, left):
            assert stages(await served.watch(task_id))[-1] == "finished"


class SlowStore(SqliteStore):
    """A store that cannot read messages now."""

    def messages(self, task_id: str) -> Sequence[StreamMessage]:
        raise StorageError("the disk is slow")


async def test_a_task_that_waited_does_not_fail_because_the_storage_does(tmp_path):
    environment = {"RUNTIME_DIR": str(tmp_path), "TASK_STORAGE_BACKEND": "sqlite"}
    store = SqliteStore(tmp_path)
    store.open()
    store.write(accepted("a"))
    store.close()
    service = Service(configured(environment), Parts(store=SlowStore(tmp_path)))
    with pytest.raises(StorageDownError):
        await service.start()
    await service.stop()
    async with serving(environment) as served:
        assert stages(await served.watch("a"))[-1] == "finished"
