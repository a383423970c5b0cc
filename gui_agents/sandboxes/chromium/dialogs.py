"""What the actions of an agent do to an open dialog, which takes all of them."""

import asyncio
from typing import Any, Final

from gui_agents.domain.actions import Action, Click, Key, Type, Wait
from gui_agents.domain.sandbox import TransientSandboxError
from gui_agents.sandboxes.chromium.connection import Connection
from gui_agents.sandboxes.chromium.keyboard import chord
from gui_agents.sandboxes.chromium.panels import accept_label, dialog_panel
from gui_agents.sandboxes.chromium.tab import Dialog, DialogType, Tab
from gui_agents.sandboxes.chromium.words import quoted

MAX_ANSWER: Final = 10_000


def described(dialog: Dialog) -> str:
    """Return in words that a dialog is open."""
    message = f" {quoted(dialog.message)}" if dialog.message else ""
    return f"a dialog is open ({dialog.type}{message}): click one of its buttons, or press enter or escape"


async def act_on_dialog(connection: Connection, tab: Tab, action: Action, size: tuple[int, int]) -> str:
    """Carry out an action on the open dialog of a tab.

    Raises:
        TransientSandboxError: the dialog does not take it.
    """
    dialog = tab.dialog
    if dialog is None:
        raise TransientSandboxError("the dialog has closed")
    match action:
        case Click(x, y):
            part = dialog_panel(dialog, tab.url, size).hit(x, y)
            if part is not None and part.role == "button":
                return await _answer(connection, tab, dialog, accept=part.name == accept_label(dialog))
            if part is not None and part.role == "textbox":
                dialog.fresh = action.count > 1
                return "clicked the field of the dialog"
            raise TransientSandboxError(f"nothing of the dialog is at ({x}, {y}); {described(dialog)}")
        case Type(text):
            return await _type(connection, tab, dialog, text)
        case Key(keys):
            return await _press(connection, tab, dialog, keys)
        case Wait(seconds):
            await asyncio.sleep(seconds)
            return f"waited {seconds:g} s"
    raise TransientSandboxError(described(dialog))


async def _type(connection: Connection, tab: Tab, dialog: Dialog, text: str) -> str:
    typed, newline, _ = text.replace("\r", "\n").partition("\n")
    if typed and dialog.type is not DialogType.PROMPT:
        raise TransientSandboxError(f"the dialog has no field to type into; {described(dialog)}")
    if typed:
        dialog.text = (("" if dialog.fresh else dialog.text) + typed)[:MAX_ANSWER]
        dialog.fresh = False
    said = f"typed {len(typed)} characters into the dialog"
    if not newline:
        return said
    answered = await _answer(connection, tab, dialog, accept=True)
    return f"{said}; {answered}" if typed else answered


async def _press(connection: Connection, tab: Tab, dialog: Dialog, keys: tuple[str, ...]) -> str:
    try:
        pressed = chord(keys)
    except LookupError as error:
        raise TransientSandboxError(str(error)) from None
    match pressed:
        case ("enter",):
            return await _answer(connection, tab, dialog, accept=True)
        case ("escape",):
            return await _answer(connection, tab, dialog, accept=False)
        case ("space",) if dialog.type is not DialogType.PROMPT:
            return await _answer(connection, tab, dialog, accept=True)
        case ("backspace" | "delete",) if dialog.type is DialogType.PROMPT:
            dialog.text = "" if dialog.fresh else dialog.text[:-1]
            dialog.fresh = False
        case ("ctrl", "a") if dialog.type is DialogType.PROMPT:
            dialog.fresh = True
        case ("space",):
            return await _type(connection, tab, dialog, " ")
        case (*shift, character) if shift in ([], ["shift"]) and len(character) == 1:
            return await _type(connection, tab, dialog, character.upper() if shift else character)
        case _:
            raise TransientSandboxError(f"the dialog takes no {'+'.join(pressed)}; {described(dialog)}")
    return f"pressed {'+'.join(pressed)}"


async def _answer(connection: Connection, tab: Tab, dialog: Dialog, *, accept: bool) -> str:
    text: dict[str, Any] = {"promptText": dialog.text} if dialog.type is DialogType.PROMPT and accept else {}
    tab.dialog = None
    await connection.call("Page.handleJavaScriptDialog", tab.session, accept=accept, **text)
    return f"answered the dialog with {accept_label(dialog) if accept or dialog.type is DialogType.ALERT else 'Cancel'}"
