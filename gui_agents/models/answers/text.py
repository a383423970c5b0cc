"""Actions that a model writes as JSON into its text.

The text is read from its end: what a model decides comes last, and what it quotes (code, the words of a page) before.
Each object is read where it begins, so an answer of nested halves of objects would take quadratic time: what is read is
bounded as a whole.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from gui_agents.domain.action_json import action_named
from gui_agents.domain.actions import TERMINAL_ACTIONS, InvalidActionError
from gui_agents.http.decoding import decode, value_at
from gui_agents.models.answers.calls import arguments
from gui_agents.models.answers.found import Found
from gui_agents.models.answers.marks import FENCE, FILLED, ends, holds_call, is_marked, without_calls
from gui_agents.models.answers.tagged import tagged_calls
from gui_agents.models.answers.thoughts import MAX_TEXT, without_thoughts
from gui_agents.models.answers.wrapped import actions_in

MAX_SCANNED: Final = 100_000
"""Characters of a text that are read as objects, those that are read again included."""
MAX_STARTS: Final = 200
"""How many places of a text are tried as the start of an object: the last ones."""
START: Final = re.compile(r'\{\s{0,100}"')
HALF: Final = re.compile(r"""\{\s{0,9}["']action["']""")
"""An action that begins here; it is not whole, or not JSON."""


@attrs.frozen
class _Piece:
    """One object of a text, from `start` to `end`."""

    start: int
    end: int
    answers: Sequence[Mapping[str, Any]]
    """The actions in it."""


def in_text(text: str, *, cut_off: bool = False) -> Found:
    """Return the action in a text, or several if each is marked as a call; none if there is none.

    Of a text that was cut off nobody knows what it was about to say. It may even be a thought, opened by a template.
    An object counts only if it ends the text, and does not end the task.

    Raises:
        InvalidActionError: it cannot be told which of several actions is meant, or a call is not whole.
    """
    whole = decode(text) if len(text) <= MAX_TEXT and text.lstrip()[:1] in {"{", "[", '"'} else None
    answers = list(actions_in(whole))
    if answers:
        return Found(() if cut_off and _ends_task(answers[-1]) else tuple(answers), "")
    plain = without_thoughts(text)
    pieces, halves = _pieces(plain)
    tagged = _tagged(plain, pieces)
    pieces = sorted([*_outside(pieces, tagged), *tagged], key=lambda piece: piece.start)
    words = _words(plain, pieces, halves)
    if cut_off and pieces and (not ends(plain, pieces[-1].end) or _ends_task(pieces[-1].answers[-1])):
        return Found((), words)
    calls = {call.start for call in tagged}
    marked = [piece for piece in pieces if piece.start in calls or is_marked(plain, piece.start)]
    found = [answer for piece in marked or pieces for answer in piece.answers]
    return Found(tuple(found) if marked else _meant(found), words)


def words_in(text: str) -> str:
    """Return the words of a text, without thoughts and without actions or halves of them."""
    plain = without_thoughts(text)
    return _words(plain, *_pieces(plain))


def has_half_of_call(text: str) -> bool:
    """Tell whether a text holds a call or an action, or half of one, besides its thoughts."""
    plain = without_thoughts(text)
    return holds_call(plain) or HALF.search(plain) is not None


def _tagged(text: str, pieces: Sequence[_Piece]) -> list[_Piece]:
    calls = tagged_calls(text, [(piece.start, piece.end) for piece in pieces])
    return [_Piece(call.start, call.end, arguments(call.name, call.arguments)) for call in calls]


def _outside(pieces: Sequence[_Piece], tagged: Sequence[_Piece]) -> list[_Piece]:
    """Return the objects that are no part of a call in tags."""
    return [piece for piece in pieces if not any(call.start <= piece.start < call.end for call in tagged)]


def _ends_task(answer: Mapping[str, Any]) -> bool:
    named = answer.get("action")
    return isinstance(named, str) and action_named(named) in TERMINAL_ACTIONS


def _meant(found: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Return the last of several actions: those before it are quoted, or were considered.

    One that ends the task is not taken on such a guess.
    """
    if found and _ends_task(found[-1]) and any(other != found[-1] for other in found):
        raise InvalidActionError("the answer holds several different actions; answer with the one that is meant, alone")
    return tuple(found[-1:])


def _pieces(text: str) -> tuple[list[_Piece], list[int]]:
    """Return the objects with actions in them, in order, and where halves of objects start."""
    left = MAX_SCANNED
    pieces: list[_Piece] = []
    halves: list[int] = []
    starts = [match.start() for match in START.finditer(text)]
    for start in reversed(starts[-MAX_STARTS:]):
        if left <= 0:
            break
        try:
            value, end = value_at(text, start)
        except json.JSONDecodeError as error:
            left -= error.pos - start + 1
            halves.append(start)
            continue
        except (ValueError, RecursionError):
            left -= len(text) - start
            halves.append(start)
            continue
        left -= end - start
        answers = list(actions_in(value))
        if answers:
            # It holds those that were found inside of it.
            while pieces and pieces[-1].start < end:
                pieces.pop()
            pieces.append(_Piece(start, end, answers))
    return pieces[::-1], halves[::-1]


def _words(text: str, pieces: Sequence[_Piece], halves: Sequence[int]) -> str:
    """Return a text without the objects in `pieces`, fenced blocks and calls, up to the first half."""
    words: list[str] = []
    begin = 0
    cut = next((half for half in halves if not any(piece.start <= half < piece.end for piece in pieces)), len(text))
    for piece in pieces:
        if piece.start >= cut:
            break
        words += [text[begin : piece.start], FILLED]
        begin = piece.end
    words.append(text[begin:cut])
    if cut < len(text):
        words.append(FILLED)
    spoken = without_calls("".join(words))
    return "".join(spoken.split(FENCE)[::2]).replace(FILLED, "")
