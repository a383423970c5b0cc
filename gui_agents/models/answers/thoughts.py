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


MAX_TEXT: Final = 50_000
"""Characters of a text that are read: the last ones. The worst text of this length takes some 30 ms to read."""
MAX_HEAD: Final = 10_000
"""Characters at the beginning of a longer text in which an opened thought is looked for."""
OPENING: Final = "<think>"


def without_thoughts(text: str) -> str:
    """Return what a text says besides thoughts, in linear time; of a long text, what its end says."""
    if len(text) > MAX_TEXT:
        _, thinking = _spoken(text[:MAX_HEAD])
        text = (OPENING if thinking else "") + text[-MAX_TEXT:]
    return _spoken(text)[0]


def _spoken(text: str) -> tuple[str, bool]:
    """Return what is said besides thoughts, and whether a thought is open at the end."""
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
    return "".join(kept), begin is None
