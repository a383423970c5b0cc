"""Follows a task's messages. The first Ctrl-C cancels the task, the second one leaves."""

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
    """None if no message came."""
    left: bool
    """Whether the user left before the end of the stream."""


async def follow(
    messages: AsyncIterator[TaskMessage],
    show: Callable[[TaskMessage], None],
    cancel: Callable[[str], Coroutine[Any, Any, None]] | None,
) -> Followed:
    """Show `messages` to their end.

    On the first Ctrl-C, `cancel` is called with the task's id and the last messages are still shown. Following ends at
    once on the second Ctrl-C, without `cancel`, and before the task's id is known.
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
