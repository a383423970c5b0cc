"""Instructions -> steps: each clause by the table of phrases, or as going on with the clause before."""

from collections.abc import Callable, Mapping
from typing import Final

from gui_agents.simulated.decider import arithmetic, clauses, quotes
from gui_agents.simulated.decider.clauses import Piece
from gui_agents.simulated.decider.names import app_named, home_of, is_file_name, without_article
from gui_agents.simulated.decider.patterns import Call, Deed, Step
from gui_agents.simulated.decider.phrases import NAMED_VALUE, understood
from gui_agents.simulated.decider.quotes import Quoted
from gui_agents.simulated.decider.worker import Worker

MAX_CLAUSES: Final = 100
_MAX_CONTINUED_WORDS: Final = 3
_MAX_CONTINUED_LENGTH: Final = 2000
_WITHIN_TEXTS: Final = (" and ", ", ", ", and ")
"""Joints that a text without quotes may have, too."""


class NotUnderstoodError(Exception):
    """No pattern knows `clause`."""

    def __init__(self, clause: str) -> None:
        super().__init__(clause)
        self.clause = clause


def parse(instruction: str) -> tuple[Step, ...]:
    """Return the steps of an instruction.

    Each clause is tried alone; then, if it names a file, together with the clauses before that it may end; and then
    as going on with the last one. So the number of tries does not depend on how clauses can be grouped.

    Raises:
        NotUnderstoodError: for the first clause that is not known.
    """
    quoted = quotes.take_out(instruction)
    pieces = clauses.split(quoted.text)
    if not pieces:
        raise NotUnderstoodError(instruction)
    if len(pieces) > MAX_CLAUSES:
        raise NotUnderstoodError(f"an instruction of {len(pieces)} clauses; {MAX_CLAUSES} are the most")
    steps: list[Step] = []
    text = ""
    for before, piece in zip((None, *pieces), pieces, strict=False):
        calls = understood(piece.text, quoted)
        text = piece.text if calls is not None else f"{text}{piece.joint}{piece.raw}"
        if calls is not None:
            steps.append(Step(quoted.display(text), calls))
        elif before is not None and (ended := _ended(steps[-1], piece, text, quoted)) is not None:
            steps[-1] = ended
        else:
            whole = before is not None and quotes.has_quotes(before.text)
            going_on = None if before is None else _going_on(steps[-1], piece, quoted, whole=whole)
            if going_on is None:
                raise NotUnderstoodError(quoted.display(piece.text))
            steps[-1:] = going_on
    return tuple(steps)


def _ended(last: Step, piece: Piece, text: str, quoted: Quoted) -> Step | None:
    """Return what is meant if a text goes on in `piece` and its place comes at the end: `add a, b to todo.txt`."""
    words = piece.text.replace(":", " ").split()
    if last.calls[-1].deed is not Worker.write or piece.joint not in _WITHIN_TEXTS:
        return None
    if not any(is_file_name(quoted.restore(word)) for word in words):
        return None
    calls = understood(text, quoted)
    return Step(quoted.display(text), calls) if calls is not None and calls[0].deed is Worker.add_text else None


def _going_on(last: Step, piece: Piece, quoted: Quoted, *, whole: bool) -> tuple[Step, ...] | None:
    """Return `last` and what a piece without a verb adds to it; `whole`: the clause before has quoted its text."""
    previous, shown = last.calls[-1], quoted.display(piece.text)
    text = quoted.restore(without_article(piece.text))
    within = not whole and piece.joint in _WITHIN_TEXTS and not quotes.has_quotes(piece.text)
    call = NAMED_VALUE.match(piece.text, quoted) if previous.deed is Worker.set_field else None
    if call is None and (len(piece.text.split()) > _MAX_CONTINUED_WORDS or len(text) > _MAX_CONTINUED_LENGTH):
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
