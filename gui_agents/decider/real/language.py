"""What clauses mean on a real screen, and how they go on."""

from collections.abc import Callable, Mapping
from typing import Final

from gui_agents.decider import quotes
from gui_agents.decider.clauses import Piece
from gui_agents.decider.grammar import MAX_CONTINUED_LENGTH, MAX_CONTINUED_WORDS, WITHIN_TEXTS
from gui_agents.decider.labels import without_article
from gui_agents.decider.patterns import Call, Deed, Step
from gui_agents.decider.quotes import Quoted
from gui_agents.decider.real.phrases import GOING_ON, understood
from gui_agents.decider.real.worker import Worker, chord


class RealLanguage:
    """The language of screens of which no name is known beforehand."""

    def understood(self, text: str, quoted: Quoted) -> tuple[Call, ...] | None:
        """Return what a clause asks for, or None if it is not known alone."""
        return understood(text, quoted)

    def continued(self, last: Step, before: Piece, piece: Piece, text: str, quoted: Quoted) -> tuple[Step, ...] | None:
        """Return what takes the place of the step `last` if `piece` goes on with it."""
        previous = last.calls[-1]
        if previous.deed in (Worker.set_field, Worker.put, Worker.enter_in):
            return self._more_fields(last, piece, quoted)
        if previous.deed is Worker.accept and piece.joint == " and " and len(piece.text.split()) == 1:
            label = f"{previous.arguments['label']} and {quoted.restore(piece.text)}"
            longer = (*last.calls[:-1], previous.but(label=label))
            return (Step(f"{last.clause} and {quoted.display(piece.text)}", longer),)
        if previous.deed is Worker.write and piece.joint in WITHIN_TEXTS and not quotes.has_quotes(before.text):
            return self._longer_text(last, piece, text, quoted)
        if previous.deed not in _GOES_ON or piece.joint[0] in _ENDING or len(piece.text.split()) > MAX_CONTINUED_WORDS:
            return None
        argument, fits = _GOES_ON[previous.deed]
        label = quoted.restore(without_article(piece.text))
        if len(label) > MAX_CONTINUED_LENGTH or not (quotes.has_quotes(piece.text) or fits(label)):
            return None
        return last, Step(quoted.display(piece.text), (previous.but(**{argument: label}),))

    def _longer_text(self, last: Step, piece: Piece, text: str, quoted: Quoted) -> tuple[Step, ...]:
        """Return the text with the piece; or the field that it goes into, if the piece ends with one."""
        calls = understood(text, quoted)
        if calls is not None and calls[0].deed in (Worker.put, Worker.enter_in):
            return (Step(quoted.display(text), calls),)
        return (last.longer(piece.joint, piece.raw),)

    def _more_fields(self, last: Step, piece: Piece, quoted: Quoted) -> tuple[Step, ...] | None:
        call = next((call for rule in GOING_ON if (call := rule.match(piece.text, quoted)) is not None), None)
        if call is not None:
            return last, Step(quoted.display(piece.text), (call,))
        is_name = piece.joint == " and " and piece.text[0].isupper() and " " not in piece.text
        return (last.longer(piece.joint, piece.text),) if is_name and not quotes.has_quotes(piece.text) else None


_ENDING: Final = ".!?\n"
"""How a joint begins that ends a sentence; what follows is no other argument of the clause before."""


def _may_be_button(label: str) -> bool:
    return chord(label.lower()) is not None or label[0].isupper() or len(label) == 1


def _may_be_label(_label: str) -> bool:
    return True


_GOES_ON: Final[Mapping[Deed, tuple[str, Callable[[str], bool]]]] = {
    Worker.press: ("label", _may_be_button),
    Worker.toggle: ("label", _may_be_label),
    Worker.choose: ("label", _may_be_button),
    Worker.read: ("label", _may_be_label),
    Worker.open: ("target", _may_be_button),
}
"""Which argument another piece can give, and which pieces do: `check News` goes on with `Sports`."""
