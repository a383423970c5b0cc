"""Texts without keys: those that are known, and what looks like one.

A model repeats what it has read: its instruction, a page, its provider's words. So what tasks say is redacted where it
leaves the service, in replies, streams and the log. The model itself gets everything as it is.
"""

import re
from bisect import bisect
from collections.abc import Iterable, Sequence
from typing import Final

from gui_agents.domain.secret import MASKED_KEY, Secret

SHORTEST: Final = 8
"""Characters of a key. A shorter one is a word that texts may well have; of a longer one, so many are never shown."""
SURE: Final = 24
"""Characters of what looks like a key, from which on it is one even without a digit."""

_SHAPES: Final = re.compile(
    r"(?<![A-Za-z0-9])"
    r"(?:gat_|[sp]k[-_]|rk_|gh[opsu]_|github_pat_|glpat-|xox[abeprs]-|(?:gsk|hf|r8|fw|tgp)_|(?:xai|pplx|nvapi|csk)-"
    r"|AIza|AKIA|ASIA|eyJ)"
    r"[A-Za-z0-9_.~+/=-]{12,}"
)
"""How keys of this service, of providers and of clouds begin. The last one is a JSON Web Token."""
_PASSWORD_IN_URL: Final = re.compile(r"(?<=://)(?P<user>[^\s:/@]{0,100}):[^\s/@]{1,200}@")


class Redactor:
    """Replaces the keys that it knows, and what looks like a key."""

    def __init__(self, keys: Iterable[Secret] = ()) -> None:
        self._keys = frozenset(key for key in keys if len(key.reveal()) >= SHORTEST)
        self._by_beginning: dict[str, list[str]] = {}
        for key in self._keys:
            self._by_beginning.setdefault(key.reveal()[:SHORTEST], []).append(key.reveal())
        for alike in self._by_beginning.values():
            alike.sort()

    def knowing(self, keys: Iterable[Secret]) -> "Redactor":
        """Return a redactor that knows these keys, too."""
        more = {key for key in keys if len(key.reveal()) >= SHORTEST} - self._keys
        return Redactor(self._keys | more) if more else self

    def redacted(self, text: str) -> str:
        """Return a text without keys; a key that is cut short is one, too."""
        text = _SHAPES.sub(_mask, text)
        if "://" in text:
            text = _PASSWORD_IN_URL.sub(rf"\g<user>:{MASKED_KEY}@", text)
        for beginning, keys in self._by_beginning.items():
            if beginning in text:
                text = _without(text, beginning, keys)
        return text


KNOWS_NO_KEYS: Final = Redactor()
"""Replaces what looks like a key."""


def _mask(found: re.Match[str]) -> str:
    run = found[0]
    # Words may begin so, too, such as sk-learn-like-names.
    sure = len(run) >= SURE or any(character.isdigit() for character in run)
    return MASKED_KEY if sure else run


def _without(text: str, beginning: str, keys: Sequence[str]) -> str:
    """Return a text without keys that begin alike, which are sorted, and without their beginnings.

    A text may be made of beginnings alone, and is redacted on the event loop: each one costs microseconds.
    """
    kept, seen, longest = [], 0, max(map(len, keys))
    while (begin := text.find(beginning, seen)) >= 0:
        kept += [text[seen:begin], MASKED_KEY]
        # The key that goes along with the text furthest is next to it in the alphabet.
        place = bisect(keys, text[begin : begin + longest]) if len(keys) > 1 else 0
        seen = begin + max(_shared(key, text, begin) for key in keys[max(0, place - 1) : place + 1])
    return "".join([*kept, text[seen:]])


def _shared(key: str, text: str, begin: int) -> int:
    """Return how many characters a key and what begins there have alike, of which the first ones are known to be."""
    alike = step = SHORTEST
    while alike < len(key) and text.startswith(key[alike : alike + step], begin + alike):
        alike += step
        step *= 2
    # Within the last step is where they part.
    while step > 1 and alike < len(key):
        step //= 2
        if text.startswith(key[alike : alike + step], begin + alike):
            alike += step
    return min(alike, len(key))
