"""One tab, as the browser's events tell of it: its frames, what it loads, and the dialog that stands before it."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from enum import StrEnum, unique
from typing import Any, Final
from urllib.parse import urlsplit

import attrs

from gui_agents.domain.sandbox import SandboxError
from gui_agents.sandboxes.chromium.connection import CommandError, Parameters
from gui_agents.sandboxes.chromium.words import address, quoted

MAX_NOTICES: Final = 5
MAX_DIALOGS: Final = 10
"""Dialogs that one document may open; with the next one its tab is closed."""
BACKGROUND: Final = frozenset({"EventSource", "Media", "Other", "Ping", "Prefetch", "WebSocket", "CSPViolationReport"})
"""Requests that nobody waits for."""


class PageInterruptedError(CommandError):
    """A page has not answered because a dialog came up before it, or because it crashed."""


@unique
class DialogType(StrEnum):
    """The kinds of dialogs, as the browser spells them."""

    ALERT = "alert"
    CONFIRM = "confirm"
    PROMPT = "prompt"
    BEFOREUNLOAD = "beforeunload"


@attrs.define
class Dialog:
    """An open dialog of a page."""

    type: DialogType
    message: str
    text: str = ""
    """For a prompt: what its field holds."""
    fresh: bool = True
    """Whether the text is selected as a whole: what is typed replaces it."""


@attrs.define(eq=False)
class Frame:
    """One frame of a page."""

    frame_id: str
    session: str
    """The session in which it can be reached: frames of other sites are processes of their own."""
    parent: str | None
    context: int | None = None
    """Our world of scripts in its document; None until it was made."""
    owned: int | None = None
    """The parent's world that knows the element of this frame."""


@attrs.frozen
class Answer:
    """What a server answered to the last navigation."""

    status: int
    proxy: str
    """What our proxy said of it; empty if it is the site's answer."""


