"""The Operator service over real gRPC: lists, one task, cancels by filter, sums."""

import asyncio
import random

import pytest

from gui_agents.domain.lifecycle import TaskStatus
from gui_agents.domain.storage import StorageError, TaskFilter, TaskOrder
from gui_agents.operator_calls import filter_message
from gui_agents.proto import agent_pb2
from gui_agents.proto import operator_pb2 as pb
from gui_agents.proto import operator_pb2_grpc as pb_grpc
from gui_agents.rpc import operator_convert
from gui_agents.storage.memory import MemoryStore
from gui_agents.storage.sqlite.store import SqliteStore
from tests.gui_agents.rpc.naive_tasks import filled, listed, random_filter
from tests.gui_agents.rpc.operating import operating
from tests.serving import refused, serving

# Lists.


@pytest.mark.parametrize("kind", [MemoryStore, SqliteStore], ids=["memory", "sqlite"])
@pytest.mark.parametrize("seed", range(3))
async def test_lists_are_those_of_a_plain_sort_and_filter(kind, seed, tmp_path):
    source = random.Random(seed)
    store = SqliteStore(tmp_path) if kind is SqliteStore else MemoryStore()
    store.open()
    tasks = filled(store, 120, source)
    if kind is SqliteStore:
        store.close()
        store = SqliteStore(tmp_path)
    # SQLite would forget what has ended so long ago.
    async with serving({"TASK_STORAGE_DAYS": "36500"}, store=store) as served:
        operator = pb_grpc.OperatorStub(served.channel)
        for _ in range(50):
            wanted, order = random_filter(source, tasks), source.choice(list(TaskOrder))
            ascending, size = source.random() < 0.5, source.choice((3, 7, 50, 500))
            found, token = [], ""
            while True:
                reply = await operator.ListTasks(
                    pb.ListTasksRequest(
                        filter=filter_message(wanted),
                        order=f"TASK_ORDER_{order.name}",
                        ascending=ascending,
                        page_size=size,
                        page_token=token,
                    )
                )
                assert len(reply.tasks) <= size
                found += [task.task_id for task in reply.tasks]
                token = reply.next_page_token
                if not token:
                    break
            assert found == listed(tasks, wanted, order, ascending=ascending), (wanted, order)


async def test_the_newest_task_comes_first_and_a_page_has_fifty():
    async with operating(tasks=60) as operated:
        reply = await operated.operator.ListTasks(pb.ListTasksRequest())
        created = [task.created_at.ToNanoseconds() for task in reply.tasks]
        assert len(created) == 50
        assert created == sorted(created, reverse=True)


async def test_a_client_follows_the_pages_up_to_its_limit():
    async with operating(tasks=40) as operated:
        every = [task.task_id async for task in operated.client.tasks(limit=1000)]
        assert len(set(every)) == 40
        assert [task.task_id async for task in operated.client.tasks(limit=7)] == every[:7]


async def test_a_line_says_what_is_known_of_a_task():
    async with operating(tasks=30) as operated:
        lines = {line.task_id: line async for line in operated.client.tasks(limit=30)}
        for task_id, line in lines.items():
            stored = operated.store.task(task_id)
            record, spec = stored.record, stored.record.spec
            assert line.instruction == spec.instruction
            assert (line.owner, line.model, line.backend) == (spec.owner, spec.model.full_name, spec.backend)
            assert (line.status, line.statistics) == (record.status, record.statistics)
            assert (line.reason, line.message) == (record.ending.reason, record.ending.message)
            assert (line.created_at, line.ended_at) == (record.created_at, stored.ended_at)


async def test_a_running_task_shows_live_numbers():
    async with operating() as operated:
        task_id = await operated.served.start("go on", runningConfig=agent_pb2.CommonConfig(steps=1000))
        steps = 0
        for _ in range(3):
            while True:
                (line,) = [line async for line in operated.client.tasks()]
                if line.statistics.steps > steps:
                    break
            steps = line.statistics.steps
            assert (line.task_id, line.status) == (task_id, TaskStatus.RUNNING)
        assert line.execution_seconds > 0
        assert (await operated.client.task(task_id)).summary.statistics.steps >= steps


