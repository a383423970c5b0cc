"""The keys that mean something to a browser itself: its tabs and its history. All others are the page's."""

from gui_agents.sandboxes.chromium.browser import Browser
from gui_agents.sandboxes.chromium.tab import Tab

ADDRESS_BAR = frozenset({("ctrl", "l"), ("alt", "d"), ("f6",), ("ctrl", "k"), ("ctrl", "e")})


async def shortcut(browser: Browser, tab: Tab, keys: tuple[str, ...]) -> str | None:  # noqa: PLR0911 - one for each shortcut
    """Carry out what the keys mean to the browser and say it; None if they mean nothing to it."""
    match keys:
        case ("ctrl", "t" | "n"):
            await browser.new_tab()
            return "pressed ctrl+t"
        case ("ctrl", "w" | "f4"):
            await browser.close_tab(tab)
            return "pressed ctrl+w"
        case ("ctrl", "tab" | "pagedown"):
            return await _turn(browser, tab, 1)
        case ("ctrl", "shift", "tab") | ("ctrl", "pageup"):
            return await _turn(browser, tab, -1)
        case ("ctrl", digit) if digit in tuple("123456789"):
            place = len(browser.tabs) if digit == "9" else int(digit)
            if place > len(browser.tabs):
                return f"there are only {len(browser.tabs)} tabs"
            return await _show(browser, browser.tabs[place - 1])
        case ("ctrl", "r") | ("f5",) | ("ctrl", "f5") | ("ctrl", "shift", "r") | ("refresh",):
            await browser.connection.call("Page.reload", tab.session)
            return "reloaded the page"
        case ("alt", "left") | ("back",):
            return await _travel(browser, tab, -1)
        case ("alt", "right") | ("forward",):
            return await _travel(browser, tab, 1)
    return None


def hint(keys: tuple[str, ...]) -> str:
    """Return what to do instead of keys that have no use here; empty for others."""
    return "; there is no address bar: use navigate" if keys in ADDRESS_BAR else ""


async def _turn(browser: Browser, tab: Tab, by: int) -> str:
    return await _show(browser, browser.tabs[(browser.tabs.index(tab) + by) % len(browser.tabs)])


async def _show(browser: Browser, tab: Tab) -> str:
    await browser.show(tab)
    return f"tab {browser.tabs.index(tab) + 1} of {len(browser.tabs)} is seen"


async def _travel(browser: Browser, tab: Tab, by: int) -> str:
    history = await browser.connection.call("Page.getNavigationHistory", tab.session)
    entries, place = history["entries"], history["currentIndex"] + by
    if not 0 <= place < len(entries):
        return f"there is no page to go {'back' if by < 0 else 'forward'} to"
    await browser.connection.call("Page.navigateToHistoryEntry", tab.session, entryId=entries[place]["id"])
    return f"went {'back' if by < 0 else 'forward'}"
