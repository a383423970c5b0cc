"""The reason that a model gives beside its action."""

import re
from typing import Final

MAX_RATIONALE: Final = 300
SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s")


def sentence(text: str) -> str:
    """Return the first sentence, on one line, in characters that UTF-8 can carry."""
    line = " ".join(encodable(text).split())
    return SENTENCE_END.split(line, maxsplit=1)[0][:MAX_RATIONALE]


def encodable(text: str) -> str:
    """Return a text that UTF-8 can carry: halves of pairs are replaced, pairs that were cut in two are joined."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
