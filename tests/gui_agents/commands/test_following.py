import asyncio
import signal
from datetime import UTC, datetime

from gui_agents.client import TaskMessage
from gui_agents.commands.following import Followed, follow

MESSAGES = [
    TaskMessage("id", stage, "", datetime(2026, 1, 1, tzinfo=UTC)) for stage in ("starting", "step", "cancelled")
]


def press_at(*stages):
    def show(message):
        if message.stage in stages:
            signal.raise_signal(signal.SIGINT)

    return show


async def test_following_ends_with_the_last_message():
    async def messages():
        for message in MESSAGES:
            yield message

    assert await follow(messages(), lambda _message: None, None) == Followed(MESSAGES[-1], left=False)


async def test_the_first_press_cancels_and_still_shows_the_end():
    cancelled = asyncio.Event()
    asked = []

    async def messages():
        yield MESSAGES[0]
        await cancelled.wait()
        yield MESSAGES[2]

    async def cancel(task_id):
        asked.append(task_id)
        cancelled.set()

    assert await follow(messages(), press_at("starting"), cancel) == Followed(MESSAGES[2], left=False)
    assert asked == ["id"]


async def test_the_second_press_leaves():
    closed = asyncio.Event()

    async def messages():
        try:
            yield MESSAGES[0]
            await asyncio.sleep(0)
            yield MESSAGES[1]
            await asyncio.Event().wait()
        finally:
            closed.set()

    async def cancel(_task_id):
        await asyncio.Event().wait()

    assert await follow(messages(), press_at("starting", "step"), cancel) == Followed(MESSAGES[1], left=True)
    assert closed.is_set()


async def test_a_press_before_the_first_message_leaves():
    async def messages():
        signal.raise_signal(signal.SIGINT)
        await asyncio.Event().wait()
        yield MESSAGES[0]

    async def cancel(_task_id):
        raise AssertionError("there is no id to cancel yet")

    assert await follow(messages(), lambda _message: None, cancel) == Followed(None, left=True)
