"""The messages of each task: a log that replays what it keeps, and any number of subscribers.

Theory of operation. A log numbers its messages and keeps the latest ones. A subscription is a position in the log: it
takes the messages that are there, then waits until it is woken. There is no queue for each subscriber, so a slow one
costs no memory. One message of stage `gap` says how many messages it missed. If a log is dropped, subscriptions that
still read it can finish. There is no lock here: the methods of `ServiceState` hold it.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Sequence
from itertools import islice
from sys import getsizeof
from typing import Final, Protocol

from gui_agents.domain.errors import DrainingError, NotFoundError
from gui_agents.domain.stream import StreamMessage
from gui_agents.snapshot import StreamsSnapshot

WAITS: Final = "and the task waits: it goes on after the next start"
WOKEN_AT_ONCE: Final = 500
TAKEN_AT_ONCE: Final = 1000
"""Messages that a reader holds while it sends them."""


class TaskLog:
    """The latest `limit` messages of one task."""

    __slots__ = ("closed", "first", "left", "messages", "subscriptions", "task_id", "weight")

    def __init__(self, task_id: str, limit: int) -> None:
        self.task_id = task_id
        self.messages: deque[StreamMessage] | tuple[StreamMessage, ...] = deque(maxlen=limit)
        self.first = 0
        """Number of the oldest message kept."""
        self.closed = False
        self.left = False
        """Whether the service stops while its task waits, so that nothing more comes from this service."""
        self.subscriptions: set[Subscription] = set()
        self.weight = 0
        """Bytes of the texts that are kept."""

    @property
    def count(self) -> int:
        """Messages so far; the number of the next one."""
        return self.first + len(self.messages)

    def append(self, message: StreamMessage) -> None:
        """Add a message to a log that is not closed; the oldest one goes when the log is full."""
        assert isinstance(self.messages, deque)  # noqa: S101 - for the type checker
        if len(self.messages) == self.messages.maxlen:
            self.first += 1
            self.weight -= getsizeof(self.messages[0].text)
        self.weight += getsizeof(message.text)
        self.messages.append(message)

    def close(self) -> None:
        """Take no more messages. What is kept needs less memory now, in smaller pieces."""
        self.closed = True
        self.messages = tuple(self.messages)


class Subscription:
    """A cursor into one task's log."""

    __slots__ = ("_awake", "cursor", "log")

    def __init__(self, log: TaskLog) -> None:
        self.log = log
        self.cursor = 0
        """Number of the next message to take."""
        self._awake = asyncio.Event()

    @property
    def missed(self) -> int:
        """Messages that were dropped before this subscription took them."""
        return max(0, self.log.first - self.cursor)

    @property
    def caught_up(self) -> bool:
        """Whether all messages were taken."""
        return self.cursor == self.log.count

    @property
    def ended(self) -> bool:
        """Whether all messages were taken and no more will come."""
        return self.log.closed and self.caught_up

    def wake(self) -> None:
        """Wake the reader, because there is something new."""
        self._awake.set()

    async def wait(self) -> None:
        """Return when there is something new since the last `wait`."""
        await self._awake.wait()
        self._awake.clear()


def wake(subscriptions: Sequence[Subscription]) -> None:
    """Wake readers; if there are very many, in slices, between which the event loop does other things."""
    for subscription in subscriptions[:WOKEN_AT_ONCE]:
        subscription.wake()
    rest = subscriptions[WOKEN_AT_ONCE:]
    if rest:
        asyncio.get_running_loop().call_soon(wake, rest)


class StreamManager:
    """Owns the logs, and counts their messages and subscribers."""

    def __init__(self, log_messages: int) -> None:
        self._log_messages = log_messages
        self._logs: dict[str, TaskLog] = {}
        self._subscribers = 0
        self._messages = 0
        self._skipped = 0

    def open(self, task_id: str, past: Iterable[StreamMessage] = ()) -> None:
        """Begin the log of a task, with the messages that it had in an earlier service; those are not counted."""
        log = self._logs[task_id] = TaskLog(task_id, self._log_messages)
        for message in past:
            log.append(message)

    def publish(self, task_id: str, message: StreamMessage, *, last: bool = False) -> Sequence[Subscription]:
        """Append a message, close the log after the `last` one, and return the subscriptions to wake."""
        log = self._logs[task_id]
        log.append(message)
        if last:
            log.close()
        self._messages += 1
        return tuple(log.subscriptions)

    def next_position(self, task_id: str) -> int:
        """Return the number of a task's next message."""
        return self._logs[task_id].count

    def leave(self, task_id: str) -> Sequence[Subscription]:
        """Expect no more messages of a task that waits for the next service; return the subscriptions to wake."""
        log = self._logs[task_id]
        log.left = True
        return tuple(log.subscriptions)

    def weight(self, task_id: str) -> int:
        """Return the bytes of the texts that a task's log keeps."""
        return self._logs[task_id].weight

    def drop(self, task_id: str) -> None:
        """Forget the log of a task that is no longer retained."""
        del self._logs[task_id]

    def subscribe(self, task_id: str) -> Subscription:
        """Return a subscription that begins at the task's first message.

        Raises:
            NotFoundError: there is no log for this task.
        """
        log = self._logs.get(task_id)
        if log is None:
            raise NotFoundError("task", task_id)
        subscription = Subscription(log)
        log.subscriptions.add(subscription)
        self._subscribers += 1
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """End a subscription; a second call does nothing."""
        if subscription in subscription.log.subscriptions:
            subscription.log.subscriptions.remove(subscription)
            self._subscribers -= 1

    def take(self, subscription: Subscription) -> tuple[int, list[StreamMessage]]:
        """Return how many messages this subscription missed, and the next ones that are still kept."""
        log, missed = subscription.log, subscription.missed
        self._skipped += missed
        start = subscription.cursor + missed - log.first
        taken = list(islice(log.messages, start, start + TAKEN_AT_ONCE))
        subscription.cursor = log.first + start + len(taken)
        return missed, taken

    def statistics(self) -> StreamsSnapshot:
        """Return the frozen counts."""
        return StreamsSnapshot(len(self._logs), self._subscribers, self._messages, self._skipped)


class StreamVerbs(Protocol):
    """The methods of the service's state that following a stream needs."""

    def subscribed(self, task_id: str) -> Subscription:
        """Begin a subscription."""

    def unsubscribed(self, subscription: Subscription) -> None:
        """End it."""

    def stream_taken(self, subscription: Subscription) -> list[StreamMessage]:
        """Take what is new."""


async def follow(state: StreamVerbs, task_id: str) -> AsyncGenerator[StreamMessage, None]:
    """Yield a task's messages from the first one kept to the last one, as they come.

    Raises:
        NotFoundError: there is no log for this task.
        DrainingError: the service stops, and the task goes on after the next start.
    """
    subscription = state.subscribed(task_id)
    try:
        while True:
            for message in state.stream_taken(subscription):
                yield message
            if subscription.ended:
                return
            if subscription.caught_up and subscription.log.left:
                raise DrainingError(WAITS)
            if subscription.caught_up:
                await subscription.wait()
            else:
                # A long log is read in parts, so that the event loop gets its turn, however fast the reader is.
                await asyncio.sleep(0)
    finally:
        state.unsubscribed(subscription)
