"""Thoughts that a model writes into its text: they are no part of the answer.

Models mark them in many ways, and templates of servers open a thought that only the model closes. So a closing mark
ends a thought even if none was opened, and one that is never closed goes on to the end.
"""

import re
from typing import Final

NAME: Final = (
    r"(?:[\w.:-]{0,30}(?:think|thought|reason)[\w.:-]{0,30}"
    r"|analysis|reflection|scratchpad|planning|cot|inner_monologue|internal_monologue)"
)
"""Of a tag. Each model family has names of its own, but they all say what the tag is for."""
SPECIAL: Final = r"\w{0,30}(?:think|thought|reason)\w{0,30}"
"""The same for special tokens, which stand between bars."""
MARK: Final = re.compile(
    rf"""(?xi)
    (?P<closes>
        (?:<|&lt;)\s?/\s?{NAME}\s{{0,3}}(?:>|&gt;)
        | \[/(?:thoughts?|think|thinking|reasoning)\]
        | <\|(?:/|end_)\s?{SPECIAL}\|> | <\|{SPECIAL}_end\|>
        | ◁/think▷
        | <unused95>
        | <channel\|> | <\|channel\|?>\s{{0,3}}(?:final|commentary)
    )
    | (?P<opens>
        (?:<|&lt;)\s?{NAME}(?:\s[^<>&]{{0,100}})?(?:>|&gt;)
        | \[(?:thoughts?|think|thinking|reasoning)\]
        | <\|{SPECIAL}\|>
        | ◁think▷
        | <unused94>
        | <\|channel\|?>\s{{0,3}}(?:analysis|thought)
    )
    """
)


MAX_TEXT: Final = 50_000
"""Characters of a text that are read: the last ones. The worst text of this length takes some 50 ms to read."""
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
