"""Draws one picture of each app: `python -m tools.gallery docs/images`."""

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps

from gui_agents.domain.actions import Action, Click, Key, Move, OpenApp, Scroll, Type
from gui_agents.domain.model_settings import ModelSettings, PictureFormat
from gui_agents.domain.screen import Element
from gui_agents.pictures.encoding import encode
from gui_agents.simulated.sandbox import SimulatedSandbox

AS_PNG: Final = ModelSettings(picture_formats=(PictureFormat.PNG,))
_BITS: Final = 7
"""Of each colour; one bit less saves a tenth of a file and changes nothing that one sees."""

Deed = Action | str
"""An action, or the name of what is to be clicked in the active window."""

PICTURES: Final[Mapping[str, Sequence[Deed]]] = {
    "calculator": (OpenApp("Calculator"), Type("12*(7+5)"), "=", Move(580, 320)),
    "notes": (
        OpenApp("Notes"),
        Type("Shopping\n\nMilk, bread and six eggs.\nAsk Bob whether he needs anything for the weekend.\n"),
        "Save as",
        Type("shopping.txt"),
        Key(("enter",)),
    ),
    "contact-form": (
        OpenApp("Contact Form"),
        Type("Alice Baker"),
        Key(("tab",)),
        Type("alice@example.com"),
        "Message",
        Type("Please send me the large one."),
        "Large",
        "Accept terms",
    ),
    "files": (OpenApp("Files"), Scroll(580, 350, 0, 100), "readme.txt", "Delete"),
    "settings": (OpenApp("Settings"), "Dark mode", "Wi-Fi", Key(("tab",))),
}
"""How to get to each picture."""


async def picture(deeds: Sequence[Deed]) -> bytes:
    """Return a PNG of the desktop after the deeds."""
    sandbox = SimulatedSandbox()
    await sandbox.open()
    for deed in deeds:
        await sandbox.act(await _click(sandbox, deed) if isinstance(deed, str) else deed)
    screenshot = (await sandbox.observe(screenshot=True)).screenshot
    await sandbox.close(destroy=True)
    return b"" if screenshot is None else encode(screenshot, AS_PNG).data


async def _click(sandbox: SimulatedSandbox, name: str) -> Click:
    tree = (await sandbox.observe(screenshot=False)).tree
    window = next(child for child in tree.children if "active" in child.states) if tree is not None else None
    if window is None:
        raise LookupError("no window is open")
    return Click(*_named(window, name).bounds.center)


def _named(parent: Element, name: str) -> Element:
    found = [element for element in _walk(parent) if element.name == name and element.role not in ("label", "titlebar")]
    if not found:
        raise LookupError(f"nothing is named {name!r}")
    return found[-1]


def _walk(element: Element) -> list[Element]:
    return [element, *(below for child in element.children for below in _walk(child))]


def small(png: bytes) -> bytes:
    """Return the picture in fewer bytes, for documentation; the difference cannot be seen."""
    file = BytesIO()
    ImageOps.posterize(Image.open(BytesIO(png)), _BITS).save(file, "PNG", optimize=True)
    return file.getvalue()


def main(arguments: Sequence[str] | None = None) -> None:
    """Write all pictures into a directory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    directory: Path = parser.parse_args(arguments).directory
    directory.mkdir(parents=True, exist_ok=True)
    for name, deeds in PICTURES.items():
        (directory / f"simulated-{name}.png").write_bytes(small(asyncio.run(picture(deeds))))


if __name__ == "__main__":
    main()