@pytest.mark.parametrize(
    ("request_fields", "field"),
    [
        ({"filter": {"statuses": [99]}}, "filter.statuses"),
        ({"filter": {"statuses": [0]}}, "filter.statuses"),
        ({"filter": {"reasons": [99]}}, "filter.reasons"),
        ({"filter": {"statuses": [1] * 101}}, "filter.statuses"),
        ({"filter": {"models": ["m"] * 101}}, "filter.models"),
        ({"filter": {"models": ["m" * 501]}}, "filter.models"),
        ({"filter": {"text": "x" * 501}}, "filter.text"),
        ({"filter": {"owner": "x" * 501}}, "filter.owner"),
        ({"filter": {"id_prefix": "x" * 501}}, "filter.id_prefix"),
        ({"filter": {"min_cost": "NaN"}}, "filter.min_cost"),
        ({"filter": {"max_cost": "1e999999999"}}, "filter.max_cost"),
        ({"filter": {"max_cost": "-1"}}, "filter.max_cost"),
        ({"filter": {"min_duration": {"seconds": -1}}}, "filter.min_duration"),
        ({"filter": {"max_duration": {"nanos": -1}}}, "filter.max_duration"),
        ({"filter": {"created_from": {"seconds": 2**62}}}, "filter.created_from"),
        ({"filter": {"created_before": {"nanos": 10**9}}}, "filter.created_before"),
        ({"order": 99}, "order"),
        ({"page_size": -1}, "page_size"),
        ({"page_token": "nonsense"}, "page_token"),
    ],
    ids=lambda each: f"{each!s:.40}",
)
async def test_a_wrong_field_of_a_list_is_named(request_fields, field):
    async with operating(tasks=1) as operated:
        refusal = await refused(operated.operator.ListTasks(pb.ListTasksRequest(**request_fields)))
        assert (refusal.code, refusal.fields) == ("INVALID_ARGUMENT", (field,))


# One task.


async def test_a_task_is_told_with_its_steps_and_messages():
    async with operating() as operated:
        messages = await operated.served.run("work 2")
        task_id = messages[0].taskId
        reply = await operated.operator.GetTask(pb.GetTaskRequest(task_id=task_id, with_messages=True))
        assert (reply.summary.task_id, reply.instruction, reply.result) == (task_id, "work 2", "work 2: done")
        assert reply.summary.status == pb.TASK_STATUS_COMPLETED
        assert [step.number for step in reply.steps] == [1, 2, 3]
        assert reply.steps[0].action == '{"action": "click", "x": 1, "y": 700, "button": "left", "count": 1}'
        assert [step.tokens for step in reply.steps] == [1030] * 3
        assert list(reply.messages) == messages
        assert (reply.omitted_steps, reply.omitted_messages) == (0, 0)
        assert reply.config.backend == "simulated"
        bare = await operated.operator.GetTask(pb.GetTaskRequest(task_id=task_id))
        assert len(bare.messages) == 0


async def test_a_reply_has_no_key():
    async with operating() as operated:
        config = {
            "stageModelConfig": {
                "fastActionGeneratorModel": {
                    "modelName": "gpt-4o",
                    "provider": "openai",
                    "apiKey": "sk-very-secret",
                    "apiEndpoint": "http://127.0.0.1:9/v1",
                }
            }
        }
        for instruction in ("wait", "finish"):
            task_id = await operated.served.start(instruction, runningConfig=agent_pb2.CommonConfig(**config))
            if instruction == "finish":
                await operated.served.watch(task_id)
            reply = await operated.operator.GetTask(pb.GetTaskRequest(task_id=task_id, with_messages=True))
            assert reply.config.stageModelConfig.fastActionGeneratorModel.apiKey == "********"
            assert "very-secret" not in str(reply)


async def test_an_unknown_task_is_not_found():
    async with operating() as operated:
        refusal = await refused(operated.operator.GetTask(pb.GetTaskRequest(task_id="unknown")))
        assert (refusal.code, refusal.text) == ("NOT_FOUND", "no task 'unknown' is known")
        assert await operated.client.task("unknown") is None


async def test_a_storage_that_cannot_be_read_is_told():
    async with operating(tasks=1) as operated:

        def broken(*_, **__):
            raise StorageError("the disk is gone")

        operated.store.tasks = operated.store.counts = operated.store.steps = broken
        refusal = await refused(operated.operator.ListTasks(pb.ListTasksRequest()))
        assert (refusal.code, refusal.reason) == ("UNAVAILABLE", "STORAGE_DOWN")
        overview = await operated.operator.GetOverview(pb.GetOverviewRequest())
        assert "the disk is gone" in overview.storage.problem
        assert (overview.load.slots, overview.HasField("counts")) == (5, False)


async def test_every_call_that_needs_a_broken_storage_ends_with_a_status_that_its_method_has():
    async with operating(tasks=1) as operated:

        def broken(*_, **__):
            raise StorageError("the disk is gone")

        operated.store.task = broken
        agent, before = operated.served.agent, set(operated.served.state.snapshot().rpcs.handled)
        for call in (
            agent.QueryTaskStatus(agent_pb2.QueryTaskStatusRequest(taskId="x")),
            agent.CancelTask(agent_pb2.CancelTaskRequest(taskId="x")),
            agent.GetCommonConfig(agent_pb2.GetCommonConfigRequest(id="x")),
            agent.RunAgentInstructionAsync(
                agent_pb2.RunAgentInstructionRequest(instruction="finish", previousTaskId="x")
            ),
            operated.operator.GetTask(pb.GetTaskRequest(task_id="x")),
        ):
            assert (await refused(call)).code == "UNAVAILABLE"
        await operated.served.all_calls_ended()
        assert set(operated.served.state.snapshot().rpcs.handled) == before


