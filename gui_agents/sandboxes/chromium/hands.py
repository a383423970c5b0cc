"""The pointer and the keyboard of a page, as the browser's input events. Each returns when the page has taken them."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from gui_agents.domain.actions import Button
from gui_agents.sandboxes.chromium.connection import Connection, UnansweredError
from gui_agents.sandboxes.chromium.keyboard import Stroke, strokes, typed
from gui_agents.sandboxes.chromium.tab import Tab

TAKEN_SECONDS: Final = 5.0
"""A page that has not taken an event after that hangs."""
NOTCH_PIXELS: Final = 100
DRAG_MOVES: Final = 8
KEYED_CHARACTERS: Final = 200
"""A longer text is put in as a whole, as an input method does: each key would take the page a millisecond."""
BITS: Final = {Button.LEFT: 1, Button.RIGHT: 2, Button.MIDDLE: 4}

Event = tuple[str, dict[str, Any]]


class Hands:
    """Moves, clicks and types on the pages of one browser."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def click(self, tab: Tab, x: int, y: int, button: Button, count: int) -> None:
        """Click so many times in a row."""
        events = [_mouse("mouseMoved", x, y)]
        for number in range(1, count + 1):
            held: dict[str, Any] = {"button": button.value, "clickCount": number}
            events.append(_mouse("mousePressed", x, y, buttons=BITS[button], **held))
            events.append(_mouse("mouseReleased", x, y, buttons=0, **held))
        await self._happen(tab, events)

    async def move(self, tab: Tab, x: int, y: int) -> None:
        """Move the pointer."""
        await self._happen(tab, [_mouse("mouseMoved", x, y)])

    async def drag(self, tab: Tab, start: tuple[int, int], end: tuple[int, int], button: Button) -> None:
        """Press at one place and release at another. What pages offer to be dragged is dropped there."""
        held: dict[str, Any] = {"button": button.value, "buttons": BITS[button]}
        tab.forget_drag()
        await self._happen(tab, [_mouse("mouseMoved", *start), _mouse("mousePressed", *start, clickCount=1, **held)])
        for number in range(1, DRAG_MOVES + 1):
            x, y = (a + (b - a) * number // DRAG_MOVES for a, b in zip(start, end, strict=True))
            await self._happen(tab, [_mouse("mouseMoved", x, y, **held)])
        if tab.drag is not None:
            place = {"x": end[0], "y": end[1], "data": tab.drag}
            kinds = ("dragEnter", "dragOver", "drop")
            await self._happen(tab, [("Input.dispatchDragEvent", {"type": kind, **place}) for kind in kinds])
        await self._happen(tab, [_mouse("mouseReleased", *end, clickCount=1, button=button.value, buttons=0)])

    async def scroll(self, tab: Tab, x: int, y: int, dx: int, dy: int) -> None:
        """Turn the wheel by so many notches."""
        turned = {"deltaX": dx * NOTCH_PIXELS, "deltaY": dy * NOTCH_PIXELS}
        await self._happen(tab, [_mouse("mouseMoved", x, y), _mouse("mouseWheel", x, y, **turned)])

    async def press(self, tab: Tab, keys: Sequence[str]) -> None:
        """Press the keys of a chord together."""
        await self._happen(tab, _keys(strokes(keys)))

    async def type(self, tab: Tab, text: str) -> None:
        """Type a text. The end of a line is the enter key, and a tabulator the tab key."""
        lines = text.replace("\r\n", "\n").replace("\r", "\n")
        keyed, run = len(lines) <= KEYED_CHARACTERS, ""
        for character in lines:
            key = _KEYS.get(character)
            if key is not None:
                await self._put(tab, run, keyed=keyed)
                run = ""
                await self.press(tab, [key])
            else:
                run += character
        await self._put(tab, run, keyed=keyed)

    async def _put(self, tab: Tab, text: str, *, keyed: bool) -> None:
        events: list[Event] = []
        for part in text if keyed else [text]:
            pressed = typed(part) if keyed else None
            events += [("Input.insertText", {"text": part})] if pressed is None else _keys(pressed)
        if text:
            await self._happen(tab, events)

    async def _happen(self, tab: Tab, events: Sequence[Event]) -> None:
        """Send events in one go, and wait until the page has taken all of them.

        Raises:
            UnansweredError: it has not; its script computes without a pause.
            PageInterruptedError: a dialog came up, or the page crashed.
        """
        taken = [self._connection.send(method, tab.session, **parameters) for method, parameters in events]
        try:
            async with asyncio.timeout(TAKEN_SECONDS):
                for each in taken:
                    await each
        except TimeoutError:
            raise UnansweredError(f"the page has taken no input for {TAKEN_SECONDS:g} s") from None
        finally:
            for each in taken:
                each.cancel()


_KEYS: Final = {"\n": "enter", "\t": "tab"}


def _mouse(kind: str, x: int, y: int, **more: Any) -> Event:
    return "Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **more}


def _keys(pressed: Sequence[Stroke]) -> list[Event]:
    return [("Input.dispatchKeyEvent", stroke) for stroke in pressed]
