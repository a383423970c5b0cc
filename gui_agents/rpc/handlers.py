"""The gRPC handlers of the contract's methods. They take and return bytes.

A request that is too large or does not parse is therefore answered here, with a status that says so, inside the counted
call. An unexpected exception becomes INTERNAL with a fixed text. Its own text goes to the log only.
"""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Final

import grpc
from google.protobuf.message import DecodeError, Message

from gui_agents.domain.errors import InvalidFieldError, OversizedMessageError, RefusedError
from gui_agents.rpc.methods import METHODS, Method
from gui_agents.rpc.servicer import AgentServicer
from gui_agents.rpc.status import INTERNAL_TEXT, refuse

REQUEST: Final = "request"
"""The field that an error names if the whole request is wrong."""

_log = logging.getLogger(__name__)

UnaryCall = Callable[[bytes, grpc.aio.ServicerContext], Awaitable[bytes]]
StreamCall = Callable[[bytes, grpc.aio.ServicerContext], Awaitable[None]]


def method_handlers(servicer: AgentServicer, max_request_bytes: int) -> dict[str, grpc.RpcMethodHandler]:
    """Return the handlers of all methods of the contract, by name."""
    return {method.name: _handler(method, servicer, max_request_bytes) for method in METHODS}


def _handler(method: Method, servicer: AgentServicer, limit: int) -> grpc.RpcMethodHandler:
    serve = getattr(servicer, method.name)
    if method.streaming:
        return grpc.unary_stream_rpc_method_handler(_stream(method, serve, servicer, limit))
    return grpc.unary_unary_rpc_method_handler(_unary(method, serve, servicer, limit))


def _unary(
    method: Method, serve: Callable[[Any], Awaitable[Message]], servicer: AgentServicer, limit: int
) -> UnaryCall:
    async def call(data: bytes, context: grpc.aio.ServicerContext) -> bytes:
        try:
            reply = await serve(_parsed(method, data, limit))
        except Exception as error:  # noqa: BLE001 - the boundary of a call
            await _end(method, servicer, context, error)
        return reply.SerializeToString()

    return call


def _stream(
    method: Method, serve: Callable[[Any], AsyncGenerator[Message, None]], servicer: AgentServicer, limit: int
) -> StreamCall:
    async def call(data: bytes, context: grpc.aio.ServicerContext) -> None:
        try:
            async with aclosing(serve(_parsed(method, data, limit))) as messages:
                async for message in messages:
                    await context.write(message.SerializeToString())
        except Exception as error:  # noqa: BLE001 - the boundary of a call
            await _end(method, servicer, context, error)

    return call


def _parsed(method: Method, data: bytes, limit: int) -> Message:
    if len(data) > limit:
        raise OversizedMessageError(len(data), limit)
    try:
        message: Message = method.request.FromString(data)
    except DecodeError:
        raise InvalidFieldError(REQUEST, f"does not parse as {method.request.DESCRIPTOR.full_name}") from None
    return message


async def _end(method: Method, servicer: AgentServicer, context: grpc.aio.ServicerContext, error: Exception) -> None:
    """End a call with the status of `error`. grpc does this by raising."""
    if isinstance(error, RefusedError):
        if method.submits:
            servicer.rejected(error)
        await refuse(context, error)
    else:
        _log.error("%s failed", method.name, exc_info=error)
        await context.abort(grpc.StatusCode.INTERNAL, INTERNAL_TEXT)
