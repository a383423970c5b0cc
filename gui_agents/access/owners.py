"""What each owner uses now, and whether its quotas have room for more.

Lives on the event loop. Money is not here: each call to a model claims it, see `gui_agents.tasks.allowances`.

A task over its owner's quota of running ones waits, and tasks of other owners pass it. To refuse it would make each
client keep a queue of its own. What would make an owner's queue too long is refused.
"""

from collections.abc import Callable
from typing import Final

import attrs

from gui_agents.access.rate import Rate
from gui_agents.domain.access import Identity, Quota, QuotaExceededError, Quotas

RETRY_SECONDS: Final = 1.0
"""After which a client may try again, where nobody knows when there will be room."""


@attrs.define
class _Usage:
    """What one owner uses."""

    rate: Rate = attrs.field(factory=Rate)
    connections: dict[str, int] = attrs.field(factory=dict)
    """Open calls by connection."""
    streams: int = 0
    followed: dict[str, int] = attrs.field(factory=dict)
    """Subscriptions by task."""
    pending: int = 0
    running: int = 0
    live_bytes: int = 0


@attrs.define
class _Task:
    """One live task."""

    usage: _Usage
    owner: str
    size: int
    running: bool = False


class Owners:
    """Counts what owners use. `quotas` returns those of an owner as they are now; the clock is the monotonic one."""

    def __init__(self, quotas: Callable[[str], Quotas], monotonic: Callable[[], float]) -> None:
        self._quotas = quotas
        self._monotonic = monotonic
        self._usages: dict[str, _Usage] = {}
        self._tasks: dict[str, _Task] = {}

    def quotas(self, owner: str) -> Quotas:
        """Return the quotas of an owner."""
        return self._quotas(owner)

    # Calls.

    def call_began(self, caller: Identity, connection: str, *, streaming: bool) -> None:
        """Count a call that is open from now on.

        Raises:
            QuotaExceededError: a quota of the caller has no room for it; it is not open.
        """
        usage, quotas = self._usage(caller.name), caller.quotas
        if quotas.requests is not None:
            wait = usage.rate.take(quotas.requests, self._monotonic())
            if wait > 0:
                text = f"{quotas.requests} calls a minute are allowed; try again in {wait:.1f} s"
                raise QuotaExceededError(Quota.REQUESTS, text, wait)
        connections = usage.connections
        if quotas.connections is not None and connection not in connections and len(connections) >= quotas.connections:
            raise _full(Quota.CONNECTIONS, quotas.connections, "connections have open calls")
        if streaming and quotas.streams is not None and usage.streams >= quotas.streams:
            raise _full(Quota.STREAMS, quotas.streams, "streaming calls are open")
        connections[connection] = connections.get(connection, 0) + 1
        usage.streams += streaming

    def call_ended(self, owner: str, connection: str, *, streaming: bool) -> None:
        """Count the end of an open call."""
        usage = self._usages[owner]
        _one_less(usage.connections, connection)
        usage.streams -= streaming

    def following(self, caller: Identity, task_id: str) -> Callable[[], None]:
        """Count a subscription to a task, and return what ends it.

        Raises:
            QuotaExceededError: the caller follows this task too often already.
        """
        followed, most = self._usage(caller.name).followed, caller.quotas.subscribers
        if most is not None and followed.get(task_id, 0) >= most:
            raise _full(Quota.SUBSCRIBERS, most, "calls follow this task")
        followed[task_id] = followed.get(task_id, 0) + 1
        return lambda: _one_less(followed, task_id)

    # Tasks.

    def check_task(self, owner: str, free_slots: int, size: int) -> None:
        """Refuse a task of `size` bytes for which its owner has no room, where `free_slots` could run it at once.

        Raises:
            QuotaExceededError: its queue, or its memory, is full.
        """
        quotas, usage = self._quotas(owner), self._usage(owner)
        if quotas.queued is not None:
            room = free_slots if quotas.running is None else min(free_slots, quotas.running - usage.running)
            if usage.pending >= quotas.queued + max(0, room):
                raise _full(Quota.QUEUED, quotas.queued, "tasks of this owner may wait, and as many do")
        if quotas.bytes is not None and usage.live_bytes + size > quotas.bytes:
            text = (
                f"{quotas.bytes} bytes are allowed for the tasks of this owner, and {usage.live_bytes} are taken by "
                "those that have not ended"
            )
            raise QuotaExceededError(Quota.BYTES, text, RETRY_SECONDS if usage.live_bytes else None)

    def task_waits(self, task_id: str, owner: str, size: int) -> None:
        """Count a task that is pending from now on."""
        usage = self._usage(owner)
        self._tasks[task_id] = _Task(usage, owner, size)
        usage.pending += 1
        usage.live_bytes += size

    def may_start(self, owner: str) -> bool:
        """Tell whether one more task of an owner may run."""
        most = self._quotas(owner).running
        return most is None or self._usage(owner).running < most

    def task_started(self, task_id: str) -> None:
        """Count a pending task as running."""
        task = self._tasks[task_id]
        task.running = True
        task.usage.pending -= 1
        task.usage.running += 1

    def task_ended(self, task_id: str) -> str:
        """Count the end of a live task, and return its owner."""
        task = self._tasks.pop(task_id)
        if task.running:
            task.usage.running -= 1
        else:
            task.usage.pending -= 1
        task.usage.live_bytes -= task.size
        return task.owner

    def _usage(self, owner: str) -> _Usage:
        usage = self._usages.get(owner)
        if usage is None:
            usage = self._usages[owner] = _Usage()
        return usage


def _one_less(counts: dict[str, int], key: str) -> None:
    counts[key] -= 1
    if not counts[key]:
        del counts[key]


def _full(quota: Quota, most: int, what: str) -> QuotaExceededError:
    return QuotaExceededError(quota, f"{most} {what}, which is the quota; try again later", RETRY_SECONDS)
