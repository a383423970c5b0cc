"""What an endpoint says, fit to be shown: one short line, without our key or anything that looks like one."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from gui_agents.domain.secret import MASKED_KEY, Secret

MAX_SHOWN: Final = 300
"""Characters of an endpoint's words that are shown."""
SHORTEST_REDACTED_KEY: Final = 8
"""A shorter key cannot be cut out of a text with certainty; then nothing of the text is shown."""
MAX_READ: Final = 10_000
"""Characters of an endpoint's words that are looked through for keys."""
KEY_BEGIN: Final = re.compile(r"\b(?:sk|key|pk)-(?=\S)")


def hidden_words(headers: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words in the operator's own headers that may be keys, the longest first."""
    words = {word for value in headers.values() for word in value.split() if len(word) >= SHORTEST_REDACTED_KEY}
    return tuple(sorted(words, key=len, reverse=True))


def masked(text: str, key: Secret | None, hidden: Sequence[str] = ()) -> str:
    """Return the words of an endpoint that was called with `key` and with `hidden` in its headers."""
    plain = "" if key is None else key.reveal()
    if len(text) > MAX_READ:
        # The cut may go through a key, whose beginning must not stay.
        text = text[: MAX_READ - max(map(len, (plain, *hidden)))]
    for word in hidden:
        text = text.replace(word, MASKED_KEY)
    if plain:
        text = text.replace(plain, MASKED_KEY) if len(plain) >= SHORTEST_REDACTED_KEY else ""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(map(_masked_word, printable.split()))[:MAX_SHOWN]


def _masked_word(word: str) -> str:
    if "**" in word:
        return MASKED_KEY
    begin = KEY_BEGIN.search(word)
    return word if begin is None else word[: begin.start()] + MASKED_KEY
