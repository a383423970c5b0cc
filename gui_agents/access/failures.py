"""Wrong tokens by address: after some in a minute, further ones are told to stay away.

Nobody can guess a token, so this protects the audit log and the log, not the tokens. A right token is never limited,
from whatever address it comes.
"""

from collections import OrderedDict
from threading import Lock
from typing import Final

from gui_agents.access.rate import Rate

PER_MINUTE: Final = 30
MAX_ADDRESSES: Final = 4096


class Failures:
    """Counts wrong tokens by address; from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._rates: OrderedDict[str, Rate] = OrderedDict()

    def too_many(self, address: str, now: float) -> bool:
        """Count a wrong token at `now`, a monotonic time in seconds, and tell whether there were too many before."""
        with self._lock:
            rate = self._rates.pop(address, None) or Rate()
            self._rates[address] = rate
            if len(self._rates) > MAX_ADDRESSES:
                self._rates.popitem(last=False)
            return rate.take(PER_MINUTE, now) > 0
