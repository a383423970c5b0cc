"""Kills one life after the other, and asks each next one what it knows."""

import asyncio
import random
import re
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

import attrs
import grpc.aio
import psutil

from gui_agents.domain.lifecycle import FailureReason
from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import agent_pb2_grpc as pb_grpc
from tests import postgres
from tests.bench.soak import broken_promises, samples
from tests.crash.books import ENDED, Books, Now, message_of
from tests.crash.callers import CALLERS, Caller
from tests.crash.lives import Life
from tests.serving import fetch

ENVIRONMENT = {"TASK_MAX_TASKS": "4", "TASK_QUEUE_SIZE": "100", "TASK_RETENTION": "100"}
LOAD_SECONDS = 0.8
"""The longest time from the first call to the kill."""
START_SECONDS = 1.2
"""The longest time from the start of the process to a kill that does not wait for the first call."""
KILLED_STARTING = 0.15
"""The share of such kills."""
ASKING = 32
"""Calls at once of whoever compares."""
PATIENCE_SECONDS = 60.0
KNOWN_FILES = re.compile(r"ports\.json|tasks\.sqlite(\.lock|-wal|-shm)?|pictures|audit.*|sandboxes")


@attrs.define
class Findings:
    """What came of a siege."""

    points: int = 0
    killed_starting: int = 0
    acknowledged: int = 0
    told_ended: int = 0
    statuses: Counter[str] = attrs.field(factory=Counter)
    """How the tasks have ended."""
    restored: int = 0
    """Tasks that waited again after a restart, or ran again."""
    interrupted: int = 0
    ready_seconds: list[float] = attrs.field(factory=list)
    problems: list[str] = attrs.field(factory=list)


def on_postgres(server: postgres.Server) -> dict[str, str]:
    """Return the settings of a service on an empty database of a server."""
    database = server.connection_string(server.create_database())
    return {"TASK_STORAGE_BACKEND": "postgres", "POSTGRES_CONNECTION_STRING": database}


