"""Following a task's messages, with Ctrl-C: the first press asks the task to end, the second one leaves."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import attrs

from gui_agents.client import TaskMessage


@attrs.frozen
class Followed:
    """How following ended."""

    last: TaskMessage | None
    """None where no message came."""
    left: bool
    """Whether the user left before the stream's end."""


async def follow(
    messages: AsyncIterator[TaskMessage],
    show: Callable[[TaskMessage], None],
    cancel: Callable[[str], Coroutine[Any, Any, None]] | None,
) -> Followed:
    """Show `messages` to their end.

    On the first Ctrl-C the task is ended with `cancel`, and its last messages are still shown. Without `cancel`, before
    the task's id is known, and on the second Ctrl-C, following ends at once.
    """
    loop = asyncio.get_running_loop()
    following = asyncio.current_task()
    last: TaskMessage | None = None
    cancelling: list[asyncio.Task[None]] = []
    left = False

    def pressed() -> None:
        nonlocal left
        if cancel is not None and last is not None and not cancelling:
            cancelling.append(asyncio.create_task(cancel(last.task_id)))
        elif following is not None:
            left = True
            following.cancel()

    loop.add_signal_handler(signal.SIGINT, pressed)
    try:
        async for message in messages:
            last = message
            show(message)
        await asyncio.gather(*cancelling)
    except asyncio.CancelledError:
        if not left or following is None:
            raise
        following.uncancel()
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        for pending in cancelling:
            pending.cancel()
    return Followed(last, left)
