"""How a call comes in: how many may be open at once, and how its one message is received."""

import asyncio
from typing import Final

import grpc

from gui_agents.domain.errors import InvalidFieldError, TooManyCallsError

REQUEST: Final = "request"
"""The field that is named if the request as a whole is wrong."""
RECEIVE_SECONDS: Final = 10.0
"""From a call's headers to its message."""
REFUSAL_SECONDS: Final = 0.05
"""After the end of a call's messages, how long its refusal by the transport may take to reach us."""


class TransportRefusalError(asyncio.CancelledError):
    """A call was cancelled because the transport refused its message."""


class Reception:
    """Counts the open calls of all services; entered with each call, and left with its end."""

    def __init__(self, max_calls: int) -> None:
        self._max_calls = max_calls
        self._open = 0

    def __enter__(self) -> None:
        """Take a call in.

        Raises:
            TooManyCallsError: as many are open as may be.
        """
        if self._open >= self._max_calls:
            raise TooManyCallsError(self._max_calls)
        self._open += 1

    def __exit__(self, *_: object) -> None:
        """Let a call go."""
        self._open -= 1


async def received(context: grpc.aio.ServicerContext) -> bytes:
    """Return the one message of a call.

    Raises:
        InvalidFieldError: it does not come in time, or the client sends none.
        TransportRefusalError: it is larger than the transport lets through; the client has its status already.
    """
    try:
        async with asyncio.timeout(RECEIVE_SECONDS):
            data: bytes = await context.read()
    except TimeoutError:
        raise InvalidFieldError(REQUEST, f"no message came within {RECEIVE_SECONDS:g} s") from None
    if data is not grpc.aio.EOF:
        return data
    # The transport ends the messages of a call before it cancels the call that it refuses.
    try:
        await asyncio.sleep(REFUSAL_SECONDS)
    except asyncio.CancelledError:
        raise TransportRefusalError from None
    raise InvalidFieldError(REQUEST, "the call holds no message")
