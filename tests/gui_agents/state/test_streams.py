import asyncio

import pytest

from gui_agents.domain.errors import NotFoundError
from gui_agents.domain.lifecycle import Ending, TaskEvent
from gui_agents.domain.stream import Stage
from gui_agents.state.streams import follow
from tests.fakes import EPOCH, FakeClock, a_spec, new_state

DONE = Ending(event=TaskEvent.COMPLETE, message="completed in 1 step")


def running_task(state, task_id="t"):
    state.task_created(task_id, a_spec(), "accepted")
    state.task_started(task_id)
    return task_id


def texts(messages):
    return [message.text for message in messages]


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def state(clock):
    return new_state(clock, retention=1, log_messages=4)


def test_a_subscription_replays_what_is_kept(state, clock):
    running_task(state)
    clock.advance(1.5)
    state.step_told("t", "one")
    replayed = state.stream_taken(state.subscribed("t"))
    assert [(message.stage, message.text, message.published_at) for message in replayed] == [
        (Stage.STARTING, "accepted", EPOCH),
        (Stage.STEP, "one", EPOCH + 1.5),
    ]


def test_every_subscriber_gets_every_message(state):
    running_task(state)
    early, late = state.subscribed("t"), None
    taken = state.stream_taken(early)
    state.step_told("t", "one")
    late = state.subscribed("t")
    state.step_told("t", "two")
    state.task_ended("t", DONE)
    taken += state.stream_taken(early)
    assert texts(taken) == ["accepted", "one", "two", "completed in 1 step"]
    assert texts(state.stream_taken(late)) == texts(taken)
    assert early.ended
    assert late.ended
    assert state.stream_taken(late) == []


@pytest.mark.parametrize(
    ("ending", "stage"),
    [(TaskEvent.COMPLETE, "finished"), (TaskEvent.FAIL, "error"), (TaskEvent.CANCEL, "cancelled")],
)
def test_the_last_message_tells_how_the_task_ended(state, ending, stage):
    running_task(state)
    reason = "stuck" if ending is TaskEvent.FAIL else None
    state.task_ended("t", Ending(event=ending, message="that was it", reason=reason))
    last = state.stream_taken(state.subscribed("t"))[-1]
    assert (last.stage, last.text) == (stage, "that was it")


def test_a_slow_subscriber_is_told_exactly_how_many_it_missed(state):
    running_task(state)
    slow = state.subscribed("t")
    state.stream_taken(slow)
    for number in range(10):
        state.step_told("t", f"step {number}")
    taken = state.stream_taken(slow)
    assert (taken[0].stage, taken[0].text) == (Stage.GAP, "6 messages were skipped: they are no longer kept")
    assert texts(taken[1:]) == ["step 6", "step 7", "step 8", "step 9"]
    assert state.snapshot().streams.skipped == 6
    state.step_told("t", "step 10")
    assert texts(state.stream_taken(slow)) == ["step 10"]


def test_a_late_subscriber_is_told_what_is_no_longer_kept(state):
    running_task(state)
    for number in range(4):
        state.step_told("t", f"step {number}")
    taken = state.stream_taken(state.subscribed("t"))
    assert [message.stage for message in taken] == [Stage.GAP, *[Stage.STEP] * 4]
    assert taken[0].text.startswith("1 messages were skipped")


def test_a_log_that_is_full_to_the_brim_has_no_gap(state):
    running_task(state)
    for number in range(3):
        state.step_told("t", f"step {number}")
    assert texts(state.stream_taken(state.subscribed("t"))) == ["accepted", "step 0", "step 1", "step 2"]
    assert state.snapshot().streams.skipped == 0


def test_a_dropped_log_is_still_read_by_its_subscribers(state):
    running_task(state, "old")
    reader = state.subscribed("old")
    state.task_ended("old", DONE)
    running_task(state, "new")
    state.task_ended("new", DONE)
    with pytest.raises(NotFoundError):
        state.subscribed("old")
    assert state.snapshot().streams.logs == 1
    assert texts(state.stream_taken(reader)) == ["accepted", "completed in 1 step"]
    assert reader.ended
    state.unsubscribed(reader)
    assert state.snapshot().streams.subscribers == 0


def test_a_second_unsubscribe_does_nothing(state):
    running_task(state)
    first, _second = state.subscribed("t"), state.subscribed("t")
    for _ in range(2):
        state.unsubscribed(first)
        assert state.snapshot().streams.subscribers == 1


def test_an_unknown_task_has_no_stream(state):
    with pytest.raises(NotFoundError) as caught:
        state.subscribed("nobody")
    assert (caught.value.kind, caught.value.name) == ("task", "nobody")


def test_a_task_that_has_ended_tells_nothing_more(state):
    running_task(state)
    state.task_ended("t", DONE)
    state.step_told("t", "too late")
    assert texts(state.stream_taken(state.subscribed("t"))) == ["accepted", "completed in 1 step"]


