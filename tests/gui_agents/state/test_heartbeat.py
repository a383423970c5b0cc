import asyncio

from gui_agents.state.heartbeat import Heartbeat
from tests.virtual_time import virtual


class Books:
    """Remembers beats."""

    def __init__(self):
        self.beats = []

    def heartbeat(self):
        self.beats.append(asyncio.get_running_loop().time())


@virtual
async def test_a_heart_beats_now_and_in_every_interval_until_it_stops():
    books = Books()
    heart = Heartbeat(books, 0.25)
    heart.stop()
    heart.start()
    await asyncio.sleep(1.1)
    assert books.beats == [0.0, 0.25, 0.5, 0.75, 1.0]
    heart.stop()
    await asyncio.sleep(10)
    assert len(books.beats) == 5
