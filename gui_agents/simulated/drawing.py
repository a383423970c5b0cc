"""A scene -> PNG. Pure, and slow beside everything else here: it runs in a worker thread, and only when asked for."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from io import BytesIO
from typing import Final

from PIL import Image

from gui_agents.domain.screen import Bounds
from gui_agents.simulated.apps import APPS
from gui_agents.simulated.icons import Block
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
        self._painter, self._theme, self._widget = painter, theme, widget
        self._box = widget.bounds
        self._colour = theme.faint if "disabled" in widget.states else theme.text

    def paint(self) -> None:
        paint = getattr(self, f"_{self._widget.role or 'decoration'}", None)
        if paint is not None:
            paint()

    def _is(self, state: str) -> bool:
        return state in self._widget.states

    def _part(self, left: int, top: int, right: int, height: int) -> Bounds:
        """Return a strip of the widget, given by its distances from the left, the top and the right edge."""
        return Bounds(self._box.x + left, self._box.y + top, self._box.width - left - right, height)

    def _row(self, left: int, right: int) -> Bounds:
        return self._part(left, 0, right, self._box.height)

    def _middle(self) -> tuple[float, float]:
        return self._box.x + self._box.width / 2, self._box.y + self._box.height / 2

    def _focus(self, box: Bounds, radius: int, width: int = 4) -> None:
        if self._is("focused"):
            self._painter.rounded(inset(box, -width), self._theme.accent, radius + width)
            self._painter.rounded(inset(box, 2 - width), self._theme.window, radius + width - 2)

    def _lines(self, lines: Sequence[Points], x: float, y: float, colour: Colour, width: float = 2) -> None:
        for points in lines:
            self._painter.line(_moved(points, x, y), colour, width)

    def _app_icon(self, app: str, left: int, top: int, size: int) -> None:
        x, y, unit = self._box.x + left, self._box.y + top, size / 100
        self._painter.rounded(Bounds(x, y, size, size), APPS[app].icon.plate, size // 4)
        for shape in APPS[app].icon.shapes:
            if isinstance(shape, Block):
                corner = round(x + shape.x * unit), round(y + shape.y * unit)
                extent = max(round(shape.width * unit), 1), max(round(shape.height * unit), 1)
                radius = shape.radius if shape.radius >= 1 else shape.radius * size
                self._painter.rounded(Bounds(*corner, *extent), shape.colour, int(radius))
            else:
                self._painter.circle(x + shape.x * unit, y + shape.y * unit, shape.radius * unit, shape.colour)

    # Roles

    def _icon(self) -> None:
        if self._is("selected"):
            self._painter.veil(self._box, self._theme.icon_text, 60, 10)
        self._app_icon(self._widget.name, (self._box.width - 48) // 2, 10, 48)
        self._painter.text(self._widget.name, self._part(0, 64, 0, 22), self._theme.icon_text, 14, "center")

    def _window(self) -> None:
        self._painter.shadow(self._box)
        self._painter.framed(self._box, self._theme.window, self._theme.border, 10)

    def _titlebar(self) -> None:
        colour = self._theme.title_inactive if self._widget.look == "inactive" else self._theme.title
        self._painter.rounded(self._part(1, 1, 1, self._box.height), colour, 9)
        self._painter.rounded(self._part(1, 20, 1, 20), colour, 0)
        self._painter.rounded(self._part(1, self._box.height - 1, 1, 1), self._theme.border, 0)
        self._app_icon(self._widget.owner, 12, 9, 22)
        self._painter.text(self._widget.name, self._row(44, 86), self._theme.text)

    def _button(self) -> None:
        theme, look, name = self._theme, self._widget.look, self._widget.name
        if look == "task":
            self._task()
            return
        self._focus(self._box, 8)
        colour = self._colour
        if look == "title":
            self._painter.rounded(self._box, theme.button_strong, 8)
        elif look in ("primary", "danger") and not self._is("disabled"):
            fill, colour = theme.accent if look == "primary" else theme.danger, theme.on_accent
            self._painter.framed(self._box, fill, fill, 8)
        else:
            self._painter.framed(
                self._box, theme.button_strong if look == "operator" else theme.button, theme.border, 8
            )
        x, y = self._middle()
        if name in _SIGNS:
            self._lines(_SIGNS[name], x, y, colour)
        elif name in _THIN_SIGNS:
            self._lines(_THIN_SIGNS[name], x, y, colour, 1.6)
        else:
            self._painter.text(name, self._box, colour, 22 if self._box.height >= _KEY_HEIGHT else 15, "center")
        if name == "÷":
            self._painter.circle(x, y - 7, 2, colour)
            self._painter.circle(x, y + 7, 2, colour)

    def _task(self) -> None:
        if self._is("active"):
            self._painter.rounded(inset(self._box, 4), self._theme.selection, 10)
        self._app_icon(self._widget.name, 12, 11, 32)
        if self._is("open"):
            width = 18 if self._is("active") else 6
            mark = Bounds(self._box.x + (self._box.width - width) // 2, self._box.y + self._box.height - 8, width, 3)
            self._painter.rounded(mark, self._theme.accent, 2)

    def _textbox(self) -> None:
        focused = self._is("focused")
        border = self._theme.accent if focused else self._theme.border
        self._painter.framed(self._box, self._theme.raised, border, 8, 2 if focused else 1)
        with self._painter.clipped(inset(self._box, 3)) as inner:
            (self._area if self._is("multiline") else self._line)(inner, inset(self._box, 10))

    def _line(self, inner: Painter, box: Bounds) -> None:
        value = self._widget.value
        text = spelled(value[-_LONGEST_LINE:])
        before = self._widget.mark - max(len(value) - _LONGEST_LINE, 0)
        caret = width_of(text[: max(before, 0)], 15)
        x = box.x - round(max(caret - box.width, 0))
        if self._is("selected") and text:
            width = min(round(width_of(text, 15)), box.width)
            inner.rounded(Bounds(max(x, box.x), box.y - 1, width, box.height + 2), self._theme.selection, 2)
        inner.line_of_text(text, x, self._box.y + (self._box.height - 18) // 2, self._colour)
        if self._is("focused") and not self._is("selected"):
            inner.rounded(Bounds(x + round(caret), box.y, 2, box.height), self._theme.accent, 0)

    def _area(self, inner: Painter, box: Bounds) -> None:
        lines = wrapped(self._widget.value[-20_000:], 15, box.width)
        rows = max(box.height // _LINE_HEIGHT, 1)
        first = max(len(lines) - rows - self._widget.mark, 0)
        for row, line in enumerate(lines[first : first + rows]):
            top = box.y + row * _LINE_HEIGHT
            if self._is("selected") and line:
                inner.rounded(Bounds(box.x - 2, top, round(width_of(line, 15)) + 4, 20), self._theme.selection, 2)
            inner.line_of_text(line, box.x, top + 1, self._colour)
        last = len(lines) - 1 - first
        if self._is("focused") and not self._is("selected") and 0 <= last < rows:
            x = box.x + round(width_of(lines[-1], 15)) + 1
            inner.rounded(Bounds(x, box.y + last * _LINE_HEIGHT, 2, 19), self._theme.accent, 0)

    def _text(self) -> None:
        value, muted = self._widget.value, self._theme.muted
        match self._widget.look:
            case "display":
                size = 34 if len(value) <= 14 else 22 if len(value) <= 24 else 14  # noqa: PLR2004 - what fits
                self._painter.text(value, self._box, self._colour, size, "right")
            case "banner":
                self._painter.rounded(self._box, self._theme.button_strong, 8)
                self._painter.text(value, inset(self._box, 12), self._theme.text, 14)
            case look:
                self._painter.text(value, self._box, muted, 14, "right" if look == "right" else "left")

    def _label(self) -> None:
        look = (self._theme.text, 15) if self._widget.look == "row" else (self._theme.muted, 14)
        self._painter.text(self._widget.name, self._box, *look)

    def _checkbox(self) -> None:
        mark = Bounds(self._box.x + 2, self._box.y + (self._box.height - 22) // 2, 22, 22)
        self._focus(mark, 6, 3)
        self._painter.framed(mark, self._theme.raised, self._theme.muted, 6)
        if self._is("checked"):
            self._painter.rounded(mark, self._theme.accent, 6)
            tick = ((5.5, 11.5), (9.5, 15.5), (16.5, 7))
            self._lines((tick,), mark.x, mark.y, self._theme.on_accent, 2.2)
        self._painter.text(self._widget.name, self._row(36, 4), self._colour)

    def _radio(self) -> None:
        theme, checked = self._theme, self._is("checked")
        border, fill = (theme.accent, theme.selection) if checked else (theme.border, theme.raised)
        self._focus(self._box, 8)
        self._painter.framed(self._box, fill, border, 8)
        x, y = self._box.x + 20, self._box.y + self._box.height / 2
        self._painter.circle(x, y, 8, border)
        self._painter.circle(x, y, 3 if checked else 7, theme.on_accent if checked else theme.raised)
        self._painter.text(self._widget.name, self._row(38, 6), self._colour)

    def _switch(self) -> None:
        theme, on = self._theme, self._is("checked")
        self._focus(self._box, 10)
        self._painter.framed(self._box, theme.raised, theme.border, 10)
        self._painter.text(self._widget.name, self._part(16, 9, 84, 22), self._colour, 16)
        self._painter.text(self._widget.look, self._part(16, 31, 84, 20), theme.muted, 13)
        track = Bounds(self._box.x + self._box.width - 62, self._box.y + (self._box.height - 26) // 2, 46, 26)
        fill, border = (theme.accent, theme.accent) if on else (theme.button_strong, theme.faint)
        self._painter.framed(track, fill, border, 13)
        self._painter.circle(track.x + (33 if on else 13), track.y + 13, 9, theme.on_accent if on else theme.muted)

    def _slider(self) -> None:
        box, theme = self._box, self._theme
        y = box.y + box.height // 2
        x = box.x + round(int(self._widget.value) * (box.width - 1) / 100)
        self._painter.rounded(Bounds(box.x, y - 3, box.width, 6), theme.button_strong, 3)
        self._painter.rounded(Bounds(box.x, y - 3, x - box.x + 1, 6), theme.accent, 3)
        if self._is("focused"):
            self._painter.circle(x, y, 13, theme.selection)
        self._painter.circle(x, y, 10, theme.accent)
        self._painter.circle(x, y, 4, theme.on_accent)

    def _list(self) -> None:
        self._painter.framed(self._box, self._theme.raised, self._theme.border, 8)

    def _listitem(self) -> None:
        if self._is("selected"):
            self._painter.rounded(self._part(3, 2, 3, self._box.height - 4), self._theme.selection, 6)
        sheet = Bounds(self._box.x + 14, self._box.y + 8, 14, 18)
        self._painter.framed(sheet, self._theme.window, self._theme.muted, 3)
        for line in range(3):
            self._painter.rounded(Bounds(sheet.x + 4, sheet.y + 5 + 4 * line, 6, 1), self._theme.muted, 0)
        self._painter.text(self._widget.name, self._row(40, 100), self._colour)
        self._painter.text(self._widget.value, self._row(self._box.width - 96, 16), self._theme.muted, 14, "right")

    def _scrollbar(self) -> None:
        self._painter.rounded(inset(self._box, 2), self._theme.faint, 3)

    def _dialog(self) -> None:
        self._painter.shadow(self._box, 14)
        self._painter.framed(self._box, self._theme.title, self._theme.border, 12)
        self._painter.text(self._widget.name, self._part(24, 16, 24, 28), self._theme.text, 18)

    def _taskbar(self) -> None:
        self._painter.rounded(self._box, self._theme.taskbar, 0)
        self._painter.rounded(self._part(0, 0, 0, 1), self._theme.border, 0)

    def _alert(self) -> None:
        self._painter.shadow(self._box, 12)
        self._painter.rounded(self._box, self._theme.toast, 12)
        x, y = self._box.x + 28, self._box.y + 28
        self._painter.circle(x, y, 11, self._theme.accent)
        self._lines((((-5, 0), (-1, 4), (5, -4)),), x, y, self._theme.on_accent)
        self._painter.text(self._widget.name, self._row(52, 16), self._theme.toast_text)

    def _decoration(self) -> None:
        match self._widget.look:
            case "scrim":
                self._painter.veil(self._box, (10, 14, 28), 110, 10)
            case "card":
                self._painter.framed(self._box, self._theme.raised, self._theme.border, 10)
            case _:
                self._painter.text(self._widget.value, self._box, self._theme.muted, 15, "right")
