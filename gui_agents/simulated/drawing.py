"""A scene -> PNG. Pure, and slow beside everything else here: it runs in a worker thread, and only when asked for."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from io import BytesIO
from typing import Final

from PIL import Image

from gui_agents.domain.screen import Bounds
from gui_agents.simulated.apps import APPS
from gui_agents.simulated.painter import Painter, spelled, width_of, wrapped
from gui_agents.simulated.theme import DARK, LIGHT, Colour, Theme
from gui_agents.simulated.widgets import HEIGHT, WIDTH, Scene, Widget, inset

Points = Sequence[tuple[float, float]]

_LINE_HEIGHT: Final = 21
_LONGEST_LINE: Final = 500
_KEY_HEIGHT: Final = 50
"""From here on a button is a calculator's key."""
_BAR: Final[Points] = ((-8, 0), (8, 0))
_SIGNS: Final[Mapping[str, Sequence[Points]]] = {
    "×": (((-6, -6), (6, 6)), ((-6, 6), (6, -6))),
    "÷": (_BAR,),
    "-": (_BAR,),
    "+": (_BAR, ((0, -8), (0, 8))),
    "=": (((-8, -4), (8, -4)), ((-8, 4), (8, 4))),
}
"""Signs as lines, relative to the middle of a button."""
_THIN_SIGNS: Final[Mapping[str, Sequence[Points]]] = {
    "Backspace": (
        ((-4, -8), (12, -8), (12, 8), (-4, 8), (-12, 0)),
        ((-12, 0), (-4, -8)),
        ((1, -3), (7, 3)),
        ((1, 3), (7, -3)),
    ),
    "Close": (((-4, -4), (4, 4)), ((-4, 4), (4, -4))),
    "Minimize": (((-4, 3), (4, 3)),),
}
_SURFACES: Final[Mapping[str, tuple[str, int, int]]] = {
    "window": ("window", 10, 18),
    "dialog": ("title", 12, 14),
    "list": ("raised", 8, 0),
    "switch": ("raised", 10, 0),
    "card": ("raised", 10, 0),
}
"""Roles and looks that stand out: the theme's colour, the radius of the corners, and how far the shadow reaches."""
_ARROW: Final[Points] = ((0, 0), (0, 17), (4, 13), (7, 19), (10, 18), (7, 12), (12, 12), (0, 0))


def render_png(scene: Scene, *, dark: bool, pointer: tuple[int, int]) -> bytes:
    """Draw a scene and encode it; the level of compression is chosen for speed."""
    file = BytesIO()
    draw(scene, dark=dark, pointer=pointer).save(file, "PNG", compress_level=1)
    return file.getvalue()


def draw(scene: Scene, *, dark: bool, pointer: tuple[int, int]) -> Image.Image:
    """Draw a scene, each widget over those before it, and the pointer over all."""
    theme = DARK if dark else LIGHT
    image = _wallpaper(dark).copy()
    painter = Painter(image)
    for widget in scene:
        if widget.shown == widget.bounds:
            _Brush(painter, theme, widget).paint()
        elif widget.is_shown:
            with painter.clipped(widget.shown) as clipped:
                _Brush(clipped, theme, widget).paint()
    painter.polygon(_moved(_ARROW, *pointer), (255, 255, 255))
    painter.line(_moved(_ARROW, *pointer), (20, 24, 36), 1.3)
    return image


@lru_cache(maxsize=2)
def _wallpaper(dark: bool) -> Image.Image:  # noqa: FBT001 - a key of the cache
    theme = DARK if dark else LIGHT
    gradient = Image.linear_gradient("L").resize((WIDTH, HEIGHT))
    top, bottom = (Image.new("RGB", (WIDTH, HEIGHT), end) for end in (theme.wallpaper_top, theme.wallpaper_bottom))
    image = Image.composite(bottom, top, gradient)
    painter = Painter(image)
    for x, y, radius in ((1010, -60, 330), (1180, 560, 260), (250, 700, 300)):
        painter.veil(Bounds(x - radius, y - radius, 2 * radius, 2 * radius), theme.wallpaper_shape, 14, radius)
    return image