# Following.


async def collect(state, task_id="t"):
    return texts([message async for message in follow(state, task_id)])


async def turn():
    """Let every task that can go on do so."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_following_an_ended_task_replays_and_ends(state):
    running_task(state)
    state.task_ended("t", DONE)
    assert await collect(state) == ["accepted", "completed in 1 step"]
    assert state.snapshot().streams.subscribers == 0


async def test_followers_get_messages_as_they_come(state):
    running_task(state)
    followers = [asyncio.create_task(collect(state)) for _ in range(3)]
    await turn()
    assert state.snapshot().streams.subscribers == 3
    for text in ("one", "two"):
        state.step_told("t", text)
        await turn()
    state.step_told("t", "three")
    state.task_ended("t", DONE)
    async with asyncio.timeout(5):
        gathered = await asyncio.gather(*followers)
    assert gathered == [["accepted", "one", "two", "three", "completed in 1 step"]] * 3
    assert state.snapshot().streams.subscribers == 0


@pytest.mark.parametrize("steps", [0, 1])
async def test_the_end_alone_wakes_a_follower_that_waits(state, steps):
    running_task(state)
    follower = asyncio.create_task(collect(state))
    await turn()
    for _ in range(steps):
        state.step_told("t", "one")
        await turn()
    state.task_ended("t", DONE)
    async with asyncio.timeout(5):
        assert await follower == ["accepted", *["one"] * steps, "completed in 1 step"]


async def test_a_follower_that_does_not_read_costs_a_gap(state):
    running_task(state)
    following = follow(state, "t")
    assert (await anext(following)).text == "accepted"
    for number in range(9):
        state.step_told("t", f"step {number}")
    gap = await anext(following)
    assert (gap.stage, gap.text[:2]) == (Stage.GAP, "5 ")
    assert (await anext(following)).text == "step 5"
    await following.aclose()


async def test_a_message_between_reading_and_waiting_is_not_lost(state):
    running_task(state)
    following = follow(state, "t")
    await anext(following)
    state.step_told("t", "while the reader was busy")
    async with asyncio.timeout(5):
        assert (await anext(following)).text == "while the reader was busy"
    await following.aclose()


async def test_a_follower_that_leaves_is_unsubscribed(state):
    running_task(state)
    following = follow(state, "t")
    await anext(following)
    assert state.snapshot().streams.subscribers == 1
    await following.aclose()
    assert state.snapshot().streams.subscribers == 0


async def test_a_follower_that_is_cancelled_is_unsubscribed(state):
    running_task(state)
    follower = asyncio.create_task(collect(state))
    await turn()
    follower.cancel()
    await asyncio.wait([follower])
    assert follower.cancelled()
    assert state.snapshot().streams.subscribers == 0


async def test_an_unknown_task_cannot_be_followed(state):
    with pytest.raises(NotFoundError):
        await collect(state, "nobody")


async def test_very_many_subscribers_are_woken_in_slices(monkeypatch):
    monkeypatch.setattr("gui_agents.state.streams.WOKEN_AT_ONCE", 2)
    state = new_state(FakeClock())
    running_task(state)
    subscriptions = [state.subscribed("t") for _ in range(5)]
    waiting = [asyncio.create_task(subscription.wait()) for subscription in subscriptions]
    await asyncio.sleep(0)

    state.step_told("t", "one")

    assert [subscription._awake.is_set() for subscription in subscriptions].count(True) == 2
    await asyncio.gather(*waiting)


async def test_a_long_log_is_taken_in_parts_and_followed_whole(monkeypatch):
    monkeypatch.setattr("gui_agents.state.streams.TAKEN_AT_ONCE", 3)
    state = new_state(FakeClock())
    running_task(state)
    for number in range(5):
        state.step_told("t", str(number))
    state.task_ended("t", DONE)

    assert len(state.stream_taken(state.subscribed("t"))) == 3
    assert [message.text async for message in follow(state, "t")] == ["accepted", *"01234", "completed in 1 step"]


async def test_too_many_ended_tasks_go_in_slices(monkeypatch):
    monkeypatch.setattr("gui_agents.state.table.EVICTED_AT_ONCE", 2)
    state = new_state(FakeClock(), retention=10)
    for number in range(10):
        running_task(state, str(number))
        state.task_ended(str(number), DONE)
    state.task_created("large", a_spec("x" * 2**28), "accepted")

    state.task_ended("large", Ending(event=TaskEvent.CANCEL, message="cancelled"))

    kept = [state.snapshot().tasks.retained]
    while kept[-1]:
        await asyncio.sleep(0)
        kept.append(state.snapshot().tasks.retained)
    assert kept == [9, 7, 5, 3, 1, 0]
    assert state.snapshot().streams.logs == 0
