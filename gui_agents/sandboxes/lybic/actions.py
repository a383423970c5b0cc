"""Our actions as Lybic's: of desktops (mouse and keyboard) and of phones (touch). Pure.

The SDK's models (lybic 1.4.0, `lybic.action`) have the names and types of the fields. A wheel that turns up is positive
there, and negative here.
"""

from collections.abc import Mapping
from typing import Any, Final

import attrs

from gui_agents.domain.actions import (
    Action,
    Button,
    Click,
    Drag,
    Key,
    LongPress,
    Move,
    OpenApp,
    Scroll,
    Type,
    Wait,
)
from gui_agents.domain.sandbox import TransientSandboxError, UnsupportedActionError
from gui_agents.sandboxes.lybic.keys import hotkey, plain_keys

DESKTOP: Final = frozenset(each.name for each in (Click, Move, Drag, Scroll, Type, Key, Wait))
"""What a desktop takes."""
MOBILE: Final = frozenset(each.name for each in (Click, Drag, Scroll, Type, Key, LongPress, OpenApp, Wait))
"""What a phone takes."""
CLICKS: Final = {1: "mouse:click", 2: "mouse:doubleClick", 3: "mouse:tripleClick"}
BUTTONS: Final[Mapping[Button, int]] = {Button.LEFT: 1, Button.RIGHT: 2, Button.MIDDLE: 4}
PHONE_KEYS: Final = {"back": "android:back", "home": "android:home"}
NOTCH_PIXELS: Final = 120
"""That a phone's screen moves for a notch of a wheel."""
MAX_DISTORTION: Final = 0.02

Call = Mapping[str, Any]
"""An action in Lybic's words."""


@attrs.frozen
class Screen:
    """The screen that the model saw, and the one that Lybic's coordinates are on."""

    width: int
    height: int
    real: tuple[int, int]
    """Width and height that Lybic tells; they differ if the picture was scaled."""

    @classmethod
    def of(cls, width: int, height: int, told: tuple[int, int] | None) -> "Screen":
        """Return the screen of a picture. What Lybic tells of its size counts if it has the picture's proportions."""
        if told is None or abs(told[0] * height - told[1] * width) > told[1] * width * MAX_DISTORTION:
            return cls(width, height, (width, height))
        return cls(width, height, told)

    def x(self, pixels: int) -> Call:
        """Return a place from the left edge."""
        return _length(pixels, self.width, self.real[0], "x")

    def y(self, pixels: int) -> Call:
        """Return a place from the top edge."""
        return _length(pixels, self.height, self.real[1], "y")


def desktop_call(action: Action, screen: Screen) -> Call:
    """Return an action of a desktop.

    Raises:
        UnsupportedActionError: a desktop does not take it.
        TransientSandboxError: it leaves the screen, or names a key that does not exist.
    """
    match action:
        case Click(x, y, button, count):
            return {"type": CLICKS[count], "x": screen.x(x), "y": screen.y(y), "button": BUTTONS[button]}
        case Move(x, y):
            return {"type": "mouse:move", "x": screen.x(x), "y": screen.y(y)}
        case Drag(_, _, _, _, button):
            return {"type": "mouse:drag", **_way(action, screen), "button": BUTTONS[button]}
        case Scroll(x, y, dx, dy):
            steps = {"stepVertical": -dy, "stepHorizontal": dx}
            return {"type": "mouse:scroll", "x": screen.x(x), "y": screen.y(y), **steps}
        case Type(text):
            return _typed(text)
        case Key(keys):
            return {"type": "keyboard:hotkey", "keys": hotkey(keys)}
    raise UnsupportedActionError(f"a desktop of Lybic cannot {action.name}")


def mobile_call(action: Action, screen: Screen) -> Call:  # noqa: PLR0911 - one line for each action
    """Return an action of a phone.

    Raises:
        UnsupportedActionError: a phone does not take it.
        TransientSandboxError: it leaves the screen, or is possible with a mouse or a keyboard only.
    """
    match action:
        case Click(x, y, Button.LEFT, 1):
            return {"type": "touch:tap", "x": screen.x(x), "y": screen.y(y)}
        case Click():
            raise TransientSandboxError("a phone takes one tap at a time, with no button; tap once, or use long_press")
        case Drag():
            return {"type": "touch:drag", **_way(action, screen)}
        case Scroll():
            return _swipe(action, screen)
        case LongPress(x, y, seconds):
            duration = max(1, round(seconds * 1000))
            return {"type": "touch:longPress", "x": screen.x(x), "y": screen.y(y), "duration": duration}
        case Type(text):
            return _typed(text)
        case Key(keys):
            return {"type": _phone_key(keys)}
        case OpenApp(app):
            return {"type": "os:startAppByName", "name": app}
    raise UnsupportedActionError(f"a phone of Lybic cannot {action.name}")


def extra_seconds(action: Action) -> float:
    """Return how much longer than other calls an action may take."""
    match action:
        case Type(text):
            return len(text) * 0.05
        case LongPress(_, _, seconds):
            return seconds
    return 0.0


def outcome(action: Action) -> str:  # noqa: PLR0911 - one line for each action
    """Return in a few words what was done."""
    match action:
        case Click(x, y, _, count):
            return f"clicked at ({x}, {y})" + (f" {count} times" if count > 1 else "")
        case Move(x, y):
            return f"moved to ({x}, {y})"
        case Drag(x, y, to_x, to_y):
            return f"dragged from ({x}, {y}) to ({to_x}, {to_y})"
        case Scroll(x, y):
            return f"scrolled at ({x}, {y})"
        case Type(text):
            return f"typed {len(text)} characters"
        case Key(keys):
            return f"pressed {'+'.join(keys)}"
        case LongPress(x, y, seconds):
            return f"pressed ({x}, {y}) for {seconds:g} s"
        case OpenApp(app):
            return f"opened {app}"
    return action.name


def _length(pixels: int, extent: int, real: int, axis: str) -> Call:
    if not 0 <= pixels < extent:
        raise TransientSandboxError(f"{axis}={pixels} is outside of the screen, which has {extent} pixels there")
    return _px(pixels if real == extent else min(real - 1, round((pixels + 0.5) * real / extent - 0.5)))


def _px(pixels: int) -> Call:
    return {"type": "px", "value": pixels}


def _way(action: Drag, screen: Screen) -> Call:
    return {
        "startX": screen.x(action.x),
        "startY": screen.y(action.y),
        "endX": screen.x(action.to_x),
        "endY": screen.y(action.to_y),
    }


def _typed(text: str) -> Call:
    return {"type": "keyboard:type", "content": text, "treatNewLineAsEnter": True}


def _swipe(action: Scroll, screen: Screen) -> Call:
    if bool(action.dx) == bool(action.dy):
        raise TransientSandboxError("a phone scrolls in one direction at a time; give dx or dy")
    notches, extent = (action.dx, screen.real[0]) if action.dx else (action.dy, screen.real[1])
    # What scrolls down is a finger that moves up.
    direction = ("left" if notches > 0 else "right") if action.dx else ("up" if notches > 0 else "down")
    distance = _px(min(abs(notches) * NOTCH_PIXELS, extent // 2))
    where = {"x": screen.x(action.x), "y": screen.y(action.y)}
    return {"type": "touch:swipe", **where, "direction": direction, "distance": distance}


def _phone_key(keys: tuple[str, ...]) -> str:
    plain = plain_keys(keys)
    if len(plain) == 1 and plain[0] in PHONE_KEYS:
        return PHONE_KEYS[plain[0]]
    raise TransientSandboxError(f"a phone has no key {'+'.join(plain)}; it has back and home")
