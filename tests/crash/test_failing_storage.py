"""A storage that fails or hangs while a service runs: clear errors, no wrong status, and recovery without a restart."""

import asyncio
import os
import resource
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import grpc.aio
import pytest

from gui_agents.domain.journal import Entry
from gui_agents.domain.storage import StorageStartError, StoredTask
from gui_agents.proto import agent_pb2 as pb
from gui_agents.service import Service
from gui_agents.storage.sqlite.store import SqliteStore
from gui_agents.storage.writer import Writer
from tests import postgres
from tests.crash.siege import on_postgres
from tests.fakes import FakeClock
from tests.promises import broken
from tests.serving import SECONDS, Refusal, Served, configured, refusal, refused, serving, until

TMPFS_BYTES = 3 * 2**20
LONG = "finish " + "x" * 20_000


class HangingStore(SqliteStore):
    """A store that waits at a gate."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.writes = threading.Event()
        self.writes.set()
        self.reads = threading.Event()
        self.reads.set()

    def write(self, entries: Sequence[Entry]) -> None:
        assert self.writes.wait(SECONDS)
        super().write(entries)

    def task(self, task_id: str) -> StoredTask | None:
        assert self.reads.wait(SECONDS)
        return super().task(task_id)


@contextmanager
def small_disk(directory: Path) -> Iterator[Path]:
    """Mount a small disk, for root alone."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_BYTES}", "tmpfs", str(directory)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("needs to mount a disk")
    try:
        yield directory
    finally:
        subprocess.run(["umount", "-l", str(directory)], check=True)


@contextmanager
def full(directory: Path) -> Iterator[None]:
    """Leave no room on the disk of a directory."""
    filler = directory / "filler"
    try:
        with filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
    except OSError:
        yield
    finally:
        filler.unlink()


