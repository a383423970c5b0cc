"""A scene -> its pixels. Pure, and slow beside all else here: it runs in a worker thread, and only when asked for.

The box and the text of a widget are drawn by its style; the marks of its role come over them.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final

import attrs
from PIL import Image, ImageDraw

from gui_agents.domain.screen import Bounds, Picture
from gui_agents.simulated.apps import APPS
from gui_agents.simulated.painter import Painter, Points, fitting, spelled, width_of, wrapped
from gui_agents.simulated.theme import DARK, LIGHT, Colour, style_of
from gui_agents.simulated.widgets import HEIGHT, WIDTH, Scene, Widget, inset

_LINE_HEIGHT: Final = 21
_LONGEST_TEXT: Final = 10_000
_SIGNS: Final[Mapping[str, tuple[Points, ...]]] = {
    "×": (((-6, -6), (6, 6)), ((-6, 6), (6, -6))),
    "÷": (((-8, 0), (8, 0)), *(((-1, y), (1, y), (1, y + 1), (-1, y + 1)) for y in (-7, 6))),
    "-": (((-8, 0), (8, 0)),),
    "+": (((-8, 0), (8, 0)), ((0, -8), (0, 8))),
    "=": (((-8, -4), (8, -4)), ((-8, 4), (8, 4))),
    "Backspace": (
        ((-12, 0), (-5, -8), (12, -8), (12, 8), (-5, 8), (-12, 0), (-5, -8)),
        ((0, -3), (6, 3)),
        ((0, 3), (6, -3)),
    ),
    "Close": (((-4, -4), (4, 4)), ((-4, 4), (4, -4))),
    "Minimize": (((-5, 3), (5, 3)),),
}
"""What buttons show instead of their names."""
_TICK: Final[Points] = ((-6, 0), (-2, 4), (6, -5))
_ARROW: Final[Points] = ((0, 0), (0, 17), (4, 13), (7, 19), (10, 18), (7, 12), (12, 12))


def render(scene: Scene, *, dark: bool, pointer: tuple[int, int]) -> Picture:
    """Draw a scene; the model that looks at it says how it is encoded."""
    image = draw(scene, dark=dark, pointer=pointer)
    return Picture(image.tobytes(), image.width, image.height, None)


def draw(scene: Scene, *, dark: bool, pointer: tuple[int, int]) -> Image.Image:
    """Draw a scene, each widget over those before it, and the pointer over all."""
    theme = DARK if dark else LIGHT
    image = _wallpaper(dark).copy()
    for widget in scene:
        if widget.shown == widget.bounds:
            _Brush(image, theme, widget).paint()
        elif widget.is_shown:
            whole, seen = image.copy(), widget.shown
            _Brush(whole, theme, widget).paint()
            corners = (seen.x, seen.y, seen.x + seen.width, seen.y + seen.height)
            image.paste(whole.crop(corners), corners)
    arrow = [(pointer[0] + x, pointer[1] + y) for x, y in _ARROW]
    ImageDraw.Draw(image).polygon(arrow, "#ffffff", "#141824")
    return image


@cache
def _wallpaper(dark: bool) -> Image.Image:  # noqa: FBT001 - a key of the cache
    theme = DARK if dark else LIGHT
    top, bottom = (Image.new("RGB", (WIDTH, HEIGHT), theme[f"wallpaper_{end}"]) for end in ("top", "bottom"))
    image = Image.composite(bottom, top, Image.linear_gradient("L").resize((WIDTH, HEIGHT)))
    for x, y, radius in ((1010, -60, 330), (1180, 560, 260), (250, 700, 300)):
        circle = Bounds(x - radius, y - radius, 2 * radius, 2 * radius)
        Painter(image).veil(circle, theme["wallpaper_shape"], radius, 14)
    return image


class _Brush(Painter):
    """Paints one widget: the method `_switch` paints what only a switch has, and so on."""

    def __init__(self, image: Image.Image, theme: Mapping[str, Colour], widget: Widget) -> None:
        super().__init__(image)
        self.theme, self.widget, self.bounds = theme, widget, widget.bounds
        self.style = style_of(widget.states | {widget.role, widget.look})
        self.middle = self.bounds.y + self.bounds.height // 2

    def paint(self) -> None:
        style, theme, box = self.style, self.theme, inset(self.bounds, self.style.inset)
        if style.shadow:
            self.shadow(box, theme["shade"])
        if style.opacity:
            self.veil(box, theme[style.fill], style.radius, style.opacity)
        elif style.fill:
            self.box(box, theme[style.fill], style.radius, theme.get(style.border))
        if style.ring:
            self.ring(box, theme["accent"], style.radius)
        if self.widget.role == "button" and self.widget.name in _SIGNS:
            self.lines(_SIGNS[self.widget.name], box.x + box.width / 2, self.middle, theme[style.colour], 1.7)
        elif style.shows:
            place = self._strip(style.left, style.right, style.top, style.height)
            text = getattr(self.widget, style.shows)
            size = next((size for size in style.larger if width_of(spelled(text), size) <= place.width), style.size)
            self.text(text, place, theme[style.colour], size, style.align)
        getattr(self, f"_{self.widget.role}", lambda: None)()

    def _strip(self, left: int, right: int, top: int = 0, height: int = 0) -> Bounds:
        """Return a part of the widget, given by its distances from the edges."""
        box = self.bounds
        return Bounds(box.x + left, box.y + top, box.width - left - right, height or box.height)

    def _picture(self, app: str, left: int, top: int, size: int) -> None:
        unit = size / 100
        for block in APPS[app].icon:
            x, y = self.bounds.x + left + round(block.x * unit), self.bounds.y + top + round(block.y * unit)
            width, height = max(round(block.width * unit), 1), max(round(block.height * unit), 1)
            self.box(Bounds(x, y, width, height), block.colour, round(block.radius * unit))

    def _icon(self) -> None:
        self._picture(self.widget.name, 24, 10, 48)

    def _titlebar(self) -> None:
        self.box(self._strip(1, 1, self.bounds.height - 1, 1), self.theme["border"], 0)
        self._picture(self.widget.owner, 12, 9, 22)

    def _button(self) -> None:
        if self.widget.look == "task":
            self._picture(self.widget.name, 12, 11, 32)
            if "open" in self.widget.states:
                side = 19 if "active" in self.widget.states else 25
                self.box(self._strip(side, side, self.bounds.height - 8, 3), self.theme["accent"], 1)

    def _textbox(self) -> None:
        value, mark, box = self.widget.value, self.widget.mark, self._strip(10, 10, 8, self.bounds.height - 16)
        if "multiline" in self.widget.states:
            lines, rows = list(wrapped(value[-_LONGEST_TEXT:], box.width)), max(box.height // _LINE_HEIGHT, 1)
            first = max(len(lines) - rows - mark, 0)
            caret_row, before = len(lines) - 1 - first, lines[-1]
            lines = lines[first : first + rows]
        else:
            before, caret_row = spelled(value[:mark]), 0
            before = before[len(before) - fitting(before[::-1], box.width) :]
            line = before + spelled(value[mark:])
            lines = [line[: fitting(line, box.width)]]
        selected = "selected" in self.widget.states
        for row, line in enumerate(lines):
            place = Bounds(box.x, box.y + row * _LINE_HEIGHT, box.width, _LINE_HEIGHT - 1)
            if selected:
                self.box(attrs.evolve(place, width=width_of(line)), self.theme["selection"], 2)
            self.text(line, place, self.theme[self.style.colour])
        if "focused" in self.widget.states and not selected and caret_row < len(lines):
            caret = Bounds(box.x + width_of(before) - 1, box.y + caret_row * _LINE_HEIGHT, 2, _LINE_HEIGHT - 1)
            self.box(caret, self.theme["accent"], 0)

    def _checkbox(self) -> None:
        mark, checked = Bounds(self.bounds.x + 6, self.middle - 11, 22, 22), "checked" in self.widget.states
        fill, border = ("accent", "accent") if checked else ("raised", "muted")
        self.box(mark, self.theme[fill], 6, self.theme[border])
        if checked:
            self.lines([_TICK], mark.x + 11, self.middle, self.theme["on_accent"])

    def _radio(self) -> None:
        checked = "checked" in self.widget.states
        self.disc(self.bounds.x + 20, self.middle, 8, self.theme["accent" if checked else "faint"])
        self.disc(
            self.bounds.x + 20, self.middle, 3 if checked else 7, self.theme["on_accent" if checked else "raised"]
        )

    def _switch(self) -> None:
        on = "checked" in self.widget.states
        self.text(self.widget.look, self._strip(16, 84, 31, 20), self.theme["muted"], 13)
        track = Bounds(self.bounds.x + self.bounds.width - 62, self.middle - 13, 46, 26)
        fill, border, knob = ("accent", "accent", "on_accent") if on else ("button_strong", "faint", "muted")
        self.box(track, self.theme[fill], 13, self.theme[border])
        self.disc(track.x + (33 if on else 13), self.middle, 9, self.theme[knob])

    def _slider(self) -> None:
        done = round(int(self.widget.value) * (self.bounds.width - 1) / 100)
        top = self.bounds.height // 2 - 3
        self.box(self._strip(0, 0, top, 6), self.theme["button_strong"], 3)
        self.box(self._strip(0, self.bounds.width - done - 1, top, 6), self.theme["accent"], 3)
        self.disc(self.bounds.x + done, self.middle, 10, self.theme["accent"])
        self.disc(self.bounds.x + done, self.middle, 4, self.theme["on_accent"])

    def _listitem(self) -> None:
        sheet = Bounds(self.bounds.x + 14, self.middle - 9, 14, 18)
        self.box(sheet, self.theme["window"], 3, self.theme["muted"])
        for row in (5, 9, 13):
            self.box(Bounds(sheet.x + 4, sheet.y + row, 6, 1), self.theme["muted"], 0)
        self.text(self.widget.value, self._strip(self.bounds.width - 96, 16), self.theme["muted"], 14, "r")

    def _taskbar(self) -> None:
        self.box(self._strip(0, 0, 0, 1), self.theme["border"], 0)

    def _alert(self) -> None:
        self.disc(self.bounds.x + 28, self.middle, 11, self.theme["accent"])
        self.lines([_TICK], self.bounds.x + 28, self.middle, self.theme["on_accent"])
