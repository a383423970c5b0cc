"""The phases of a connection, and how long each may last."""

from enum import Enum, auto
from math import inf
from typing import Final

import attrs


class Phase(Enum):
    """What a connection is doing."""

    OPENING = auto()
    IDLE = auto()
    RECEIVING = auto()
    ANSWERING = auto()
    SENDING = auto()
    LEAVING = auto()


YIELDING: Final = frozenset(Phase) - {Phase.ANSWERING}
"""The phases of a connection that may have to make place: either nothing is lost with it but what its client can ask
again, or the client is slow to take an answer.
"""


@attrs.frozen(kw_only=True)
class Timeouts:
    """How many seconds each phase may last."""

    idle: float = 300.0
    """Between two requests: longer than any sensible scrape interval."""
    receiving: float = 10.0
    """From the first byte of a request to its last one; also for agreeing on TLS."""
    sending: float = 10.0
    """Until the client has taken an answer."""
    leaving: float = 1.0
    """Until the client has seen why it is sent away."""

    def of(self, phase: Phase) -> float:
        """Return the seconds of a phase; answering is ours and has no limit."""
        if phase is Phase.ANSWERING:
            return inf
        if phase is Phase.IDLE:
            return self.idle
        if phase is Phase.SENDING:
            return self.sending
        return self.leaving if phase is Phase.LEAVING else self.receiving
