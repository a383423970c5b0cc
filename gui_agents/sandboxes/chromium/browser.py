"""The tabs of one browser: which there are, which one is seen, and how each is set up before its page runs."""

import asyncio
import contextlib
from collections import deque
from functools import cache
from importlib import resources
from typing import Any, Final

from gui_agents.sandboxes.chromium.connection import (
    CALL_SECONDS,
    Connection,
    Parameters,
    SessionEndedError,
    UnansweredError,
)
from gui_agents.sandboxes.chromium.tab import Tab
from gui_agents.sandboxes.chromium.words import address, quoted
from gui_agents.threads import Threads

WORLD: Final = "gui-agents"
"""The name of the world in which our script runs in each document."""
COMPLETE: Final = """new Promise((resolve) =>
  document.readyState === "complete" ? setTimeout(resolve) : addEventListener("load", () => setTimeout(resolve)))"""
"""Waits until a document is complete."""
MAX_TABS: Final = 20
TARGETS: Final = [{"type": "page"}, {"type": "iframe"}]
"""What is attached to. Workers have no screen."""
ATTACH: Final[dict[str, Any]] = {
    "autoAttach": True,
    "waitForDebuggerOnStart": True,
    "flatten": True,
    "filter": TARGETS,
}


@cache
def script() -> str:
    """Return the script that reads a page."""
    return resources.files(__package__).joinpath("page.js").read_text()


