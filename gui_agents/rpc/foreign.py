"""Services of grpc's own packages, health and reflection: their requests come in and are refused as ours are.

Left to itself, grpc.aio answers UNKNOWN with the text of an exception for what does not parse, logs a traceback each
time, and waits for ever for a message that does not come.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from functools import partial
from typing import Any

import grpc

from gui_agents.domain.errors import InvalidFieldError, RefusedError
from gui_agents.rpc.door import ANYBODYS_VISIT, Door, Visit, while_good
from gui_agents.rpc.methods import REFLECTION, Guarded
from gui_agents.rpc.reception import REQUEST, Reception
from gui_agents.rpc.status import refuse

Behavior = Callable[..., Any]
Parse = Callable[[bytes], Any]
Enter = Callable[[grpc.aio.ServicerContext], Visit]


def received_by(
    reception: Reception, handler: grpc.RpcMethodHandler, door: Door | None = None, method: Guarded = REFLECTION
) -> grpc.RpcMethodHandler:
    """Return a handler that serves as `handler` does, from bytes that come in by `reception`.

    If there is a `door`, calls come in through it as those of `method`.
    """
    enter = _open if door is None else partial(door.entered, method)
    parse = handler.request_deserializer
    if handler.unary_unary is not None:
        call = _refusing(reception, enter, _one_request(reception, handler.unary_unary, parse))
        return grpc.stream_unary_rpc_method_handler(call, response_serializer=handler.response_serializer)
    serve = _requests(reception, handler.stream_stream, parse) if handler.request_streaming else None
    call = _refusing(reception, enter, serve or _one_request(reception, handler.unary_stream, parse))
    return grpc.stream_stream_rpc_method_handler(call, response_serializer=handler.response_serializer)


def _open(_: grpc.aio.ServicerContext) -> Visit:
    return ANYBODYS_VISIT


def _refusing(reception: Reception, enter: Enter, serve: Behavior) -> Behavior:
    async def call(_: AsyncIterator[bytes], context: grpc.aio.ServicerContext) -> Any:
        try:
            with enter(context) as visit, reception:
                return await while_good(visit, serve(context, visit))
        except RefusedError as error:
            refuse(context, error)

    return call


def _one_request(reception: Reception, serve: Behavior, parse: Parse) -> Behavior:
    async def call(context: grpc.aio.ServicerContext, _: Visit) -> Any:
        return await serve(_parsed(await reception.received(context), parse), context)

    return call


def _requests(reception: Reception, serve: Behavior, parse: Parse) -> Behavior:
    async def call(context: grpc.aio.ServicerContext, visit: Visit) -> None:
        async def requests() -> AsyncGenerator[Any, None]:
            while (data := await reception.message(context)) is not None:
                yield _parsed(data, parse)

        async for reply in serve(requests(), context):
            await visit.send(context.write(reply))

    return call


def _parsed(data: bytes, parse: Parse) -> Any:
    try:
        return parse(data)
    except Exception:  # noqa: BLE001 - whatever a parser of another package raises
        raise InvalidFieldError(REQUEST, "does not parse") from None
