"""What an endpoint says, fit to be shown: one short line, without our keys or anything that looks like a key.

Endpoints repeat keys in many spellings: escaped for JSON, encoded for a URL, in other case, cut short. So a text and
our keys are both brought to one spelling, and whatever shares a few characters in a row with a key is masked, with all
that follows up to the end of the word.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from gui_agents.domain.secret import MASKED_KEY, Secret

MAX_SHOWN: Final = 300
"""Characters of an endpoint's words that are shown."""
SHORTEST_REDACTED_KEY: Final = 8
"""A shorter key cannot be cut out of a text with certainty; then nothing of the text is shown. Of a longer one, so many
characters in a row are never shown.
"""
MAX_READ: Final = 4000
"""Characters of an endpoint's words that are looked through for keys, in 4 ms at worst."""
LONGEST_ESCAPE: Final = 12
"""Characters that one character of a key may be written as."""
MANY: Final = 20
"""Letters of a word that may be a key though nothing but letters are in it."""
WORDS_BEHIND: Final = 3
"""A key stands so many words at most behind what says that it is one."""

SPELLED: Final = re.compile(
    r"\\+(?:u(?P<unicode>[0-9a-fA-F]{4}))?"
    r"|%(?:25){0,3}(?P<percent>[0-9a-fA-F]{2})"
    r"|&(?:#(?P<decimal>[0-9]{1,6})|#[xX](?P<hex>[0-9a-fA-F]{1,5})|(?P<name>amp|quot|apos|lt|gt));"
    r"|(?P<plain>[^\\])"
)
NAMES: Final = {"amp": "&", "quot": '"', "apos": "'", "lt": "<", "gt": ">"}
WORD_PARTS: Final = re.compile(r"[=,;:\"']/*")
SPACE: Final = re.compile(r"\s")
KEY_BEGIN: Final = re.compile(
    r"\b(?:(?:sk|key|pk)-(?=\S)|(?:(?:gsk|hf|r8|fw|ghp|xai|pplx|nvapi|csk|tgp)[-_]|AIza)(?=[\w.*-]{6}))"
)
HALF_SHOWN: Final = re.compile(r"\*\*|\w(?:\.{3}|…)\w")
SAYS_KEY: Final = re.compile(r"(?i)(?<![a-z])(?:api[_-]?key|key|token|bearer|basic|secret|password|authorization)\b")
KEY_SHAPED: Final = re.compile(r"[\w+/.~-]{16,}=*")


def hidden_words(*given: Any) -> tuple[str, ...]:
    """Return the words that may be keys in the operator's own headers and fields of requests, the longest first."""
    words = {
        part
        for text in _texts(given)
        for word in text.split()
        for part in (word.rpartition("://")[2], *WORD_PARTS.split(word))
        if len(part) >= SHORTEST_REDACTED_KEY and _may_be_key(part)
    }
    return tuple(sorted(words, key=lambda word: (-len(word), word)))


def masked(text: str, key: Secret | None, hidden: Sequence[str] = ()) -> str:
    """Return the words of an endpoint that was called with `key` and with `hidden` in its headers or its body."""
    own = _spelled_plainly("" if key is None else key.reveal())
    if 0 < len(own) < SHORTEST_REDACTED_KEY:
        return ""
    if len(text) >= MAX_READ:
        # The cut may go through a key, and leave too little of its beginning to know it by.
        text = text[: MAX_READ - LONGEST_ESCAPE * SHORTEST_REDACTED_KEY]
    text = _without(text, [own, *map(_spelled_plainly, hidden)])
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(_without_key_shapes(printable.split()))[:MAX_SHOWN]


def _texts(given: Iterable[Any]) -> Iterator[str]:
    """Yield all strings in some values, however deep; without recursion."""
    waiting = [*given]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            waiting.extend(value.values())
        elif isinstance(value, list | tuple):
            waiting.extend(value)


def _may_be_key(word: str) -> bool:
    """Tell whether a word is none of those that settings are made of, such as `disabled` or `json_schema`."""
    return len(word) >= MANY or not word.replace("_", "").isalpha() or not (word.islower() or word.isupper())


def _without(text: str, secrets: Sequence[str]) -> str:
    """Return a text without what shares some characters in a row with a secret."""
    length = SHORTEST_REDACTED_KEY
    shared = {secret[at : at + length] for secret in secrets for at in range(len(secret) - length + 1)}
    spelled = [*_plain(text)]
    plain = "".join(character for character, _ in spelled)
    kept, seen = [], 0
    for at in range(len(plain)):
        begin = spelled[at][1]
        if begin < seen or plain[at : at + length] not in shared:
            continue
        kept += [text[seen:begin], MASKED_KEY]
        # White space may stand within a key, but nothing tells where it ends: the rest of the word goes with it.
        last = at
        while plain[last : last + length] in shared:
            last += 1
        seen = _end_of_word(text, spelled[last + length - 2][1])
    return "".join([*kept, text[seen:]])


def _end_of_word(text: str, begin: int) -> int:
    match = SPACE.search(text, begin)
    return len(text) if match is None else match.start()


def _spelled_plainly(secret: str) -> str:
    return "".join(character for character, _ in _plain(secret))


def _plain(text: str) -> Iterator[tuple[str, int]]:
    """Yield the characters that a text means, in small letters, each with where it begins; no white space."""
    for match in SPELLED.finditer(text):
        meant = match["plain"]
        if meant is None:
            codes = [match["unicode"], match["percent"], match["hex"]]
            digits = next((int(each, 16) for each in codes if each), int(match["decimal"] or 0))
            meant = NAMES.get(match["name"] or "", chr(digits) if digits else "")
        if meant.isprintable():
            for character in meant.lower().strip():
                yield character, match.start()


def _without_key_shapes(words: Sequence[str]) -> Iterator[str]:
    """Yield words, those masked that look like a key or stand where one is named."""
    named = -WORDS_BEHIND
    for number, word in enumerate(words):
        says = SAYS_KEY.search(word)
        if says is not None:
            named = number
        if HALF_SHOWN.search(word) is not None:
            yield MASKED_KEY
            continue
        begin = KEY_BEGIN.search(word)
        if begin is None and number - named <= WORDS_BEHIND and named >= 0:
            begin = KEY_SHAPED.search(word, says.end() if says is not None else 0)
            if begin is not None and not _is_mixed(begin[0]):
                begin = None
        yield word if begin is None else word[: begin.start()] + MASKED_KEY


def _is_mixed(run: str) -> bool:
    return any(character.isdigit() for character in run) and any(character.isalpha() for character in run)
