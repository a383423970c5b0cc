"""Who may find and cancel what by the Operator service, over real gRPC with tokens."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import grpc.aio
import pytest

from gui_agents.client import AgentClient
from gui_agents.credentials import Credentials
from gui_agents.domain.secret import Secret
from gui_agents.domain.storage import StorageError, StoredTask
from gui_agents.proto import operator_pb2 as pb
from gui_agents.proto import operator_pb2_grpc as pb_grpc
from gui_agents.rpc.methods import OPERATOR_METHODS
from tests.callers import Callers, callers
from tests.gui_agents.rpc.naive_tasks import filled
from tests.serving import refused

EVERYBODY = {"ada": "submit", "bob": "submit", "eve": "read", "root": "admin"}
SEES = {"ada": {"ada"}, "bob": {"bob"}, "eve": {"", "ada", "bob"}, "root": {"", "ada", "bob"}}


@asynccontextmanager
async def ended_of_several(directory, number: int = 40) -> AsyncIterator[tuple[Callers, list[StoredTask]]]:
    """Serve callers with tokens, and ended tasks of ada, of bob and of nobody."""
    async with callers(directory, **EVERYBODY) as ours:
        yield ours, filled(ours.served.service.archive._store, number, random.Random(1))


def operator_of(ours: Callers, name: str) -> pb_grpc.OperatorStub:
    return pb_grpc.OperatorStub(ours.by(name).channel)


@pytest.mark.parametrize("method", OPERATOR_METHODS, ids=lambda method: method.name)
async def test_a_method_is_for_its_roles_alone(tmp_path, method):
    async with callers(tmp_path, **EVERYBODY) as ours:
        request = pb.CancelTasksRequest(all=True) if method.name == "CancelTasks" else method.request()
        codes = {}
        for name in EVERYBODY:
            try:
                await getattr(operator_of(ours, name), method.name)(request)
                codes[name] = "OK"
            except grpc.aio.AioRpcError as error:
                codes[name] = error.code().name
        allowed = "NOT_FOUND" if method.name == "GetTask" else "OK"
        reader = "PERMISSION_DENIED" if method.name == "CancelTasks" else allowed
        assert codes == {"ada": allowed, "bob": allowed, "eve": reader, "root": allowed}
        said = await refused(ours.served.channel.unary_unary(method.path)(b""))
        assert (said.code, said.reason) == ("UNAUTHENTICATED", "TOKEN_MISSING")


async def test_only_an_admin_reads_why_the_storage_does_not_answer(tmp_path):
    async with callers(tmp_path, **EVERYBODY) as ours:

        def broken(*_, **__):
            raise StorageError("/var/lib is full")

        ours.served.service.archive._store.counts = broken
        told = {
            name: (await operator_of(ours, name).GetOverview(pb.GetOverviewRequest())).storage.problem
            for name in ("eve", "root")
        }
        assert told == {"eve": "it does not answer; the log says why", "root": "/var/lib is full"}


@pytest.mark.parametrize("name", EVERYBODY)
async def test_a_list_has_what_its_caller_may_see(tmp_path, name):
    async with ended_of_several(tmp_path) as (ours, ended):
        operator, owners = operator_of(ours, name), SEES[name]
        assert {task.owner for task in (await operator.ListTasks(pb.ListTasksRequest())).tasks} == owners
        bobs = await operator.ListTasks(pb.ListTasksRequest(filter=pb.TaskFilter(owner="bob")))
        assert {task.owner for task in bobs.tasks} == owners & {"bob"}
        sums = await operator.GetOverview(pb.GetOverviewRequest())
        seen = [task for task in ended if task.record.spec.owner in owners]
        assert sum(each.count for each in sums.counts.statuses) == len(seen)
        assert sums.HasField("load") is sums.HasField("storage") is (name in {"eve", "root"})


async def test_a_page_token_of_somebody_else_opens_nothing(tmp_path):
    async with ended_of_several(tmp_path) as (ours, _):
        request = pb.ListTasksRequest(page_size=5)
        request.page_token = (await operator_of(ours, "root").ListTasks(request)).next_page_token
        said = await refused(operator_of(ours, "ada").ListTasks(request))
        assert (said.code, said.fields) == ("INVALID_ARGUMENT", ("page_token",))


async def test_a_task_of_somebody_else_is_told_as_an_unknown_one(tmp_path):
    async with ended_of_several(tmp_path) as (ours, ended):
        ada, eve = operator_of(ours, "ada"), operator_of(ours, "eve")
        unknown = "00000000-0000-0000-0000-000000000000"
        expected = await refused(ada.GetTask(pb.GetTaskRequest(task_id=unknown)))
        for task in ended:
            task_id, owner = task.record.task_id, task.record.spec.owner
            request = pb.GetTaskRequest(task_id=task_id)
            assert (await eve.GetTask(request)).summary.owner == owner
            if owner == "ada":
                assert (await ada.GetTask(request)).summary.task_id == task_id
            else:
                said = await refused(ada.GetTask(request))
                assert attrs.evolve(said, text=said.text.replace(task_id, unknown)) == expected


async def test_only_an_admin_cancels_what_is_not_its_own(tmp_path):
    async with callers(tmp_path, **EVERYBODY) as ours:
        mine = {await ours.by("ada").start("wait") for _ in range(2)}
        other = await ours.by("bob").start("wait")
        for fields in ({"all": True}, {"filter": pb.TaskFilter(text="wait")}, {"filter": pb.TaskFilter(owner="bob")}):
            found = await operator_of(ours, "ada").CancelTasks(pb.CancelTasksRequest(**fields, dry_run=True))
            assert set(found.task_ids) == (set() if fields.get("filter", pb.TaskFilter()).owner else mine)
        assert set((await operator_of(ours, "ada").CancelTasks(pb.CancelTasksRequest(all=True))).task_ids) == mine
        assert ours.served.state.live() == [other]
        root = await operator_of(ours, "root").CancelTasks(pb.CancelTasksRequest(filter=pb.TaskFilter(owner="bob")))
        assert list(root.task_ids) == [other]


async def test_our_client_sends_its_token(tmp_path):
    async with ended_of_several(tmp_path) as (ours, _):
        credentials = Credentials(token=Secret(ours.tokens["ada"]))
        async with AgentClient(f"127.0.0.1:{ours.served.service.port}", credentials) as client:
            lines = [line async for line in client.tasks()]
            assert {line.owner for line in lines} == {"ada"}
            assert (await client.task(lines[0].task_id)).summary == lines[0]
            assert (await client.overview()).load is None
            assert (await client.cancel_tasks()).matched == 0
