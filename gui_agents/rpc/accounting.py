"""Counts every RPC: its start, its end, its status code and its duration.

The outermost interceptor. It works on bytes and wraps whatever serves a method, so that requests that do not parse,
are too large, or name an unknown method are counted like any other. `finally` is the one place where a call ends,
for unary and streaming calls alike.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

import grpc

from gui_agents.clock import Clock
from gui_agents.rpc.methods import BY_PATH
from gui_agents.stats import OTHER


class Books(Protocol):
    """The verbs of the service's state that accounting needs."""

    def rpc_started(self, method: str) -> None:
        """Count an RPC that begins."""

    def rpc_ended(self, method: str, code: str, seconds: float) -> None:
        """Count an RPC that ends."""


OK: Final = "OK"
UNKNOWN: Final = "UNKNOWN"
"""What a client sees where a handler raises without setting a status."""

_NAMES: Final = {
    **{code: code.name for code in grpc.StatusCode},
    **{code.value[0]: code.name for code in grpc.StatusCode},
}
_UNARY_RESPONSES: Final = (grpc.unary_unary_rpc_method_handler, grpc.stream_unary_rpc_method_handler)
_STREAM_RESPONSES: Final = (grpc.unary_stream_rpc_method_handler, grpc.stream_stream_rpc_method_handler)

Behavior = Callable[..., Any]
Continuation = Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler | None]]


class AccountingInterceptor(grpc.aio.ServerInterceptor):  # type: ignore[misc]  # grpc has no types
    """Wraps the handler of each method once, and counts its calls."""

    def __init__(self, books: Books, clock: Clock) -> None:
        self._books = books
        self._clock = clock
        self._wrapped: dict[str, grpc.RpcMethodHandler] = {}
        self._unknown = grpc.unary_unary_rpc_method_handler(self._counted(OTHER, _refuse))

    async def intercept_service(
        self, continuation: Continuation, details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler:
        """Return the counted handler of the called method."""
        path = details.method
        wrapped = self._wrapped.get(path)
        if wrapped is None:
            handler = await continuation(details)
            if handler is None:
                return self._unknown
            wrapped = self._wrapped[path] = self._wrap(BY_PATH[path].name if path in BY_PATH else OTHER, handler)
        return wrapped

    def _wrap(self, method: str, handler: grpc.RpcMethodHandler) -> grpc.RpcMethodHandler:
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
            except asyncio.CancelledError:
                remaining = context.time_remaining()
                code = "CANCELLED" if remaining is None or remaining > 0 else "DEADLINE_EXCEEDED"
                raise
            except BaseException:
                code = _told(context) or UNKNOWN
                raise
            finally:
                books.rpc_ended(method, code, monotonic() - began)
            return reply

        return call


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
