"""What the log was told of endpoints that cannot be reached: each trouble once, until it is over."""

import logging
from typing import Final

MAX_ENDPOINTS: Final = 1000

_log = logging.getLogger(__name__)


class Told:
    """The troubles that are in the log. One instance serves all models of an event loop."""

    def __init__(self) -> None:
        self._troubles: dict[str, str] = {}

    def warn(self, where: str, problem: str) -> None:
        """Log a trouble with an endpoint, unless the last one that was logged is the same."""
        if self._troubles.get(where) == problem:
            return
        if len(self._troubles) >= MAX_ENDPOINTS:
            self._troubles.clear()
        self._troubles[where] = problem
        _log.warning("%s", problem)

    def forget(self, where: str) -> None:
        """Note that an endpoint answered: the next trouble is a new one."""
        self._troubles.pop(where, None)
