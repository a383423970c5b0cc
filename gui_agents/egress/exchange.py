"""One request over plain HTTP and its response: parsed, and framed anew on both sides."""

import asyncio
from collections.abc import Coroutine
from typing import Final

import h11

from gui_agents.egress.errors import EgressError, Problem
from gui_agents.egress.idle import Idle, idle
from gui_agents.egress.requests import forwarded_response
from gui_agents.egress.streams import Stream

MAX_HEAD_BYTES: Final = 32 * 1024

Event = h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]


class Peer:
    """One side of an exchange: a connection, and where its HTTP stands."""

    def __init__(self, stream: Stream, role: type[h11.CLIENT] | type[h11.SERVER]) -> None:
        self.stream = stream
        self.http = h11.Connection(role, max_incomplete_event_size=MAX_HEAD_BYTES)

    async def next_event(self) -> Event:
        """Return what the other side says next.

        Raises:
            h11.RemoteProtocolError: that is no HTTP.
            OSError: the connection broke.
        """
        while True:
            event = self.http.next_event()
            if event is not h11.NEED_DATA:
                return event
            self.http.receive_data(await self.stream.read())

    async def send(self, event: h11.Event) -> None:
        """Say something to the other side.

        Raises:
            OSError: the connection broke.
        """
        await self.stream.write(self.http.send(event) or b"")


async def exchange(browser: Peer, server: Peer, request: h11.Request) -> None:
    """Send a request with its body, and carry back the response, for as long as the browser waits for it.

    Raises:
        EgressError: there is no response, or none that ends as it should.
        OSError: the browser's connection broke.
        h11.RemoteProtocolError: what the browser sent is no HTTP.
    """
    try:
        async with idle() as clock:
            await _first_of(_answer(browser, server, clock), _ask(browser, server, request, clock))
    except TimeoutError:
        raise EgressError(Problem.SILENT, "the server does not answer") from None


async def _first_of(*works: Coroutine[None, None, None]) -> None:
    """Wait until one piece of work has ended, and end the others. What it raises is raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ended = [task for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in ended:
        task.result()


async def _ask(browser: Peer, server: Peer, request: h11.Request, clock: Idle) -> None:
    """Send the request, and return when the browser no longer waits for a response."""
    open_ = await _sent(server, request)
    while isinstance(event := await browser.next_event(), h11.Data):
        clock.moved()
        open_ = open_ and await _sent(server, h11.Data(data=event.data))
    if open_:
        await _sent(server, h11.EndOfMessage())
    # What comes now would be a next request. It is dropped: the response says that the connection ends with it.
    while await browser.stream.read():
        pass


async def _sent(server: Peer, event: h11.Event) -> bool:
    """Send an event. A server that takes no more may have answered already: that is no error yet."""
    try:
        await server.send(event)
    except OSError:
        return False
    return True


async def _answer(browser: Peer, server: Peer, clock: Idle) -> None:
    while True:
        try:
            event = await server.next_event()
        except (OSError, h11.RemoteProtocolError):
            raise EgressError(Problem.NOT_HTTP, "the server sent no whole answer of HTTP") from None
        clock.moved()
        if isinstance(event, h11.Response):
            await browser.send(forwarded_response(event))
        elif isinstance(event, h11.Data):
            await browser.send(h11.Data(data=event.data))
        elif not isinstance(event, h11.InformationalResponse):  # which says nothing that a browser needs
            await browser.send(h11.EndOfMessage())
            await browser.stream.flush()
            return
