"""The marks with which models begin and end calls of tools, and turns, in their text."""

import re
from typing import Final

WORDS: Final = r"tool_calls?|function_calls?|function|tools?|invoke|parameter|arg_key|arg_value"
BAR: Final = r"[|\uff5c]"
LINE: Final = r"[_\u2581]"
"""DeepSeek writes its tokens with a wide bar and a low block."""
MARK: Final = re.compile(
    rf"""(?xi)
    (?P<closes>
        <{BAR}?/(?:\w{{1,20}}:)?(?:{WORDS}){BAR}?>
        | <{BAR}tool{LINE}calls?{LINE}(?:section{LINE})?end{BAR}>
        | \[/TOOL_CALLS?\]
    )
    | (?P<opens>
        <{BAR}?(?:\w{{1,20}}:)?(?:{WORDS})(?:[=\s][^<>]{{0,60}})?{BAR}?>
        | <{BAR}tool{LINE}calls?{LINE}(?:section{LINE})?(?:begin|start){BAR}>
        | \[TOOL_CALLS?\] | \[ARGS\] | \[CALL_ID\]
        | <\|(?:constrain|python_tag)\|> | \bto=functions\.
        | \b(?:act|[a-z_]{{0,10}}click)\(\s{{0,9}}(?:[\{{"'\[\d\0]|\w{{1,20}}\s?=)
    )
    | (?P<joins> <{BAR}tool{LINE}(?:sep|call_argument_begin){BAR}> )
    | <{BAR}?/?(?:message|call|end|start|channel|im_end|im_start|return|eot_id|answer|final_answer|response){BAR}?>
    """
)
FENCE: Final = "```"
FILLED: Final = "\0"
"""Stands in a text where an object was."""
LOOKED_BACK: Final = 120
"""Characters before an object in which the mark of a call is looked for."""
GAP: Final = re.compile(r"\s{0,9}(?:functions?\.)?(?:act)?(?::\d)?\s{0,9}(?:```(?:json)?)?\s{0,9}")
"""What may stand between the mark of a call and its object."""


def without_calls(text: str) -> str:
    """Return a text without what is marked as a call, and without marks of turns; a half of a call has no end."""
    kept: list[str] = []
    begin = depth = 0
    for mark in MARK.finditer(text):
        if depth == 0:
            kept.append(text[begin : mark.start()])
        if mark["opens"] is not None:
            depth += 1
        elif mark["closes"] is not None:
            depth = max(0, depth - 1)
        begin = mark.end()
    if depth == 0:
        kept.append(text[begin:])
    return "".join(kept)


def holds_call(text: str) -> bool:
    """Tell whether a text holds the mark of a call, or half of it."""
    return any(mark["opens"] is not None or mark["closes"] is not None for mark in MARK.finditer(text))


def is_marked(text: str, start: int) -> bool:
    """Tell whether what starts here is marked as a call, or follows one."""
    before = text[max(0, start - LOOKED_BACK) : start]
    last = None
    for mark in MARK.finditer(before):
        last = mark
    marked = last is not None and (last["opens"] or last["closes"] or last["joins"])
    return bool(marked) and GAP.fullmatch(before, last.end() if last else 0) is not None


def ends(text: str, end: int) -> bool:
    """Tell whether nothing but marks follows from here on."""
    return not MARK.sub("", text[end:]).replace(FENCE, "").strip(" \t\r\n,)")
