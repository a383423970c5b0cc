"""What the service counts of its sandboxes: how they begin, what is done in them, and why they end.

As everything in this package it knows no lock and no clock: see `gui_agents.state.stats`.
"""

from gui_agents.domain.actions import SANDBOX_ACTIONS, ActionName
from gui_agents.domain.buckets import SANDBOX_OPEN_SECONDS
from gui_agents.domain.egress import EgressVerdict
from gui_agents.domain.sandbox import SandboxEnd, SandboxStart, SandboxType
from gui_agents.domain.step import ActionOutcome
from gui_agents.snapshot import SandboxesSnapshot
from gui_agents.state.histogram import Histogram


class SandboxStats:
    """Sandboxes by type, the actions sent to them, and the connections that they asked for.

    Closed sets are complete from the start, but for the opening times: those of cold starts are there for every type,
    because an alert reads them; those of the other starts from the first sandbox of their type on. A task gets a warm
    or a kept one later than that, so that no increase is missed, and a service has no series for types that it never
    uses.
    """

    def __init__(self, *, native: bool = False) -> None:
        self._native = native
        self._created = dict.fromkeys(map(str, SandboxType), 0)
        self._open = dict.fromkeys(map(str, SandboxType), 0)
        self._failures = dict.fromkeys(map(str, SandboxType), 0)
        self._ended = {(str(kind), str(reason)): 0 for kind in SandboxType for reason in SandboxEnd}
        self._openings: dict[tuple[str, str], Histogram] = {}
        for kind in SandboxType:
            self._opening(kind, SandboxStart.COLD)
        self._warm = 0
        self._egress = dict.fromkeys(map(str, EgressVerdict), 0)
        # By member, which is found by its identity; by its text, it would take three times as long.
        self._succeeded = {action: 0 for action in ActionName if action in SANDBOX_ACTIONS}
        self._erred = self._succeeded.copy()
        self._labels = [(str(action), str(outcome)) for outcome in ActionOutcome for action in self._succeeded]

    def created(self, sandbox_type: SandboxType) -> None:
        """Count a sandbox that is open now."""
        if not self._created[sandbox_type]:
            for start in SandboxStart:
                self._opening(sandbox_type, start)
        self._created[sandbox_type] += 1
        self._open[sandbox_type] += 1

    def given(self, sandbox_type: SandboxType, start: SandboxStart, seconds: float, task_id: str, at: float) -> None:
        """Count how long a task waited for a sandbox that was created."""
        self._opening(sandbox_type, start).observe(seconds, task_id, at)

    def ended(self, sandbox_type: SandboxType, reason: SandboxEnd) -> None:
        """Count a sandbox that was open and is gone."""
        self._open[sandbox_type] -= 1
        self._ended[sandbox_type, reason] += 1

    def swept(self, sandbox_type: SandboxType, count: int) -> None:
        """Count sandboxes that another service has created, and that were removed."""
        self._ended[sandbox_type, SandboxEnd.SWEPT] += count

    def failed(self, sandbox_type: SandboxType) -> None:
        """Count a sandbox that could not be created, or broke."""
        self._failures[sandbox_type] += 1

    def warmed(self, change: int) -> None:
        """Count sandboxes that stand ready from now on, or no longer do."""
        self._warm += change

    def connected(self, verdict: EgressVerdict) -> None:
        """Count a connection that a sandbox asked for."""
        self._egress[verdict] += 1

    def acted(self, action: ActionName, *, ok: bool) -> None:
        """Count an action that was sent."""
        if ok:
            self._succeeded[action] += 1
        else:
            self._erred[action] += 1

    def _opening(self, sandbox_type: SandboxType, start: SandboxStart) -> Histogram:
        key = (str(sandbox_type), str(start))
        if key not in self._openings:
            self._openings[key] = Histogram(SANDBOX_OPEN_SECONDS, native=self._native)
        return self._openings[key]

    def statistics(self) -> SandboxesSnapshot:
        """Return the frozen counts."""
        return SandboxesSnapshot(
            created=self._created.copy(),
            open=self._open.copy(),
            warm=self._warm,
            failures=self._failures.copy(),
            ended=self._ended.copy(),
            openings={key: histogram.point() for key, histogram in self._openings.items()},
            actions=dict(zip(self._labels, (*self._succeeded.values(), *self._erred.values()), strict=True)),
            egress=self._egress.copy(),
        )
