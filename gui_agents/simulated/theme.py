"""The colours of the desktop, light and dark."""

from typing import Final

Colour = tuple[int, int, int]


class Theme:
    """One set of colours."""

    def __init__(self, *, dark: bool) -> None:
        def either(light_code: str, dark_code: str) -> Colour:
            red, green, blue = bytes.fromhex(dark_code if dark else light_code)
            return red, green, blue

        self.wallpaper_top = either("4a7fd6", "131a2e")
        self.wallpaper_bottom = either("8f6fd0", "2b2147")
        self.wallpaper_shape = either("ffffff", "8fb0ff")
        self.icon_text = either("ffffff", "eef1f8")
        self.window = either("f6f7fa", "1e232e")
        self.title = either("ffffff", "272d3a")
        self.title_inactive = either("eceef3", "222834")
        self.raised = either("ffffff", "272d3a")
        """Of what stands out from a window: fields, lists, cards."""
        self.button = either("ffffff", "323949")
        self.button_strong = either("e9ecf3", "3d4557")
        self.border = either("cfd5e1", "454e61")
        self.text = either("1b2333", "eef1f8")
        self.muted = either("5a6579", "a9b3c6")
        self.faint = either("9aa3b4", "6d7789")
        """Of what is disabled."""
        self.accent = either("2f62d9", "6c9bff")
        self.on_accent = either("ffffff", "0d1424")
        self.selection = either("d9e5ff", "33456e")
        self.danger = either("c9302f", "f07170")
        self.taskbar = either("f3f5fa", "191e29")
        self.toast = either("1f2737", "eef1f8")
        self.toast_text = either("ffffff", "1b2333")


LIGHT: Final = Theme(dark=False)
DARK: Final = Theme(dark=True)
