"""How often something may happen in a minute."""

from math import inf

MINUTE: float = 60.0
SLACK: float = 1e-9
"""Of sums of fractions of a second."""


class Rate:
    """Spreads calls over time: a minute's worth may come at once, and then one for each part of a minute.

    This is the generic cell rate algorithm (ITU-T I.371): one number says when all that was taken is given back.
    """

    __slots__ = ("_given_back",)

    def __init__(self) -> None:
        self._given_back = -inf

    def take(self, per_minute: int, now: float) -> float:
        """Take one and return 0. If there is none, return the seconds until there is one; nothing is taken then."""
        step = MINUTE / per_minute
        begins = max(self._given_back, now)
        wait = begins + step - MINUTE - now
        if wait > SLACK:
            return wait
        self._given_back = begins + step
        return 0.0
