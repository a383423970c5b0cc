"""The colours of the desktop, light and dark."""

from typing import Final

import attrs

Colour = tuple[int, int, int]


def _colour(code: str) -> Colour:
    return int(code[0:2], 16), int(code[2:4], 16), int(code[4:6], 16)


@attrs.frozen
class Theme:
    """One set of colours."""

    wallpaper_top: Colour = attrs.field(converter=_colour)
    wallpaper_bottom: Colour = attrs.field(converter=_colour)
    wallpaper_shape: Colour = attrs.field(converter=_colour)
    icon_text: Colour = attrs.field(converter=_colour)
    window: Colour = attrs.field(converter=_colour)
    title: Colour = attrs.field(converter=_colour)
    title_inactive: Colour = attrs.field(converter=_colour)
    raised: Colour = attrs.field(converter=_colour)
    """Of what stands out from a window: fields, lists, cards."""
    button: Colour = attrs.field(converter=_colour)
    button_strong: Colour = attrs.field(converter=_colour)
    border: Colour = attrs.field(converter=_colour)
    text: Colour = attrs.field(converter=_colour)
    muted: Colour = attrs.field(converter=_colour)
    faint: Colour = attrs.field(converter=_colour)
    """Of what is disabled."""
    accent: Colour = attrs.field(converter=_colour)
    on_accent: Colour = attrs.field(converter=_colour)
    selection: Colour = attrs.field(converter=_colour)
    danger: Colour = attrs.field(converter=_colour)
    taskbar: Colour = attrs.field(converter=_colour)
    toast: Colour = attrs.field(converter=_colour)
    toast_text: Colour = attrs.field(converter=_colour)


LIGHT: Final = Theme(
    wallpaper_top="4a7fd6",
    wallpaper_bottom="8f6fd0",
    wallpaper_shape="ffffff",
    icon_text="ffffff",
    window="f6f7fa",
    title="ffffff",
    title_inactive="eceef3",
    raised="ffffff",
    button="ffffff",
    button_strong="e9ecf3",
    border="cfd5e1",
    text="1b2333",
    muted="5a6579",
    faint="9aa3b4",
    accent="2f62d9",
    on_accent="ffffff",
    selection="d9e5ff",
    danger="c9302f",
    taskbar="f3f5fa",
    toast="1f2737",
    toast_text="ffffff",
)

DARK: Final = Theme(
    wallpaper_top="131a2e",
    wallpaper_bottom="2b2147",
    wallpaper_shape="8fb0ff",
    icon_text="eef1f8",
    window="1e232e",
    title="272d3a",
    title_inactive="222834",
    raised="272d3a",
    button="323949",
    button_strong="3d4557",
    border="454e61",
    text="eef1f8",
    muted="a9b3c6",
    faint="6d7789",
    accent="6c9bff",
    on_accent="0d1424",
    selection="33456e",
    danger="f07170",
    taskbar="191e29",
    toast="eef1f8",
    toast_text="1b2333",
)
