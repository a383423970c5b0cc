"""How the time that a pattern takes grows with its input: linear, or worse.

The CPU time of the thread is measured, not the clock, and a verdict rests on ratios. A short text is tried first: what
is worse than linear already takes far longer than its length explains. Only that is measured at growing lengths.
"""

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import thread_time
from typing import Any, Final

from tests.patterns.pieces import Attack, attacks

METHODS: Final[dict[str, Callable[[re.Pattern[str], str], Any]]] = {
    "match": lambda pattern, text: pattern.match(text),
    "fullmatch": lambda pattern, text: pattern.fullmatch(text),
    # One call for all methods that look for a match from every position.
    "search": lambda pattern, text: pattern.sub("", text),
}

_FEW: Final = 40
"""Characters of a text for which an exponential pattern does not end."""
_SHORT: Final = 2_000
_LONG: Final = 16_000
_SUSPICIOUS_SECONDS: Final = 5e-4
"""For a short text; a linear pattern of ours takes a tenth of it."""
_LONGEST_SECONDS: Final = 0.3
_LINEAR: Final = 3.0
"""Doubling the length may multiply the time by so much: 2 is linear, 4 is quadratic."""
_ROUNDS: Final = 2


class _TooLong(Exception):  # noqa: N818 - no error: a measurement that is cut off
    pass


def worst(pattern: re.Pattern[str], methods: frozenset[str]) -> Attack | None:
    """Return an input for which the pattern takes more than linear time, or None."""
    for method in sorted(methods):
        call = METHODS[method]
        for attack in attacks(pattern.pattern, pattern.flags):
            if _grows(lambda text, call=call: call(pattern, text), attack):
                return attack
    return None


def _grows(call: Callable[[str], Any], attack: Attack) -> bool:
    try:
        if _seconds(call, attack.text(_FEW)) < _SUSPICIOUS_SECONDS > _seconds(call, attack.text(_SHORT)):
            return False
        length, before = _SHORT, _seconds(call, attack.text(_SHORT))
        while length < _LONG:
            length *= 2
            after = _seconds(call, attack.text(length))
            if after < _LINEAR * before or _again(call, attack, length, after) < _LINEAR * before:
                return False
            before = after
    except _TooLong:
        return True
    return True


def _again(call: Callable[[str], Any], attack: Attack, length: int, seconds: float) -> float:
    """Return the least of some measurements; other work on the machine makes them larger, and never smaller."""
    return min(seconds, *(_seconds(call, attack.text(length)) for _ in range(_ROUNDS)))


def _seconds(call: Callable[[str], Any], text: str) -> float:
    with _limited():
        began = thread_time()
        call(text)
        return thread_time() - began


@contextmanager
def _limited() -> Iterator[None]:
    """Cut off what takes too long; `re` looks for signals while it matches."""

    def stop(*_: object) -> None:
        raise _TooLong

    former = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, _LONGEST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, former)
