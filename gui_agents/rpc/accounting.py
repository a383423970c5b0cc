"""Counts every RPC: its start, its end, its status code and its duration.

This is the outermost layer. It wraps the handlers of all methods. Our handlers take and return bytes, so requests that
do not parse, are too large or name an unknown method are counted like any other. A call ends in `finally` only, unary
and streaming alike. Handlers are wrapped when they are registered, because an interceptor of grpc.aio costs 20 to 45 µs
more a call.
"""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any, Final, Protocol

import grpc

from gui_agents.domain.clock import Clock
from gui_agents.domain.rpc import OK, OTHER
from gui_agents.rpc.methods import BY_PATH
from gui_agents.rpc.operations import to_its_end
from gui_agents.rpc.reception import TransportRefusalError
from gui_agents.rpc.status import set_status


class Records(Protocol):
    """The methods of the service's state that accounting needs."""

    def rpc_started(self, method: str) -> None:
        """Count an RPC that begins."""

    def rpc_ended(self, method: str, code: str, seconds: float) -> None:
        """Count an RPC that ends."""


UNKNOWN: Final = "UNKNOWN"
"""The status that a client gets if a handler raises without setting one."""

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
    """Wraps handlers so that their calls are counted. It is itself the handler of unknown methods."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._unknown = grpc.unary_unary_rpc_method_handler(self._counted(OTHER, _refuse))

    def service(self, _: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        """Return the counted refusal of an unknown method."""
        return self._unknown

    def wrapped(self, path: str, handler: grpc.RpcMethodHandler) -> grpc.RpcMethodHandler:
        """Return a counted handler for the method `path`, such as `/lybic.agent.Agent/CancelTask`."""
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
        records, monotonic = self._records, self._clock.monotonic

        async def call(request: Any, context: grpc.aio.ServicerContext) -> Any:
            began = monotonic()
            records.rpc_started(method)
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
                records.rpc_ended(method, code, monotonic() - began)
            return reply

        return call


def _deadline_met(remaining: float | None, elapsed: float) -> bool:
    """Return whether a call was cancelled by its deadline, of which `remaining` seconds are left here.

    A client's own timer often fires first, and its cancel says nothing of that: the deadline here began later, by the
    request's way, and is later, because the wire carries the timeout in whole units, rounded up. A cancel that comes
    earlier than both explain is the client's own.
    """
    if remaining is None:
        return False
    timeout = elapsed + remaining
    unit = next((unit for below, unit in TIMEOUT_UNITS if timeout < below), LARGEST_UNIT)
    return remaining <= TRAVEL_SECONDS + unit


async def _refuse(_: bytes, context: grpc.aio.ServicerContext) -> bytes:
    set_status(context, grpc.StatusCode.UNIMPLEMENTED, "the service has no such method")
    return b""


def _written(behavior: Behavior) -> Behavior:
    """Return a coroutine that writes what an async generator yields. A coroutine is returned as it is."""
    if not inspect.isasyncgenfunction(behavior):
        return behavior

    async def call(request: Any, context: grpc.aio.ServicerContext) -> None:
        messages = behavior(request, context)
        try:
            async for message in messages:
                await to_its_end(context.write(message))
        finally:
            await messages.aclose()

    return call


def _told(context: grpc.aio.ServicerContext) -> str | None:
    """Return the name of the status code that was set for a call, or None."""
    code = context.code()
    return None if code is None else _NAMES[code]
