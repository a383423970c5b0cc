"""What a browser shows at one moment: the tree of the page, its picture, and the windows that we draw over it."""

import asyncio
import base64
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import attrs

from gui_agents.domain.model_settings import PictureFormat
from gui_agents.domain.sandbox import TransientSandboxError
from gui_agents.domain.screen import Observation, Picture
from gui_agents.sandboxes.chromium.browser import Browser
from gui_agents.sandboxes.chromium.connection import CommandError, ConnectionEndedError, Parameters, UnansweredError
from gui_agents.sandboxes.chromium.drawing import drawn
from gui_agents.sandboxes.chromium.panels import Panel, dialog_panel, list_panel
from gui_agents.sandboxes.chromium.reading import Reader
from gui_agents.sandboxes.chromium.settling import Settling
from gui_agents.sandboxes.chromium.tab import Frame, Tab
from gui_agents.sandboxes.chromium.tree import browser_tree, frame_places
from gui_agents.sandboxes.chromium.words import quoted
from gui_agents.threads import Threads

PICTURE_SECONDS: Final = 5.0
JPEG_QUALITY: Final = 85
ATTEMPTS: Final = 3


@attrs.frozen
class _List:
    """The open list of a select."""

    frame: Frame
    panel: Panel


class Seeing:
    """Observes one browser."""

    def __init__(self, browser: Browser, reader: Reader, settling: Settling, threads: Threads) -> None:
        self._browser = browser
        self._reader = reader
        self._settling = settling
        self._threads = threads
        self._picture: Picture | None = None
        """The last one of a page without windows over it."""
        self._list: _List | None = None
        self._scrolled = 0
        """By how many options the open list was scrolled."""

    async def observe(self, *, screenshot: bool) -> Observation:
        """Return what is seen. A page that does not answer is freed, or shown as it was seen last."""
        for _ in range(ATTEMPTS):
            if self._browser.with_dialog is not None:
                break
            tab = await self._browser.current()
            await self._settling.ready(tab)
            try:
                return await self._page(tab, screenshot=screenshot)
            except UnansweredError:
                if self._browser.with_dialog is None:
                    await self._settling.free(tab)
            except CommandError:
                continue  # a dialog came up, the page crashed, or it is another one now
        return await self._unread(screenshot=screenshot)

    async def choose(self, x: int, y: int) -> str | None:
        """Choose what is clicked in an open list, and return what was done; None if the click is the page's."""
        shown, self._list = self._list, None
        if shown is None:
            return None
        part = shown.panel.hit(x, y)
        if part is None or not part.bounds.height:
            await self._reader.ask(shown.frame, "agent.close()")
            return None
        if "disabled" in part.states:
            self._list = shown
            raise TransientSandboxError(f"the option {quoted(part.name)} is disabled")
        if not await self._reader.ask(shown.frame, f"agent.choose({part.place})"):
            raise TransientSandboxError(f"the option {quoted(part.name)} is no longer there; look again")
        return f"chose {quoted(part.name)}"

    def scroll_list(self, x: int, y: int, notches: int) -> bool:
        """Scroll the open list if the pointer is on it, and tell whether it is."""
        if self._list is None or not self._list.panel.bounds.contains(x, y):
            return False
        self._scrolled += 3 * notches
        return True

    async def _page(self, tab: Tab, *, screenshot: bool) -> Observation:
        looking = self._reader.look(tab)
        if screenshot:
            shot = asyncio.ensure_future(self._shot(tab))
            try:
                told = await looking
                picture = await shot
            finally:
                shot.cancel()
                await asyncio.gather(shot, return_exceptions=True)
        else:
            told, picture = await looking, None
        if tab is not self._browser.shown:
            raise CommandError("another tab is seen now")
        panel = self._open_list(tab, told)
        tree = browser_tree(self._browser.size, self._browser.tabs, tab, told, panel)
        if picture is not None and panel is not None:
            picture = await self._threads.run(partial(drawn, picture, self._browser.size, panel))
        return Observation(*self._browser.size, tree, picture)

    async def _shot(self, tab: Tab) -> Picture | None:
        """Return the picture of a page; the last one if it takes too long."""
        try:
            reply = await self._browser.connection.call(
                "Page.captureScreenshot",
                tab.session,
                seconds=PICTURE_SECONDS,
                format="jpeg",
                quality=JPEG_QUALITY,
                optimizeForSpeed=True,
            )
        except ConnectionEndedError:
            raise
        except (UnansweredError, CommandError):
            return self._picture or await self._threads.run(partial(drawn, None, self._browser.size, None))
        self._picture = Picture(base64.b64decode(reply["data"]), *self._browser.size, PictureFormat.JPEG)
        return self._picture

    def _open_list(self, tab: Tab, told: Mapping[str, Parameters]) -> Panel | None:
        before, self._list = self._list, None
        frame_id = next((key for key, document in told.items() if document["picker"]), None)
        if frame_id is None or frame_id not in tab.frames:
            self._scrolled = 0
            return None
        picker: Mapping[str, Any] = told[frame_id]["picker"]
        place = frame_places(told, tab.target_id).get(frame_id)
        if place is None:
            return None
        if before is None or before.panel.name != picker["name"]:
            self._scrolled = 0
        panel = list_panel(picker, place, self._browser.size, self._scrolled)
        self._list = _List(tab.frames[frame_id], panel)
        return panel

    async def _unread(self, *, screenshot: bool) -> Observation:
        """Return what can be known of a browser whose page cannot be read: a dialog stands before it, or it hangs."""
        browser = self._browser
        tab = browser.with_dialog or await browser.current()
        panel = None if tab.dialog is None else dialog_panel(tab.dialog, tab.url, browser.size)
        tree = browser_tree(browser.size, browser.tabs, tab, None, panel)
        picture = None
        if screenshot:
            picture = await self._threads.run(partial(drawn, self._picture, browser.size, panel))
        return Observation(*browser.size, tree, picture)
