"""One connection of a browser: one request, or one tunnel."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

import h11

from gui_agents.egress.dialling import Dialler
from gui_agents.egress.errors import EgressError, Problem
from gui_agents.egress.exchange import Peer, exchange
from gui_agents.egress.pages import answer
from gui_agents.egress.requests import Target, forwarded_request, target_of
from gui_agents.egress.streams import Stream
from gui_agents.egress.tunnel import tunnel

HEAD_SECONDS: Final = 30.0
"""A browser may connect before it knows what to ask for. It connects again if this is over."""
LINGER_SECONDS: Final = 2.0
"""How long the last bytes of a browser are awaited. If they were not read, it would lose the answer."""

Note = Callable[[Target, EgressError | None], None]
"""Takes where a connection was asked to, and why there is none; None if there is one."""


async def serve(stream: Stream, dialler: Dialler, note: Note) -> None:
    """Serve a connection. Whoever calls this ends it afterwards."""
    browser = Peer(stream, h11.SERVER)
    try:
        try:
            await _serve(browser, dialler, note)
        except EgressError as error:
            await _tell(browser, error)
        except h11.RemoteProtocolError:
            await _tell(browser, EgressError(Problem.BAD_REQUEST, "the request is no HTTP, or its head is too large"))
        await _farewell(stream)
    except OSError:  # the browser has gone, or asked for nothing in time; a TimeoutError is one, too
        pass


async def _serve(browser: Peer, dialler: Dialler, note: Note) -> None:
    async with asyncio.timeout(HEAD_SECONDS):
        request = await browser.next_event()
        if not isinstance(request, h11.Request):
            return
        target = target_of(request)
        forwarded = None if target.path is None else forwarded_request(request, target)
        if forwarded is None and not isinstance(await browser.next_event(), h11.EndOfMessage):
            raise EgressError(Problem.BAD_REQUEST, "a request for a tunnel has no body")
    try:
        server = await dialler.dial(target.host, target.port)
    except EgressError as error:
        note(target, error)
        raise
    try:
        note(target, None)
        if forwarded is None:
            await _connect(browser, server)
        else:
            await exchange(browser, Peer(server, h11.CLIENT), forwarded)
    finally:
        server.abort()


async def _connect(browser: Peer, server: Stream) -> None:
    await browser.send(h11.Response(status_code=200, reason="Connection established", headers=[]))
    early, _ = browser.http.trailing_data
    if early:
        await server.write(early)
    await tunnel(browser.stream, server)


async def _tell(browser: Peer, error: EgressError) -> None:
    """Answer with an error, if the answer has not begun. Else its end is missing, as the browser sees."""
    if browser.http.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
        browser.stream.abort()
        return
    for event in (*answer(error), h11.EndOfMessage()):
        await browser.send(event)
    await browser.stream.flush()


async def _farewell(stream: Stream) -> None:
    stream.end()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while await stream.read():
                pass