async def besiege(
    *,
    points: int,
    seed: int,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> Findings:
    """Kill a service at so many points, then let the last one end in good order."""
    with tempfile.TemporaryDirectory(prefix="crash-") as made:
        siege = _Siege(directory or Path(made), random.Random(seed), {**ENVIRONMENT, **(environment or {})})
        for _ in range(points):
            await siege.point()
        await siege.last()
        return siege.findings


class _Siege:
    def __init__(self, directory: Path, chance: random.Random, environment: Mapping[str, str]) -> None:
        self._directory = directory
        self._chance = chance
        self._environment = environment
        self._requeues = environment.get("TASK_RESUME") == "requeue"
        self._books = Books()
        self._open: set[str] = set()
        """Acknowledged tasks whose end no service has told yet."""
        self._number = 0
        self.findings = Findings()
        (directory / "runtime").mkdir()

    async def point(self) -> None:
        """Let one service live until it is killed."""
        self.findings.points += 1
        life = await self._born()
        if self._chance.random() < KILLED_STARTING:
            self.findings.killed_starting += 1
            await asyncio.sleep(self._chance.uniform(0, START_SECONDS))
            await life.kill()
        else:
            await self._ready(life)
            async with grpc.aio.insecure_channel(f"127.0.0.1:{life.ports['grpc']}") as channel:
                agent = pb_grpc.AgentStub(channel)
                await self._compare(life, agent)
                await self._load(life, agent)
        self._end(life)

    async def last(self) -> None:
        """Let a last service live, compare all that was ever acknowledged, and end it in good order."""
        life = await self._born()
        await self._ready(life)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{life.ports['grpc']}") as channel:
            agent = pb_grpc.AgentStub(channel)
            await self._compare(life, agent)
            await self._ask(agent, self._books.tasks)
        self.findings.acknowledged = len(self._books.tasks)
        if self._open:
            self._problem(f"{len(self._open)} tasks have not ended")
        children = psutil.Process(life.pid).children(recursive=True)
        if await life.stop() != 0:
            self._problem("the last service did not end in good order")
        self._end(life)
        left = [child for child in children if child.is_running()]
        if left:
            self._problem(f"processes are left: {left}")
        files = [path.name for path in life.runtime_dir.iterdir() if not KNOWN_FILES.fullmatch(path.name)]
        if files:
            self._problem(f"files are left: {files}")
        database = life.runtime_dir / "tasks.sqlite"
        if database.exists():
            with closing(sqlite3.connect(database)) as connection:
                (found,) = connection.execute("PRAGMA integrity_check").fetchone()
            if found != "ok":
                self._problem(f"the database is damaged: {found}")
        self.findings.problems += self._books.contradictions

    def _problem(self, text: str) -> None:
        self.findings.problems.append(f"life {self._number}: {text}")

    async def _born(self) -> Life:
        self._number += 1
        life = Life(self._directory, self._number, self._environment)
        self._began = time.monotonic()
        await life.spawn()
        return life

    async def _ready(self, life: Life) -> None:
        await life.serving()
        self.findings.ready_seconds.append(time.monotonic() - self._began)

    def _end(self, life: Life) -> None:
        self.findings.problems += [f"life {life.number} has logged: {line}" for line in life.defects()]
        log = life.log.read_text("utf-8")
        found = re.search(r"of an earlier service, (\d+) tasks wait again, and (\d+) have failed", log)
        if found:
            self.findings.restored += int(found[1])
            self.findings.interrupted += int(found[2])

    async def _load(self, life: Life, agent: pb_grpc.AgentStub) -> None:
        known = set(self._books.tasks)
        callers = [
            asyncio.create_task(Caller(agent, self._books, life.number, random.Random(self._chance.random())).work())
            for _ in range(CALLERS)
        ]
        await asyncio.sleep(self._chance.uniform(0.02, LOAD_SECONDS))
        await self._check_page(life)
        await life.kill()
        await asyncio.wait(callers, timeout=PATIENCE_SECONDS)
        for caller in callers:
            if not caller.done():
                self._problem("a caller still waits for a service that was killed")
                caller.cancel()
            elif caller.exception() is not None:
                self._problem(f"a caller met {caller.exception()!r}")
        new = self._books.tasks.keys() - known
        self.findings.told_ended += sum(self._books.tasks[task_id].ended is not None for task_id in new)
        self._open |= new

    async def _check_page(self, life: Life) -> None:
        page = await asyncio.to_thread(fetch, f"http://127.0.0.1:{life.ports['metrics']}/metrics")
        for problem in broken_promises(samples(page), {}):
            self._problem(problem)

    async def _compare(self, life: Life, agent: pb_grpc.AgentStub) -> None:
        """Follow all tasks of the services before to their end, if they have not been compared yet."""
        page = samples(await asyncio.to_thread(fetch, f"http://127.0.0.1:{life.ports['metrics']}/metrics"))
        failed = page[f'agent_task_failures_total{{reason="{FailureReason.INTERRUPTED}"}}']
        created = page['agent_tasks_created_total{status="pending"}']
        if failed:
            self._problem(f"{failed} interrupted tasks of an earlier service are counted")
        if created > len(self._open) + CALLERS * self._number:
            self._problem(f"{created} tasks are counted as created, and at most {len(self._open)} wait again")
        await self._ask(agent, sorted(self._open))
        await self._check_page(life)

    async def _ask(self, agent: pb_grpc.AgentStub, task_ids: Iterable[str]) -> None:
        waiting = list(task_ids)

        async def ask() -> None:
            while waiting:
                await self._ask_one(agent, waiting.pop())

        await asyncio.gather(*(ask() for _ in range(ASKING)))

    async def _ask_one(self, agent: pb_grpc.AgentStub, task_id: str) -> None:
        told = self._books.tasks[task_id]
        first = await agent.QueryTaskStatus(pb.QueryTaskStatusRequest(taskId=task_id), timeout=PATIENCE_SECONDS)
        messages = []
        if first.status != pb.NOT_FOUND:
            stream = agent.GetAgentTaskStream(pb.GetAgentTaskStreamRequest(taskId=task_id), timeout=PATIENCE_SECONDS)
            messages = [message_of(message.taskStream) async for message in stream]
        reply = await agent.QueryTaskStatus(pb.QueryTaskStatusRequest(taskId=task_id), timeout=PATIENCE_SECONDS)
        problems = list(self._books.disagreements(task_id, Now(reply, messages)))
        if reply.status not in ENDED | {pb.NOT_FOUND}:
            problems.append(f"its stream has ended, and its status is {reply.status}")
        interrupted = reply.message.startswith(FailureReason.INTERRUPTED)
        if task_id in self._open:
            self._open.discard(task_id)
            ending = FailureReason.INTERRUPTED if interrupted else pb.TaskStatus.Name(reply.status)
            self.findings.statuses[str(ending)] += 1
            if interrupted and self._requeues:
                problems.append(f"it should have run again: {reply.message}")
            again = [stage for stage, _, _ in messages].count("starting") > 1
            if told.acted and again and not self._requeues:
                problems.append("it had acted when the service was killed, and has run again")
        self._books.queried(reply)
        self._books.followed(task_id, messages)
        for problem in problems:
            self._problem(f"task {task_id} ({told.instruction}, of life {told.life}): {problem}")
