"""Carries out the actions of an agent, and tells in words what became of each."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final

from gui_agents.domain.actions import Action, Click, Drag, Key, Move, Navigate, Scroll, Type, Wait
from gui_agents.domain.sandbox import TransientSandboxError, UnsupportedActionError
from gui_agents.sandboxes.chromium.browser import Browser
from gui_agents.sandboxes.chromium.connection import CommandError, ConnectionEndedError, UnansweredError
from gui_agents.sandboxes.chromium.dialogs import act_on_dialog, described
from gui_agents.sandboxes.chromium.hands import Hands
from gui_agents.sandboxes.chromium.keyboard import chord
from gui_agents.sandboxes.chromium.reading import Reader
from gui_agents.sandboxes.chromium.seeing import Seeing
from gui_agents.sandboxes.chromium.settling import DOWNLOAD_SECONDS, LOAD_SECONDS, Settling
from gui_agents.sandboxes.chromium.shortcuts import hint, shortcut
from gui_agents.sandboxes.chromium.tab import Frame, Tab
from gui_agents.sandboxes.chromium.words import address, destination, network_error, quoted

Refusals = Callable[[], Iterable[str]]
"""Returns what the egress proxy has refused since the last call, in words."""

FIELDS_WITH_A_FORM: Final = ("color", "date", "datetime-local", "month", "time", "week")
"""Types of fields whose values have one spelling, such as 2025-12-31, and that show a window of their own to choose."""
OF_PROXY: Final = ("", "net::ERR_TUNNEL_CONNECTION_FAILED")
"""Errors of a navigation of which the egress proxy knows more."""
MAX_FOCUS_DEPTH: Final = 5
CLICKED: Final = ("clicked", "double-clicked", "triple-clicked")


class Acting:
    """Acts on one browser."""

    def __init__(
        self, browser: Browser, reader: Reader, seeing: Seeing, settling: Settling, refusals: Refusals
    ) -> None:
        self._browser = browser
        self._reader = reader
        self._seeing = seeing
        self._settling = settling
        self._hands = Hands(browser.connection)
        self._refusals = refusals

    async def act(self, action: Action) -> str:
        """Carry out one action, wait until its effect can be seen, and return what happened.

        Raises:
            TransientSandboxError: it cannot be carried out now; the text says what to do instead.
            UnsupportedActionError: browsers have no such action.
        """
        self._check_place(action)
        began = time.monotonic()
        told = []
        tab = self._browser.with_dialog
        if tab is not None:
            told.append(await act_on_dialog(self._browser.connection, tab, action, self._browser.size))
        else:
            tab = await self._browser.current()
            await self._settling.ready(tab)
        before = (tab.target_id, tab.url)
        self._refusals()
        tab.requests.clear()
        self._browser.connection.send("Network.enable", tab.session, maxPostDataSize=0)
        try:
            if not told:
                told.append(await self._carried_out(tab, action))
            await self._settling.settle(began)
        finally:
            with contextlib.suppress(ConnectionEndedError):
                self._browser.connection.send("Network.disable", tab.session)
            tab.requests.clear()
        return "; ".join([*told, *self._news(before)])

    async def _carried_out(self, tab: Tab, action: Action) -> str:
        """Return what was done; a page that does not take it any more is no error of the action."""
        said = _said(action)
        try:
            return await self._do(tab, action) or said
        except UnansweredError:
            if self._browser.with_dialog is None:
                await self._settling.free(tab)
            return said
        except CommandError:
            # The page was closed or replaced, crashed, or opened a dialog: the news have it.
            return f"asked for {quoted(address(action.url))}" if isinstance(action, Navigate) else said

    async def _do(self, tab: Tab, action: Action) -> str | None:
        match action:
            case Type(text):
                return await self._type(tab, text)
            case Key(keys):
                return await self._press(tab, keys)
            case Navigate(url):
                await self._navigate(tab, destination(url))
            case Wait(seconds):
                await asyncio.sleep(seconds)
            case _:
                return await self._point(tab, action)
        return None

    async def _point(self, tab: Tab, action: Action) -> str | None:
        match action:
            case Click(x, y, button, count):
                chosen = await self._seeing.choose(x, y)
                if chosen is not None:
                    return chosen
                await self._hands.click(tab, x, y, button, count)
            case Move(x, y):
                await self._hands.move(tab, x, y)
            case Drag(x, y, to_x, to_y, button):
                await self._hands.drag(tab, (x, y), (to_x, to_y), button)
            case Scroll(x, y, dx, dy):
                if not self._seeing.scroll_list(x, y, dy):
                    await self._hands.scroll(tab, x, y, dx, dy)
            case _:
                raise UnsupportedActionError(f"a browser cannot {action.name}")
        return None

    async def _press(self, tab: Tab, keys: tuple[str, ...]) -> str:
        try:
            pressed = chord(keys)
        except LookupError as error:
            raise TransientSandboxError(str(error)) from None
        said = await shortcut(self._browser, tab, pressed)
        if said is not None:
            return said
        await self._hands.press(tab, pressed)
        return f"pressed {'+'.join(pressed)}{hint(pressed)}"

    async def _type(self, tab: Tab, text: str) -> str:
        frame, focus = await self._focus(tab)
        if focus is None:
            await self._hands.type(tab, text)
            return f"typed {_count(text)}, but nothing on the page has the focus: click the field first"
        role, name, kind = focus
        field = f"the {role or 'element'} {quoted(name)}" if name else f"a {role or 'element'}"
        if kind in FIELDS_WITH_A_FORM and await self._reader.ask(frame, f"agent.fill({json.dumps(text.strip())})"):
            return f"set {field} to {quoted(text.strip())}"
        await self._hands.type(tab, text)
        return f"typed {_count(text)} into {field}"

    async def _focus(self, tab: Tab) -> tuple[Frame, list[str] | None]:
        """Return the frame that has the focus, and the role, the name and the kind of what has it there."""
        frame = tab.root
        for _ in range(MAX_FOCUS_DEPTH):
            told = await self._reader.focus(frame)
            inner = tab.frames.get(told["frame"] or "")
            if inner is None:
                break
            frame = inner
        return frame, told["focus"]

    async def _navigate(self, tab: Tab, url: str) -> None:
        began = time.monotonic()
        reply = self._browser.connection.send("Page.navigate", tab.session, url=url)
        tab.forget_answer()
        try:
            async with asyncio.timeout(LOAD_SECONDS):
                result = await reply
        except TimeoutError:
            await self._browser.connection.call("Page.stopLoading", tab.session)
            tab.stopped()
            raise TransientSandboxError(
                f"{quoted(address(url))} was not opened: it has not answered for {LOAD_SECONDS:g} s"
            ) from None
        refused = list(self._refusals())
        error = result.get("errorText", "")
        if error == "net::ERR_ABORTED":  # a download, or an answer without a page
            if not await tab.until(lambda: bool(tab.notices), DOWNLOAD_SECONDS):
                tab.note(f"{quoted(address(url))} shows no page")
        elif error or (refused and tab.answer is not None and tab.answer.proxy):
            tab.forget_answer()
            await tab.until(lambda: not tab.loading, LOAD_SECONDS)
            raise TransientSandboxError(
                f"{quoted(address(url))} was not opened: {refused[-1]}"
                if refused and error in OF_PROXY
                else network_error(error, url)
            )
        left = LOAD_SECONDS - (time.monotonic() - began)
        await tab.until(lambda: not tab.loading or tab.dialog is not None, max(0.0, left))

    def _news(self, before: tuple[str, str]) -> list[str]:
        """Return what has happened besides, in words, and forget it."""
        browser, news = self._browser, list(self._browser.notices)
        tab = browser.shown
        for each in browser.tabs:
            news += each.notices
        browser.clear()
        news += [f"the egress proxy refused: {text}" for text in self._refusals()]
        with_dialog = browser.with_dialog
        if with_dialog is not None and with_dialog.dialog is not None:
            news.append(described(with_dialog.dialog))
        if tab is None:
            return news
        if tab.crashed:
            news.append("the page crashed")
        if tab.failure and tab.failure != "net::ERR_ABORTED":
            news.append(network_error(tab.failure, tab.url))
        elif (tab.target_id, tab.url) != before:
            news.append(f"the page is now {quoted(address(tab.url))}")
        if tab.answer is not None and tab.answer.status >= HTTPStatus.BAD_REQUEST:
            news.append(
                f"the {'egress proxy' if tab.answer.proxy else 'site'} answered with status {tab.answer.status}"
            )
        tab.forget_answer()
        return list(dict.fromkeys(news))

    def _check_place(self, action: Action) -> None:
        width, height = self._browser.size
        match action:
            case Click(x, y) | Move(x, y) | Scroll(x, y):
                places = [(x, y)]
            case Drag(x, y, to_x, to_y):
                places = [(x, y), (to_x, to_y)]
            case _:
                places = []
        for x, y in places:
            if not (0 <= x < width and 0 <= y < height):
                raise TransientSandboxError(f"({x}, {y}) is outside of the screen of {width} x {height} pixels")


def _said(action: Action) -> str:
    match action:
        case Click(x, y, button, count):
            said = f"{CLICKED[count - 1]} {button} at ({x}, {y})"
        case Move(x, y):
            said = f"moved to ({x}, {y})"
        case Drag(x, y, to_x, to_y):
            said = f"dragged from ({x}, {y}) to ({to_x}, {to_y})"
        case Scroll(x, y):
            said = f"scrolled at ({x}, {y})"
        case Type(text):
            said = f"typed {_count(text)}"
        case Key(keys):
            said = f"pressed {'+'.join(keys)}"
        case Navigate(url):
            said = f"navigated to {quoted(address(url))}"
        case Wait(seconds):
            said = f"waited {seconds:g} s"
        case _:
            said = str(action.name)
    return said


def _count(text: str) -> str:
    return f"{len(text)} character" + ("" if len(text) == 1 else "s")