class Tab:
    """One page of the browser."""

    def __init__(self, target_id: str, session: str, interrupt: Callable[[str, SandboxError], None]) -> None:
        self.target_id: Final = target_id
        self.session: Final = session
        self.title = ""
        self.url = "about:blank"
        self.frames: dict[str, Frame] = {target_id: Frame(target_id, session, None)}
        self.sessions = {session}
        """Of the page and of its frames of other sites."""
        self.dialog: Dialog | None = None
        self.crashed = False
        self.loading = False
        self.leaving_since: float | None = None
        """Monotonic: since when another document was asked for that has not come. Until then the page is deaf."""
        self.came_to_nothing = False
        """Whether the last navigation ended without a document: a download, most often, of which an event follows."""
        self.requests: dict[str, str] = {}
        """Requests on their way, by id, with their type; known only during an action."""
        self.notices: deque[str] = deque(maxlen=MAX_NOTICES)
        """What an action brought about, in words."""
        self.answer: Answer | None = None
        self.failure = ""
        """The network's error of the last navigation."""
        self.drag: Parameters | None = None
        self.flooded = False
        """Whether it opens more dialogs than anybody can answer."""
        self._dialogs = 0
        self._interrupt = interrupt
        self._changed = asyncio.Event()

    @property
    def root(self) -> Frame:
        """The frame of the page itself."""
        return self.frames[self.target_id]

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition holds that only events change; False if it does not in time."""
        if condition():
            return True
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    @property
    def comes(self) -> bool:
        """Whether a document is on its way."""
        return self.loading or self.leaving_since is not None

    def forget_drag(self) -> None:
        """Forget what the page offered to be dragged."""
        self.drag = None

    def forget_answer(self) -> None:
        """Forget what became of the last navigation."""
        self.failure, self.answer = "", None

    def stopped(self) -> None:
        """Know that nothing is on its way any more."""
        self.leaving_since, self.loading = None, False

    async def explained(self, seconds: float) -> None:
        """If a navigation ended without a document, wait until it is known why, but not for long."""
        if self.came_to_nothing:
            await self.until(lambda: bool(self.notices), seconds)
            self.came_to_nothing = False

    def interrupted(self, error: SandboxError) -> None:
        """Fail all commands that wait for the page."""
        for session in self.sessions:
            self._interrupt(session, error)

    def attached(self, frame_id: str, session: str, parent: str | None) -> None:
        """Know a frame of another site, which has a session of its own."""
        self.sessions.add(session)
        self.frames[frame_id] = Frame(frame_id, session, parent)

    def detached(self, session: str) -> None:
        """Forget a session, and the frames that are still in it."""
        self.sessions.discard(session)
        self.frames = {key: frame for key, frame in self.frames.items() if frame.session != session}

    def on_event(self, session: str, method: str, parameters: Parameters) -> None:
        """Change as an event says."""
        handler = _HANDLERS.get(method)
        if handler is not None:
            handler(self, session, parameters)
            self._changed.set()
            self._changed.clear()

    def note(self, text: str) -> None:
        """Keep something to tell, once."""
        if text not in self.notices:
            self.notices.append(text)

    def _is_root(self, parameters: Parameters) -> bool:
        return bool(parameters.get("frameId") == self.target_id)

    def _frame_attached(self, session: str, parameters: Parameters) -> None:
        frame_id = parameters["frameId"]
        self.frames[frame_id] = Frame(frame_id, session, parameters["parentFrameId"])

    def _frame_navigated(self, session: str, parameters: Parameters) -> None:
        told = parameters["frame"]
        frame_id = told["id"]
        if frame_id == self.target_id:
            self.url = told.get("unreachableUrl") or told["url"]
            self.leaving_since = None
            self.crashed, self.dialog = False, None
            self._dialogs, self.flooded = 0, False
            self.frames = {frame_id: Frame(frame_id, session, None)}
            return
        self.frames[frame_id] = Frame(frame_id, session, told.get("parentId"))

    def _frame_detached(self, session: str, parameters: Parameters) -> None:
        frame = self.frames.get(parameters["frameId"])
        if frame is not None and frame.session == session and frame.parent is not None:
            del self.frames[frame.frame_id]

    def _within_document(self, _session: str, parameters: Parameters) -> None:
        if self._is_root(parameters):
            self.url = parameters["url"]

    def _started_navigating(self, _session: str, parameters: Parameters) -> None:
        if self._is_root(parameters) and parameters["navigationType"] not in ("sameDocument", "historySameDocument"):
            self.leaving_since = time.monotonic()
            self.forget_answer()
            self.came_to_nothing = False

    def _started_loading(self, _session: str, parameters: Parameters) -> None:
        if self._is_root(parameters):
            self.loading = True

    def _stopped_loading(self, _session: str, parameters: Parameters) -> None:
        if self._is_root(parameters):
            self.came_to_nothing = self.leaving_since is not None
            self.loading, self.leaving_since = False, None

    def _scheduled(self, _session: str, parameters: Parameters) -> None:
        scheme = urlsplit(parameters["url"]).scheme
        if scheme not in ("http", "https", "about", "blob", "data", "javascript", ""):
            self.note(f"the link {quoted(address(parameters['url']))} is not opened: only http and https are")

    def _dialog_opening(self, _session: str, parameters: Parameters) -> None:
        kind = DialogType(parameters["type"])
        self.dialog = Dialog(kind, str(parameters["message"])[:2000], str(parameters.get("defaultPrompt") or "")[:1000])
        self._dialogs += 1
        self.flooded = self._dialogs > MAX_DIALOGS
        self.interrupted(PageInterruptedError("a dialog came up"))

    def _dialog_closed(self, _session: str, _parameters: Parameters) -> None:
        self.dialog = None

    def _target_crashed(self, session: str, _parameters: Parameters) -> None:
        if session == self.session:
            self.crashed, self.dialog, self.loading, self.leaving_since = True, None, False, None
            self.requests.clear()
        else:
            self.note("a part of the page crashed, and is empty now")
        self._interrupt(session, PageInterruptedError("the page crashed"))

    def _file_chooser(self, _session: str, _parameters: Parameters) -> None:
        self.note("the page asks for a file to upload; uploads are refused, so the question was cancelled")

    def _download(self, _session: str, parameters: Parameters) -> None:
        self.note(f"the download of {quoted(parameters.get('suggestedFilename', ''))} was refused: downloads are off")

    def _request_sent(self, _session: str, parameters: Parameters) -> None:
        if parameters.get("type") not in BACKGROUND:
            self.requests[parameters["requestId"]] = str(parameters.get("type"))

    def _request_ended(self, _session: str, parameters: Parameters) -> None:
        self.requests.pop(parameters["requestId"], None)

    def _request_failed(self, session: str, parameters: Parameters) -> None:
        self._request_ended(session, parameters)
        if session == self.session and parameters.get("type") == "Document" and not parameters.get("canceled"):
            self.failure = parameters.get("errorText", "")

    def _response(self, _session: str, parameters: Parameters) -> None:
        if self._is_root(parameters) and parameters.get("type") == "Document":
            response: dict[str, Any] = parameters["response"]
            headers = {name.lower(): value for name, value in response.get("headers", {}).items()}
            self.answer = Answer(int(response["status"]), str(headers.get("proxy-status", ""))[:300])

    def _drag_intercepted(self, _session: str, parameters: Parameters) -> None:
        self.drag = parameters["data"]


_HANDLERS: Final[dict[str, Callable[[Tab, str, Parameters], None]]] = {
    "Page.frameAttached": Tab._frame_attached,  # noqa: SLF001 - a table of this class's own methods
    "Page.frameNavigated": Tab._frame_navigated,  # noqa: SLF001
    "Page.frameDetached": Tab._frame_detached,  # noqa: SLF001
    "Page.navigatedWithinDocument": Tab._within_document,  # noqa: SLF001
    "Page.frameStartedNavigating": Tab._started_navigating,  # noqa: SLF001
    "Page.frameStartedLoading": Tab._started_loading,  # noqa: SLF001
    "Page.frameStoppedLoading": Tab._stopped_loading,  # noqa: SLF001
    "Page.frameScheduledNavigation": Tab._scheduled,  # noqa: SLF001
    "Page.javascriptDialogOpening": Tab._dialog_opening,  # noqa: SLF001
    "Page.javascriptDialogClosed": Tab._dialog_closed,  # noqa: SLF001
    "Page.fileChooserOpened": Tab._file_chooser,  # noqa: SLF001
    "Page.downloadWillBegin": Tab._download,  # noqa: SLF001
    "Inspector.targetCrashed": Tab._target_crashed,  # noqa: SLF001
    "Network.requestWillBeSent": Tab._request_sent,  # noqa: SLF001
    "Network.loadingFinished": Tab._request_ended,  # noqa: SLF001
    "Network.loadingFailed": Tab._request_failed,  # noqa: SLF001
    "Network.responseReceived": Tab._response,  # noqa: SLF001
    "Input.dragIntercepted": Tab._drag_intercepted,  # noqa: SLF001
}
