"""Wrong tokens at the pages of tasks: counted and audited as those of calls are."""

from collections.abc import Callable
from typing import Final

from gui_agents.access.audit import AuditLog, Repeats
from gui_agents.domain.access import AuthFailure
from gui_agents.domain.rpc import StatusCode

PAGES: Final = "/tasks"
"""What the audit log calls the pages."""


class Visitors:
    """Takes notice of visitors who are not let in; used by the one thread that answers them."""

    def __init__(
        self, failed: Callable[[AuthFailure], None], audit: AuditLog | None, monotonic: Callable[[], float]
    ) -> None:
        self._failed = failed
        self._audit = audit
        self._monotonic = monotonic
        self._repeats = Repeats()

    def turned_away(self, failure: AuthFailure, address: str) -> None:
        """Count and audit a visitor who has shown a wrong token."""
        if failure is AuthFailure.MISSING:
            # Whoever opens the page for the first time has no other way in than without one.
            return
        self._failed(failure)
        if self._audit is None:
            return
        repeated = self._repeats.due((address, failure), self._monotonic())
        if repeated is not None:
            event = {"who": "", "what": PAGES, "from": address, "outcome": StatusCode.UNAUTHENTICATED}
            more = {"repeated": repeated} if repeated else {}
            self._audit.record({**event, "reason": f"TOKEN_{failure.name}", **more})