def _moved(points: Points, x: float, y: float) -> list[tuple[float, float]]:
    return [(x + dx, y + dy) for dx, dy in points]


class _Brush:
    """Paints one widget: the method `_window` paints a widget of the role `window`, and so on."""

    def __init__(self, painter: Painter, theme: Theme, widget: Widget) -> None:
        self.painter, self.theme, self.widget = painter, theme, widget
        self.box = widget.bounds
        self.colour = theme.faint if "disabled" in widget.states else theme.text

    def paint(self) -> None:
        role = self.widget.role or self.widget.look
        if role in _SURFACES:
            colour, radius, spread = _SURFACES[role]
            if spread:
                self.painter.shadow(self.box, spread)
            self._focus(self.box, radius)
            self.painter.framed(self.box, getattr(self.theme, colour), self.theme.border, radius)
        getattr(self, f"_{role}", lambda: None)()

    def _is(self, state: str) -> bool:
        return state in self.widget.states

    def _part(self, left: int, top: int, right: int, height: int) -> Bounds:
        """Return a strip of the widget, given by its distances from the left, the top and the right edge."""
        return Bounds(self.box.x + left, self.box.y + top, self.box.width - left - right, height)

    def _row(self, left: int, right: int) -> Bounds:
        return self._part(left, 0, right, self.box.height)

    def _focus(self, box: Bounds, radius: int, width: int = 4) -> None:
        if self._is("focused"):
            self.painter.rounded(inset(box, -width), self.theme.accent, radius + width)
            self.painter.rounded(inset(box, 2 - width), self.theme.window, radius + width - 2)

    def _lines(self, lines: Sequence[Points], x: float, y: float, colour: Colour, width: float = 2) -> None:
        for points in lines:
            self.painter.line(_moved(points, x, y), colour, width)

    # Roles

    def _icon(self) -> None:
        if self._is("selected"):
            self.painter.veil(self.box, self.theme.icon_text, 60, 10)
        self.painter.icon(APPS[self.widget.name].icon, self.box.x + (self.box.width - 48) // 2, self.box.y + 10, 48)
        self.painter.text(self.widget.name, self._part(0, 64, 0, 22), self.theme.icon_text, 14, "center")

    def _titlebar(self) -> None:
        colour = self.theme.title_inactive if self.widget.look == "inactive" else self.theme.title
        self.painter.rounded(self._part(1, 1, 1, self.box.height), colour, 9)
        self.painter.rounded(self._part(1, 20, 1, 20), colour, 0)
        self.painter.rounded(self._part(1, self.box.height - 1, 1, 1), self.theme.border, 0)
        self.painter.icon(APPS[self.widget.owner].icon, self.box.x + 12, self.box.y + 9, 22)
        self.painter.text(self.widget.name, self._row(44, 86), self.theme.text)

    def _button(self) -> None:
        theme, look, name = self.theme, self.widget.look, self.widget.name
        if look == "task":
            self._task()
            return
        self._focus(self.box, 8)
        colour = self.colour
        if look == "title":
            self.painter.rounded(self.box, theme.button_strong, 8)
        elif look in ("primary", "danger") and not self._is("disabled"):
            fill, colour = theme.accent if look == "primary" else theme.danger, theme.on_accent
            self.painter.framed(self.box, fill, fill, 8)
        else:
            self.painter.framed(self.box, theme.button_strong if look == "operator" else theme.button, theme.border, 8)
        x, y = self.box.x + self.box.width / 2, self.box.y + self.box.height / 2
        if name in _SIGNS:
            self._lines(_SIGNS[name], x, y, colour)
        elif name in _THIN_SIGNS:
            self._lines(_THIN_SIGNS[name], x, y, colour, 1.6)
        else:
            self.painter.text(name, self.box, colour, 22 if self.box.height >= _KEY_HEIGHT else 15, "center")
        if name == "÷":
            self.painter.circle(x, y - 7, 2, colour)
            self.painter.circle(x, y + 7, 2, colour)

    def _task(self) -> None:
        if self._is("active"):
            self.painter.rounded(inset(self.box, 4), self.theme.selection, 10)
        self.painter.icon(APPS[self.widget.name].icon, self.box.x + 12, self.box.y + 11, 32)
        if self._is("open"):
            width = 18 if self._is("active") else 6
            mark = Bounds(self.box.x + (self.box.width - width) // 2, self.box.y + self.box.height - 8, width, 3)
            self.painter.rounded(mark, self.theme.accent, 2)

    def _textbox(self) -> None:
        focused = self._is("focused")
        border = self.theme.accent if focused else self.theme.border
        self.painter.framed(self.box, self.theme.raised, border, 8, 2 if focused else 1)
        with self.painter.clipped(inset(self.box, 3)) as inner:
            (self._area if self._is("multiline") else self._line)(inner, inset(self.box, 10))

    def _line(self, inner: Painter, box: Bounds) -> None:
        value = self.widget.value
        text = spelled(value[-_LONGEST_LINE:])
        before = self.widget.mark - max(len(value) - _LONGEST_LINE, 0)
        caret = width_of(text[: max(before, 0)], 15)
        x = box.x - round(max(caret - box.width, 0))
        if self._is("selected") and text:
            width = min(round(width_of(text, 15)), box.width)
            inner.rounded(Bounds(max(x, box.x), box.y - 1, width, box.height + 2), self.theme.selection, 2)
        inner.line_of_text(text, x, self.box.y + (self.box.height - 18) // 2, self.colour)
        if self._is("focused") and not self._is("selected"):
            inner.rounded(Bounds(x + round(caret), box.y, 2, box.height), self.theme.accent, 0)

    def _area(self, inner: Painter, box: Bounds) -> None:
        lines = wrapped(self.widget.value[-20_000:], 15, box.width)
        rows = max(box.height // _LINE_HEIGHT, 1)
        first = max(len(lines) - rows - self.widget.mark, 0)
        for row, line in enumerate(lines[first : first + rows]):
            top = box.y + row * _LINE_HEIGHT
            if self._is("selected") and line:
                inner.rounded(Bounds(box.x - 2, top, round(width_of(line, 15)) + 4, 20), self.theme.selection, 2)
            inner.line_of_text(line, box.x, top + 1, self.colour)
        last = len(lines) - 1 - first
        if self._is("focused") and not self._is("selected") and 0 <= last < rows:
            x = box.x + round(width_of(lines[-1], 15)) + 1
            inner.rounded(Bounds(x, box.y + last * _LINE_HEIGHT, 2, 19), self.theme.accent, 0)

    def _text(self) -> None:
        value, muted = self.widget.value, self.theme.muted
        match self.widget.look:
            case "display":
                size = 34 if len(value) <= 14 else 22 if len(value) <= 24 else 14  # noqa: PLR2004 - what fits
                self.painter.text(value, self.box, self.colour, size, "right")
            case "banner":
                self.painter.rounded(self.box, self.theme.button_strong, 8)
                self.painter.text(value, inset(self.box, 12), self.theme.text, 14)
            case look:
                self.painter.text(value, self.box, muted, 14, "right" if look == "right" else "left")

    def _label(self) -> None:
        look = (self.theme.text, 15) if self.widget.look == "row" else (self.theme.muted, 14)
        self.painter.text(self.widget.name, self.box, *look)

    def _checkbox(self) -> None:
        mark = Bounds(self.box.x + 2, self.box.y + (self.box.height - 22) // 2, 22, 22)
        self._focus(mark, 6, 3)
        self.painter.framed(mark, self.theme.raised, self.theme.muted, 6)
        if self._is("checked"):
            self.painter.rounded(mark, self.theme.accent, 6)
            tick = ((5.5, 11.5), (9.5, 15.5), (16.5, 7))
            self._lines((tick,), mark.x, mark.y, self.theme.on_accent, 2.2)
        self.painter.text(self.widget.name, self._row(36, 4), self.colour)

    def _radio(self) -> None:
        theme, checked = self.theme, self._is("checked")
        border, fill = (theme.accent, theme.selection) if checked else (theme.border, theme.raised)
        self._focus(self.box, 8)
        self.painter.framed(self.box, fill, border, 8)
        x, y = self.box.x + 20, self.box.y + self.box.height / 2
        self.painter.circle(x, y, 8, border)
        self.painter.circle(x, y, 3 if checked else 7, theme.on_accent if checked else theme.raised)
        self.painter.text(self.widget.name, self._row(38, 6), self.colour)

    def _switch(self) -> None:
        theme, on = self.theme, self._is("checked")
        self.painter.text(self.widget.name, self._part(16, 9, 84, 22), self.colour, 16)
        self.painter.text(self.widget.look, self._part(16, 31, 84, 20), theme.muted, 13)
        track = Bounds(self.box.x + self.box.width - 62, self.box.y + (self.box.height - 26) // 2, 46, 26)
        fill, border = (theme.accent, theme.accent) if on else (theme.button_strong, theme.faint)
        self.painter.framed(track, fill, border, 13)
        self.painter.circle(track.x + (33 if on else 13), track.y + 13, 9, theme.on_accent if on else theme.muted)

    def _slider(self) -> None:
        box, theme = self.box, self.theme
        y = box.y + box.height // 2
        x = box.x + round(int(self.widget.value) * (box.width - 1) / 100)
        self.painter.rounded(Bounds(box.x, y - 3, box.width, 6), theme.button_strong, 3)
        self.painter.rounded(Bounds(box.x, y - 3, x - box.x + 1, 6), theme.accent, 3)
        if self._is("focused"):
            self.painter.circle(x, y, 13, theme.selection)
        self.painter.circle(x, y, 10, theme.accent)
        self.painter.circle(x, y, 4, theme.on_accent)

    def _listitem(self) -> None:
        if self._is("selected"):
            self.painter.rounded(self._part(3, 2, 3, self.box.height - 4), self.theme.selection, 6)
        sheet = Bounds(self.box.x + 14, self.box.y + 8, 14, 18)
        self.painter.framed(sheet, self.theme.window, self.theme.muted, 3)
        for line in range(3):
            self.painter.rounded(Bounds(sheet.x + 4, sheet.y + 5 + 4 * line, 6, 1), self.theme.muted, 0)
        self.painter.text(self.widget.name, self._row(40, 100), self.colour)
        self.painter.text(self.widget.value, self._row(self.box.width - 96, 16), self.theme.muted, 14, "right")

    def _scrollbar(self) -> None:
        self.painter.rounded(inset(self.box, 2), self.theme.faint, 3)

    def _dialog(self) -> None:
        self.painter.text(self.widget.name, self._part(24, 16, 24, 28), self.theme.text, 18)

    def _taskbar(self) -> None:
        self.painter.rounded(self.box, self.theme.taskbar, 0)
        self.painter.rounded(self._part(0, 0, 0, 1), self.theme.border, 0)

    def _alert(self) -> None:
        self.painter.shadow(self.box, 12)
        self.painter.rounded(self.box, self.theme.toast, 12)
        x, y = self.box.x + 28, self.box.y + 28
        self.painter.circle(x, y, 11, self.theme.accent)
        self._lines((((-5, 0), (-1, 4), (5, -4)),), x, y, self.theme.on_accent)
        self.painter.text(self.widget.name, self._row(52, 16), self.theme.toast_text)

    def _scrim(self) -> None:
        self.painter.veil(self.box, (10, 14, 28), 110, 10)

    def _asked(self) -> None:
        self.painter.text(self.widget.value, self.box, self.theme.muted, 15, "right")
