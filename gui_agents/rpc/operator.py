"""The Operator service: finds, explains and cancels tasks.

Theory of operation. What has ended, and what steps did, is in the storage; how live tasks stand is in the state. A list
is read from the storage, and over the tasks that live their state is laid, so that they show what they have used until
now. An end is shown once it is on disk, as everywhere. What is cancelled is chosen from the state alone: a task is
looked at and cancelled without a pause between, so that none is cancelled that no longer meets the filter.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final, Protocol, TypeVar

import attrs

from gui_agents.domain.access import Identity, Role
from gui_agents.domain.errors import InvalidFieldError, NotFoundError, StorageDownError
from gui_agents.domain.journal import FIRST_ATTEMPT, Journal
from gui_agents.domain.lifecycle import LIVE
from gui_agents.domain.storage import CursorError, StoredStep, StoredTask, TaskFilter, TaskStore, TaskSummary
from gui_agents.domain.task import TaskRecord
from gui_agents.proto import operator_pb2 as pb
from gui_agents.rpc import operator_convert as convert
from gui_agents.rpc.convert import short
from gui_agents.state.service_state import ServiceState
from gui_agents.storage.codec import folded
from gui_agents.storage.listing import meets
from gui_agents.tasks.archive import Archive
from gui_agents.tasks.pace import paced
from gui_agents.threads import Threads

READ_SECONDS: Final = 20.0
"""That a read may take, the wait for its turn included."""

WRITERS: Final = 2
"""Replies that are written at once."""

Answer = TypeVar("Answer")


class Canceller(Protocol):
    """Cancels tasks."""

    def cancel(self, task_id: str) -> bool:
        """Cancel a live task. Return whether it is cancelled now."""


@attrs.frozen(kw_only=True)
class OperatorServicer:
    """Serves the Operator service. Every method raises RefusedError to refuse a request."""

    state: ServiceState
    runner: Canceller
    archive: Archive
    journal: Journal
    pictures: Callable[[str], Collection[str]] = lambda _: ()
    """The names of a task's pictures that there are; called by a thread."""
    _writers: Threads = attrs.field(factory=lambda: Threads("operator", WRITERS), init=False)
    """Write long replies, which the event loop has no time for."""

    async def ListTasks(self, request: pb.ListTasksRequest, caller: Identity) -> pb.ListTasksResponse:  # noqa: N802
        """Return a page of the tasks that the caller sees and that meet the filter."""
        wanted, order = convert.task_filter(request.filter), convert.task_order(request.order)
        size = convert.page_size(request.page_size)
        seen = _of_owner(wanted, None if caller.has(Role.READ) else caller.name)
        if seen is None:
            return pb.ListTasksResponse()
        try:
            page = await self._read(
                lambda store: store.tasks(
                    seen, order, descending=not request.ascending, limit=size, cursor=request.page_token
                )
            )
        except CursorError:
            problem = "must be the next_page_token of a list with the same filter and order"
            raise InvalidFieldError("page_token", problem) from None
        now = attrs.evolve(page, tasks=tuple(self._now(page.tasks, seen)))
        return await self._writers.run(lambda: convert.page(now))

    async def GetTask(self, request: pb.GetTaskRequest, caller: Identity) -> pb.GetTaskResponse:  # noqa: N802
        """Return all that is known of a task."""
        task_id = short("task_id", request.task_id)
        record = await self.archive.record(task_id)
        if not caller.sees(record.spec.owner):
            raise NotFoundError("task", task_id)
        return await self._read(lambda store: self._details(store, record, with_messages=request.with_messages))

    def _details(self, store: TaskStore, record: TaskRecord, *, with_messages: bool) -> pb.GetTaskResponse:
        """Return all that is stored of a task, which is `record` if it lives."""
        task_id = record.task_id
        stored = store.task(task_id)
        if stored is None:
            stored = _unstored(record)
        elif stored.record.status in LIVE:
            stored = attrs.evolve(stored, record=record)
        steps = self._pictured(task_id, store.steps(task_id))
        return convert.details(stored, steps, store.messages(task_id) if with_messages else ())

    def _pictured(self, task_id: str, steps: Sequence[StoredStep]) -> Sequence[StoredStep]:
        """Return steps without the names of pictures that were not kept."""
        if not any(stored.step.picture for stored in steps):
            return steps
        kept = frozenset(self.pictures(task_id))
        return [
            stored
            if stored.step.picture in kept
            else attrs.evolve(stored, step=attrs.evolve(stored.step, picture=None))
            for stored in steps
        ]

    async def CancelTasks(self, request: pb.CancelTasksRequest, caller: Identity) -> pb.CancelTasksResponse:  # noqa: N802
        """Cancel the live tasks that meet the filter and that the caller commands."""
        wanted = convert.task_filter(request.filter)
        if (wanted == TaskFilter()) is not request.all:
            raise InvalidFieldError("filter", "must not be empty; set `all`, without a filter, to cancel every task")
        reply = pb.CancelTasksResponse()
        commanded = _of_owner(wanted, None if caller.has(Role.ADMIN) else caller.name)
        if commanded is None:
            return reply
        # The newest first, which wait: the end of a running one would start one of them.
        last = None
        async for task_id in paced(reversed(self.state.live())):
            record = self._live(task_id)
            if record is None or not _is_wanted(record, commanded):
                continue
            reply.matched += 1
            if reply.matched <= convert.MAX_IDS:
                reply.task_ids.append(task_id)
            if not request.dry_run:
                reply.cancelled += self.runner.cancel(task_id)
                last = task_id
        if last is not None:
            # What is on disk is in order, so the others are, too.
            await self.archive.settled(last)
        return reply

    async def GetOverview(self, request: pb.GetOverviewRequest, caller: Identity) -> pb.GetOverviewResponse:  # noqa: N802
        """Return the tasks of a time that the caller sees, added up; and how the service is, if it may read that."""
        wanted, everything = convert.time_range(request), caller.has(Role.READ)
        seen = wanted if everything else attrs.evolve(wanted, owner=caller.name)
        reply = pb.GetOverviewResponse(version=self.state.info.version)
        if everything:
            now = self.state.snapshot()
            reply.load.CopyFrom(convert.load(now.tasks))
            reply.storage.CopyFrom(convert.storage(now.storage, _shown_problem(self.journal.problem, caller)))
        try:
            reply.counts.CopyFrom(convert.counts(await self._read(lambda store: store.counts(seen))))
        except StorageDownError as error:
            if not everything:
                raise
            reply.storage.problem = _shown_problem(error.problem, caller) or ""
        return reply

    def _now(self, tasks: tuple[TaskSummary, ...], wanted: TaskFilter) -> Iterator[TaskSummary]:
        """Yield tasks as they are now. Those that have moved on and no longer meet the filter are left out."""
        for task in tasks:
            record = self._live(task.task_id) if task.status in LIVE else None
            if record is None:
                yield task
            elif not wanted.statuses or record.status in wanted.statuses:
                yield convert.live(task, record)

    def _live(self, task_id: str) -> TaskRecord | None:
        """Return a task that lives as it is now; None for any other."""
        return self.state.record(task_id) if self.state.status(task_id) in LIVE else None

    async def _read(self, question: Callable[[TaskStore], Answer]) -> Answer:
        """Return the storage's answer to a question.

        Raises:
            StorageDownError: it does not answer, or takes too long.
        """
        try:
            async with asyncio.timeout(READ_SECONDS):
                return await self.archive.read(question)
        except TimeoutError:
            raise StorageDownError(f"no answer within {READ_SECONDS:g} s") from None


def _of_owner(wanted: TaskFilter, owner: str | None) -> TaskFilter | None:
    """Return a filter for the tasks of one owner, if one is given; None if they cannot meet it."""
    if owner is None:
        return wanted
    return attrs.evolve(wanted, owner=owner) if wanted.owner in (None, owner) else None


def _is_wanted(record: TaskRecord, wanted: TaskFilter) -> bool:
    """Tell whether a live task meets a filter; how long it has run is looked at, too."""
    task = convert.summary_of(_unstored(record))
    return meets(task, wanted, task.execution_seconds) and folded(wanted.text) in folded(record.spec.shown_instruction)


def _shown_problem(problem: str | None, caller: Identity) -> str | None:
    """Return why the storage does not answer: the whole of it, which may name files and hosts, only to an admin."""
    return problem if problem is None or caller.has(Role.ADMIN) else "it does not answer; the log says why"


def _unstored(record: TaskRecord) -> StoredTask:
    """Return a task that is in memory and not yet stored."""
    return StoredTask(record=record, attempt=FIRST_ATTEMPT, keys_forgotten=False, started_at=None, ended_at=None)
