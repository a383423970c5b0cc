"""Thoughts that a model writes into its text: they are no part of the answer.

Models mark them in many ways, and templates of servers open a thought that only the model closes. So a closing mark
ends a thought even if none was opened, and one that is never closed goes on to the end.
"""

import re
from typing import Final

NAMES: Final = (
    r"(?:seed:|antml:)?(?:think|thinking|thought|thoughts|thought_process|reason|reasoning|reasoning_content|analysis"
    r"|reflection|scratchpad|inner_monologue)"
)
MARK: Final = re.compile(
    rf"""(?xi)
    (?P<opens>
        <{NAMES}(?:\s[^<>]{{0,100}})?>
        | \[(?:think|thinking|reasoning)\]
        | <\|(?:begin_of_thought|thinking|think|thought_start|start_thinking|begin_of_reasoning)\|>
        | ◁think▷
        | <\|channel\|>\s{{0,3}}(?:analysis|thought)
    )
    | (?P<closes>
        </{NAMES}\s{{0,3}}>
        | \[/(?:think|thinking|reasoning)\]
        | <\|(?:end_of_thought|/thinking|/think|thought_end|end_thinking|end_of_reasoning)\|>
        | ◁/think▷
        | <\|channel\|>\s{{0,3}}(?:final|commentary)
    )
    """
)


def without_thoughts(text: str) -> str:
    """Return what a text says besides thoughts, in linear time."""
    kept: list[str] = []
    begin: int | None = 0
    for mark in MARK.finditer(text):
        if mark["closes"] is not None:
            if begin is not None:
                # Nothing opened it here, so all before it is a thought that was opened elsewhere.
                kept.clear()
            begin = mark.end()
        elif begin is not None:
            kept.append(text[begin : mark.start()])
            begin = None
    if begin is not None:
        kept.append(text[begin:])
    return "".join(kept)
