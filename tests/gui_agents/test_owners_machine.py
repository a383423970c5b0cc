"""Two owners, a reader and an admin on one service, with restarts, against books in plain dicts.

Nobody sees anything of another owner's tasks: not that they are, nor how they end. All who may see a task see the same.
"""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import attrs
import grpc.aio
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import operator_pb2, operator_pb2_grpc
from tests.callers import Callers, create
from tests.promises import broken
from tests.serving import SECONDS, serving

T = TypeVar("T")

ROLES = {"ann": "submit", "eve": "submit", "reader": "read", "root": "admin"}
STARTERS = ("ann", "eve", "root")
NAMES = tuple(ROLES)
SLOTS = 3
ENDS = {"finish": pb.SUCCESS, "give up": pb.FAILURE, "work 2": pb.SUCCESS}
"""Instructions that end by themselves, and how."""
INSTRUCTIONS = (*ENDS, "wait")
STAGES = {pb.SUCCESS: "finished", pb.FAILURE: "error", pb.CANCELLED: "cancelled"}
UNKNOWN = "no-such-task"

ids = st.integers(0, 10**6)
"""Chooses a task, also one that is unknown."""
names = st.sampled_from(NAMES)


@attrs.define
class Task:
    """What the books say of a task."""

    owner: str
    instruction: str
    reply: pb.QueryTaskStatusResponse | None = None
    """Its status, once it has ended."""


def may_see(name: str, task: Task | None) -> bool:
    return task is not None and (name == task.owner or ROLES[name] in {"read", "admin"})


def may_command(name: str, task: Task | None) -> bool:
    return task is not None and (name == task.owner or ROLES[name] == "admin")


