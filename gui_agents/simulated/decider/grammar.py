"""Instructions -> steps: each clause by the table of phrases, or as going on with the clause before."""

from typing import Final

import attrs

from gui_agents.simulated.decider import arithmetic, clauses, quotes
from gui_agents.simulated.decider.clauses import Piece
from gui_agents.simulated.decider.intents import (
    AppendToFile,
    DeleteFile,
    Intent,
    OpenTarget,
    Press,
    Read,
    ReadFile,
    SetField,
    Toggle,
    Write,
)
from gui_agents.simulated.decider.names import app_named, home_of, is_file_name, short_sign, without_article
from gui_agents.simulated.decider.phrases import MAX_CLAUSE_LENGTH, named_value, parse_clause
from gui_agents.simulated.decider.quotes import Quoted

_MAX_CONTINUED_WORDS: Final = 3
_WITHIN_TEXTS: Final = (" and ", ", ", ", and ")
"""Joints that a text without quotes may have, too."""


class NotUnderstoodError(Exception):
    """No pattern knows `clause`."""

    def __init__(self, clause: str) -> None:
        super().__init__(clause)
        self.clause = clause


@attrs.frozen
class Step:
    """One clause and what it asks for."""

    clause: str
    """As it was written; for people."""
    intents: tuple[Intent, ...]


def parse(instruction: str) -> tuple[Step, ...]:
    """Return the steps of an instruction.

    Raises:
        NotUnderstoodError: for the first clause that is not known.
    """
    quoted = quotes.take_out(instruction)
    pieces = clauses.split(quoted.text)
    if not pieces:
        raise NotUnderstoodError(instruction)
    if len(pieces) > clauses.MAX_CLAUSES:
        raise NotUnderstoodError(f"an instruction of {len(pieces)} clauses; {clauses.MAX_CLAUSES} are the most")
    steps: list[Step] = []
    text = ""
    for before, piece in zip((None, *pieces), pieces, strict=False):
        shown = quoted.display(piece.text)
        intents = parse_clause(piece.text, quoted)
        if intents is not None:
            text = piece.text
            steps.append(Step(shown, tuple(intents)))
            continue
        text = f"{text}{piece.joint}{piece.raw}"
        if steps and _is_cut(steps[-1], piece, quoted):
            whole = parse_clause(text, quoted)
            if whole is not None and isinstance(whole[0], AppendToFile):
                steps[-1] = Step(quoted.display(text), tuple(whole))
                continue
        continued = None
        if before is not None and steps[-1].intents:
            continued = _continued(steps[-1].intents[-1], piece, quoted, whole=quotes.has_quotes(before.text))
        if continued is None:
            raise NotUnderstoodError(shown)
        if isinstance(continued, _Longer):
            steps[-1] = Step(f"{steps[-1].clause}{piece.joint}{shown}", (*steps[-1].intents[:-1], continued.intent))
        else:
            steps.append(Step(shown, (continued,)))
    return tuple(steps)


@attrs.frozen
class _Longer:
    """The clause before, whose text goes on."""

    intent: Intent


def _is_cut(step: Step, piece: Piece, quoted: Quoted) -> bool:
    """Tell whether a text may go on in `piece` and its place come at the end: `add eggs` and `bread to todo.txt`."""
    writes = step.intents != () and isinstance(step.intents[-1], Write)
    words = piece.text.replace(":", " ").split()
    return writes and piece.joint in _WITHIN_TEXTS and any(is_file_name(quoted.restore(word)) for word in words)


def _continued(  # noqa: C901, PLR0911 - one line for each kind of clause that can go on
    previous: Intent, piece: Piece, quoted: Quoted, *, whole: bool
) -> Intent | _Longer | None:
    """Read a piece without a verb as going on with the clause before; `whole`: that one has quoted its text."""
    text = quoted.restore(without_article(piece.text))
    if len(piece.text.split()) > _MAX_CONTINUED_WORDS or len(text) > MAX_CLAUSE_LENGTH:
        return named_value(piece.text, quoted) if isinstance(previous, SetField) else None
    match previous:
        case Toggle(_, on, in_settings) if home_of(text) is not None:
            return Toggle(text, on, in_settings)
        case DeleteFile(_, of_two) if is_file_name(text) or (of_two and " " not in text and piece.joint == " and "):
            return DeleteFile(text)
        case ReadFile() if is_file_name(text):
            return ReadFile(text)
        case OpenTarget() if app_named(text) is not None:
            return OpenTarget(text)
        case Press(_, count) if short_sign(text) is not None:
            return Press(short_sign(text) or text, count)
        case Press(_, count) if arithmetic.signs(text) is not None or len(text) == 1 or home_of(text) is not None:
            return Press(text, count)
        case Read() if home_of(text) is not None:
            return Read(text)
        case SetField(label, value):
            named = named_value(piece.text, quoted)
            goes_on = not whole and piece.joint == " and " and piece.text[0].isupper() and " " not in piece.text
            return named or (_Longer(SetField(label, f"{value} and {piece.text}")) if goes_on else None)
        case Write(written) if not whole and not quotes.has_quotes(piece.text) and piece.joint in _WITHIN_TEXTS:
            return _Longer(Write(f"{written}{piece.joint}{piece.raw}"))
    return None
