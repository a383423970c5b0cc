"""Who was not let in, and whose quotas were used up."""

from gui_agents.domain.access import REFUSING, AuthFailure, Quota
from gui_agents.snapshot import AccessSnapshot


class AccessStats:
    """Refused calls by reason where there are tokens, and by quota where there are quotas."""

    def __init__(self, *, tokens: bool, quotas: bool) -> None:
        self._tokens = tokens
        self._quotas = quotas
        self._failures = dict.fromkeys(map(str, AuthFailure), 0)
        self._rejections = dict.fromkeys(map(str, REFUSING), 0)

    def auth_failed(self, reason: AuthFailure) -> None:
        """Count a call that was not let in."""
        self._failures[reason] += 1

    def quota_rejected(self, quota: Quota) -> None:
        """Count a call that was refused because its owner has used up a quota."""
        self._rejections[quota] += 1

    def statistics(self) -> AccessSnapshot:
        """Return the frozen counts."""
        return AccessSnapshot(
            self._failures.copy() if self._tokens else None, self._rejections.copy() if self._quotas else None
        )
