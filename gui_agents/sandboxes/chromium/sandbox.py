"""A browser of one task: its jail, its way out, and everything that runs as long as it is open."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import ClassVar, Final
from uuid import uuid4

import attrs

from gui_agents.domain.actions import Action, Click, Drag, Key, Move, Navigate, Scroll, Type, Wait
from gui_agents.domain.sandbox import SandboxEnd, SandboxError, SandboxGoneError, SandboxType
from gui_agents.domain.screen import Observation
from gui_agents.egress.proxy import EgressProxy, Gate
from gui_agents.jail.jail import Jail
from gui_agents.sandboxes.chromium import program
from gui_agents.sandboxes.chromium.acting import Acting
from gui_agents.sandboxes.chromium.browser import Browser
from gui_agents.sandboxes.chromium.connection import ConnectionEndedError
from gui_agents.sandboxes.chromium.reading import Reader
from gui_agents.sandboxes.chromium.seeing import Seeing
from gui_agents.sandboxes.chromium.settling import Settling
from gui_agents.threads import Threads

OPEN_SECONDS: Final = 15.0
END_SECONDS: Final = 3.0
"""For the jail to say why a browser no longer answers."""


@attrs.frozen
class _Open:
    """What there is of a browser that runs."""

    browser: Browser
    seeing: Seeing
    acting: Acting


class ChromiumSandbox:
    """A Chromium with a profile of its own, which is gone when it is closed."""

    sandbox_type: ClassVar = SandboxType.BROWSER
    supported: ClassVar = frozenset(action.name for action in (Click, Move, Drag, Scroll, Type, Key, Navigate, Wait))

    def __init__(
        self, prepare: Callable[[], Jail], *, proxy: EgressProxy, screen: tuple[int, int], pictures: Threads
    ) -> None:
        """`prepare` returns a new jail; in `pictures` dialogs are drawn over pages, and large messages are decoded."""
        self.sandbox_id: Final = uuid4().hex
        self._prepare = prepare
        self._proxy = proxy
        self._screen = screen
        self._pictures = pictures
        self._jail: Jail | None = None
        self._gate: Gate | None = None
        self._browser: Browser | None = None
        self._running: _Open | None = None
        self._closed = asyncio.Event()

    async def open(self) -> None:
        """Start the browser with one blank page.

        Raises:
            SandboxError: it cannot be started, in words for the operator.
            SandboxGoneError: it was closed before, or ended at once.
        """
        if self._closed.is_set():
            raise SandboxGoneError("the browser was closed", SandboxEnd.CLOSED)
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                self._running = await self._started()
        except TimeoutError:
            raise SandboxError(f"the browser has not started in {OPEN_SECONDS:g} s") from None
        except ConnectionEndedError:
            raise await self._gone() from None

    async def observe(self, *, screenshot: bool) -> Observation:
        """Return what the browser shows."""
        running = self._open()
        try:
            return await running.seeing.observe(screenshot=screenshot)
        except ConnectionEndedError:
            raise await self._gone() from None

    async def act(self, action: Action) -> str:
        """Carry out one action, and wait until its effect can be seen."""
        running = self._open()
        try:
            return await running.acting.act(action)
        except ConnectionEndedError:
            raise await self._gone() from None

    async def ended(self) -> SandboxGoneError:
        """Wait until the browser has ended or was closed."""
        running = self._open()
        waits = [asyncio.ensure_future(wait) for wait in (running.browser.connection.ended(), self._closed.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        return await self._gone()

    async def close(self, *, destroy: bool) -> None:  # noqa: ARG002 - nothing of it is kept elsewhere
        """End the browser, and remove everything that it had."""
        self._closed.set()
        self._running = None
        async with contextlib.AsyncExitStack() as stack:
            if self._jail is not None:
                stack.push_async_callback(self._jail.close)
            if self._gate is not None:
                stack.push_async_callback(self._gate.close)
            if self._browser is not None:
                stack.push_async_callback(self._browser.close)

    async def _started(self) -> _Open:
        browser_program = program.program()
        self._jail = jail = self._prepare()
        command = program.command(browser_program, jail.home, self._screen)
        process = await jail.start(command, program.environment(jail.home))
        if process.stdin is None or process.stdout is None:
            raise SandboxError("the browser has no pipes")
        listener = await jail.listen()
        port = listener.getsockname()[1]
        self._gate = await self._proxy.serve(listener)
        process.stdin.write(f"{port}\n".encode())
        self._browser = browser = Browser(process.stdout, process.stdin, self._screen, self._pictures)
        await browser.start()
        reader = Reader(browser.connection)
        settling = Settling(browser, reader)
        seeing = Seeing(browser, reader, settling, self._pictures)
        return _Open(browser, seeing, Acting(browser, reader, seeing, settling, lambda: list(self._refused())))

    def _refused(self) -> Iterator[str]:
        """Yield what the proxy has refused since it was asked last."""
        if self._gate is not None:
            yield from dict.fromkeys(refusal.text for refusal in self._gate.refusals)
            self._gate.refusals.clear()

    def _open(self) -> _Open:
        if self._running is None:
            words = "was closed" if self._closed.is_set() else "is not open"
            raise SandboxGoneError(f"the browser {words}", SandboxEnd.CLOSED)
        return self._running

    async def _gone(self) -> SandboxGoneError:
        """Return why the browser no longer answers."""
        if self._closed.is_set() or self._jail is None:
            return SandboxGoneError("the browser was closed", SandboxEnd.CLOSED)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                await self._jail.ended()
        return self._jail.gone() or SandboxGoneError("the browser no longer answers", SandboxEnd.UNREACHABLE)
