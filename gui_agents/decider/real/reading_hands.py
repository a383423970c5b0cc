"""What hands do to answer questions: read what the screen says, and wait for what it should say."""

from gui_agents.decider.labels import quoted, without_article
from gui_agents.decider.problems import NotPossibleError
from gui_agents.decider.real.browser_hands import BrowserHands
from gui_agents.decider.real.finding import find, missing
from gui_agents.decider.real.hands import PATIENCE, Act
from gui_agents.decider.real.nouns import ACTIVE, ANY, PRESSED
from gui_agents.decider.real.reading import answer, labelled, page_text, says
from gui_agents.decider.real.view import Seen
from gui_agents.domain.screen import PROTECTED


class ReadingHands(BrowserHands):
    """Hands that read. What has no underscore is what an instruction can ask for."""

    def read(self, label: str) -> Act:
        """Answer with what a field, a text or a thing shows."""
        yield from self._until(lambda: self._to_read(label) is not None, PATIENCE)
        seen = self._to_read(label)
        if seen is None:
            raise NotPossibleError(missing(self.view, label, ANY, "text"))
        if PROTECTED in seen.element.states:
            raise NotPossibleError(f"the field {quoted(self.view.label_of(seen))} does not show what it holds")
        self.answers.append(answer(self.view, seen, label))

    def read_title(self) -> Act:
        """Answer with the title of the page or window."""
        self.answers.append(self.view.front.name)
        yield from ()

    def read_address(self) -> Act:
        """Answer with the address of the page."""
        self._check_browser()
        self.answers.append(self._address())
        yield from ()

    def read_page(self) -> Act:
        """Answer with all that can be read in front."""
        self.answers.append(page_text(self.view))
        yield from ()

    def tell_whether(self, label: str) -> Act:
        """Answer whether something is there: yes or no."""
        yield from self._until(lambda: self._is_there(label))
        self.answers.append("yes" if self._is_there(label) else "no")

    def expect(self, text: str) -> Act:
        """Go on only if the screen says this."""
        if not (yield from self._until(lambda: self._is_there(text), PATIENCE)):
            raise NotPossibleError(f"{self.view.place} does not say {quoted(text)}")

    def _is_there(self, text: str) -> bool:
        try:
            return says(self.view, without_article(text)) or self._to_read(text) is not None
        except NotPossibleError:  # several things are called so
            return True

    def _to_read(self, label: str) -> Seen | None:
        return find(self.view, label, ACTIVE - PRESSED) or labelled(self.view, label) or find(self.view, label)

    def wait_for(self, label: str) -> Act:
        """Wait until something is there."""
        yield from self._until(lambda: self._is_there(label), (*PATIENCE, *PATIENCE))
        if not self._is_there(label):
            raise NotPossibleError(missing(self.view, label, ANY, "element"))
