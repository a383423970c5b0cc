"""Actions that a model writes as JSON into its text.

The text is read from its end: what a model decides comes last, and what it quotes (code, the words of a page) before.
Each object is read where it begins, so an answer of nested halves of objects would take quadratic time: what is read is
bounded as a whole.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from gui_agents.domain.actions import TERMINAL_ACTIONS, InvalidActionError
from gui_agents.models.answers.decoding import DECODER, decode
from gui_agents.models.answers.found import Found
from gui_agents.models.answers.thoughts import MAX_TEXT, without_thoughts

MAX_SCANNED: Final = 100_000
"""Characters of a text that are read as objects, those that are read again included."""
MAX_STARTS: Final = 200
"""How many places of a text are tried as the start of an object: the last ones."""
MAX_DEPTH: Final = 4
"""How deep an action may be wrapped, as in `{"name": "act", "arguments": {...}}`."""
WRAPPERS: Final = ("arguments", "parameters", "args", "input", "function", "tool_call", "tool_calls", "actions")
"""Where a wrapped action stands."""
START: Final = re.compile(r'\{\s{0,100}"')
CALL: Final = re.compile(
    r"(?i)<\|?/?(?:tool_calls?|function_calls?|tool_call_(?:begin|end|start)|functions?|tool|message|constrain|call|end"
    r"|start|channel|im_end|im_start|return|eot_id|python_tag|answer|final_answer|response)(?:=[^<>|]{0,60})?\|?>|\[/?TOOL_CALLS?\]"
)
"""How models mark calls of tools, and turns, in their text."""
OPENED: Final = re.compile(
    r"(?i)(?:<\|?(?:tool_calls?|function_calls?|tool_call_(?:begin|start)|constrain|python_tag)(?:=[^<>|]{0,60})?\|?>"
    r"|\[TOOL_CALLS?\]|</(?:tool_call|function_call)>)"
)
LOOKED_BACK: Final = 80
"""Characters before an object in which the mark of a call is looked for."""
FENCE: Final = "```"


@attrs.frozen
class _Piece:
    """One object of a text, from `start` to `end`."""

    start: int
    end: int
    answers: Sequence[Mapping[str, Any]]
    """The actions in it."""


def in_text(text: str) -> Found:
    """Return the action in a text, or several if each is marked as a call; none if there is none.

    Raises:
        InvalidActionError: it cannot be told which of several actions is meant.
    """
    whole = decode(text) if len(text) <= MAX_TEXT and text.lstrip()[:1] in {"{", "[", '"'} else None
    answers = list(_actions(whole, MAX_DEPTH))
    if answers:
        return Found(tuple(answers), "")
    plain = without_thoughts(text)
    pieces, halves = _pieces(plain)
    marked = [piece for piece in pieces if _is_marked(plain, piece)]
    found = [answer for piece in marked or pieces for answer in piece.answers]
    return Found(tuple(found) if marked else _meant(found), _words(plain, pieces, halves))


def words_in(text: str) -> str:
    """Return the words of a text, without thoughts and without actions or halves of them."""
    plain = without_thoughts(text)
    return _words(plain, *_pieces(plain))


def _meant(found: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Return the last of several actions: those before it are quoted, or were considered.

    One that ends the task is not taken on such a guess.
    """
    if found and found[-1].get("action") in TERMINAL_ACTIONS and any(other != found[-1] for other in found):
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
            value, end = DECODER.raw_decode(text, start)
        except json.JSONDecodeError as error:
            left -= error.pos - start + 1
            halves.append(start)
            continue
        except (ValueError, RecursionError):
            left -= len(text) - start
            halves.append(start)
            continue
        left -= end - start
        answers = list(_actions(value, MAX_DEPTH))
        if answers:
            # It holds those that were found inside of it.
            while pieces and pieces[-1].start < end:
                pieces.pop()
            pieces.append(_Piece(start, end, answers))
    return pieces[::-1], halves[::-1]


def _actions(value: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    """Yield the actions in a decoded value: an object with `action`, a call that holds one, a list of them."""
    if depth == 0:
        return
    if isinstance(value, str) and value.lstrip()[:1] in {"{", "["}:
        value = decode(value)
    if isinstance(value, list):
        for each in value:
            yield from _actions(each, depth - 1)
    elif isinstance(value, dict):
        if isinstance(value.get("action"), str):
            yield value
            return
        for name in WRAPPERS:
            yield from _actions(value.get(name), depth - 1)


def _is_marked(text: str, piece: _Piece) -> bool:
    before = text[max(0, piece.start - LOOKED_BACK) : piece.start].rstrip()
    return any(before.endswith(mark.group()) for mark in OPENED.finditer(before))


def _words(text: str, pieces: Sequence[_Piece], halves: Sequence[int]) -> str:
    """Return a text without the objects in `pieces`, fenced blocks and marks of calls, up to the first half."""
    words: list[str] = []
    begin = 0
    cut = next((half for half in halves if not any(piece.start <= half < piece.end for piece in pieces)), len(text))
    for piece in pieces:
        if piece.start >= cut:
            break
        words.append(text[begin : piece.start])
        begin = piece.end
    words.append(text[begin:cut])
    return CALL.sub("", "".join("".join(words).split(FENCE)[::2]))
