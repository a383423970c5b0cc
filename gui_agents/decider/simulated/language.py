"""What clauses mean on the simulated desktop, and how they go on."""

from collections.abc import Callable, Mapping
from typing import Final

from gui_agents.decider import arithmetic, quotes
from gui_agents.decider.clauses import Piece
from gui_agents.decider.grammar import MAX_CONTINUED_LENGTH, MAX_CONTINUED_WORDS, WITHIN_TEXTS
from gui_agents.decider.labels import is_file_name, without_article
from gui_agents.decider.patterns import Call, Deed, Step
from gui_agents.decider.quotes import Quoted
from gui_agents.decider.simulated.names import app_named, home_of
from gui_agents.decider.simulated.phrases import NAMED_VALUE, understood
from gui_agents.decider.simulated.worker import Worker


class SimulatedLanguage:
    """The language of the simulated desktop's apps, which are known by name."""

    def understood(self, text: str, quoted: Quoted) -> tuple[Call, ...] | None:
        """Return what a clause asks for, or None if it is not known alone."""
        return understood(text, quoted)

    def continued(self, last: Step, before: Piece, piece: Piece, text: str, quoted: Quoted) -> tuple[Step, ...] | None:
        """Return what takes the place of the step `last` if `piece` goes on with it.

        First, if the piece names a file, as the end of the clauses before; then as another argument of the last one.
        """
        ended = _ended(last, piece, text, quoted)
        if ended is not None:
            return (ended,)
        return _going_on(last, piece, quoted, whole=quotes.has_quotes(before.text))


def _ended(last: Step, piece: Piece, text: str, quoted: Quoted) -> Step | None:
    """Return what is meant if a text goes on in `piece` and its place comes at the end: `add a, b to todo.txt`."""
    words = piece.text.replace(":", " ").split()
    if last.calls[-1].deed is not Worker.write or piece.joint not in WITHIN_TEXTS:
        return None
    if not any(is_file_name(quoted.restore(word)) for word in words):
        return None
    calls = understood(text, quoted)
    return Step(quoted.display(text), calls) if calls is not None and calls[0].deed is Worker.add_text else None


def _going_on(last: Step, piece: Piece, quoted: Quoted, *, whole: bool) -> tuple[Step, ...] | None:
    """Return `last` and what a piece without a verb adds to it; `whole`: the clause before has quoted its text."""
    previous, shown = last.calls[-1], quoted.display(piece.text)
    text = quoted.restore(without_article(piece.text))
    within = not whole and piece.joint in WITHIN_TEXTS and not quotes.has_quotes(piece.text)
    call = NAMED_VALUE.match(piece.text, quoted) if previous.deed is Worker.set_field else None
    if call is None and (len(piece.text.split()) > MAX_CONTINUED_WORDS or len(text) > MAX_CONTINUED_LENGTH):
        return None
    if previous.deed in _GOES_ON:
        argument, fits = _GOES_ON[previous.deed]
        call = previous.but(**{argument: text}) if fits(text) else None
    elif previous.deed is Worker.delete_file:
        second = previous.arguments.get("of_two") and " " not in text and piece.joint == " and "
        call = Call(Worker.delete_file, {"name": text}) if second or is_file_name(text) else None
    elif previous.deed is Worker.write and within:
        return (last.longer(piece.joint, piece.raw),)
    elif call is None and previous.deed is Worker.set_field and within and _is_a_name(piece):
        return (last.longer(piece.joint, piece.text),)
    return None if call is None else (last, Step(shown, (call,)))


def _is_a_name(piece: Piece) -> bool:
    """Tell whether a piece may be the second half of `Tom and Jerry`."""
    return piece.joint == " and " and piece.text[0].isupper() and " " not in piece.text


def _is_key(text: str) -> bool:
    return len(text) == 1 or home_of(text, buttons=True) is not None or arithmetic.signs(text) is not None


_GOES_ON: Final[Mapping[Deed, tuple[str, Callable[[str], bool]]]] = {
    Worker.open: ("target", lambda text: app_named(text) is not None),
    Worker.press: ("label", _is_key),
    Worker.read: ("label", lambda text: is_file_name(text) or home_of(text) is not None),
    Worker.toggle: ("label", lambda text: home_of(text) is not None),
}
"""Which argument another piece can give, and which pieces do: `turn on Wi-Fi` goes on with `Notifications`."""
