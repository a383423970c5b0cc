"""Instructions -> steps, in the language of one world: each clause alone, or as going on with the clause before."""

from typing import Final, Protocol

from gui_agents.decider import clauses, quotes
from gui_agents.decider.clauses import Piece
from gui_agents.decider.patterns import Call, Step
from gui_agents.decider.problems import NotUnderstoodError
from gui_agents.decider.quotes import Quoted

MAX_CLAUSES: Final = 100
MAX_CONTINUED_WORDS: Final = 3
MAX_CONTINUED_LENGTH: Final = 2000
WITHIN_TEXTS: Final = (" and ", ", ", ", and ")
"""Joints that a text without quotes may have, too."""


class Language(Protocol):
    """What clauses mean in one world."""

    def understood(self, text: str, quoted: Quoted) -> tuple[Call, ...] | None:
        """Return what a clause asks for, or None if it is not known alone."""

    def continued(self, last: Step, before: Piece, piece: Piece, text: str, quoted: Quoted) -> tuple[Step, ...] | None:
        """Return what takes the place of the step `last` if `piece` goes on with it.

        `before` is the piece before it, and `text` all that was written since the last clause that was known alone.
        """


def parse(instruction: str, language: Language) -> tuple[Step, ...]:
    """Return the steps of an instruction.

    Each clause is tried alone, and then as going on with the step before. So the number of tries does not depend on
    how clauses can be grouped.

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
        calls = language.understood(piece.text, quoted)
        if calls is not None:
            text = piece.text
            steps.append(Step(quoted.display(text), calls))
            continue
        text = f"{text}{piece.joint}{piece.raw}"
        longer = None if before is None else language.continued(steps[-1], before, piece, text, quoted)
        if longer is None:
            raise NotUnderstoodError(quoted.display(piece.text))
        steps[-1:] = longer
    return tuple(steps)
