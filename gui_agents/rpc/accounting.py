"""Counts every RPC: its start, its end, its status code and its duration.

The outermost layer. It wraps whatever serves a method, and ours is served from bytes to bytes, so that requests that do
not parse, are too large, or name an unknown method are counted like any other. `finally` is the one place where a call
ends, for unary and streaming calls alike. It wraps handlers as they are registered: an interceptor of grpc.aio does
the same at 20 to 45 µs more a call.
"""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any, Final, Protocol

import grpc

from gui_agents.domain.clock import Clock
from gui_agents.domain.rpc import OK, OTHER
from gui_agents.rpc.methods import BY_PATH
from gui_agents.rpc.reception import TransportRefusalError


class Books(Protocol):
    """The verbs of the service's state that accounting needs."""

    def rpc_started(self, method: str) -> None:
        """Count an RPC that begins."""

    def rpc_ended(self, method: str, code: str, seconds: float) -> None:
        """Count an RPC that ends."""


UNKNOWN: Final = "UNKNOWN"
"""What a client sees where a handler raises without setting a status."""

TRAVEL_SECONDS: Final = 0.1
"""How much later than the client's a deadline may begin here."""
TIMEOUT_UNITS: Final = ((1.0, 0.001), (10.0, 0.01), (100.0, 0.1), (1000.0, 1.0), (10_000.0, 10.0))
"""The unit in which gRPC's C core writes a timeout below so many seconds; it rounds up to the next whole unit."""
LARGEST_UNIT: Final = 60.0
"""That of all longer ones."""

_NAMES: Final = {
    **{code: code.name for code in grpc.StatusCode},
    **{code.value[0]: code.name for code in grpc.StatusCode},
}
_UNARY_RESPONSES: Final = (grpc.unary_unary_rpc_method_handler, grpc.stream_unary_rpc_method_handler)
_STREAM_RESPONSES: Final = (grpc.unary_stream_rpc_method_handler, grpc.stream_stream_rpc_method_handler)

Behavior = Callable[..., Any]


class Accounting(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc has no types
    """Makes counted handlers out of handlers, and is itself the handler of every method that nobody serves."""

    def __init__(self, books: Books, clock: Clock) -> None:
        self._books = books
        self._clock = clock
        self._unknown = grpc.unary_unary_rpc_method_handler(self._counted(OTHER, _refuse))

    def service(self, _: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        """Return the counted refusal of an unknown method."""
        return self._unknown

    def wrapped(self, path: str, handler: grpc.RpcMethodHandler) -> grpc.RpcMethodHandler:
        """Return the counted handler of the method that is called `path` on the wire."""
        method = BY_PATH[path].name if path in BY_PATH else OTHER
        if handler.response_streaming:
            behavior = handler.stream_stream if handler.request_streaming else handler.unary_stream
            make = _STREAM_RESPONSES[handler.request_streaming]
            counted = self._counted(method, _written(behavior))
        else:
            behavior = handler.stream_unary if handler.request_streaming else handler.unary_unary
            make = _UNARY_RESPONSES[handler.request_streaming]
            counted = self._counted(method, behavior)
        return make(
            counted,
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    def _counted(self, method: str, behavior: Behavior) -> Behavior:
        books, monotonic = self._books, self._clock.monotonic

        async def call(request: Any, context: grpc.aio.ServicerContext) -> Any:
            began = monotonic()
            books.rpc_started(method)
            code = OK
            try:
                reply = await behavior(request, context)
                code = _told(context) or OK
            except TransportRefusalError:
                code = "RESOURCE_EXHAUSTED"
                raise
            except asyncio.CancelledError:
                code = (
                    "DEADLINE_EXCEEDED" if _deadline_met(context.time_remaining(), monotonic() - began) else "CANCELLED"
                )
                raise
            except BaseException:
                code = _told(context) or UNKNOWN
                raise
            finally:
                books.rpc_ended(method, code, monotonic() - began)
            return reply

        return call


def _deadline_met(remaining: float | None, elapsed: float) -> bool:
    """Tell whether a call was cancelled by its deadline, of which `remaining` seconds are left here.

    A client's own timer often fires first, and its cancel says nothing of that: the deadline here began later, by the
    request's way, and is later, because the wire carries the timeout in whole units, rounded up. A cancel that comes
    earlier than both explain is the client's own.
    """
    if remaining is None:
        return False
    timeout = elapsed + remaining
    unit = next((unit for below, unit in TIMEOUT_UNITS if timeout < below), LARGEST_UNIT)
    return remaining <= TRAVEL_SECONDS + unit


async def _refuse(_: bytes, context: grpc.aio.ServicerContext) -> None:
    await context.abort(grpc.StatusCode.UNIMPLEMENTED, "the service has no such method")


def _written(behavior: Behavior) -> Behavior:
    """Return a coroutine that writes what an async generator yields; coroutines write by themselves."""
    if not inspect.isasyncgenfunction(behavior):
        return behavior

    async def call(request: Any, context: grpc.aio.ServicerContext) -> None:
        messages = behavior(request, context)
        try:
            async for message in messages:
                await context.write(message)
        finally:
            await messages.aclose()

    return call


def _told(context: grpc.aio.ServicerContext) -> str | None:
    """Return the name of the status code that was set for a call, or None."""
    code = context.code()
    return None if code is None else _NAMES[code]
