"""A scene -> PNG. Pure, and slow beside everything else here: it runs in a worker thread, and only when asked for."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from io import BytesIO
from typing import Final

from PIL import Image

from gui_agents.domain.screen import Bounds
from gui_agents.simulated.icons import paint_icon
from gui_agents.simulated.painter import Painter, inset, spelled, width_of, wrapped
from gui_agents.simulated.theme import DARK, LIGHT, Colour, Theme
from gui_agents.simulated.widgets import HEIGHT, WIDTH, Scene, Widget

_LINE_HEIGHT: Final = 21

Paint = Callable[[Painter, Theme, Widget], None]


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
        paint = _PAINT.get(widget.role)
        if paint is None or not widget.is_shown:
            continue
        if widget.shown == widget.bounds:
            paint(painter, theme, widget)
        else:
            with painter.clipped(widget.shown) as clipped:
                paint(clipped, theme, widget)
    _paint_pointer(painter, *pointer)
    return image


@lru_cache(maxsize=2)
def _wallpaper(dark: bool) -> Image.Image:  # noqa: FBT001 - a key of the cache
    theme = DARK if dark else LIGHT
    gradient = Image.linear_gradient("L").resize((WIDTH, HEIGHT))
    image = Image.composite(
        Image.new("RGB", (WIDTH, HEIGHT), theme.wallpaper_bottom),
        Image.new("RGB", (WIDTH, HEIGHT), theme.wallpaper_top),
        gradient,
    )
    painter = Painter(image)
    for x, y, radius in ((1010, -60, 330), (1180, 560, 260), (250, 700, 300)):
        painter.veil(Bounds(x - radius, y - radius, 2 * radius, 2 * radius), theme.wallpaper_shape, 14, radius)
    return image


def _text_colour(theme: Theme, widget: Widget) -> Colour:
    return theme.faint if "disabled" in widget.states else theme.text


def _paint_focus(painter: Painter, theme: Theme, widget: Widget, radius: int = 8) -> None:
    if "focused" in widget.states:
        painter.rounded(inset(widget.bounds, -4), theme.accent, radius + 4)
        painter.rounded(inset(widget.bounds, -2), theme.window, radius + 2)


def _paint_icon(painter: Painter, theme: Theme, widget: Widget) -> None:
    box = widget.bounds
    if "selected" in widget.states:
        painter.veil(box, theme.icon_text, 60, 10)
    paint_icon(painter, widget.name, Bounds(box.x + (box.width - 48) // 2, box.y + 10, 48, 48))
    painter.text(widget.name, Bounds(box.x, box.y + 64, box.width, 22), theme.icon_text, 14, "center")


def _paint_window(painter: Painter, theme: Theme, widget: Widget) -> None:
    painter.shadow(widget.bounds)
    painter.framed(widget.bounds, theme.window, theme.border, 10)


def _paint_titlebar(painter: Painter, theme: Theme, widget: Widget) -> None:
    box = widget.bounds
    inner = Bounds(box.x + 1, box.y + 1, box.width - 2, box.height)
    colour = theme.title_inactive if widget.look == "inactive" else theme.title
    painter.rounded(inner, colour, 9)
    painter.rounded(Bounds(inner.x, box.y + 20, inner.width, 20), colour, 0)
    painter.rounded(Bounds(inner.x, box.y + box.height - 1, inner.width, 1), theme.border, 0)
    paint_icon(painter, widget.owner, Bounds(box.x + 12, box.y + 9, 22, 22))
    painter.text(widget.name, Bounds(box.x + 44, box.y, box.width - 130, box.height), theme.text, 15)


def _paint_button(painter: Painter, theme: Theme, widget: Widget) -> None:
    _BUTTON_LOOKS.get(widget.look, _paint_plain_button)(painter, theme, widget)


def _paint_plain_button(painter: Painter, theme: Theme, widget: Widget) -> None:
    disabled = "disabled" in widget.states
    _paint_focus(painter, theme, widget)
    fill, colour, border = theme.button, _text_colour(theme, widget), theme.border
    if widget.look == "operator":
        fill = theme.button_strong
    if widget.look in ("primary", "danger") and not disabled:
        fill = border = theme.accent if widget.look == "primary" else theme.danger
        colour = theme.on_accent
    painter.framed(widget.bounds, fill, border, 8)
    if widget.bounds.height >= 50:  # noqa: PLR2004 - a calculator's key
        _paint_sign(painter, widget, colour)
    else:
        painter.text(widget.name, widget.bounds, colour, 15, "center")


def _paint_sign(painter: Painter, widget: Widget, colour: Colour) -> None:
    box = widget.bounds
    x, y = box.x + box.width / 2, box.y + box.height / 2
    match widget.name:
        case "×":
            painter.line([(x - 6, y - 6), (x + 6, y + 6)], colour)
            painter.line([(x - 6, y + 6), (x + 6, y - 6)], colour)
        case "÷":
            painter.line([(x - 8, y), (x + 8, y)], colour)
            painter.circle(x, y - 7, 2, colour)
            painter.circle(x, y + 7, 2, colour)
        case "-":
            painter.line([(x - 8, y), (x + 8, y)], colour)
        case "+":
            painter.line([(x - 8, y), (x + 8, y)], colour)
            painter.line([(x, y - 8), (x, y + 8)], colour)
        case "=":
            painter.line([(x - 8, y - 4), (x + 8, y - 4)], colour)
            painter.line([(x - 8, y + 4), (x + 8, y + 4)], colour)
        case "Backspace":
            painter.line([(x - 4, y - 8), (x + 12, y - 8), (x + 12, y + 8), (x - 4, y + 8), (x - 12, y)], colour, 1.6)
            painter.line([(x - 12, y), (x - 4, y - 8)], colour, 1.6)
            painter.line([(x + 1, y - 3), (x + 7, y + 3)], colour, 1.6)
            painter.line([(x + 1, y + 3), (x + 7, y - 3)], colour, 1.6)
        case _:
            painter.text(widget.name, box, colour, 22, "center")


def _paint_title_button(painter: Painter, theme: Theme, widget: Widget) -> None:
    box = widget.bounds
    _paint_focus(painter, theme, widget)
    painter.rounded(box, theme.button_strong, 8)
    x, y = box.x + box.width / 2, box.y + box.height / 2
    colour = _text_colour(theme, widget)
    if widget.name == "Close":
        painter.line([(x - 4, y - 4), (x + 4, y + 4)], colour, 1.6)
        painter.line([(x - 4, y + 4), (x + 4, y - 4)], colour, 1.6)
    else:
        painter.line([(x - 4, y + 3), (x + 4, y + 3)], colour, 1.6)


def _paint_task(painter: Painter, theme: Theme, widget: Widget) -> None:
    box = widget.bounds
    if "active" in widget.states:
        painter.rounded(inset(box, 4), theme.selection, 10)
    paint_icon(painter, widget.name, Bounds(box.x + 12, box.y + 11, 32, 32))
    if "open" in widget.states:
        width = 18 if "active" in widget.states else 6
        painter.rounded(Bounds(box.x + (box.width - width) // 2, box.y + box.height - 8, width, 3), theme.accent, 2)


def _paint_textbox(painter: Painter, theme: Theme, widget: Widget) -> None:
    focused = "focused" in widget.states
    border = theme.accent if focused else theme.border
    painter.framed(widget.bounds, theme.raised, border, 8, 2 if focused else 1)
    with painter.clipped(inset(widget.bounds, 3)) as inner:
        (_paint_area if widget.look == "area" else _paint_line)(inner, theme, widget)


def _paint_line(painter: Painter, theme: Theme, widget: Widget) -> None:
    box = inset(widget.bounds, 10)
    text = spelled(widget.value[-500:] if len(widget.value) > 500 else widget.value)  # noqa: PLR2004 - far too wide
    caret = width_of(text[: max(widget.mark - max(len(widget.value) - 500, 0), 0)], 15)
    x = box.x - round(max(caret - box.width, 0))
    if "selected" in widget.states and text:
        width = min(round(width_of(text, 15)), box.width)
        painter.rounded(Bounds(max(x, box.x), box.y - 1, width, box.height + 2), theme.selection, 2)
    painter.line_of_text(text, x, widget.bounds.y + (widget.bounds.height - 18) // 2, _text_colour(theme, widget))
    if "focused" in widget.states and "selected" not in widget.states:
        painter.rounded(Bounds(x + round(caret), box.y, 2, box.height), theme.accent, 0)


def _paint_area(painter: Painter, theme: Theme, widget: Widget) -> None:
    box = inset(widget.bounds, 10)
    lines = wrapped(widget.value[-20_000:], 15, box.width)
    rows = max(box.height // _LINE_HEIGHT, 1)
    first = max(len(lines) - rows - widget.mark, 0)
    for row, line in enumerate(lines[first : first + rows]):
        top = box.y + row * _LINE_HEIGHT
        if "selected" in widget.states and line:
            painter.rounded(Bounds(box.x - 2, top, round(width_of(line, 15)) + 4, 20), theme.selection, 2)
        painter.line_of_text(line, box.x, top + 1, _text_colour(theme, widget))
    last = len(lines) - 1 - first
    if "focused" in widget.states and "selected" not in widget.states and 0 <= last < rows:
        x = box.x + round(width_of(lines[-1], 15)) + 1
        painter.rounded(Bounds(x, box.y + last * _LINE_HEIGHT, 2, 19), theme.accent, 0)


def _paint_text(painter: Painter, theme: Theme, widget: Widget) -> None:
    box = widget.bounds
    match widget.look:
        case "display":
            size = 34 if len(widget.value) <= 14 else 22 if len(widget.value) <= 24 else 14  # noqa: PLR2004
            painter.text(widget.value, box, _text_colour(theme, widget), size, "right")
        case "banner":
            painter.rounded(box, theme.button_strong, 8)
            painter.text(widget.value, inset(box, 12), theme.text, 14)
        case "right":
            painter.text(widget.value, box, theme.muted, 14, "right")
        case _:
            painter.text(widget.value, box, theme.muted, 14)


def _paint_label(painter: Painter, theme: Theme, widget: Widget) -> None:
    colour = theme.text if widget.look == "row" else theme.muted
    painter.text(widget.name, widget.bounds, colour, 15 if widget.look == "row" else 14)


def _paint_checkbox(painter: Painter, theme: Theme, widget: Widget) -> None:
    box = widget.bounds
    mark = Bounds(box.x + 2, box.y + (box.height - 22) // 2, 22, 22)
    _paint_ring(painter, theme, widget, mark, 6)
    if "checked" in widget.states:
        painter.rounded(mark, theme.accent, 6)
        x, y = mark.x, mark.y
        painter.line([(x + 5.5, y + 11.5), (x + 9.5, y + 15.5), (x + 16.5, y + 7)], theme.on_accent, 2.2)
    painter.text(widget.name, Bounds(box.x + 36, box.y, box.width - 40, box.height), _text_colour(theme, widget))


def _paint_radio(painter: Painter, theme: Theme, widget: Widget) -> None:
    box = widget.bounds
    checked = "checked" in widget.states
    _paint_focus(painter, theme, widget)
    border = theme.accent if checked else theme.border
    painter.framed(box, theme.selection if checked else theme.raised, border, 8)
    x, y = box.x + 20, box.y + box.height / 2
    painter.circle(x, y, 8, theme.accent if checked else theme.border)
    painter.circle(x, y, 3 if checked else 7, theme.on_accent if checked else theme.raised)
    painter.text(widget.name, Bounds(box.x + 38, box.y, box.width - 44, box.height), _text_colour(theme, widget))


def _paint_ring(painter: Painter, theme: Theme, widget: Widget, mark: Bounds, radius: int) -> None:
    if "focused" in widget.states:
        painter.rounded(inset(mark, -3), theme.accent, radius + 3)
        painter.rounded(inset(mark, -1), theme.window, radius + 1)
    painter.framed(mark, theme.raised, theme.muted, radius)


def _paint_switch(painter: Painter, theme: Theme, widget: Widget) -> None:
    box = widget.bounds
    on = "checked" in widget.states
    _paint_focus(painter, theme, widget, 10)
    painter.framed(box, theme.raised, theme.border, 10)
    painter.text(widget.name, Bounds(box.x + 16, box.y + 9, box.width - 100, 22), _text_colour(theme, widget), 16)
    painter.text(widget.look, Bounds(box.x + 16, box.y + 31, box.width - 100, 20), theme.muted, 13)
    track = Bounds(box.x + box.width - 62, box.y + (box.height - 26) // 2, 46, 26)
    painter.framed(track, theme.accent if on else theme.button_strong, theme.accent if on else theme.faint, 13)
    knob = theme.on_accent if on else theme.muted
    painter.circle(track.x + (33 if on else 13), track.y + 13, 9, knob)


def _paint_slider(painter: Painter, theme: Theme, widget: Widget) -> None:
    box = widget.bounds
    y = box.y + box.height // 2
    x = box.x + round(int(widget.value) * (box.width - 1) / 100)
    painter.rounded(Bounds(box.x, y - 3, box.width, 6), theme.button_strong, 3)
    painter.rounded(Bounds(box.x, y - 3, x - box.x + 1, 6), theme.accent, 3)
    if "focused" in widget.states:
        painter.circle(x, y, 13, theme.selection)
    painter.circle(x, y, 10, theme.accent)
    painter.circle(x, y, 4, theme.on_accent)


def _paint_list(painter: Painter, theme: Theme, widget: Widget) -> None:
    painter.framed(widget.bounds, theme.raised, theme.border, 8)


def _paint_listitem(painter: Painter, theme: Theme, widget: Widget) -> None:
    box = widget.bounds
    if "selected" in widget.states:
        painter.rounded(Bounds(box.x + 3, box.y + 2, box.width - 6, box.height - 4), theme.selection, 6)
    sheet = Bounds(box.x + 14, box.y + 8, 14, 18)
    painter.framed(sheet, theme.window, theme.muted, 3)
    for line in range(3):
        painter.rounded(Bounds(sheet.x + 4, sheet.y + 5 + 4 * line, 6, 1), theme.muted, 0)
    colour = _text_colour(theme, widget)
    painter.text(widget.name, Bounds(box.x + 40, box.y, box.width - 140, box.height), colour)
    painter.text(widget.value, Bounds(box.x + box.width - 96, box.y, 80, box.height), theme.muted, 14, "right")


def _paint_scrollbar(painter: Painter, theme: Theme, widget: Widget) -> None:
    painter.rounded(inset(widget.bounds, 2), theme.faint, 3)


def _paint_dialog(painter: Painter, theme: Theme, widget: Widget) -> None:
    box = widget.bounds
    painter.shadow(box, 14)
    painter.framed(box, theme.title, theme.border, 12)
    painter.text(widget.name, Bounds(box.x + 24, box.y + 16, box.width - 48, 28), theme.text, 18)


def _paint_taskbar(painter: Painter, theme: Theme, widget: Widget) -> None:
    painter.rounded(widget.bounds, theme.taskbar, 0)
    painter.rounded(Bounds(widget.bounds.x, widget.bounds.y, widget.bounds.width, 1), theme.border, 0)


def _paint_alert(painter: Painter, theme: Theme, widget: Widget) -> None:
    box = widget.bounds
    painter.shadow(box, 12)
    painter.rounded(box, theme.toast, 12)
    painter.circle(box.x + 28, box.y + 28, 11, theme.accent)
    x, y = box.x + 28, box.y + 28
    painter.line([(x - 5, y), (x - 1, y + 4), (x + 5, y - 4)], theme.on_accent, 2)
    painter.text(widget.name, Bounds(box.x + 52, box.y, box.width - 68, box.height), theme.toast_text)


def _paint_decoration(painter: Painter, theme: Theme, widget: Widget) -> None:
    match widget.look:
        case "scrim":
            painter.veil(widget.bounds, (10, 14, 28), 110, 10)
        case "card":
            painter.framed(widget.bounds, theme.raised, theme.border, 10)
        case _:
            painter.text(widget.name, widget.bounds, theme.muted, 15, "right")


def _paint_pointer(painter: Painter, x: int, y: int) -> None:
    arrow = [(0, 0), (0, 17), (4, 13), (7, 19), (10, 18), (7, 12), (12, 12)]
    painter.polygon([(x + dx, y + dy) for dx, dy in arrow], (255, 255, 255))
    painter.line([(x + dx, y + dy) for dx, dy in (*arrow, arrow[0])], (20, 24, 36), 1.3)


_BUTTON_LOOKS: Final[Mapping[str, Paint]] = {"title": _paint_title_button, "task": _paint_task}

_PAINT: Final[Mapping[str, Paint]] = {
    "": _paint_decoration,
    "alert": _paint_alert,
    "button": _paint_button,
    "checkbox": _paint_checkbox,
    "dialog": _paint_dialog,
    "icon": _paint_icon,
    "label": _paint_label,
    "list": _paint_list,
    "listitem": _paint_listitem,
    "radio": _paint_radio,
    "scrollbar": _paint_scrollbar,
    "slider": _paint_slider,
    "switch": _paint_switch,
    "taskbar": _paint_taskbar,
    "text": _paint_text,
    "textbox": _paint_textbox,
    "titlebar": _paint_titlebar,
    "window": _paint_window,
}
