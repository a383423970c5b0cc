"""A bounded number of places, for which connections wait in turn.

A connection with thousands of calls gets no more than one place in each round, and whoever calls over another one does
not wait behind the thousands.
"""

import asyncio
from collections import OrderedDict, deque


class Places:
    """Lives on one event loop."""

    def __init__(self, number: int) -> None:
        self._free = number
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        """The calls that wait, by connection; the one whose turn it is comes first."""

    def take_now(self) -> bool:
        """Take a place if one is free, and tell whether it was."""
        if not self._free:
            return False
        self._free -= 1
        return True

    async def wait(self, connection: str) -> None:
        """Return with a place, when it is this connection's turn."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(connection, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            # The place may have come in the very moment of the cancel.
            if not turn.cancelled():
                self.give()
            raise

    def give(self) -> None:
        """Give a place back; the next connection whose turn it is gets it."""
        while self._waiting:
            connection, turns = self._waiting.popitem(last=False)
            turn = turns.popleft()
            if turns:
                self._waiting[connection] = turns
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
