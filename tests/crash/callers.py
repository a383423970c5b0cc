"""Clients that submit, follow, query, continue and cancel tasks, and keep books of what they are told."""

import asyncio
import contextlib
import random

import grpc.aio

from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import agent_pb2_grpc as pb_grpc
from tests.crash.books import Books, Message, message_of

CALLERS = 16
INSTRUCTIONS = (
    "Do nothing",
    "Calculate 12*7+5",
    "turn on Bluetooth",
    "How many files are there?",
    "Calculate 123456789*987654321+123456789",
)
"""Of one step, of some, and of more than twenty."""
PATIENCE_SECONDS = 30.0


class Caller:
    """One client on one service."""

    def __init__(self, agent: pb_grpc.AgentStub, books: Books, life: int, chance: random.Random) -> None:
        self._agent = agent
        self._books = books
        self._life = life
        self._chance = chance
        self._mine: list[str] = []

    async def work(self) -> None:
        """Do one thing after the other, until the service is gone or the caller is cancelled."""
        deeds = (self.submit, self.submit, self.submit, self.run, self.follow, self.query, self.query, self.cancel)
        with contextlib.suppress(grpc.aio.AioRpcError):
            while True:
                try:
                    await self._chance.choice(deeds)()
                except grpc.aio.AioRpcError as error:
                    # A full queue, and a previous task that has not ended or whose sandbox is in use, say so.
                    if error.code() not in {
                        grpc.StatusCode.RESOURCE_EXHAUSTED,
                        grpc.StatusCode.FAILED_PRECONDITION,
                    }:
                        raise
                    await asyncio.sleep(0.005)

    def _request(self) -> pb.RunAgentInstructionRequest:
        request = pb.RunAgentInstructionRequest(instruction=self._chance.choice(INSTRUCTIONS))
        if self._mine and self._chance.random() < 0.2:
            request.previousTaskId = self._chance.choice(self._mine)
        return request

    async def submit(self) -> None:
        request = self._request()
        reply = await self._agent.RunAgentInstructionAsync(request, timeout=PATIENCE_SECONDS)
        self._acknowledged(reply.taskId, request.instruction)

    def _acknowledged(self, task_id: str, instruction: str) -> None:
        self._books.acknowledged(task_id, instruction, self._life)
        self._mine.append(task_id)

    async def run(self) -> None:
        request = self._request()
        messages: list[Message] = []
        task_id = ""
        async for message in self._agent.RunAgentInstruction(request, timeout=PATIENCE_SECONDS):
            if not task_id:
                task_id = message.taskId
                self._acknowledged(task_id, request.instruction)
            messages.append(message_of(message))
            self._books.followed(task_id, messages)

    async def follow(self) -> None:
        if not self._mine:
            return
        task_id, messages = self._chance.choice(self._mine), []
        request = pb.GetAgentTaskStreamRequest(taskId=task_id)
        async for message in self._agent.GetAgentTaskStream(request, timeout=PATIENCE_SECONDS):
            messages.append(message_of(message.taskStream))
            self._books.followed(task_id, messages)

    async def query(self) -> None:
        if self._mine:
            request = pb.QueryTaskStatusRequest(taskId=self._chance.choice(self._mine))
            self._books.queried(await self._agent.QueryTaskStatus(request, timeout=PATIENCE_SECONDS))

    async def cancel(self) -> None:
        if self._mine:
            request = pb.CancelTaskRequest(taskId=self._chance.choice(self._mine))
            reply = await self._agent.CancelTask(request, timeout=PATIENCE_SECONDS)
            if reply.success:
                self._books.cancelled(reply.taskId)