@contextmanager
def limited(directory: Path) -> Iterator[None]:
    """Let no file of this process grow, as a quota does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def moved_away(directory: Path) -> Iterator[None]:
    """Take the file away, as somebody does who tidies up, and bring it back."""
    path = directory / "tasks.sqlite"
    path.rename(directory / "elsewhere")
    try:
        yield
    finally:
        (directory / "elsewhere").rename(path)


def settings(directory: Path, **more: str) -> dict[str, str]:
    return {"RUNTIME_DIR": str(directory), "TASK_STORAGE_BACKEND": "sqlite", "TASK_MAX_TASKS": "4", **more}


def writer_of(service: Service) -> Writer:
    assert isinstance(service._journal, Writer)
    return service._journal


async def submitted(served: Served, instruction: str = LONG) -> str | Refusal:
    """Return the id of a task, or how it was refused."""
    try:
        return await served.start(instruction)
    except grpc.aio.AioRpcError as error:
        return refusal(error)


async def until_refused(served: Served, acknowledged: list[str]) -> Refusal:
    """Submit tasks until one is refused."""
    async with asyncio.timeout(SECONDS):
        while isinstance(reply := await submitted(served), str):
            acknowledged.append(reply)
    return reply


async def until_accepted(served: Served) -> str:
    """Submit tasks until one is accepted."""
    async with asyncio.timeout(SECONDS):
        while not isinstance(reply := await submitted(served, "finish"), str):
            assert (reply.code, reply.reason) == ("UNAVAILABLE", "STORAGE_DOWN")
            await asyncio.sleep(0.02)
    return reply


async def check_outage(served: Served, fault, directory: Path) -> dict[str, pb.QueryTaskStatusResponse]:
    """Let the storage fail for a while; return what was told of all acknowledged tasks."""
    acknowledged = [await served.start("finish"), await served.start("hold")]
    held = acknowledged[1]
    await served.watch(acknowledged[0])
    with fault(directory):
        refusal = await until_refused(served, acknowledged)
        assert (refusal.code, refusal.reason) == ("UNAVAILABLE", "STORAGE_DOWN"), refusal
        assert "the storage of tasks does not answer" in refusal.text
        # Tasks in memory go on, and end.
        assert (await served.query(held)).status == pb.RUNNING
        served.models.gate.set()
        assert (await served.watch(held))[-1].stage == "finished"
        assert (await served.query(held)).status == pb.SUCCESS
        created = served.state.snapshot().tasks.created
        again = await refused(
            served.agent.RunAgentInstruction(pb.RunAgentInstructionRequest(instruction="finish"), timeout=SECONDS)
        )
        assert (again.code, again.reason) == ("UNAVAILABLE", "STORAGE_DOWN")
        # One that is refused at once is no task.
        assert served.state.snapshot().tasks.created == created
    acknowledged.append(await until_accepted(served))
    told = {}
    for task_id in acknowledged:
        assert (await served.watch(task_id))[-1].stage == "finished"
        told[task_id] = await served.query(task_id)
    assert broken(served.state.snapshot()) == []
    return told


async def check_memory_of(environment: dict[str, str], told: dict[str, pb.QueryTaskStatusResponse]) -> None:
    """Check that the next service knows all of it."""
    async with serving(environment) as served:
        for task_id, reply in told.items():
            assert await served.query(task_id) == reply
            assert [message.stage for message in await served.watch(task_id)][-1] == "finished"
        assert not any(served.state.snapshot().tasks.created.values())


@pytest.mark.parametrize("fault", [limited, moved_away])
async def test_a_storage_that_fails_for_a_while(tmp_path, fault):
    async with serving(settings(tmp_path)) as served:
        told = await check_outage(served, fault, tmp_path)
    await check_memory_of(settings(tmp_path), told)


async def test_a_disk_that_is_full_for_a_while(tmp_path):
    with small_disk(tmp_path):
        async with serving(settings(tmp_path)) as served:
            told = await check_outage(served, full, tmp_path)
        await check_memory_of(settings(tmp_path), told)


async def test_a_disk_that_is_full_at_the_start_ends_it_and_changes_nothing(tmp_path):
    with small_disk(tmp_path):
        async with serving(settings(tmp_path)) as served:
            task = await served.start("finish")
            await served.watch(task)
        with full(tmp_path), pytest.raises(StorageStartError, match=r"tasks\.sqlite cannot be written"):
            await Service(configured(settings(tmp_path))).start()
        async with serving(settings(tmp_path)) as served:
            assert (await served.query(task)).status == pb.SUCCESS


async def test_a_storage_that_hangs_for_a_while(tmp_path):
    store = HangingStore(tmp_path)
    async with serving(settings(tmp_path), store=store) as served:
        writer_of(served.service)._patience_seconds = 0.2

        @contextmanager
        def hanging(_: Path) -> Iterator[None]:
            store.writes.clear()
            try:
                yield
            finally:
                store.writes.set()

        told = await check_outage(served, hanging, tmp_path)
    await check_memory_of(settings(tmp_path), told)


@contextmanager
def paused(server: postgres.Server) -> Iterator[None]:
    """Let nothing of a database server answer; its connections stay."""
    server.pause()
    try:
        yield
    finally:
        server.resume()


@contextmanager
def stopped(server: postgres.Server) -> Iterator[None]:
    """Stop a database server in good order, and start it again."""
    server.stop()
    try:
        yield
    finally:
        server.start()


@contextmanager
def killed(server: postgres.Server) -> Iterator[None]:
    """Kill a database server, and start it again."""
    server.kill()
    try:
        yield
    finally:
        server.start()


@pytest.mark.system_tools
@pytest.mark.parametrize("fault", [paused, stopped, killed])
async def test_a_database_server_that_is_away_for_a_while(tmp_path, fault):
    with postgres.server() as server:
        environment = settings(tmp_path, **on_postgres(server))
        async with serving(environment) as served:
            writer_of(served.service)._patience_seconds = 0.5
            told = await check_outage(served, lambda _: fault(server), tmp_path)
        await check_memory_of(environment, told)


async def test_a_task_that_was_refused_while_the_storage_failed_never_runs(tmp_path):
    """Its client was told to try again, which would make two of it."""
    async with serving(settings(tmp_path)) as served:
        with moved_away(tmp_path):
            assert isinstance(await submitted(served, "work 3"), Refusal)
        await until_accepted(served)
        counts = served.state.snapshot().tasks.created
        assert (counts["pending"] - counts["running"], counts["cancelled"]) == (1, 1)
    async with serving(settings(tmp_path)) as served:
        assert not any(served.state.snapshot().tasks.created.values())


async def test_readers_that_hang_hold_up_nobody_but_those_who_ask_for_old_tasks(tmp_path):
    store = HangingStore(tmp_path)
    async with serving(settings(tmp_path, TASK_RETENTION="1"), store=store) as served:
        served.service.archive._patience_seconds = 0.2
        tasks = [await served.start("finish") for _ in range(3)]
        await served.watch(tasks[-1])
        store.reads.clear()
        for _ in range(6):
            call = served.agent.QueryTaskStatus(pb.QueryTaskStatusRequest(taskId=tasks[0]))
            hung = await refused(call)
            assert (hung.code, hung.reason) == ("UNAVAILABLE", "STORAGE_DOWN")
        task = await served.start("work 3")
        assert (await served.watch(task))[-1].stage == "finished"
        store.reads.set()
        await until(lambda: served.service.archive._readers._idle > 0)
        assert (await served.query(tasks[0])).status == pb.SUCCESS


async def test_a_clock_that_jumps_changes_no_end_and_breaks_no_promise(tmp_path):
    clock = FakeClock(wall=1_900_000_000.0)
    told = {}
    async with serving(settings(tmp_path), clock=clock) as served:
        for jump in (0.0, -3600.0, 7200.0, -86_400.0 * 400):
            clock.turn_wall_clock(jump)
            task = await served.start("work 2")
            await served.watch(task)
            told[task] = await served.query(task)
            assert broken(served.state.snapshot()) == []
        held = await served.start("wait")
        waiting = [await served.start("wait") for _ in range(3)]
        waiting.append(await served.start("work 1"))
        clock.turn_wall_clock(3600.0)
    for jump in (-7200.0, 7200.0):
        clock.turn_wall_clock(jump)
        async with serving(settings(tmp_path), clock=clock) as served:
            for task_id, reply in told.items():
                assert await served.query(task_id) == reply
            assert (await served.query(held)).message == "interrupted: the service is shutting down"
            assert (await served.watch(waiting[-1]))[-1].stage == "finished"
            assert broken(served.state.snapshot()) == []