class Owners(RuleBasedStateMachine):
    """Calls of one client after the other; tasks run meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self._directory = Path(tempfile.mkdtemp(prefix="owners-"))
        self._tokens_file = self._directory / "tokens"
        self._tokens_file.touch(mode=0o600)
        self._tokens = {name: create(self._tokens_file, name, role) for name, role in ROLES.items()}
        self._runner = asyncio.Runner()
        self._books: dict[str, Task] = {}
        self._up = contextlib.AsyncExitStack()

    def _do(self, what: Coroutine[Any, Any, T]) -> T:
        async def bounded() -> T:
            async with asyncio.timeout(SECONDS):
                return await what

        return self._runner.run(bounded())

    @initialize()
    def start(self) -> None:
        self._do(self._start())

    async def _start(self) -> None:
        environment = {
            "RUNTIME_DIR": str(self._directory),
            "ACCESS_TOKENS_FILE": str(self._tokens_file),
            "TASK_STORAGE_BACKEND": "sqlite",
            "TASK_MAX_TASKS": str(SLOTS),
            "TASK_RETENTION": "3",
            "ALLOW_SET_GLOBAL_CONFIG": "true",
            "DRAIN_SECONDS": "0",
        }
        self._served = await self._up.enter_async_context(serving(environment))
        self._callers = Callers(self._served, self._tokens_file, self._tokens)

    async def _stop(self) -> None:
        for client in self._callers.clients.values():
            await client.channel.close()
        await self._up.aclose()

    def _task(self, number: int) -> str:
        known = [*self._books, UNKNOWN]
        return known[number % len(known)]

    def _slots_taken(self) -> int:
        return sum(task.instruction == "wait" and task.reply is None for task in self._books.values())

    async def _code(self, call: Any) -> tuple[str, Any]:
        try:
            if hasattr(call, "__aiter__"):
                return "OK", [message async for message in call]
            return "OK", await call
        except grpc.aio.AioRpcError as error:
            return error.code().name, error.details()

    @rule(name=names, instruction=st.sampled_from(INSTRUCTIONS))
    def submit(self, name: str, instruction: str) -> None:
        if instruction == "wait" and self._slots_taken() >= SLOTS - 1:
            return
        request = pb.RunAgentInstructionRequest(instruction=instruction)
        code, reply = self._do(self._code(self._callers.by(name).agent.RunAgentInstructionAsync(request)))
        assert code == ("OK" if name in STARTERS else "PERMISSION_DENIED"), reply
        if code == "OK":
            self._books[reply.taskId] = Task(name, instruction)

    @rule(name=names, instruction=st.sampled_from(tuple(ENDS)))
    def run(self, name: str, instruction: str) -> None:
        request = pb.RunAgentInstructionRequest(instruction=instruction)
        code, messages = self._do(self._code(self._callers.by(name).agent.RunAgentInstruction(request)))
        assert code == ("OK" if name in STARTERS else "PERMISSION_DENIED"), messages
        if code == "OK":
            self._books[messages[0].taskId] = Task(name, instruction)
            assert messages[-1].stage == STAGES[ENDS[instruction]]

    @rule(name=names, number=ids)
    def follow(self, name: str, number: int) -> None:
        task_id = self._task(number)
        task = self._books.get(task_id)
        if task is not None and task.instruction == "wait" and task.reply is None and may_see(name, task):
            return
        request = pb.GetAgentTaskStreamRequest(taskId=task_id)
        code, messages = self._do(self._code(self._callers.by(name).agent.GetAgentTaskStream(request)))
        assert code == ("OK" if may_see(name, task) else "NOT_FOUND"), messages
        if task is None or code != "OK":
            assert messages == f"no task {task_id!r} is known"
            return
        reply = self._do(self._query(task.owner, task_id))
        self._ended(task, reply)
        assert messages[-1].taskStream.stage == STAGES[reply.status]

    async def _query(self, name: str, task_id: str) -> pb.QueryTaskStatusResponse:
        request = pb.QueryTaskStatusRequest(taskId=task_id)
        return await self._callers.by(name).agent.QueryTaskStatus(request)

    def _ended(self, task: Task, reply: pb.QueryTaskStatusResponse) -> None:
        """Compare a status with the books, and write it down if it is an end."""
        if task.reply is not None:
            assert reply == task.reply
        elif reply.status in STAGES:
            task.reply = reply
            interrupted = reply.message.startswith("interrupted: ")
            assert interrupted or reply.status == ENDS.get(task.instruction), reply

    @rule(name=names, number=ids)
    def query(self, name: str, number: int) -> None:
        task_id = self._task(number)
        task = self._books.get(task_id)
        reply = self._do(self._query(name, task_id))
        if task is not None and may_see(name, task):
            self._ended(task, reply)
        else:
            assert (reply.status, reply.message) == (pb.NOT_FOUND, f"no task {task_id!r} is known")

    @rule(name=names, number=ids)
    def cancel(self, name: str, number: int) -> None:
        task_id = self._task(number)
        task = self._books.get(task_id)
        request = pb.CancelTaskRequest(taskId=task_id)
        code, reply = self._do(self._code(self._callers.by(name).agent.CancelTask(request)))
        if ROLES[name] == "read":
            assert code == "PERMISSION_DENIED"
        elif task is None or not may_command(name, task):
            assert (reply.success, reply.message) == (False, f"no task {task_id!r} is known")
        else:
            now = self._do(self._query(task.owner, task_id))
            assert now.status in STAGES
            assert reply.success == (now.status == pb.CANCELLED)
            assert task.reply in (None, now)
            task.reply = now

    @rule(name=st.sampled_from(STARTERS), number=ids)
    def go_on(self, name: str, number: int) -> None:
        task_id = self._task(number)
        task = self._books.get(task_id)
        request = pb.RunAgentInstructionRequest(instruction="finish", previousTaskId=task_id)
        code, reply = self._do(self._code(self._callers.by(name).agent.RunAgentInstructionAsync(request)))
        if task is None or not may_command(name, task):
            assert (code, reply) == ("NOT_FOUND", f"no task {task_id!r} is known")
        elif code == "OK":
            self._books[reply.taskId] = Task(name, "finish")
        else:
            # It has not ended, or another task has its sandbox.
            assert code == "FAILED_PRECONDITION", reply

    @rule(name=names, number=ids)
    def configuration(self, name: str, number: int) -> None:
        task_id = self._task(number)
        request = pb.GetCommonConfigRequest(id=task_id)
        code, reply = self._do(self._code(self._callers.by(name).agent.GetCommonConfig(request)))
        assert code == ("OK" if may_see(name, self._books.get(task_id)) else "NOT_FOUND"), reply

    @rule(name=names)
    def change_configuration(self, name: str) -> None:
        request = pb.SetGlobalCommonConfigRequest(commonConfig=pb.CommonConfig(steps=40))
        code, _ = self._do(self._code(self._callers.by(name).agent.SetGlobalCommonConfig(request)))
        assert code == ("OK" if ROLES[name] == "admin" else "PERMISSION_DENIED")

    def _operator(self, name: str) -> operator_pb2_grpc.OperatorStub:
        return operator_pb2_grpc.OperatorStub(self._callers.by(name).channel)

    @rule(name=names, text=st.sampled_from(("", "finish", "wait")))
    def list_tasks(self, name: str, text: str) -> None:
        request = operator_pb2.ListTasksRequest(filter=operator_pb2.TaskFilter(text=text), page_size=2)
        listed: list[str] = []
        while True:
            reply = self._do(self._operator(name).ListTasks(request))
            listed += [task.task_id for task in reply.tasks]
            request.page_token = reply.next_page_token
            if not reply.next_page_token:
                break
        visible = {task_id for task_id, task in self._books.items() if may_see(name, task) and text in task.instruction}
        assert len(listed) == len(set(listed))
        assert set(listed) == visible

    @rule(name=names, number=ids)
    def show(self, name: str, number: int) -> None:
        task_id = self._task(number)
        task = self._books.get(task_id)
        call = self._operator(name).GetTask(operator_pb2.GetTaskRequest(task_id=task_id, with_messages=True))
        code, reply = self._do(self._code(call))
        if task is None or not may_see(name, task):
            assert (code, reply) == ("NOT_FOUND", f"no task {task_id!r} is known")
        else:
            assert (code, reply.summary.owner, reply.instruction) == ("OK", task.owner, task.instruction)

    @rule(name=st.sampled_from(STARTERS))
    def cancel_waiting(self, name: str) -> None:
        request = operator_pb2.CancelTasksRequest(filter=operator_pb2.TaskFilter(text="wait"))
        cancelled = self._do(self._operator(name).CancelTasks(request)).task_ids
        expected = {
            task_id
            for task_id, task in self._books.items()
            if may_command(name, task) and task.instruction == "wait" and task.reply is None
        }
        assert set(cancelled) <= expected
        for task_id in cancelled:
            reply = self._books[task_id].reply = self._do(self._query("root", task_id))
            assert reply.status == pb.CANCELLED
        for task_id in expected - set(cancelled):
            # A restart has ended it, and nobody has asked since.
            reply = self._do(self._query("root", task_id))
            assert reply.message.startswith("interrupted: ")

    @precondition(lambda self: self._books)
    @rule()
    def restart(self) -> None:
        self._do(self._stop())
        self._do(self._start())
        for task_id, task in self._books.items():
            reply = self._do(self._query("root", task_id))
            assert reply.status != pb.NOT_FOUND
            self._ended(task, reply)

    @invariant()
    def promises_hold(self) -> None:
        if hasattr(self, "_served"):
            assert broken(self._served.state.snapshot()) == []

    def teardown(self) -> None:
        try:
            if hasattr(self, "_callers"):
                try:
                    self._end_all()
                finally:
                    self._do(self._stop())
        finally:
            self._runner.close()
            shutil.rmtree(self._directory)

    def _end_all(self) -> None:
        """Let every task end, and compare what everybody sees of each."""
        for number, (task_id, task) in enumerate(self._books.items()):
            if task.instruction == "wait" and task.reply is None:
                self.cancel("root", number)
            self.follow("root", number)
            for name in NAMES:
                reply = self._do(self._query(name, task_id))
                assert (reply == task.reply) == may_see(name, task)


TestOwners = Owners.TestCase
TestOwners.settings = settings(
    max_examples=max(5, settings().max_examples // 3),
    stateful_step_count=30,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a shorter example costs a service for each try
)
