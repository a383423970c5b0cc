"""How a call comes in: how many may be open at once, and how its one message is received.

Theory of operation. Once a message is read, the transport takes in as much of it as the client sends. So thousands of
calls that each send all but the last byte would fill the memory. A bounded number of messages is therefore read at
once, and connections take turns for these places. An ordinary message has come with its call, or comes within a
moment. After that moment it is slow, and needs one of a smaller number of other places. Whoever has had such a place
for longest makes place for the next.
"""

import asyncio
from typing import Final

import attrs
import grpc

from gui_agents.domain.errors import InvalidFieldError, TooManyCallsError
from gui_agents.rpc.operations import to_its_end
from gui_agents.rpc.places import Places

REQUEST: Final = "request"
"""The field that is named if the request as a whole is wrong."""
RECEIVE_SECONDS: Final = 10.0
"""That a message may take to come in, and that a call may wait before it is read."""
MOMENT_SECONDS: Final = 0.03
"""After which a message that is read is slow."""
SLOW_BYTES: Final = 64 * 2**20
"""Of all slow messages together."""
MIN_SLOW: Final = 4
"""Slow messages that there may be, however large they are."""
QUICK_FOR_EACH_SLOW: Final = 6
"""How many times as many others may be read."""
REFUSAL_SECONDS: Final = 0.05
"""After the end of a call's messages, how long its refusal by the transport may take to reach us."""


class TransportRefusalError(asyncio.CancelledError):
    """A call was cancelled because the transport refused its message."""


class Reception:
    """Takes in the calls of all services; entered with each call, and left with its end."""

    def __init__(self, max_calls: int, max_message_bytes: int) -> None:
        self._max_calls = max_calls
        self._max_slow = slow_messages(max_message_bytes)
        self._quick = Places(QUICK_FOR_EACH_SLOW * self._max_slow)
        self.open = 0
        """Calls that are open now."""
        self._slow: dict[_Reading, None] = {}
        """The one that has been slow for longest is first."""

    def __enter__(self) -> None:
        """Take a call in.

        Raises:
            TooManyCallsError: as many are open as may be.
        """
        if self.open >= self._max_calls:
            raise TooManyCallsError(self._max_calls, "calls are open")
        self.open += 1

    def __exit__(self, *_: object) -> None:
        """Let a call go."""
        self.open -= 1

    async def received(self, context: grpc.aio.ServicerContext) -> bytes:
        """Return the one message of a call.

        Raises:
            InvalidFieldError: it does not come in time, or the client sends none.
            TooManyCallsError: it comes in slowly, and too many others do.
            TransportRefusalError: it is larger than the transport lets through; the client has its status already.
        """
        data = await self.message(context)
        if data is not None:
            return data
        # The transport ends the messages of a call before it cancels the call that it refuses.
        try:
            await asyncio.sleep(REFUSAL_SECONDS)
        except asyncio.CancelledError:
            raise TransportRefusalError from None
        raise InvalidFieldError(REQUEST, "the call holds no message")

    async def message(self, context: grpc.aio.ServicerContext) -> bytes | None:
        """Return the next message of a call, or None if the client sends no more.

        Raises:
            InvalidFieldError: it does not come in time.
            TooManyCallsError: it comes in slowly, and too many others do; or too many others wait.
            TransportRefusalError: the messages ended, and at once the call was cancelled.
        """
        if not self._quick.take_now():
            try:
                async with asyncio.timeout(RECEIVE_SECONDS):
                    await self._quick.wait(context.peer())
            except TimeoutError:
                raise TooManyCallsError(self._max_slow, "messages come in slowly") from None
        reading = _Reading(asyncio.timeout(RECEIVE_SECONDS))
        read = asyncio.ensure_future(context.read())
        try:
            async with reading.limit:
                moment = asyncio.get_running_loop().call_later(MOMENT_SECONDS, self._is_slow, reading)
                try:
                    data = await to_its_end(read)
                finally:
                    moment.cancel()
                    self._read(reading)
        except TimeoutError:
            if reading.sent_away:
                raise TooManyCallsError(self._max_slow, "messages come in slowly") from None
            raise InvalidFieldError(REQUEST, f"no message came within {RECEIVE_SECONDS:g} s") from None
        except asyncio.CancelledError:
            if read.done() and not read.cancelled() and read.exception() is None and read.result() is grpc.aio.EOF:
                raise TransportRefusalError from None
            raise
        return None if data is grpc.aio.EOF else data

    def _is_slow(self, reading: "_Reading") -> None:
        """Give a message another place; if there is none, the one that has been slow for longest is sent away."""
        self._quick.give()
        self._slow[reading] = None
        if len(self._slow) > self._max_slow:
            longest = next(iter(self._slow))
            del self._slow[longest]
            longest.sent_away = True
            # It may be on its way out already: its own time is over, or its client has left.
            if not longest.limit.expired():
                longest.limit.reschedule(asyncio.get_running_loop().time())

    def _read(self, reading: "_Reading") -> None:
        """Give back the place of a message that is no longer read."""
        if reading in self._slow:
            del self._slow[reading]
        elif not reading.sent_away:
            self._quick.give()


@attrs.define(eq=False)
class _Reading:
    """A message that is read."""

    limit: asyncio.Timeout
    sent_away: bool = False
    """Whether it had to make place."""


def slow_messages(max_bytes: int) -> int:
    """Return how many messages of at most so many bytes may come in slowly at once."""
    return max(MIN_SLOW, SLOW_BYTES // max_bytes)


def messages_read(max_bytes: int) -> int:
    """Return how many messages of at most so many bytes may be read at once, slow ones included."""
    return (1 + QUICK_FOR_EACH_SLOW) * slow_messages(max_bytes)
