"""When a page can be looked at again: loaded, quiet, freed from a script that never pauses. Everything ends in time."""

import asyncio
import contextlib
import time
from typing import Final

from gui_agents.sandboxes.chromium.browser import Browser
from gui_agents.sandboxes.chromium.connection import CommandError, UnansweredError
from gui_agents.sandboxes.chromium.reading import Reader
from gui_agents.sandboxes.chromium.tab import Tab
from gui_agents.sandboxes.chromium.words import address, quoted

LOAD_SECONDS: Final = 10.0
"""For a page that an action opens."""
QUIET_SECONDS: Final = 1.0
"""For what an action made a page ask for."""
DOWNLOAD_SECONDS: Final = 0.3
FREE_SECONDS: Final = 2.0
ROUNDS: Final = 3
"""Tabs that open tabs that open tabs."""


class Settling:
    """Waits for the pages of one browser."""

    def __init__(self, browser: Browser, reader: Reader) -> None:
        self._browser = browser
        self._reader = reader

    async def settle(self, began_monotonic_seconds: float) -> None:
        """Wait until the tab that is seen has drawn what an action did, and has loaded what it asked for."""
        deadline = began_monotonic_seconds + LOAD_SECONDS
        for _ in range(ROUNDS):
            tab = self._browser.shown
            if tab is None or self._browser.with_dialog is not None or tab.crashed:
                return
            await self._drawn(tab)
            await self._loaded(tab, deadline)
            await tab.explained(DOWNLOAD_SECONDS)
            if self._browser.shown is tab:
                return

    async def ready(self, tab: Tab) -> None:
        """Bring a tab into a state in which it answers: a page that crashed is replaced by a blank one."""
        if tab.crashed:
            tab.note(f"the page {quoted(address(tab.url))} crashed; a blank page is shown instead")
            await self._browser.connection.call("Page.navigate", tab.session, url="about:blank")
            tab.crashed = False
        if tab.leaving_since is not None:
            left = LOAD_SECONDS - (time.monotonic() - tab.leaving_since)
            if not await tab.until(lambda: tab.leaving_since is None or tab.dialog is not None, max(0.0, left)):
                await self.stop(tab)

    async def stop(self, tab: Tab) -> None:
        """Give up a page that does not come. The one before it stays, and can be used again."""
        tab.note(f"the site did not answer for {LOAD_SECONDS:g} s; the page before it is still shown")
        await self._browser.connection.call("Page.stopLoading", tab.session)
        tab.stopped()

    async def free(self, tab: Tab) -> None:
        """End the script of a page that does not answer. If that does not help, close the page."""
        with contextlib.suppress(CommandError, UnansweredError, TimeoutError):
            await self._browser.connection.call("Runtime.terminateExecution", tab.session, seconds=FREE_SECONDS)
            async with asyncio.timeout(FREE_SECONDS):
                await self._reader.ask(tab.root, "1")
            tab.note("the page did not answer because its script computed without a pause; the script was ended")
            return
        if tab.dialog is not None or tab not in self._browser.tabs:
            return
        self._browser.notices.append(f"the page {quoted(address(tab.url))} did not answer any more, and was closed")
        self._browser.forget(tab)
        with contextlib.suppress(CommandError, UnansweredError):
            await self._browser.connection.call("Target.closeTarget", targetId=tab.target_id, seconds=FREE_SECONDS)

    async def _drawn(self, tab: Tab) -> None:
        if tab.leaving_since is not None:
            return
        drawing = asyncio.ensure_future(self._reader.ask(tab.root, "agent.settle()"))
        leaving = asyncio.ensure_future(tab.until(lambda: tab.leaving_since is not None, LOAD_SECONDS))
        try:
            await asyncio.wait({drawing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            drawing.cancel()
            await asyncio.gather(drawing, leaving, return_exceptions=True)
        if drawing.cancelled():
            return
        try:
            drawing.result()
        except UnansweredError:
            await self.free(tab)
        except CommandError:
            pass  # its document has gone, or a dialog stands before it

    async def _loaded(self, tab: Tab, deadline_monotonic_seconds: float) -> None:
        def stopped() -> bool:
            return tab.crashed or tab.dialog is not None or tab not in self._browser.tabs

        if not tab.comes:
            await tab.until(lambda: stopped() or not tab.requests or tab.leaving_since is not None, QUIET_SECONDS)
        if not tab.comes or stopped():
            return
        left = max(0.0, deadline_monotonic_seconds - time.monotonic())
        if await tab.until(lambda: stopped() or not tab.comes, left):
            return
        if tab.leaving_since is not None:
            await self.stop(tab)
        else:
            tab.note(f"the page has not finished loading after {LOAD_SECONDS:g} s; it is shown as far as it came")