# Cancels by filter.


async def test_all_live_tasks_are_cancelled_and_none_of_them_starts_meanwhile(monkeypatch):
    monkeypatch.setattr(operator_convert, "MAX_IDS", 100)
    async with operating({"TASK_MAX_TASKS": "1", "TASK_QUEUE_SIZE": "300"}, tasks=5) as operated:
        served = operated.served
        started = [await served.start("wait") for _ in range(201)]
        reply = await operated.operator.CancelTasks(pb.CancelTasksRequest(all=True))
        assert (reply.matched, reply.cancelled, len(reply.task_ids)) == (201, 201, 100)
        assert set(reply.task_ids) < set(started)
        assert served.state.snapshot().tasks.created["running"] == 1
        assert served.state.live() == []
        again = await operated.operator.CancelTasks(pb.CancelTasksRequest(all=True))
        assert again == pb.CancelTasksResponse()


async def test_a_dry_run_cancels_nothing():
    async with operating() as operated:
        task_id = await operated.served.start("wait")
        reply = await operated.operator.CancelTasks(pb.CancelTasksRequest(all=True, dry_run=True))
        assert reply == pb.CancelTasksResponse(matched=1, task_ids=[task_id])
        assert operated.served.state.status(task_id) is TaskStatus.RUNNING


async def test_only_what_meets_the_filter_is_cancelled():
    async with operating({"TASK_MAX_TASKS": "1"}) as operated:
        running = await operated.served.start("wait")
        waiting = await operated.served.start("wait")
        other = await operated.served.start("hold")
        wanted = TaskFilter(statuses=frozenset({TaskStatus.PENDING}), text="WAIT")
        assert (await operated.client.cancel_tasks(wanted)).task_ids == (waiting,)
        assert [operated.served.state.status(each) for each in (running, waiting, other)] == [
            TaskStatus.RUNNING,
            TaskStatus.CANCELLED,
            TaskStatus.PENDING,
        ]


@pytest.mark.parametrize(
    "fields", [{}, {"filter": {}}, {"all": True, "filter": {"text": "x"}}], ids=["nothing", "empty filter", "both"]
)
async def test_what_is_to_be_cancelled_must_be_said(fields):
    async with operating() as operated:
        task_id = await operated.served.start("wait")
        refusal = await refused(operated.operator.CancelTasks(pb.CancelTasksRequest(**fields)))
        assert (refusal.code, refusal.fields) == ("INVALID_ARGUMENT", ("filter",))
        assert operated.served.state.status(task_id) is TaskStatus.RUNNING


async def test_cancels_race_with_tasks_that_end():
    async with operating({"TASK_MAX_TASKS": "20", "TASK_QUEUE_SIZE": "3000"}) as operated:
        served = operated.served
        started = [await served.start("work 1") for _ in range(300)]
        replies = await asyncio.gather(
            *(operated.operator.CancelTasks(pb.CancelTasksRequest(all=True)) for _ in range(3))
        )
        cancelled = [task_id for reply in replies for task_id in reply.task_ids]
        assert sum(reply.cancelled for reply in replies) == len(set(cancelled)) == len(cancelled)
        statuses = {task_id: served.state.status(task_id) for task_id in started}
        assert {each for each, status in statuses.items() if status is TaskStatus.CANCELLED} == set(cancelled)
        assert served.state.live() == []


# Sums.


async def test_an_overview_adds_up():
    async with operating({"TASK_MAX_TASKS": "1"}, tasks=50) as operated:
        running, waiting = await operated.served.start("wait"), await operated.served.start("wait")
        overview = await operated.client.overview()
        records = [task.record for task in operated.ended]
        assert overview.version == operated.served.state.info.version
        assert sum(overview.counts.statuses.values()) == 52
        assert overview.counts.statuses[TaskStatus.PENDING] == 1
        assert overview.counts.costs == {
            "USD": sum(each.statistics.cost for each in records if each.statistics.currency)
        }
        assert (overview.load.running, overview.load.slots, overview.load.pending) == (1, 1, 1)
        created = operated.served.state.record(waiting).created_at
        assert overview.load.oldest_pending_at == pytest.approx(created, abs=0.001)
        assert overview.storage_problem == ""
        began = operated.served.state.record(running).created_at
        assert sum((await operated.client.overview(created_from=began)).counts.statuses.values()) == 2