class Browser:
    """The tabs of a browser that has just been started."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, size: tuple[int, int], threads: Threads
    ) -> None:
        self.size: Final = size
        self.connection: Final = Connection(reader, writer, self._on_event, decoding=threads)
        self.tabs: list[Tab] = []
        """In the order in which they were opened."""
        self.shown: Tab | None = None
        self.notices: deque[str] = deque(maxlen=5)
        self._history: list[Tab] = []
        """The tabs in the order in which they were seen last."""
        self._by_session: dict[str, Tab] = {}
        self._opened = asyncio.Event()
        self._ending = False

    async def start(self) -> None:
        """Set the browser up, and wait for its first page.

        Raises:
            SandboxError: it does not answer.
        """
        call = self.connection.call
        await call("Browser.setDownloadBehavior", behavior="deny", eventsEnabled=False)
        await call("Target.setDiscoverTargets", discover=True, filter=[{"type": "page"}])
        await call("Target.setAutoAttach", **ATTACH)
        await self._opened.wait()
        if self.shown is not None:
            # A page that is sent elsewhere before its first document is complete crashes now and then.
            await call("Runtime.evaluate", self.shown.session, expression=COMPLETE, awaitPromise=True)

    @property
    def with_dialog(self) -> Tab | None:
        """The tab whose dialog is open. The dialog of a tab behind stops others, too: they may share a process."""
        if self.shown is not None and self.shown.dialog is not None:
            return self.shown
        return next((tab for tab in self.tabs if tab.dialog is not None), None)

    async def current(self) -> Tab:
        """Return the tab that is seen. If there is none left, a blank one is opened.

        Raises:
            SandboxError: the browser does not answer.
        """
        if self.shown is None:
            self._opened.clear()
            await self.new_tab()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CALL_SECONDS):
                    await self._opened.wait()
        if self.shown is None:
            raise UnansweredError("the browser has no page, and opens none")
        return self.shown

    async def new_tab(self) -> None:
        """Open a blank tab."""
        await self.connection.call("Target.createTarget", url="about:blank")

    async def show(self, tab: Tab) -> None:
        """Bring a tab to the front."""
        self._seen(tab)
        await self.connection.call("Target.activateTarget", targetId=tab.target_id)

    async def close_tab(self, tab: Tab) -> None:
        """Close a tab; its page may ask whether to leave it."""
        await self.connection.call("Page.close", tab.session)

    def clear(self) -> None:
        """Forget what was to be told."""
        self.notices.clear()
        for tab in self.tabs:
            tab.notices.clear()

    async def close(self) -> None:
        """End the connection."""
        self._ending = True
        await self.connection.close()

    def _seen(self, tab: Tab) -> None:
        self._history = [each for each in self._history if each is not tab] + [tab]
        self.shown = tab

    def _on_event(self, session: str, method: str, parameters: Parameters) -> None:
        match method:
            case "Target.attachedToTarget":
                self._attached(session, parameters)
            case "Target.detachedFromTarget":
                self._detached(parameters["sessionId"])
            case "Target.targetInfoChanged":
                self._described(parameters["targetInfo"])
            case _:
                tab = self._by_session.get(session)
                if tab is not None:
                    tab.on_event(session, method, parameters)
                    if tab.flooded and tab in self.tabs:
                        self._close_flooding(tab)

    def _attached(self, parent: str, parameters: Parameters) -> None:
        session, target = parameters["sessionId"], parameters["targetInfo"]
        owner = self._by_session.get(parent)
        if owner is not None:
            self._by_session[session] = owner
            owner.attached(target["targetId"], session, target.get("parentFrameId"))
            self._set_up(session, page=False)
        elif target["type"] == "page":
            self._tab_opened(Tab(target["targetId"], session, self.connection.fail))

    def _tab_opened(self, tab: Tab) -> None:
        self._by_session[tab.session] = tab
        if len(self.tabs) >= MAX_TABS:
            self.connection.send("Target.closeTarget", targetId=tab.target_id)
            self.notices.append(f"a new tab was closed at once: {MAX_TABS} are open, which is the limit")
            return
        if self.tabs:
            self.notices.append("a new tab was opened, and is seen now")
        self.tabs.append(tab)
        self._seen(tab)
        self._set_up(tab.session, page=True)
        self._opened.set()

    def _set_up(self, session: str, *, page: bool) -> None:
        """Send everything that must hold before the first script of a page runs, and let it run."""
        width, height = self.size
        send = self.connection.send
        send("Page.enable", session)
        send("Inspector.enable", session)
        send("Target.setAutoAttach", session, **ATTACH)
        send("Page.setInterceptFileChooserDialog", session, enabled=True, cancel=True)
        send("Page.addScriptToEvaluateOnNewDocument", session, source=script(), worldName=WORLD)
        if page:
            send("Input.setInterceptDrags", session, enabled=True)
            metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
            send("Emulation.setDeviceMetricsOverride", session, **metrics)
            send("Emulation.setFocusEmulationEnabled", session, enabled=True)
        send("Runtime.runIfWaitingForDebugger", session)

    def _detached(self, session: str) -> None:
        tab = self._by_session.pop(session, None)
        self.connection.fail(session, SessionEndedError("the page is gone"))
        if tab is None:
            return
        tab.detached(session)
        if session == tab.session and tab in self.tabs:
            self.forget(tab)

    def forget(self, tab: Tab) -> None:
        """Take a tab out of those that there are: it is closed, or will be."""
        self.tabs.remove(tab)
        self._history = [each for each in self._history if each is not tab]
        for other in [key for key, value in self._by_session.items() if value is tab]:
            self._detached(other)
        if self.shown is tab:
            self.shown = self._history[-1] if self._history else None
            if self.shown is not None and not self._ending:
                self.connection.send("Target.activateTarget", targetId=self.shown.target_id)
            self.notices.append("the tab was closed" + ("; the one seen before is shown" if self.shown else ""))

    def _described(self, target: Parameters) -> None:
        tab = next((each for each in self.tabs if each.target_id == target["targetId"]), None)
        if tab is not None:
            tab.title = str(target.get("title", ""))[:300]

    def _close_flooding(self, tab: Tab) -> None:
        """Close a tab that opens dialogs without an end: neither to end its script nor to leave the page helps."""
        self.notices.append(f"the page {quoted(address(tab.url))} opened one dialog after the other, and was closed")
        self.forget(tab)
        self.connection.send("Target.closeTarget", targetId=tab.target_id)
