"""Places are bounded, and connections take turns for them."""

import asyncio

import pytest

from gui_agents.rpc.places import Places
from tests.virtual_time import settle, virtual


async def waiting(places: Places, connection: str, told: list[str]) -> None:
    await places.wait(connection)
    told.append(connection)


@virtual
async def test_connections_take_turns_however_many_calls_each_has():
    places, told = Places(1), []
    assert [places.take_now(), places.take_now()] == [True, False]
    calls = [asyncio.create_task(waiting(places, name, told)) for name in ("many", "many", "many", "one", "two")]
    await settle()
    for _ in calls:
        places.give()
        await settle()
    assert told == ["many", "one", "two", "many", "many"]
    assert places.take_now() is False
    places.give()
    assert places.take_now() is True


@virtual
async def test_whoever_leaves_takes_no_place():
    places, told = Places(1), []
    assert places.take_now()
    left, stays = (asyncio.create_task(waiting(places, name, told)) for name in ("left", "stays"))
    await settle()
    left.cancel()
    places.give()
    await stays
    assert (told, left.cancelled()) == (["stays"], True)


@virtual
async def test_a_place_that_comes_in_the_moment_of_a_cancel_is_not_lost():
    places, told = Places(1), []
    assert places.take_now()
    left = asyncio.create_task(waiting(places, "left", told))
    await settle()
    places.give()
    left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left
    assert places.take_now() is True
