"""The gRPC handlers of the contract's methods. They take and return bytes.

Theory of operation. Handlers are registered as if the request were a stream, and take and return bytes. So a call
reaches them with its headers, and they read the one message themselves: within a time, because a client that sends
headers alone would hold memory for ever; and inside the call that is counted, also if the transport refuses the
message. A request that does not parse is answered here with a status that says so. An unexpected exception becomes
INTERNAL with a fixed text; its own text stays in the log.
"""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any, Final

import grpc
from google.protobuf.message import DecodeError, Message

from gui_agents.domain.access import Identity, UnauthenticatedError
from gui_agents.domain.errors import InvalidFieldError, OversizedMessageError, RefusedError
from gui_agents.rpc.door import Door, Visit, while_good
from gui_agents.rpc.methods import METHODS, Method
from gui_agents.rpc.reception import REQUEST, Reception
from gui_agents.rpc.servicer import AgentServicer
from gui_agents.rpc.status import INTERNAL_TEXT, refuse, set_status

_log = logging.getLogger(__name__)

NO_REPLY: Final = b""
"""What a unary call returns beside a status other than OK; it is not sent."""

UnaryCall = Callable[[object, grpc.aio.ServicerContext], Awaitable[bytes]]
StreamCall = Callable[[object, grpc.aio.ServicerContext], Awaitable[None]]


def method_handlers(
    servicer: object, door: Door, reception: Reception, max_bytes: int, methods: Sequence[Method] = METHODS
) -> dict[str, grpc.RpcMethodHandler]:
    """Return the handlers of all methods of a service, by name."""
    handlers = _Handlers(servicer, door, reception, max_bytes)
    return {method.name: handlers.handler(method) for method in methods}


class _Handlers:
    """Makes the handlers."""

    def __init__(self, servicer: object, door: Door, reception: Reception, max_bytes: int) -> None:
        self._servicer = servicer
        self._door = door
        self._reception = reception
        self._max_bytes = max_bytes

    def handler(self, method: Method) -> grpc.RpcMethodHandler:
        """Return the handler of one method."""
        serve = getattr(self._servicer, method.name)
        if method.streaming:
            return grpc.stream_stream_rpc_method_handler(self._stream(method, serve))
        return grpc.stream_unary_rpc_method_handler(self._unary(method, serve))

    def _unary(self, method: Method, serve: Callable[[Any, Identity], Awaitable[Message]]) -> UnaryCall:
        async def call(_: object, context: grpc.aio.ServicerContext) -> bytes:
            try:
                with self._door.entered(method, context) as visit, self._reception:
                    request = await self._request(method, context)
                    visit.concerns(request)
                    reply = await serve(request, visit.caller)
                    visit.concerns(reply)
            except Exception as error:  # noqa: BLE001 - the boundary of a call
                self._end(method, context, error)
                return NO_REPLY
            return reply.SerializeToString()

        return call

    def _stream(self, method: Method, serve: Callable[[Any, Identity], AsyncGenerator[Message, None]]) -> StreamCall:
        async def written(context: grpc.aio.ServicerContext, visit: Visit) -> None:
            request = await self._request(method, context)
            visit.concerns(request)
            async with aclosing(serve(request, visit.caller)) as messages:
                async for message in messages:
                    visit.concerns(message)
                    await visit.send(context.write(message.SerializeToString()))

        async def call(_: object, context: grpc.aio.ServicerContext) -> None:
            try:
                with self._door.entered(method, context) as visit, self._reception:
                    await while_good(visit, written(context, visit))
            except Exception as error:  # noqa: BLE001 - the boundary of a call
                self._end(method, context, error)

        return call

    async def _request(self, method: Method, context: grpc.aio.ServicerContext) -> Message:
        return parsed(method, await self._reception.received(context), self._max_bytes)

    def _end(self, method: Method, context: grpc.aio.ServicerContext, error: Exception) -> None:
        """Give a call the status of `error`."""
        if isinstance(error, RefusedError):
            # Whoever is not known has submitted nothing.
            known = not isinstance(error, UnauthenticatedError)
            if method.submits and known and isinstance(self._servicer, AgentServicer):
                self._servicer.rejected(error)
            refuse(context, error)
        else:
            _log.error("%s failed", method.name, exc_info=error)
            set_status(context, grpc.StatusCode.INTERNAL, INTERNAL_TEXT)


def parsed(method: Method, data: bytes, limit: int) -> Message:
    """Return the request of a method.

    Raises:
        OversizedMessageError: it has more than `limit` bytes.
        InvalidFieldError: it does not parse.
    """
    size = len(data)
    if size <= limit:
        try:
            return method.request.FromString(data)  # type: ignore[no-any-return]  # generated without annotations
        except DecodeError:
            pass
    # The error's traceback holds this frame, and lives on in a cycle: the bytes must not live with it.
    del data
    if size > limit:
        raise OversizedMessageError(size, limit)
    raise InvalidFieldError(REQUEST, f"does not parse as {method.request.DESCRIPTOR.full_name}")
