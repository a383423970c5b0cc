"""What hands do in a browser: open addresses, go back and forth, switch tabs, search."""

import re
from typing import Final

from gui_agents.decider.labels import quoted
from gui_agents.decider.problems import NotPossibleError
from gui_agents.decider.real.desktop_hands import DesktopHands
from gui_agents.decider.real.finding import missing
from gui_agents.decider.real.hands import PATIENCE, Act
from gui_agents.decider.real.nouns import PRESSED, TEXT_FIELDS
from gui_agents.domain.actions import ActionName, Navigate

_HOST: Final = r"(?:localhost|\[[0-9a-f:.]{2,50}\]|(?:[^\W_](?:[\w-]{0,62})\.){1,10}(?:[^\W\d_]{2,24}|\d{1,3}))"
_ADDRESS: Final = re.compile(
    rf"(?:[a-z][a-z0-9+.-]{{0,20}}:(?://)?\S+|(?:\S{{1,100}}@)?{_HOST}(?::\d{{1,5}})?(?:[/?#]\S*)?)", re.IGNORECASE
)


class BrowserHands(DesktopHands):
    """Hands that know what browsers have in common. What has no underscore is what an instruction can ask for."""

    def navigate(self, url: str) -> Act:
        """Open an address."""
        if ActionName.NAVIGATE not in self._supported:
            raise NotPossibleError(f"this sandbox is no browser, which could open {quoted(url)}")
        yield from self._do_once(Navigate(url))

    def go_back(self) -> Act:
        """Go to the page before."""
        yield from self._travel(("alt", "left"), "there is no page to go back to")

    def go_forward(self) -> Act:
        """Go to the page that was gone back from."""
        yield from self._travel(("alt", "right"), "there is no page to go forward to")

    def reload(self) -> Act:
        """Load the page again."""
        self._check_browser()
        yield from self._press_key("f5")

    def new_tab(self) -> Act:
        """Open an empty tab."""
        self._check_browser()
        before = len(self.view.tabs)
        yield from self._press_key("ctrl", "t")
        if not (yield from self._until(lambda: len(self.view.tabs) > before)):
            raise NotPossibleError("no new tab opens")

    def close_tab(self) -> Act:
        """Close the tab that is seen."""
        self._check_browser()
        before = len(self.view.tabs)
        yield from self._press_key("ctrl", "w")
        if before > 1 and not (yield from self._until(lambda: len(self.view.tabs) < before)):
            raise NotPossibleError("the tab does not close")

    def switch_tab(self, label: str) -> Act:
        """Show a tab of the browser, or of the page."""
        yield from self._click_named(label, frozenset({"tab"}) if self.view.tabs else PRESSED, "tab")

    def search(self, text: str) -> Act:
        """Fill in the field that searches, and send it."""
        names = ("search", "search for", "query", "find")
        yield from self._until(lambda: self._first_named(names, TEXT_FIELDS) is not None, PATIENCE)
        field = self._first_named(names, TEXT_FIELDS)
        if field is None:
            raise NotPossibleError(missing(self.view, "search", TEXT_FIELDS, "field"))
        yield from self._fill((yield from self._in_sight(field)), text)
        yield from self._press_key("enter")

    def _travel(self, keys: tuple[str, str], problem: str) -> Act:
        self._check_browser()
        before = self._address(), self._signature()
        yield from self._press_key(*keys)
        if not (yield from self._until(lambda: (self._address(), self._signature()) != before, PATIENCE[:3])):
            raise NotPossibleError(problem)

    def _address(self) -> str:
        document = self.view.document
        return "" if document is None else document.value

    def _check_browser(self) -> None:
        if not self.view.is_browser:
            raise NotPossibleError("this sandbox is no browser")


def is_address(text: str) -> bool:
    """Tell whether a text looks like the address of a page: `https://example.com/a`, `example.com`, `localhost:80`."""
    return len(text) <= _LONGEST and _ADDRESS.fullmatch(text.strip()) is not None


_LONGEST: Final = 2000
